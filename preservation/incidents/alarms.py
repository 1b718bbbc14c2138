"""Alarms are rows first: written in the transaction of what they tell of, one a channel, and sent by a job later.

So nothing is lost while a receiver is away, and an alarm keeps its id through every try: whoever gets it twice can tell.
"""

from __future__ import annotations

from sqlalchemy import select

from archive_service.kernel.settings import Settings
from archive_service.work import Work
from preservation.watch_models import Alarm, Incident

MAIL, WEBHOOK = "mail", "webhook:"
OPENED, WAITS, OVERDUE, CLOSED = "opened", "waiting_person", "report_overdue", "closed"


def channels(settings: Settings) -> list[str]:
    return [*(WEBHOOK + each.id for each in settings.webhooks), *([MAIL] if settings.mail else [])]


def raise_alarm(work: Work, incident: Incident, event: str) -> None:
    """One alarm for each channel, once for each event of the incident."""
    for channel in channels(work.settings):
        same = select(Alarm.id).where(
            Alarm.channel == channel, Alarm.incident_id == incident.id, Alarm.event == event
        )
        if work.session.scalar(same) is None:
            work.session.add(Alarm(channel=channel, incident_id=incident.id, event=event, made_at=work.now()))
            work.owe("send_alarms", channel)
