"""What is due: dossiers whose term has passed or will soon, with what stands against their destruction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.organisation import units_below
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Scope, Work
from preservation.models import Dossier, DossierState
from retention.holds import held
from retention.models import Assessment, Hold
from retention.reach import chunked, in_scope

MOST_COUNTED = 10_001
"""Counts stop here; a page says "more than 10,000"."""


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the due list. What is held or already on a list cannot be chosen; the line says why."""

    dossier_id: UUID
    code: str
    title: str
    unit_id: UUID | None
    fonds_id: UUID
    state: DossierState
    document_count: int
    byte_count: int
    years: int | None
    ends_on: date
    steps: list[Any]
    holds: tuple[Hold, ...]

    def listable(self, today: date) -> bool:
        return self.ends_on < today and self.state is DossierState.stored and not self.holds


def due_dossiers(
    work: Work,
    archive: Archive,
    before: date,
    *,
    unit_id: UUID | None = None,
    fonds_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Listed[Due]:
    """Dossiers whose term ends before that day, the longest overdue first, each with its holds."""
    scope = work.allow(Permission.see_retention)
    bound = f"due:{work.actor.id}:{before}:{unit_id}:{fonds_id}"
    query = (
        _due(work, scope, before, unit_id, fonds_id)
        .add_columns(Dossier, Assessment)
        .order_by(Assessment.ends_on, Assessment.dossier_id)
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        ends_on, after = read_cursor(archive.keys.secret, bound, cursor)
        position = (date.fromisoformat(str(ends_on)), UUID(str(after)))
        query = query.where(tuple_(Assessment.ends_on, Assessment.dossier_id) > position)
    found = [(dossier, assessment) for _, dossier, assessment in work.session.execute(query)]
    more, found = len(found) > limit, found[:limit]
    holds = held(work.session, [dossier.id for dossier, _ in found])
    rows = [_line(dossier, assessment, holds.get(dossier.id, ())) for dossier, assessment in found]
    last = [rows[-1].ends_on, rows[-1].dossier_id] if more else None
    return Listed(rows, make_cursor(archive.keys.secret, bound, last) if last else None)


def _due(work: Work, scope: Scope, before: date, unit_id: UUID | None, fonds_id: UUID | None) -> Select[UUID]:
    query = (
        select(Dossier.id)
        .join(Assessment, Assessment.dossier_id == Dossier.id)
        .where(Assessment.ends_on < before, Dossier.state != DossierState.destroyed, in_scope(scope))
    )
    if unit_id is not None:
        query = query.where(Dossier.unit_id.in_(units_below(work.session, {unit_id})))
    if fonds_id is not None:
        query = query.where(Dossier.fonds_id == fonds_id)
    return query


def _line(dossier: Dossier, assessment: Assessment, holds: tuple[Hold, ...]) -> Due:
    assert assessment.ends_on is not None  # noqa: S101  the query asked for it
    return Due(
        dossier.id,
        dossier.code,
        dossier.title,
        dossier.unit_id,
        dossier.fonds_id,
        dossier.state,
        dossier.document_count,
        dossier.byte_count,
        assessment.years,
        assessment.ends_on,
        assessment.steps,
        holds,
    )


def due_by_unit(work: Work, before: date) -> dict[UUID | None, int]:
    """How many are due, by unit; the counts of all units together stop at `MOST_COUNTED`."""
    scope = work.allow(Permission.see_retention)
    counted = (
        _due(work, scope, before, None, None).add_columns(Dossier.unit_id).limit(MOST_COUNTED).subquery()
    )
    query = select(counted.c.unit_id, func.count()).group_by(counted.c.unit_id)
    return dict(work.session.execute(query).all())


def pick_due(
    work: Work, before: date, *, unit_id: UUID | None = None, fonds_id: UUID | None = None, most: int = 50_000
) -> list[UUID]:
    """The dossiers that a list made from this filter would hold: due, stored, not held; the longest overdue first."""
    scope = work.allow(Permission.propose_destruction)
    query = (
        _due(work, scope, before, unit_id, fonds_id)
        .where(Dossier.state == DossierState.stored)
        .order_by(Assessment.ends_on, Assessment.dossier_id)
        .limit(most)
    )
    found = list(work.session.scalars(query))
    kept_back = {each for ids in chunked(found) for each in held(work.session, ids)}
    return [each for each in found if each not in kept_back]
