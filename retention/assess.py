"""The term of a dossier: one pure function says it and why; a job applies it to every dossier that has none yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.regulations import Rules
from archive_service.regulations.terms import Permanent, Years
from archive_service.work import Archive, Work
from preservation.models import Dossier, DossierState
from retention.models import Answer, Assessment, DestructionEntry, DestructionList, TermKind
from retention.reach import chunked, in_scope

BATCH = 500
Step = list[Any]
"""[code, {fields}]; the locale files hold the sentence of each code."""


@dataclass(frozen=True, slots=True)
class Reappraisal:
    """What a reviewed list answered about a dossier instead of destroying it."""

    list_number: str
    answer: Answer
    reason: str
    extend_to: date | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """`ends_on` is the last day of the term; None is never due. `steps` is the chain of reasons."""

    kind: TermKind
    years: int | None
    ends_on: date | None
    steps: tuple[Step, ...]

    def over(self, today: date) -> bool:
        """Whether the term has passed on that day in Vietnam: from the day after its last."""
        return self.ends_on is not None and self.ends_on < today


def reckon(
    rules: Rules, maintenance: str, end_date: date | None, reappraisals: Iterable[Reappraisal] = ()
) -> Reckoning:
    """The term by Maintenance, counted from the end of the year in which the dossier ended (TT 02/2019, Annex I).

    "Vĩnh viễn" is never due; "N năm" ends on 31/12 of the year of EndDate + N; anything else, or no EndDate, is
    unknown and never due. A re-appraisal may only lengthen.
    """
    found = _by_maintenance(rules, maintenance, end_date)
    for each in reappraisals:
        found = _reappraised(found, each)
    return found


def _by_maintenance(rules: Rules, maintenance: str, end_date: date | None) -> Reckoning:
    read: Step = ["maintenance", {"raw": maintenance}]
    term = rules.maintenance(maintenance)
    if isinstance(term, Permanent):
        return Reckoning(TermKind.permanent, None, None, (read, ["permanent", {}]))
    if not isinstance(term, Years):
        return Reckoning(TermKind.unknown, None, None, (read, ["unclear", {"raw": maintenance}]))
    counted: Step = ["years", {"years": term.years}]
    if end_date is None:
        return Reckoning(TermKind.unknown, term.years, None, (read, counted, ["no-end-date", {}]))
    last_year = end_date.year + term.years
    if last_year >= MAXYEAR:
        beyond: Step = ["beyond-calendar", {"year": last_year}]
        return Reckoning(TermKind.unknown, term.years, None, (read, counted, beyond))
    ends_on = date(last_year, 12, 31)
    ended: Step = ["ended", {"on": end_date.isoformat(), "year": end_date.year}]
    steps = (read, counted, ended, _ends(ends_on))
    return Reckoning(TermKind.years, term.years, ends_on, steps)


def _ends(on: date) -> Step:
    return ["ends", {"on": on.isoformat()}]


def _reappraised(found: Reckoning, by: Reappraisal) -> Reckoning:
    told = {"list": by.list_number, "reason": by.reason}
    if by.answer is Answer.permanent:
        return Reckoning(TermKind.permanent, None, None, (*found.steps, ["made-permanent", told]))
    if by.extend_to is None or found.ends_on is None or by.extend_to <= found.ends_on:
        return found
    steps = (*found.steps, ["extended", told], _ends(by.extend_to))
    return Reckoning(found.kind, found.years, by.extend_to, steps)


def reckon_dossiers(session: Session, rules: Rules, dossier_ids: Sequence[UUID]) -> dict[UUID, Reckoning]:
    """The terms as the catalogue's facts say them now, whatever was assessed before. At most `BATCH` ids."""
    answers = _reappraisals(session, dossier_ids)
    facts = select(Dossier.id, Dossier.maintenance, Dossier.end_date).where(Dossier.id.in_(dossier_ids))
    return {
        row.id: reckon(rules, row.maintenance, row.end_date, answers.get(row.id, ()))
        for row in session.execute(facts)
    }


