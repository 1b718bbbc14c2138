"""biên bản hủy tài liệu: issued only when every copy, the index and the database have reported themselves gone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import VIETNAM, vietnam_date
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.log import Anchor, sign_head
from archive_service.kernel.people import Person
from archive_service.work import Archive, Work
from preservation.models import Dossier
from preservation.papers import draw_paper
from retention.destruction.four_eyes import parts
from retention.destruction.papers import keep_paper
from retention.destruction.receipts import missing_receipts, receipts_of
from retention.models import DestructionEntry, DestructionList, EntryState, ListState
from retention.reach import fresh

PLACES = {
    "index": "Chỉ mục tìm kiếm",
    "database": "Cơ sở dữ liệu",
    "staging": "Khu tiếp nhận",
    "cache": "Bộ nhớ đệm",
    "key": "Khóa mã hóa của hồ sơ",
}
TEMPLATE = Path(__file__).with_name("certificate.typ")


@dataclass(frozen=True, slots=True)
class Destroyed:
    code: str
    title: str
    reason: str
    documents: int
    size: int
    inventory: str
    receipts: dict[str, str]
    """Place → when it reported itself gone, Vietnam time."""


@dataclass(frozen=True, slots=True)
class Left:
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the certificate says; the same facts give the same bytes."""

    agency: str
    number: str
    issued_at: datetime
    clause: str
    list_name: str
    """What the law of the decision's day calls the list, and the council below."""
    council: str
    minutes: str
    minutes_sha256: str
    decision: str
    decided_at: str
    not_before: str
    started_at: str
    finished_at: str
    """When the last place reported itself gone."""
    entries_digest: str
    people: dict[str, str]
    destroyed: tuple[Destroyed, ...]
    left: tuple[Left, ...]
    anchor: Anchor


def draw_certificate(facts: Facts) -> bytes:
    """A PDF/A-2b, byte for byte the same for the same facts."""
    told = asdict(facts) | {"issued_at": _told(facts.issued_at)}
    return draw_paper(TEMPLATE, facts.issued_at, facts=told)


def issue_certificate(archive: Archive, list_id: UUID) -> DestructionList:
    """Draws, keeps and records the certificate. Raises `Conflict` (`receipts-owed`) while one receipt is owed."""
    with archive.look(THE_ARCHIVE) as work:
        listed: DestructionList = work.get(DestructionList, list_id)
        _require_all_gone(work.session, listed)
        facts = _facts(work, archive, listed)
    key, sha256 = keep_paper(archive, list_id, "certificate", draw_certificate(facts))
    with archive.work(THE_ARCHIVE) as work:
        work.pass_gate()
        listed = work.get(DestructionList, list_id)
        _require_all_gone(work.session, listed)
        work.move(
            DestructionList,
            list_id,
            of=(ListState.executing, ListState.copies_owed),
            to=ListState.certified,
            certified_at=facts.issued_at,
            certificate_key=key,
            certificate_sha256=sha256,
        )
        work.record(Verb.list_certified, listed, number=listed.number, sha256=sha256)
        work.owe("write_system_objects")
        return fresh(work, listed)


def _require_all_gone(session: Session, listed: DestructionList) -> None:
    open_entries = session.scalar(
        select(DestructionEntry.id)
        .where(
            DestructionEntry.list_id == listed.id,
            DestructionEntry.state.in_((EntryState.listed, EntryState.erasing)),
        )
        .limit(1)
    )
    owed = missing_receipts(session, listed.id)
    if open_entries is not None or owed:
        told = ", ".join(f"{code}: {place}" for code, place in owed[:5]) or "…"
        raise Conflict(
            f"Chưa lập được biên bản hủy: còn nơi chưa xác nhận đã xóa ({told}).",
            f"No certificate yet: not every place has reported itself gone ({told}).",
            name="receipts-owed",
        )


def _facts(work: Work, archive: Archive, listed: DestructionList) -> Facts:
    law = work.rules.destruction_law(vietnam_date(listed.decided_at or work.now()))
    return Facts(
        agency=archive.settings.agency,
        number=listed.number,
        issued_at=work.now().replace(microsecond=0),
        clause=law.clause,
        list_name=law.list_name,
        council=law.council,
        minutes=f"{listed.minutes_number} ngày {listed.minutes_date:%d/%m/%Y}",
        minutes_sha256=listed.minutes_sha256,
        decision=listed.decision_number,
        decided_at=_told(listed.decided_at),
        not_before=_told(listed.not_before),
        started_at=_told(listed.started_at),
        finished_at=_told(_last_receipt(work.session, listed)),
        entries_digest=listed.entries_digest,
        people=_people(work.session, listed),
        destroyed=_destroyed(work.session, listed),
        left=_left(work.session, listed),
        anchor=sign_head(work.session, archive.keys.log),
    )


def _people(session: Session, listed: DestructionList) -> dict[str, str]:
    """Everybody who answered an entry reviewed it, not only who sent the list on."""
    took = parts(session, listed)
    roles = {
        "Người lập danh mục": took["proposed"],
        "Người xem xét lại": took["reviewed"],
        "Người quyết định": took["decided"],
        "Người thực hiện": {listed.started_by} if listed.started_by else set(),
    }
    return {
        role: "; ".join(sorted(session.get_one(Person, each).name for each in people))
        for role, people in roles.items()
        if people
    }


def _last_receipt(session: Session, listed: DestructionList) -> datetime | None:
    found = (each.gone_at for of_one in receipts_of(session, listed.id).values() for each in of_one)
    return max((at for at in found if at is not None), default=None)


def _destroyed(session: Session, listed: DestructionList) -> tuple[Destroyed, ...]:
    receipts = receipts_of(session, listed.id)
    return tuple(
        Destroyed(
            code=dossier.code,
            title=dossier.title,
            reason=entry.reason,
            documents=entry.document_count,
            size=entry.byte_count,
            inventory=entry.inventory_digest,
            receipts={place_name(r.place): _told(r.gone_at) for r in receipts.get(dossier.id, ())},
        )
        for entry, dossier in _entries(session, listed, EntryState.gone)
    )


def _left(session: Session, listed: DestructionList) -> tuple[Left, ...]:
    rows = _entries(session, listed, EntryState.withdrawn)
    stopped = listed.stop_reason or "Không hủy."
    return tuple(Left(dossier.code, entry.answer_reason or stopped) for entry, dossier in rows)


def _entries(
    session: Session, listed: DestructionList, state: EntryState
) -> list[tuple[DestructionEntry, Dossier]]:
    query = (
        select(DestructionEntry, Dossier)
        .join(Dossier, Dossier.id == DestructionEntry.dossier_id)
        .where(DestructionEntry.list_id == listed.id, DestructionEntry.state == state)
        .order_by(Dossier.code, Dossier.id)
    )
    return list(session.execute(query))


def _told(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}" if at else ""


def place_name(place: str) -> str:
    """
    >>> place_name("copy:ban-sao"), place_name("index")
    ('Kho lưu ban-sao', 'Chỉ mục tìm kiếm')
    """
    kind, _, root = place.partition(":")
    return f"Kho lưu {root}" if kind == "copy" else PLACES.get(kind, place)
