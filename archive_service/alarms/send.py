"""Job: the alarms of one channel, in batches, until none is left. One that fails is tried again by the ledger."""

from __future__ import annotations

from sqlalchemy import select, update

from archive_service.alarms.mail import send_mail
from archive_service.alarms.told import ReceiverAway, Told
from archive_service.alarms.webhook import call_webhook
from archive_service.kernel.actors import OPERATOR, THE_ARCHIVE
from archive_service.kernel.db import new_id
from archive_service.kernel.events import Verb
from archive_service.work import Archive
from preservation.incidents.alarms import MAIL, OVERDUE, WEBHOOK, channels, raise_alarm
from preservation.incidents.clocks import is_overdue
from preservation.incidents.minutes import number_of
from preservation.watch_models import Alarm, Incident

TRIAL = "trial"
BATCH = 50
"""In one message: a disk that dies must not send ten thousand letters."""


def send_alarms(archive: Archive, channel: str) -> int:
    """Sends what the channel has not been told; returns how many. A channel that is no longer set up gets nothing.

    At least once: when we die between sending and noting it, the same ids go out again.
    """
    sent = 0
    while channel in channels(archive.settings) and (batch := _unsent(archive, channel)):
        _send(archive, channel, batch)
        with archive.work(THE_ARCHIVE) as work:
            ours = update(Alarm).where(Alarm.id.in_([alarm.id for alarm, _ in batch]))
            work.session.execute(ours.values(sent_at=work.now()))
            work.record_of(Verb.alarm_sent, "alarm", batch[0][0].id, channel=channel, alarms=len(batch))
        sent += len(batch)
    return sent


def _unsent(archive: Archive, channel: str) -> list[tuple[Alarm, Incident]]:
    query = (
        select(Alarm, Incident)
        .join(Incident, Incident.id == Alarm.incident_id)
        .where(Alarm.channel == channel, Alarm.sent_at.is_(None))
        .order_by(Alarm.made_at, Alarm.id)
        .limit(BATCH)
    )
    with archive.look(THE_ARCHIVE) as work:
        return [(alarm, incident) for alarm, incident in work.session.execute(query)]


def _send(archive: Archive, channel: str, batch: list[tuple[Alarm, Incident]]) -> None:
    _tell(archive, channel, [_told(*each) for each in batch])


def try_channels(archive: Archive) -> dict[str, ReceiverAway | None]:
    """A trial alarm by every channel, now: channel → why it was not taken, None when it was. Nothing is kept of it but
    in the log."""
    trial = new_id()
    told = Told(
        id=str(trial),
        event=TRIAL,
        incident="",
        number="–",
        kind=TRIAL,
        state="closed",
        root="",
        opened_at=archive.clock.now(),
    )
    found = {channel: _trouble(archive, channel, told) for channel in channels(archive.settings)}
    with archive.work(OPERATOR) as work:
        outcome = "failure" if any(found.values()) else "success"
        work.record_of(
            Verb.alarm_sent, "alarm", trial, outcome=outcome, channel=", ".join(found), alarms=len(found)
        )
    return found


def _trouble(archive: Archive, channel: str, told: Told) -> ReceiverAway | None:
    try:
        _tell(archive, channel, [told])
    except ReceiverAway as error:
        return error
    return None


def _tell(archive: Archive, channel: str, told: list[Told]) -> None:
    settings, now = archive.settings, archive.clock.now()
    if channel == MAIL and settings.mail is not None:
        send_mail(settings.mail, settings.name, told, now)
    for hook in settings.webhooks:
        if channel == WEBHOOK + hook.id:
            call_webhook(hook, settings.name, told, now)


def _told(alarm: Alarm, incident: Incident) -> Told:
    return Told(
        id=str(alarm.id),
        event=alarm.event,
        incident=str(incident.id),
        number=number_of(incident),
        kind=incident.kind,
        state=incident.state.value,
        root=incident.root_id,
        opened_at=incident.opened_at,
    )


def watch_incidents(archive: Archive) -> None:
    """Job: an alarm for each report whose time is over, and a new nudge for alarms that nobody is sending."""
    with archive.work(THE_ARCHIVE) as work:
        for incident in work.session.scalars(
            select(Incident).where(is_overdue(work)).order_by(Incident.opened_at)
        ):
            raise_alarm(work, incident, OVERDUE)
        work.session.flush()
        for channel in channels(work.settings):
            left = select(Alarm.id).where(Alarm.channel == channel, Alarm.sent_at.is_(None)).limit(1)
            if work.session.scalar(left) is not None:
                work.owe("send_alarms", channel)