def _reappraisals(session: Session, dossier_ids: Sequence[UUID]) -> dict[UUID, list[Reappraisal]]:
    found: dict[UUID, list[Reappraisal]] = {}
    query = (
        select(DestructionEntry, DestructionList.number)
        .join(DestructionList, DestructionList.id == DestructionEntry.list_id)
        .where(
            DestructionEntry.dossier_id.in_(dossier_ids),
            DestructionEntry.answer.in_((Answer.extend, Answer.permanent)),
            DestructionList.reviewed_at.is_not(None),
        )
        .order_by(DestructionList.reviewed_at, DestructionEntry.id)
    )
    for entry, number in session.execute(query):
        answer = Reappraisal(number, entry.answer, entry.answer_reason, entry.extend_to)
        found.setdefault(entry.dossier_id, []).append(answer)
    return found


def assess(work: Work, dossier_ids: Sequence[UUID]) -> int:
    """Writes the assessments that are missing or no longer what the facts say; returns how many."""
    changed = 0
    for ids in chunked(dossier_ids):
        there = {
            row.dossier_id: row
            for row in work.session.scalars(select(Assessment).where(Assessment.dossier_id.in_(ids)))
        }
        for dossier_id, term in reckon_dossiers(work.session, work.rules, ids).items():
            changed += _write(work, there.get(dossier_id), dossier_id, term)
    return changed


def _write(work: Work, row: Assessment | None, dossier_id: UUID, term: Reckoning) -> bool:
    values: dict[str, Any] = {
        "kind": term.kind,
        "years": term.years,
        "ends_on": term.ends_on,
        "steps": [list(step) for step in term.steps],
    }
    if row is None:
        work.session.add(Assessment(dossier_id=dossier_id, **values))
    elif all(getattr(row, name) == value for name, value in values.items()):
        return False
    else:
        for name, value in values.items():
            setattr(row, name, value)
    work.record_of(Verb.retention_assessed, "dossier", dossier_id, term=term.kind.value, ends_on=term.ends_on)
    return True


def assess_dossier(archive: Archive, dossier_id: str) -> None:
    """Job: after an amendment the facts may say another term, and the due list shows what was written down."""
    with archive.work(THE_ARCHIVE) as work:
        key = UUID(dossier_id)
        if work.session.get_one(Dossier, key).state is not DossierState.destroyed:
            assess(work, [key])


def assess_owed(archive: Archive) -> None:
    """Job: assesses every dossier that has no assessment, in short transactions; nobody has to call it after storing."""
    while True:
        with archive.work(THE_ARCHIVE) as work:
            owed = work.session.scalars(
                select(Dossier.id)
                .outerjoin(Assessment, Assessment.dossier_id == Dossier.id)
                .where(Assessment.dossier_id.is_(None), Dossier.state != DossierState.destroyed)
                .order_by(Dossier.id)
                .limit(BATCH)
            ).all()
            assess(work, owed)
        if len(owed) < BATCH:
            return


@dataclass(frozen=True, slots=True)
class Unclear:
    """A dossier whose term nobody can compute: a person must look at it."""

    dossier_id: UUID
    code: str
    title: str
    unit_id: UUID | None
    maintenance: str
    steps: list[Any]


def list_unknown(
    work: Work, archive: Archive, *, cursor: str | None = None, limit: int = 50
) -> Listed[Unclear]:
    """Dossiers "Chưa tính được hạn", oldest entry first; never due."""
    scope = work.allow(Permission.see_retention)
    bound = f"unknown-terms:{work.actor.id}"
    query = (
        select(Dossier, Assessment.steps)
        .join(Assessment, Assessment.dossier_id == Dossier.id)
        .where(Assessment.kind == TermKind.unknown, Dossier.state != DossierState.destroyed, in_scope(scope))
        .order_by(Assessment.dossier_id)
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        (after,) = read_cursor(archive.keys.secret, bound, cursor)
        query = query.where(Assessment.dossier_id > UUID(str(after)))
    rows = [
        Unclear(d.id, d.code, d.title, d.unit_id, d.maintenance, steps)
        for d, steps in work.session.execute(query)
    ]
    if len(rows) <= limit:
        return Listed(rows, None)
    following = make_cursor(archive.keys.secret, bound, [rows[limit - 1].dossier_id])
    return Listed(rows[:limit], following)
