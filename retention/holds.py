"""đóng băng: whoever places a hold stops every destruction that has not reached the dossier yet.

A hold's reach is asked of catalogue columns at that moment, never of the index: what is stored later is held too.
Placing and lifting pass the gate, so that no execution can look away between its question and its act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from archive_service.kernel.cursors import Listed, limit_of, make_cursor, read_cursor
from archive_service.kernel.errors import Conflict, Forbidden, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.organisation import units_below
from archive_service.kernel.permissions import Permission
from archive_service.kernel.vietnamese import tokenise
from archive_service.work import Archive, Scope, Work
from preservation.models import Dossier, DossierState, ErasureReceipt
from retention.destruction.entries import Listing, withdraw
from retention.models import Answer, DestructionEntry, DestructionList, EntryState, Hold
from retention.reach import asked, fresh, in_scope, person, today

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """What a hold says and reaches: one dossier; or a unit (all below it), a fonds, words of the title, together."""

    number: str
    on: date
    reason: str
    dossier_id: UUID | None = None
    unit_id: UUID | None = None
    fonds_id: UUID | None = None
    title_words: str = ""
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """A hold's predicate with its unit tree expanded as of now."""

    hold: Hold
    units: frozenset[UUID] | None
    words: frozenset[str]

    def covers(self, dossier_id: UUID, unit_id: UUID | None, fonds_id: UUID, title: str) -> bool:
        hold = self.hold
        return (
            hold.dossier_id in (None, dossier_id)
            and (self.units is None or unit_id in self.units)
            and hold.fonds_id in (None, fonds_id)
            and self.words <= {word.blind for word in tokenise(title)}
        )

    def narrowed(self, query: Select[*Columns]) -> Select[*Columns]:
        """The query over dossiers with all that columns can say; the words are compared in `covers`."""
        if self.hold.dossier_id is not None:
            query = query.where(Dossier.id == self.hold.dossier_id)
        if self.units is not None:
            query = query.where(Dossier.unit_id.in_(self.units))
        if self.hold.fonds_id is not None:
            query = query.where(Dossier.fonds_id == self.hold.fonds_id)
        return query


def reach_of(session: Session, hold: Hold) -> Reach:
    units = frozenset(units_below(session, {hold.unit_id})) if hold.unit_id else None
    return Reach(hold, units, frozenset(word.blind for word in tokenise(hold.title_words)))


def held(session: Session, dossier_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Hold, ...]]:
    """The holds in force on each of these dossiers; one that is not held is not in the answer. At most 500 ids."""
    mine = or_(Hold.dossier_id.is_(None), Hold.dossier_id.in_(dossier_ids))
    holds = session.scalars(select(Hold).where(Hold.lifted_at.is_(None), mine).order_by(Hold.placed_at))
    reaches = [reach_of(session, hold) for hold in holds]
    if not reaches:
        return {}
    facts = select(Dossier.id, Dossier.unit_id, Dossier.fonds_id, Dossier.title).where(
        Dossier.id.in_(dossier_ids)
    )
    found = {
        row.id: tuple(r.hold for r in reaches if r.covers(row.id, row.unit_id, row.fonds_id, row.title))
        for row in session.execute(facts)
    }
    return {dossier_id: holds for dossier_id, holds in found.items() if holds}


def count_held(session: Session, hold: Hold, most: int = 10_001) -> int:
    """How many dossiers the hold reaches now, counted up to `most`. With words it reads titles: for one page."""
    reach, number = reach_of(session, hold), 0
    columns = select(Dossier.id, Dossier.unit_id, Dossier.fonds_id, Dossier.title)
    query = reach.narrowed(columns.where(Dossier.state != DossierState.destroyed))
    if not reach.words:
        return len(session.execute(query.limit(most)).all())
    for row in session.execute(query.execution_options(yield_per=1000)):
        number += reach.covers(*row)
        if number == most:
            break
    return number


@dataclass(frozen=True, slots=True)
class PlacedHold:
    """`withdrawn`: entries that left their lists at once. `too_late`: dossiers whose erasure had begun.

    Of the latter the copies that are still there stay until the hold is lifted.
    """

    hold: Hold
    withdrawn: tuple[Listing, ...]
    too_late: tuple[Listing, ...]


