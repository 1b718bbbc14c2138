"""The list is looked at again, entry by entry, by others than whoever drew it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from retention.assess import assess
from retention.destruction.entries import leave
from retention.destruction.four_eyes import refuse_second_part
from retention.models import (
    Answer,
    Assessment,
    DestructionEntry,
    DestructionList,
    EntryState,
    ListState,
)
from retention.reach import asked, chunked, fresh, person, today

REVIEWERS_ANSWERS = (Answer.destroy, Answer.extend, Answer.permanent, Answer.taken_out)


def answer_entries(
    work: Work,
    list_id: UUID,
    entry_ids: Sequence[UUID],
    answer: Answer,
    *,
    reason: str = "",
    extend_to: date | None = None,
) -> int:
    """Answers these entries with one reason; everything but `destroy` needs one, `extend` also a last day.

    May be repeated until the list is sent on. Raises `Conflict` when an entry has left the list meanwhile.
    """
    listed = _reviewed_list(work, list_id)
    _check_answer(answer, extend_to)
    if answer is not Answer.destroy:
        reason = asked(reason, "lý do", "the reason")
    if answer is Answer.extend:
        _check_longer(work, entry_ids, extend_to)
    values: dict[str, Any] = {
        "answer": answer,
        "answer_reason": reason,
        "answered_by": person(work),
        "extend_to": extend_to,
    }
    answered = sum(_answer(work, listed, some, values) for some in chunked(entry_ids))
    listed.row_version += 1  # two answers that change places leave every count as it was
    work.session.flush()
    work.session.expire_all()
    work.record(Verb.list_answered, listed, number=listed.number, answer=answer.value, entries=answered)
    return answered


def _reviewed_list(work: Work, list_id: UUID) -> DestructionList:
    work.allow(Permission.review_destruction)
    work.pass_gate()
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.review_destruction, listed.unit_id, listed.fonds_id)
    refuse_second_part(work, listed, Permission.review_destruction)
    if listed.state is not ListState.reviewing:
        raise Conflict(
            "Danh mục không ở bước xem xét lại.", "The list is not in re-appraisal.", name="wrong-state"
        )
    return listed


def _check_answer(answer: Answer, extend_to: date | None) -> None:
    if answer not in REVIEWERS_ANSWERS:
        raise NotPossible("Ý kiến không có trong danh sách.", "No such answer.", name="wrong-answer")
    if (answer is Answer.extend) != (extend_to is not None):
        raise NotPossible(
            "Kéo dài cần ngày hết hạn mới; ý kiến khác thì không.",
            "An extension needs its last day; no other answer takes one.",
            name="extension-date",
        )


def _check_longer(work: Work, entry_ids: Sequence[UUID], extend_to: date | None) -> None:
    ends = [today(work)]
    for some in chunked(entry_ids):
        query = (
            select(func.max(Assessment.ends_on))
            .join(DestructionEntry, DestructionEntry.dossier_id == Assessment.dossier_id)
            .where(DestructionEntry.id.in_(some))
        )
        ends += [latest for latest in work.session.scalars(query) if latest is not None]
    if extend_to is None or extend_to <= max(ends):
        raise NotPossible(
            f"Ngày hết hạn mới phải sau {max(ends):%d/%m/%Y}.",
            f"The new last day must lie after {max(ends):%d/%m/%Y}.",
            name="extension-too-short",
        )


def _answer(work: Work, listed: DestructionList, entry_ids: Sequence[UUID], values: dict[str, Any]) -> int:
    mine = (
        DestructionEntry.id.in_(entry_ids),
        DestructionEntry.list_id == listed.id,
        DestructionEntry.state == EntryState.listed,
    )
    statement = update(DestructionEntry).where(*mine).values(**values).returning(DestructionEntry.id)
    answered = len(work.session.execute(statement).all())
    if answered != len(set(entry_ids)):
        raise Conflict(
            "Một số hồ sơ vừa rời danh mục. Đề nghị tải lại trang.",
            "Some dossiers have just left the list. Load the page again.",
        )
    return answered


def send_on(work: Work, list_id: UUID) -> DestructionList:
    """Hands the reviewed list to the head; what is not to be destroyed leaves it, with its longer term.

    Raises `Conflict` while an entry is unanswered. A list with nothing to destroy ends here as `declined`.
    """
    listed = _reviewed_list(work, list_id)
    left = count_answers(work, listed).get(Answer.unanswered, 0)
    if left:
        raise Conflict(
            f"Còn {left} hồ sơ chưa có ý kiến. Đề nghị ghi ý kiến trước khi gửi đi.",
            f"{left} dossiers are not answered yet. Answer them before sending the list on.",
            name="unanswered",
        )
    kept = _kept_entries(work, listed)
    to_destroy = count_answers(work, listed).get(Answer.destroy, 0)
    state = ListState.awaiting_decision if to_destroy else ListState.declined
    reviewed = {"reviewed_by": person(work), "reviewed_at": work.now()}
    work.move(DestructionList, list_id, of=ListState.reviewing, to=state, **reviewed)
    leave(work, kept, None)
    assess(work, [dossier_id for _, dossier_id in kept])
    work.record(Verb.list_reviewed, listed, number=listed.number, destroy=to_destroy, kept=len(kept))
    work.owe("write_system_objects")
    return fresh(work, listed)


def count_answers(work: Work, listed: DestructionList) -> dict[Answer, int]:
    """How many entries that are still on the list have each answer."""
    query = (
        select(DestructionEntry.answer, func.count())
        .where(DestructionEntry.list_id == listed.id, DestructionEntry.state == EntryState.listed)
        .group_by(DestructionEntry.answer)
    )
    return dict(work.session.execute(query).all())


def _kept_entries(work: Work, listed: DestructionList) -> list[tuple[UUID, UUID]]:
    query = select(DestructionEntry.id, DestructionEntry.dossier_id).where(
        DestructionEntry.list_id == listed.id,
        DestructionEntry.state == EntryState.listed,
        DestructionEntry.answer != Answer.destroy,
    )
    return list(work.session.execute(query))
