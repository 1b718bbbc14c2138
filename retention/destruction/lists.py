"""Looking at lists: which there are, what is on one, what it adds up to, what each place reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.jobs import OPEN, Job
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from preservation.models import Dossier, ErasureReceipt
from retention.destruction.checks import Check, execution_checks
from retention.holds import held
from retention.models import (
    CLOSED_LISTS,
    Answer,
    DestructionEntry,
    DestructionList,
    EntryState,
    Hold,
    ListState,
)

#: Lists on which somebody has still to act, or the archive.
UNDER_WAY = [state for state in ListState if state not in CLOSED_LISTS]


def destruction_lists(
    work: Work,
    archive: Archive,
    *,
    states: Iterable[ListState] = (),
    cursor: str | None = None,
    limit: int = 50,
) -> Listed[DestructionList]:
    """Lists in the actor's reach, newest first; `states` empty means all."""
    wanted = sorted(states)
    bound = f"destruction-lists:{work.actor.id}:{wanted}"
    query = select(DestructionList).where(_in_reach(work))
    query = query.order_by(DestructionList.id.desc()).limit(limit_of(limit) + 1)
    if wanted:
        query = query.where(DestructionList.state.in_(wanted))
    if cursor is not None:
        (before,) = read_cursor(archive.keys.secret, bound, cursor)
        query = query.where(DestructionList.id < UUID(str(before)))
    found = work.session.scalars(query).all()
    more = len(found) > limit
    following = make_cursor(archive.keys.secret, bound, [found[limit - 1].id]) if more else None
    return Listed(found[:limit], following)


def count_lists(work: Work, states: Iterable[ListState]) -> int:
    """How many lists in the actor's reach are in one of these states."""
    query = select(func.count(DestructionList.id)).where(_in_reach(work))
    return work.session.scalar(query.where(DestructionList.state.in_(sorted(states)))) or 0


def _in_reach(work: Work) -> ColumnElement[bool]:
    scope = work.allow(Permission.see_retention)
    if scope.everything:
        return true()
    return or_(DestructionList.unit_id.in_(scope.units), DestructionList.fonds_id.in_(scope.fonds))


