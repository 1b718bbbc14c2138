"""The head decides: only with the council's minutes; then a waiting period in which anyone entitled can stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import update

from archive_service.kernel.actors import Actor
from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.work import Archive, Work
from retention.destruction.checks import unfit_entries, withdraw_unfit
from retention.destruction.digest import digest_of
from retention.destruction.entries import leave, listed_entries, require_entries
from retention.destruction.four_eyes import refuse_second_part
from retention.destruction.papers import keep_paper
from retention.models import DestructionEntry, DestructionList, EntryState, ListState
from retention.reach import asked, fresh, person, today

MOST_PAPER_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class Minutes:
    """biên bản họp Hội đồng: what the decision stands on."""

    number: str
    on: date
    content: bytes


def decide_destruction(
    archive: Archive, actor: Actor, list_id: UUID, minutes: Minutes, *, decision_number: str, reason: str = ""
) -> DestructionList:
    """Signs the decision: fixes the entries by their digest and starts the waiting period.

    Raises `NotPossible` without number, date or document of the minutes; `Conflict` (`list-changed`) when entries had
    to leave the list now: the head must see what is signed.
    """
    with archive.work(actor) as work:
        listed = _list_to_decide(work, list_id)
        _check_minutes(work, minutes)
        asked(decision_number, "số quyết định hủy", "the number of the decision")
        unfit = unfit_entries(work, listed, list(listed_entries(work, listed)))
        withdraw_unfit(work, unfit)
    if unfit:
        raise Conflict(
            f"{len(unfit)} hồ sơ vừa rời danh mục. Đề nghị xem lại danh mục rồi ký.",
            f"{len(unfit)} dossiers have just left the list. Look at it again, then sign.",
            name="list-changed",
        )
    key, sha256 = keep_paper(archive, list_id, "minutes", minutes.content)
    with archive.work(actor) as work:
        listed = _list_to_decide(work, list_id)
        _check_minutes(work, minutes)
        if unfit_entries(work, listed, list(listed_entries(work, listed))):
            raise Conflict(
                "Danh mục vừa thay đổi. Đề nghị tải lại trang.",
                "The list has just changed. Load the page again.",
                name="list-changed",
            )
        listed.minutes_number, listed.minutes_date = minutes.number.strip(), minutes.on
        listed.minutes_key, listed.minutes_sha256 = key, sha256
        listed.decision_number, listed.decision_reason = decision_number.strip(), reason.strip()
        return _sign(work, listed)


def _list_to_decide(work: Work, list_id: UUID) -> DestructionList:
    work.allow(Permission.decide_destruction)
    work.pass_gate()
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.decide_destruction, listed.unit_id, listed.fonds_id)
    refuse_second_part(work, listed, Permission.decide_destruction)
    if listed.state is not ListState.awaiting_decision:
        raise Conflict("Danh mục không chờ quyết định.", "The list awaits no decision.", name="wrong-state")
    return listed


def _check_minutes(work: Work, minutes: Minutes) -> None:
    asked(minutes.number, "số biên bản họp Hội đồng", "the number of the council's minutes")
    if minutes.on > today(work):
        raise NotPossible(
            "Ngày biên bản họp ở tương lai.", "The date of the minutes lies ahead.", name="date-ahead"
        )
    if not 0 < len(minutes.content) <= MOST_PAPER_BYTES:
        raise NotPossible(
            f"Đề nghị đính kèm biên bản họp Hội đồng, tối đa {MOST_PAPER_BYTES >> 20} MB.",
            f"Attach the council's minutes, at most {MOST_PAPER_BYTES >> 20} MB.",
            name="minutes-missing",
        )


def _sign(work: Work, listed: DestructionList) -> DestructionList:
    require_entries(work, listed)
    _name_entries(work, listed)
    now = work.now()
    work.move(
        DestructionList,
        listed.id,
        of=ListState.awaiting_decision,
        to=ListState.waiting,
        decided_by=person(work),
        decided_at=now,
        entries_digest=digest_of(work.session, listed),
        not_before=now + timedelta(days=work.settings.waiting_days),
    )
    work.record(
        Verb.list_decided,
        listed,
        number=listed.number,
        decision=listed.decision_number,
        minutes=listed.minutes_sha256,
        entries_digest=listed.entries_digest,
        not_before=listed.not_before,
    )
    work.owe("write_system_objects")
    return fresh(work, listed)


def _name_entries(work: Work, listed: DestructionList) -> None:
    """Marks every entry that is still listed as decided; its content is what it was when it was listed."""
    work.session.execute(
        update(DestructionEntry)
        .where(DestructionEntry.list_id == listed.id, DestructionEntry.state == EntryState.listed)
        .values(decided=True)
        .execution_options(synchronize_session=False)
    )
    work.session.flush()
    work.session.expire_all()


def decline_destruction(work: Work, list_id: UUID, reason: str) -> DestructionList:
    """The head refuses: every dossier goes back to the shelf."""
    listed = _list_to_decide(work, list_id)
    pairs = [(entry.id, entry.dossier_id) for entry in listed_entries(work, listed)]
    work.move(
        DestructionList,
        list_id,
        of=ListState.awaiting_decision,
        to=ListState.declined,
        decided_by=person(work),
        decided_at=work.now(),
        decision_reason=asked(reason, "lý do không hủy", "the reason for not destroying"),
    )
    leave(work, pairs, None)
    work.record(Verb.list_declined, listed, number=listed.number, reason=listed.decision_reason)
    work.owe("write_system_objects")
    return fresh(work, listed)
