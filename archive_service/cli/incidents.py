"""What went wrong and is not settled, and whether whoever must hear of it would."""

from __future__ import annotations

from typing import Annotated

import typer

from archive_service.alarms.send import try_channels
from archive_service.cli.frame import AsJson, both, group, language, opened, report
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.web.incident_words import kind_words
from archive_service.web.sentences import Sentences
from archive_service.web.texts import when_text
from preservation.incidents.minutes import number_of
from preservation.incidents.register import list_incidents
from preservation.watch_models import UNSETTLED, Incident, IncidentState

MOST = 200
alarms = group("alarms", "Who is told of incidents.")


def incidents(
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those of which a body should have been told by now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Incidents that are not settled, the newest first, at most 200 of each state. Exit code 1 when there is one."""
    with opened() as archive, archive.look(OPERATOR) as work:
        listed = (
            list_incidents(work, archive, state=each, overdue=overdue, limit=MOST) for each in UNSETTLED
        )
        found = [incident for page in listed for incident in page.items]
    t = Sentences(language())
    lines = [
        f"{number_of(each)} {kind_words(each.kind, t)} {each.root_id} {each.path} "
        f"{when_text(each.opened_at)}{_waits(each)} /incidents/{each.id}"
        for each in found
    ]
    told = [
        {
            "id": each.id,
            "number": number_of(each),
            "kind": each.kind,
            "state": each.state.value,
            "root": each.root_id,
            "path": each.path,
            "opened_at": each.opened_at.isoformat(),
        }
        for each in found
    ]
    report(told, lines or [both("Không có sự cố.", "No incident.")], as_json=as_json, good=not found)


def _waits(incident: Incident) -> str:
    return (
        both(" (chờ người)", " (waits for a person)")
        if incident.state is IncidentState.waiting_person
        else ""
    )


@alarms.command("test")
def try_alarms(as_json: AsJson = False) -> None:
    """Send a trial alarm by every channel of the settings, now. Exit code 1 when one was not taken."""
    with opened() as archive:
        away = try_channels(archive)
    found = {channel: why.sentence(language()) if why else "" for channel, why in away.items()}
    if not found:
        raise NotPossible(
            "Chưa cấu hình nơi nhận báo động: xem mail và webhooks trong docs/operating/settings.md.",
            "No receiver of alarms is set up: see mail and webhooks in docs/operating/settings.md.",
            name="no-receiver",
        )
    taken = both("đã nhận", "taken")
    lines = [f"{channel}: {why or taken}" for channel, why in found.items()]
    report(found, lines, as_json=as_json, good=not any(found.values()))