def place_hold(work: Work, order: HoldOrder) -> PlacedHold:
    """Holds at once, at every stage of every list. Raises `NotPossible` for an order that reaches nothing."""
    scope = work.allow(Permission.place_holds)
    work.pass_gate()
    _check_reach(work, scope, order)
    hold = Hold(
        order_number=asked(order.number, "số văn bản yêu cầu đóng băng", "the number of the order"),
        order_date=order.on,
        reason=asked(order.reason, "lý do đóng băng", "the reason of the hold"),
        dossier_id=order.dossier_id,
        unit_id=order.unit_id,
        fonds_id=order.fonds_id,
        title_words=" ".join(dict.fromkeys(word.blind for word in tokenise(order.title_words))),
        review_on=order.review_on,
        placed_by=person(work),
        placed_at=work.now(),
    )
    if hold.order_date > today(work):
        raise NotPossible("Ngày văn bản ở tương lai.", "The order's date lies ahead.", name="date-ahead")
    work.session.add(hold)
    work.session.flush()
    work.record(Verb.hold_placed, hold, order=hold.order_number, reason=hold.reason)
    work.owe("write_system_objects")
    return _withdraw_held(work, hold)


def _check_reach(work: Work, scope: Scope, order: HoldOrder) -> None:
    if order.dossier_id is not None:
        dossier = work.get(Dossier, order.dossier_id)
        work.allow_on(Permission.place_holds, dossier.unit_id, dossier.fonds_id)
        if dossier.state is DossierState.destroyed and not _something_left(work, dossier):
            raise Conflict("Hồ sơ này đã hủy.", "This dossier is destroyed.", name="already-destroyed")
    elif order.unit_id is not None or order.fonds_id is not None:
        work.allow_on(Permission.place_holds, order.unit_id, order.fonds_id)
    elif not list(tokenise(order.title_words)):
        raise NotPossible(
            "Đề nghị chọn hồ sơ, đơn vị, phông, hoặc nhập từ trong tiêu đề cần đóng băng.",
            "Name a dossier, a unit, a fonds or words of the title to hold.",
            name="hold-reaches-nothing",
        )
    elif not scope.everything:
        raise Forbidden(
            "Đóng băng theo tiêu đề trên toàn kho cần quyền trên toàn kho. Đề nghị chọn thêm đơn vị hoặc phông.",
            "A hold by title over the whole archive needs a right over all of it. Name a unit or fonds as well.",
        )


def _something_left(work: Work, dossier: Dossier) -> bool:
    owed = (ErasureReceipt.dossier_id == dossier.id, ErasureReceipt.gone_at.is_(None))
    return work.session.execute(select(ErasureReceipt.place).where(*owed).limit(1)).first() is not None


def _withdraw_held(work: Work, hold: Hold) -> PlacedHold:
    reach = reach_of(work.session, hold)
    listed, begun = _on_lists(work, reach)
    withdraw(work, listed, Answer.held, f"{hold.order_number}: {hold.reason}")
    return PlacedHold(fresh(work, hold), tuple(listed), tuple(begun))


def _on_lists(work: Work, reach: Reach) -> tuple[list[Listing], list[Listing]]:
    query = (
        select(
            Dossier.id,
            Dossier.unit_id,
            Dossier.fonds_id,
            Dossier.title,
            Dossier.code,
            DestructionEntry.id,
            DestructionEntry.state,
            DestructionEntry.list_id,
            DestructionList.number,
        )
        .join(DestructionEntry, DestructionEntry.dossier_id == Dossier.id)
        .join(DestructionList, DestructionList.id == DestructionEntry.list_id)
        .where(DestructionEntry.state.in_((EntryState.listed, EntryState.erasing)))
        .order_by(DestructionEntry.list_id, DestructionEntry.id)
    )
    found: dict[EntryState, list[Listing]] = {EntryState.listed: [], EntryState.erasing: []}
    for dossier_id, unit, fonds, title, code, entry, state, list_id, number in work.session.execute(
        reach.narrowed(query)
    ):
        if reach.covers(dossier_id, unit, fonds, title):
            found[state].append(Listing(entry, dossier_id, code, list_id, number))
    return found[EntryState.listed], found[EntryState.erasing]


def list_holds(
    work: Work, archive: Archive, *, lifted: bool = False, cursor: str | None = None, limit: int = 50
) -> Listed[Hold]:
    """Holds in force, or those that were lifted; newest first."""
    scope = work.allow(Permission.see_retention)
    bound = f"holds:{work.actor.id}:{lifted}"
    query = select(Hold).outerjoin(Dossier, Dossier.id == Hold.dossier_id).order_by(Hold.id.desc())
    query = query.where(Hold.lifted_at.is_not(None) if lifted else Hold.lifted_at.is_(None))
    if not scope.everything:
        own = or_(Hold.unit_id.in_(scope.units), Hold.fonds_id.in_(scope.fonds))
        query = query.where(or_(own, in_scope(scope)))
    if cursor is not None:
        (after,) = read_cursor(archive.keys.secret, bound, cursor)
        query = query.where(Hold.id < UUID(str(after)))
    found = work.session.scalars(query.limit(limit_of(limit) + 1)).all()
    following = make_cursor(archive.keys.secret, bound, [found[limit - 1].id]) if len(found) > limit else None
    return Listed(found[:limit], following)