def visible_list(work: Work, list_id: UUID) -> DestructionList:
    """The list, or `Missing` where the actor's right does not reach."""
    work.allow(Permission.see_retention)
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.see_retention, listed.unit_id, listed.fonds_id)
    return listed


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `receipts`: place → when it reported itself gone, None while it owes that."""

    entry_id: UUID
    dossier_id: UUID
    code: str
    title: str
    reason: str
    answer: Answer
    answer_reason: str
    extend_to: date | None
    state: EntryState
    document_count: int
    byte_count: int
    receipts: dict[str, datetime | None]
    held_by: str = ""
    """Number of the order of a hold that keeps what is left of it, when its erasure had begun."""


def list_entries(
    work: Work,
    archive: Archive,
    list_id: UUID,
    *,
    answers: Iterable[Answer] = (),
    states: Iterable[EntryState] = (),
    cursor: str | None = None,
    limit: int = 50,
) -> Listed[Line]:
    """The entries of one list in their order, filtered by answer and state; empty means all."""
    visible_list(work, list_id)
    by_answer, by_state = sorted(answers), sorted(states)
    bound = f"entries:{work.actor.id}:{list_id}:{by_answer}:{by_state}"
    query = (
        select(DestructionEntry, Dossier)
        .join(Dossier, Dossier.id == DestructionEntry.dossier_id)
        .where(DestructionEntry.list_id == list_id)
        .order_by(DestructionEntry.id)
        .limit(limit_of(limit) + 1)
    )
    if by_answer:
        query = query.where(DestructionEntry.answer.in_(by_answer))
    if by_state:
        query = query.where(DestructionEntry.state.in_(by_state))
    if cursor is not None:
        (after,) = read_cursor(archive.keys.secret, bound, cursor)
        query = query.where(DestructionEntry.id > UUID(str(after)))
    rows = work.session.execute(query).all()
    more, rows = len(rows) > limit, rows[:limit]
    receipts = _receipts(work, [dossier.id for _, dossier in rows])
    holds = held(work.session, [entry.dossier_id for entry, _ in rows if entry.state is EntryState.erasing])
    lines = [
        _line(entry, dossier, receipts.get(dossier.id, {}), holds.get(dossier.id, ()))
        for entry, dossier in rows
    ]
    return Listed(lines, make_cursor(archive.keys.secret, bound, [lines[-1].entry_id]) if more else None)


def _receipts(work: Work, dossier_ids: list[UUID]) -> dict[UUID, dict[str, datetime | None]]:
    found: dict[UUID, dict[str, datetime | None]] = {}
    query = select(ErasureReceipt).where(ErasureReceipt.dossier_id.in_(dossier_ids))
    for receipt in work.session.scalars(query.order_by(ErasureReceipt.place)):
        found.setdefault(receipt.dossier_id, {})[receipt.place] = receipt.gone_at
    return found


def _line(
    entry: DestructionEntry, dossier: Dossier, receipts: dict[str, datetime | None], holds: tuple[Hold, ...]
) -> Line:
    return Line(
        entry.id,
        dossier.id,
        dossier.code,
        dossier.title,
        entry.reason,
        entry.answer,
        entry.answer_reason,
        entry.extend_to,
        entry.state,
        entry.document_count,
        entry.byte_count,
        receipts,
        holds[0].order_number if holds else "",
    )


@dataclass(frozen=True, slots=True)
class Total:
    """What the entries with one answer in one state add up to."""

    answer: Answer
    state: EntryState
    dossiers: int
    documents: int
    size: int


def totals(work: Work, list_id: UUID) -> list[Total]:
    """By answer and state; a list holds at most 50,000 entries, so that counting them is bounded."""
    visible_list(work, list_id)
    query = (
        select(
            DestructionEntry.answer,
            DestructionEntry.state,
            func.count(),
            func.coalesce(func.sum(DestructionEntry.document_count), 0),
            func.coalesce(func.sum(DestructionEntry.byte_count), 0),
        )
        .where(DestructionEntry.list_id == list_id)
        .group_by(DestructionEntry.answer, DestructionEntry.state)
        .order_by(DestructionEntry.answer, DestructionEntry.state)
    )
    return [
        Total(answer, state, number, int(documents), int(size))
        for answer, state, number, documents, size in work.session.execute(query)
    ]


def checks_of(work: Work, list_id: UUID) -> tuple[Check, ...]:
    """The conditions of execution as they stand now; that of four people only once the fourth is known or looks."""
    listed = visible_list(work, list_id)
    looks = work.actor.id if work.actor.may(Permission.execute_destruction) else None
    executor = listed.started_by or looks
    found = execution_checks(work, listed, executor)
    return tuple(check for check in found if executor or check.code != "four-people")


def fault_of(work: Work, list_id: UUID) -> Job | None:
    """Our own fault beside the list's state: the execution that is tried again, or stuck."""
    visible_list(work, list_id)
    query = select(Job).where(
        Job.subject_id == str(list_id),
        Job.kind == "execute_destruction",
        Job.state.in_(OPEN),
        Job.incident != "",
    )
    return work.session.scalars(query.order_by(Job.id.desc()).limit(1)).first()


@dataclass(frozen=True, slots=True)
class Destruction:
    """Why a dossier is no more: what its tombstone page tells beside the dossier's own row."""

    listed: DestructionList
    entry: DestructionEntry


def destruction_of(work: Work, dossier_id: UUID) -> Destruction | None:
    """The list and entry by which the dossier was destroyed or is being destroyed; None for other grounds."""
    work.allow(Permission.see_retention)
    dossier: Dossier = work.get(Dossier, dossier_id)
    work.allow_on(Permission.see_retention, dossier.unit_id, dossier.fonds_id)
    query = (
        select(DestructionList, DestructionEntry)
        .join(DestructionEntry, DestructionEntry.list_id == DestructionList.id)
        .where(
            DestructionEntry.dossier_id == dossier_id,
            DestructionEntry.state.in_((EntryState.erasing, EntryState.gone)),
        )
    )
    row = work.session.execute(query).first()
    return None if row is None else Destruction(row[0], row[1])
