"""Entries leave a list, and their dossiers go back to the shelf: the one way out for every reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.work import Work
from preservation.models import Dossier, DossierState
from retention.models import Answer, DestructionEntry, DestructionList, EntryState
from retention.reach import chunked


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry with the names that people know it by."""

    entry_id: UUID
    dossier_id: UUID
    code: str
    list_id: UUID
    list_number: str


def withdraw(work: Work, listings: Sequence[Listing], answer: Answer | None, why: str) -> None:
    """Takes listed entries out, told one by one in the log. Raises `Conflict` if one has begun to be erased.

    `answer` None keeps what the reviewers answered.
    """
    leave(work, [(each.entry_id, each.dossier_id) for each in listings], answer, why)
    for each in listings:
        work.record_of(
            Verb.entry_withdrawn,
            "dossier",
            each.dossier_id,
            list=each.list_number,
            code=each.code,
            why=why,
            answer=answer.value if answer else None,
        )


def leave(work: Work, pairs: Sequence[tuple[UUID, UUID]], answer: Answer | None, why: str = "") -> None:
    """As `withdraw` for (entry, dossier) pairs, without a line each: for acts that the log tells of whole lists."""
    values: dict[str, Any] = {"state": EntryState.withdrawn}
    if answer is not None:
        values |= {"answer": answer, "answer_reason": why}
    for some in chunked(pairs):
        left = (
            update(DestructionEntry)
            .where(
                DestructionEntry.id.in_([entry for entry, _ in some]),
                DestructionEntry.state == EntryState.listed,
            )
            .values(**values)
            .returning(DestructionEntry.id)
        )
        _all_moved(len(work.session.execute(left).all()), len(some))
        move_dossiers(
            work, [dossier for _, dossier in some], DossierState.destruction_review, DossierState.stored
        )
    work.session.expire_all()


def move_dossiers(work: Work, dossier_ids: Sequence[UUID], of: DossierState, to: DossierState) -> None:
    """As `Work.move` for many. Raises `Conflict` when one of them was elsewhere."""
    for ids in chunked(dossier_ids):
        moved = (
            update(Dossier)
            .where(Dossier.id.in_(ids), Dossier.state == of)
            .values(state=to)
            .returning(Dossier.id)
        )
        _all_moved(len(work.session.execute(moved).all()), len(ids))


def _all_moved(moved: int, wanted: int) -> None:
    if moved != wanted:
        raise Conflict(
            "Một số hồ sơ vừa được người khác xử lý. Đề nghị tải lại trang.",
            "Somebody else has just dealt with some of these dossiers. Load the page again.",
        )


def listed_entries(work: Work, listed: DestructionList) -> Iterator[DestructionEntry]:
    """Entries that have neither left the list nor begun to be erased, in their order."""
    query = select(DestructionEntry).where(
        DestructionEntry.list_id == listed.id, DestructionEntry.state == EntryState.listed
    )
    return iter(work.session.scalars(query.order_by(DestructionEntry.id)))


def require_entries(work: Work, listed: DestructionList) -> None:
    if next(listed_entries(work, listed), None) is None:
        raise Conflict(
            "Danh mục không còn hồ sơ nào để hủy. Đề nghị dừng danh mục.",
            "No dossier is left to destroy. Stop the list.",
            name="nothing-left",
        )
