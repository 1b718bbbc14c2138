"""biên bản sự cố: what the file says, as a PDF/A, with the signed head of the log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from archive_service.kernel.actors import Actor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.log import Anchor, sign_head
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.incidents.audit_papers import enter_paper, keep_bytes, told
from preservation.incidents.files import ReportDue, reports_due, time_line
from preservation.incidents.register import visible_incident
from preservation.models import Dossier
from preservation.papers import draw_paper
from preservation.watch_models import AuditPaper, Incident, ReportOutcome

TEMPLATE = Path(__file__).with_name("minutes.typ")
MINUTES = "incident_minutes"
STATES = {"open": "Chưa xử lý", "waiting_person": "Chờ người quyết định", "closed": "Đã kết thúc"}


@dataclass(frozen=True, slots=True)
class MinutesFacts:
    """Everything that the minutes say; the same facts give the same bytes."""

    agency: str
    number: str
    made_at: str
    what: str
    state: str
    opened_at: str
    closed_at: str
    dossier: str
    place: str
    path: str
    found: str
    expected: str
    cause: str
    remedy: str
    affected: str
    evidence: str
    remark: str
    reports: tuple[tuple[str, str, str], ...]
    """Clause, recipient, and what was told or is due."""
    events: tuple[tuple[str, str], ...]
    by: str
    anchor: Anchor


def draw_minutes(facts: MinutesFacts, at: datetime) -> bytes:
    return draw_paper(TEMPLATE, at, facts=asdict(facts))


def make_minutes(
    archive: Archive, actor: Actor, incident_id: UUID, what: str, verbs: dict[str, str]
) -> AuditPaper:
    """Draws, keeps and records the minutes as the file stands now. `what` and `verbs` are the page's own words.

    Raises `NotPossible` while cause or remedy is not written.
    """
    with archive.look(actor) as work:
        incident = visible_incident(work, incident_id, Permission.handle_incidents)
        if not (incident.cause and incident.remedy):
            raise NotPossible(
                "Chưa lập được biên bản: chưa ghi nguyên nhân và cách khắc phục.",
                "No minutes yet: cause and remedy are not written.",
                name="not-described",
            )
        at = work.now().replace(microsecond=0)
        facts = _facts(work, archive, incident, what, verbs, at)
    kept = keep_bytes(archive, draw_minutes(facts, at))
    with archive.work(actor) as work:
        visible_incident(work, incident_id, Permission.handle_incidents)
        name = f"bien-ban-su-co-{facts.number}.pdf"
        return enter_paper(work, MINUTES, name, kept, incident_id=incident_id)


def _facts(
    work: Work, archive: Archive, incident: Incident, what: str, verbs: dict[str, str], at: datetime
) -> MinutesFacts:
    dossier = work.session.get(Dossier, incident.dossier_id) if incident.dossier_id else None
    by = work.session.get(Person, work.actor.id) if work.actor.id else None
    return MinutesFacts(
        agency=archive.settings.agency,
        number=number_of(incident),
        made_at=told(at),
        what=what,
        state=STATES[incident.state.value],
        opened_at=told(incident.opened_at),
        closed_at=told(incident.closed_at),
        dossier=f"{dossier.code} {dossier.title}" if dossier else "",
        place=incident.root_id,
        path=incident.path,
        found=incident.found,
        expected=incident.expected,
        cause=incident.cause,
        remedy=incident.remedy,
        affected=incident.affected,
        evidence=incident.evidence,
        remark=incident.remark,
        reports=tuple(_report(each) for each in reports_due(work, incident)),
        events=tuple((told(each.at), verbs.get(each.verb, each.verb)) for each in time_line(work, incident)),
        by=by.name if by else "",
        anchor=sign_head(work.session, archive.keys.log),
    )


def _report(due: ReportDue) -> tuple[str, str, str]:
    limit = f"Hạn báo cáo: {told(due.due_at)}." if due.due_at else "Văn bản không nêu thời hạn bằng giờ."
    if due.report is None:
        said = "Chưa báo cáo, quá hạn." if due.late else "Chưa báo cáo."
    elif due.report.outcome is ReportOutcome.sent:
        said = f"Đã báo cáo lúc {told(due.report.told_at)}: {due.report.reference}."
    else:
        said = f"Không phải báo cáo: {due.report.reference}."
    return due.rule.clause, due.recipient, f"{said} {limit}"


def number_of(incident: Incident) -> str:
    """Short, for papers and letters: day of the discovery and the end of its id.

    >>> from datetime import UTC
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> number_of(Incident(id=UUID(int=255), kind="changed", opened_at=at))
    '20260302-0000FF'
    """
    return f"{incident.opened_at:%Y%m%d}-{incident.id.hex[-6:].upper()}"
