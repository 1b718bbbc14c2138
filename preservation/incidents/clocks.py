"""Whose report is overdue, asked of the database: there may be ten thousand incidents on the day a certificate ends."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, or_

from archive_service.kernel.clock import VIETNAM, vietnam_date
from archive_service.regulations.tables import IncidentRule
from archive_service.work import Work
from preservation.watch_models import UNSETTLED, Incident, IncidentReport


def is_overdue(work: Work) -> ColumnElement[bool]:
    """Of an `Incident`: unsettled, and a body should have been told by now of which nothing is noted."""
    ours, now = work.settings.incidents, work.now()
    rules = work.rules.incident_rules(vietnam_date(now), ours.province, ours.security_level)
    late = [_late(rule, rule.hours, now) for rule in rules if rule.hours]
    return and_(Incident.state.in_(UNSETTLED), or_(false(), *late))


def _late(rule: IncidentRule, hours: int, now: datetime) -> ColumnElement[bool]:
    noted = exists().where(IncidentReport.incident_id == Incident.id, IncidentReport.rule == rule.id)
    bound_from = datetime.combine(rule.in_force_from, time(), VIETNAM)
    return and_(Incident.opened_at >= bound_from, Incident.opened_at < now - timedelta(hours=hours), ~noted)
