"""One disk damages a thousand copies: what a person writes, reports or closes of one incident may hold for all alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from archive_service.kernel.errors import Missing
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from preservation.access import in_scope
from preservation.incidents.files import Description, describe_incident, report_incident
from preservation.incidents.register import close_incident
from preservation.models import Dossier
from preservation.watch_models import UNSETTLED, Incident, IncidentReport, ReportOutcome

NEAR = timedelta(days=1)
MOST_ALIKE = 1_000
"""Taken by one act, so that it ends; the next one takes the rest."""


def alike(work: Work, incident_id: UUID, *only: ColumnElement[bool]) -> list[UUID]:
    """The unsettled ones of the same kind in the same root, found within a day of it; the oldest first."""
    scope = work.allow(Permission.handle_incidents)
    one: Incident = work.get(Incident, incident_id)
    query = (
        select(Incident.id)
        .outerjoin(Dossier, Dossier.id == Incident.dossier_id)
        .where(
            Incident.id != one.id,
            Incident.kind == one.kind,
            Incident.root_id == one.root_id,
            Incident.state.in_(UNSETTLED),
            Incident.opened_at.between(one.opened_at - NEAR, one.opened_at + NEAR),
            or_(Incident.dossier_id.is_(None), in_scope(scope)),
            *only,
        )
    )
    return list(work.session.scalars(query.order_by(Incident.opened_at, Incident.id).limit(MOST_ALIKE)))


def describe_alike(work: Work, incident_id: UUID, written: Description) -> int:
    """Cause and remedy, where nothing is written yet; what was affected is each one's own. Returns how many."""
    common = Description(written.cause, written.remedy)
    return _each(
        alike(work, incident_id, Incident.cause == ""), lambda key: describe_incident(work, key, common)
    )


def report_alike(
    work: Work, incident_id: UUID, rule: str, outcome: ReportOutcome, recipient: str, reference: str
) -> int:
    """One report to a body tells of all that it was not told of. Returns how many."""
    told = exists().where(IncidentReport.incident_id == Incident.id, IncidentReport.rule == rule)
    return _each(
        alike(work, incident_id, ~told),
        lambda key: report_incident(work, key, rule, outcome, recipient, reference),
    )


def close_alike(work: Work, incident_id: UUID, remark: str) -> int:
    """Returns how many. What is still wrong is found by the next audit and opened anew."""
    return _each(alike(work, incident_id), lambda key: close_incident(work, key, remark))


def _each(keys: list[UUID], act: Callable[[UUID], None]) -> int:
    done = 0
    for key in keys:
        with suppress(Missing):  # found on the day before the rule began to bind
            act(key)
            done += 1
    return done
