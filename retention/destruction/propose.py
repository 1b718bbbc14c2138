"""A destruction list is drawn up: only what is due, on the shelf, and not held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, update

from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.organisation import units_below
from archive_service.kernel.permissions import Permission
from archive_service.work import Work
from preservation.models import Dossier, DossierState
from retention.assess import Reckoning, reckon_dossiers
from retention.destruction.entries import move_dossiers, require_entries
from retention.destruction.grounds import EXPIRED
from retention.holds import held
from retention.models import DestructionEntry, DestructionList, ListState
from retention.reach import asked, chunked, fresh, person, today

MOST_ENTRIES = 50_000


def propose_destruction(
    work: Work,
    dossier_ids: Sequence[UUID],
    *,
    explanation: str,
    unit_id: UUID | None = None,
    fonds_id: UUID | None = None,
) -> DestructionList:
    """Draws up a draft over these dossiers of one unit or fonds (of all, with a right over all).

    Raises `NotPossible` (`not-listable`, with each dossier and its reason) when one is not due, held or not stored.
    """
    work.allow_on(Permission.propose_destruction, unit_id, fonds_id)
    work.pass_gate()
    ids = list(dict.fromkeys(dossier_ids))
    if not 0 < len(ids) <= MOST_ENTRIES:
        raise NotPossible(
            f"Danh mục cần từ 1 đến {MOST_ENTRIES} hồ sơ, đã chọn {len(ids)}.",
            f"A list takes 1 to {MOST_ENTRIES} dossiers, {len(ids)} are chosen.",
            name="wrong-number-of-entries",
        )
    listed = DestructionList(
        number=_next_number(work),
        unit_id=unit_id,
        fonds_id=fonds_id,
        explanation=asked(explanation, "bản thuyết minh", "the explanation of the list"),
        proposed_by=person(work),
        proposed_at=work.now(),
    )
    work.session.add(listed)
    work.session.flush()
    entries = _entries(work, listed, ids)
    work.session.add_all(entries)
    move_dossiers(work, ids, DossierState.stored, DossierState.destruction_review)
    work.record(Verb.list_proposed, listed, number=listed.number, entries=len(entries))
    work.owe("write_system_objects")
    return fresh(work, listed)


def _next_number(work: Work) -> str:
    """NN/YYYY of the year in Vietnam. Lists are never deleted, and the gate lets one proposal through at a time."""
    year = today(work).year
    used = work.session.scalar(
        select(func.count())
        .select_from(DestructionList)
        .where(DestructionList.number.endswith(f"/{year}", autoescape=True))
    )
    return f"{(used or 0) + 1:02d}/{year}"


def _entries(work: Work, listed: DestructionList, ids: Sequence[UUID]) -> list[DestructionEntry]:
    inside = units_below(work.session, {listed.unit_id}) if listed.unit_id else None
    faults: dict[str, str] = {}
    entries: list[DestructionEntry] = []
    for some in chunked(ids):
        terms, holds = reckon_dossiers(work.session, work.rules, some), held(work.session, some)
        found = {d.id: d for d in work.session.scalars(select(Dossier).where(Dossier.id.in_(some)))}
        for dossier_id in some:
            dossier = found.get(dossier_id)
            fault = _fault(listed, inside, dossier, dossier_id in holds, terms.get(dossier_id), today(work))
            if fault or dossier is None:
                faults[str(dossier_id)] = fault or "missing"
            else:
                entries.append(_entry(listed, dossier, terms[dossier_id]))
    if faults:
        _refuse(faults)
    return entries


def _fault(
    listed: DestructionList,
    inside: set[UUID] | None,
    dossier: Dossier | None,
    is_held: bool,
    term: Reckoning | None,
    on: date,
) -> str:
    if dossier is None or term is None:
        return "missing"
    if (inside is not None and dossier.unit_id not in inside) or listed.fonds_id not in (
        None,
        dossier.fonds_id,
    ):
        return "missing"
    if dossier.state is not DossierState.stored:
        return "not-stored"
    if is_held:
        return "held"
    return "" if term.over(on) else "not-due"


def _refuse(faults: dict[str, str]) -> None:
    told = Counter(faults.values())
    vi = {
        "missing": "không thuộc phạm vi",
        "not-stored": "đang ở danh mục khác hoặc đã hủy",
        "held": "đang đóng băng",
        "not-due": "chưa hết thời hạn bảo quản",
    }
    en = {
        "missing": "outside the scope",
        "not-stored": "on another list or destroyed",
        "held": "held",
        "not-due": "not due",
    }
    raise NotPossible(
        "Chưa lập được danh mục: " + "; ".join(f"{n} hồ sơ {vi[code]}" for code, n in told.items()) + ".",
        "The list is not drawn up: " + "; ".join(f"{n} {en[code]}" for code, n in told.items()) + ".",
        name="not-listable",
        refused=faults,
    )


def _entry(listed: DestructionList, dossier: Dossier, term: Reckoning) -> DestructionEntry:
    return DestructionEntry(
        list_id=listed.id,
        dossier_id=dossier.id,
        ground=EXPIRED,
        reason=_in_words(dossier, term),
        inventory_digest=dossier.inventory_digest,
        byte_count=dossier.byte_count,
        document_count=dossier.document_count,
    )


def _in_words(dossier: Dossier, term: Reckoning) -> str:
    """lý do hủy, as the list of the law wants it; Vietnamese, for it is printed and signed."""
    assert dossier.end_date is not None and term.ends_on is not None  # noqa: S101  it is due, so both are known
    longer = ", đã kéo dài" if any(code == "extended" for code, _ in term.steps) else ""
    return (
        f"Hết thời hạn bảo quản {term.years} năm, tính từ hết năm {dossier.end_date.year}{longer}: "
        f"hết hạn ngày {term.ends_on:%d/%m/%Y}."
    )


def send_for_review(work: Work, list_id: UUID) -> DestructionList:
    """The proposer hands the draft to the reviewers."""
    listed: DestructionList = work.get(DestructionList, list_id)
    work.allow_on(Permission.propose_destruction, listed.unit_id, listed.fonds_id)
    if listed.proposed_by != person(work):
        raise Forbidden(
            "Chỉ người lập danh mục được gửi danh mục đi.", "Only who drew up the list may send it on."
        )
    require_entries(work, listed)
    work.move(DestructionList, list_id, of=ListState.draft, to=ListState.reviewing)
    work.record(Verb.list_sent, listed, number=listed.number)
    return fresh(work, listed)


def hand_over_drafts(work: Work, person_id: UUID, successor_id: UUID) -> int:
    """Drafts of somebody who leaves wait for the successor; how many. Who drew them up stays in the log."""
    drafts = (DestructionList.proposed_by == person_id, DestructionList.state == ListState.draft)
    moved = work.session.scalars(
        update(DestructionList).where(*drafts).values(proposed_by=successor_id).returning(DestructionList.id)
    ).all()
    for list_id in moved:
        work.record_of(
            Verb.work_handed_over, "destruction_list", list_id, leaving=person_id, successor=successor_id
        )
    if moved:
        work.owe("write_system_objects")
    return len(moved)
