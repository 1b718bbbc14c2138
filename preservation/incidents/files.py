"""hồ sơ sự cố: cause, remedy, what is affected, evidence, time line, and who has been told by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.errors import Conflict, Missing
from archive_service.kernel.events import Verb
from archive_service.kernel.log import LogEntry
from archive_service.kernel.permissions import Permission
from archive_service.regulations.tables import IncidentRule
from archive_service.work import Work
from preservation.incidents.register import sentence, visible_incident
from preservation.watch_models import Incident, IncidentReport, ReportOutcome

OF_INCIDENT = ("incident.", "fixity.paper-")
OF_DOSSIER = (Verb.copy_failed, Verb.copy_restored, Verb.copy_made)
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Description:
    """What people write into the file; evidence and affected records may be empty."""

    cause: str
    remedy: str
    affected: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ReportDue:
    """One body to be told by one rule. `due_at` is None where the clause names no time."""

    rule: IncidentRule
    recipient: str
    due_at: datetime | None
    report: IncidentReport | None
    late: bool
    """Still untold when its time was over, or told after it."""


def describe_incident(work: Work, incident_id: UUID, written: Description) -> None:
    """Also on a closed incident: a cause is often found later. The log keeps what was written before."""
    incident = visible_incident(work, incident_id, Permission.handle_incidents)
    incident.cause = sentence(written.cause, "Nguyên nhân", "The cause")
    incident.remedy = sentence(written.remedy, "Cách khắc phục", "The remedy")
    incident.affected = sentence(
        written.affected, "Tài liệu bị ảnh hưởng", "The records affected", shortest=0
    )
    incident.evidence = sentence(written.evidence, "Bằng chứng", "The evidence", shortest=0)
    work.record(Verb.incident_described, incident, cause=incident.cause, remedy=incident.remedy)


def reports_due(work: Work, incident: Incident) -> list[ReportDue]:
    """By the rules that bound this archive on the day of the discovery; what was told stays though settings change."""
    query = select(IncidentReport).where(IncidentReport.incident_id == incident.id)
    told = {each.rule: each for each in work.session.scalars(query)}
    ours = work.settings.incidents
    rules = work.rules.incident_rules(vietnam_date(incident.opened_at), ours.province, ours.security_level)
    others = (each for each in work.rules.incident_report if each.id in told and each not in rules)
    names = {"superior": ours.superior, "authority": ours.authority}
    return [_due(each, incident, told.get(each.id), names[each.to], work.now()) for each in (*rules, *others)]


def _due(
    rule: IncidentRule, incident: Incident, told: IncidentReport | None, name: str, now: datetime
) -> ReportDue:
    due_at = incident.opened_at + timedelta(hours=rule.hours) if rule.hours else None
    excused = told is not None and told.outcome is ReportOutcome.not_needed
    late = due_at is not None and not excused and (told.told_at if told else now) > due_at
    return ReportDue(rule, told.recipient if told else name, due_at, told, late)


def report_incident(
    work: Work, incident_id: UUID, rule: str, outcome: ReportOutcome, recipient: str, reference: str
) -> None:
    """Notes that a body was told (by number and date of the report), or why it need not be. Once for each rule."""
    incident = visible_incident(work, incident_id, Permission.handle_incidents)
    due = next((each for each in reports_due(work, incident) if each.rule.id == rule), None)
    if due is None or work.actor.id is None:
        raise Missing
    if due.report is not None:
        raise Conflict(
            "Việc báo cáo này đã được ghi.", "This report has been noted already.", name="already-reported"
        )
    report = IncidentReport(
        incident_id=incident.id,
        rule=rule,
        outcome=outcome,
        recipient=sentence(recipient, "Nơi nhận", "The recipient", shortest=2),
        reference=sentence(
            reference, "Số, ngày văn bản hoặc lý do", "Number and date, or the reason", shortest=3
        ),
        told_at=work.now(),
        told_by=work.actor.id,
    )
    work.session.add(report)
    work.session.flush()
    work.record(Verb.incident_reported, incident, rule=rule, outcome=outcome, reference=report.reference)


def time_line(work: Work, incident: Incident) -> Sequence[LogEntry]:
    """From the log, the oldest first: what happened to the incident, and since its discovery to the copies."""
    visible_incident(work, incident.id)
    mine = LogEntry.subject_id == str(incident.id)
    about = or_(*(LogEntry.verb.startswith(each) for each in OF_INCIDENT))
    if incident.dossier_id is not None:
        dossier = (LogEntry.subject_id == str(incident.dossier_id)) & LogEntry.verb.in_(OF_DOSSIER)
        chosen = (mine & about) | (dossier & (LogEntry.at >= incident.opened_at))
    else:
        chosen = mine & about
    query = select(LogEntry).where(chosen).order_by(LogEntry.number).limit(MOST_EVENTS)
    return work.session.scalars(query).all()
