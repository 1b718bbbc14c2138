"""Everything that must hold for a destruction, asked in one place: by the page, at the decision and at execution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.errors import Conflict
from archive_service.work import Work
from preservation.models import Amendment, Dossier, DossierState
from retention.assess import reckon_dossiers
from retention.destruction.digest import digest_of
from retention.destruction.entries import Listing, withdraw
from retention.destruction.four_eyes import four_people
from retention.holds import held
from retention.models import Answer, DestructionEntry, DestructionList, EntryState
from retention.reach import chunked, today


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of execution and whether it holds now. `code` is what the locale files tell."""

    code: str
    holds: bool


def execution_checks(work: Work, listed: DestructionList, executor: UUID | None) -> tuple[Check, ...]:
    """The conditions on the list as a whole, in the order in which they are refused."""
    now = work.now()
    paper = listed.minutes_number and listed.minutes_date and listed.minutes_sha256 and listed.minutes_key
    return (
        Check("minutes", bool(paper)),
        Check("decision", bool(listed.decided_at and listed.decision_number and listed.entries_digest)),
        Check("four-people", four_people(work.session, listed, executor)),
        Check("waiting", listed.not_before is not None and listed.not_before <= now),
        Check(
            "digest", bool(listed.entries_digest) and digest_of(work.session, listed) == listed.entries_digest
        ),
        Check("contents", not _changed(work, listed)),
    )


REFUSALS = {
    "minutes": ("Thiếu biên bản họp Hội đồng.", "The council's minutes are missing."),
    "decision": ("Chưa có quyết định hủy.", "There is no decision yet."),
    "four-people": (
        "Lập, xem xét, quyết định và thực hiện phải do bốn người khác nhau.",
        "Four different people must propose, review, decide and execute.",
    ),
    "waiting": ("Thời gian chờ chưa hết.", "The waiting period is not over."),
    "digest": (
        "Danh mục không còn đúng như khi ký quyết định. Đề nghị dừng danh mục và báo người quyết định.",
        "The list is no longer what the decision was signed for. Stop it and tell the head.",
    ),
    "contents": (
        "Nội dung hồ sơ đã đổi sau khi ký quyết định. Đề nghị dừng danh mục và lập lại.",
        "The content of a dossier changed after the decision. Stop the list and draw it up again.",
    ),
}


def require(checks: Iterable[Check]) -> None:
    """Raises `Conflict` named after the first check that does not hold, e.g. `refused-waiting`."""
    for check in checks:
        if not check.holds:
            raise Conflict(*REFUSALS[check.code], name=f"refused-{check.code}")


def _changed(work: Work, listed: DestructionList) -> bool:
    query = (
        select(DestructionEntry.id)
        .join(Dossier, Dossier.id == DestructionEntry.dossier_id)
        .where(
            DestructionEntry.list_id == listed.id,
            DestructionEntry.decided,
            DestructionEntry.state == EntryState.listed,
            DestructionEntry.inventory_digest != Dossier.inventory_digest,
        )
    )
    return work.session.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Unfit:
    """An entry that may not be destroyed now. `answer` is `held` or `taken_out`."""

    listing: Listing
    answer: Answer
    why: str


def unfit_entries(work: Work, listed: DestructionList, entries: Sequence[DestructionEntry]) -> list[Unfit]:
    """Which of these listed entries a hold, a term, or a change of the dossier takes out at this second."""
    found = []
    for some in chunked(entries):
        ids = [entry.dossier_id for entry in some]
        holds, terms = held(work.session, ids), reckon_dossiers(work.session, work.rules, ids)
        changing = set(
            work.session.scalars(select(Amendment.dossier_id).where(Amendment.dossier_id.in_(ids)))
        )
        dossiers = {d.id: d for d in work.session.scalars(select(Dossier).where(Dossier.id.in_(ids)))}
        for entry in some:
            dossier = dossiers[entry.dossier_id]
            listing = Listing(entry.id, dossier.id, dossier.code, listed.id, listed.number)
            if dossier.id in holds:
                first = holds[dossier.id][0]
                found.append(Unfit(listing, Answer.held, f"{first.order_number}: {first.reason}"))
            elif not terms[dossier.id].over(today(work)):
                found.append(Unfit(listing, Answer.taken_out, "Chưa hết thời hạn bảo quản."))
            elif dossier.id in changing or _changed_since(entry, dossier):
                found.append(Unfit(listing, Answer.taken_out, "Hồ sơ đã thay đổi sau khi lập danh mục."))
    return found


def _changed_since(entry: DestructionEntry, dossier: Dossier) -> bool:
    """Reviewers and head spoke of the dossier as it was listed."""
    return (
        dossier.state is not DossierState.destruction_review
        or entry.inventory_digest != dossier.inventory_digest
    )


def withdraw_unfit(work: Work, unfit: Sequence[Unfit]) -> None:
    for each in unfit:
        withdraw(work, [each.listing], each.answer, each.why)
