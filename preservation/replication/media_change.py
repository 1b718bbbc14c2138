"""Chuyển đổi phương tiện: every three years the records go to a new medium, with minutes (TT 02/2019, Điều 10.1.b)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.events import Verb
from archive_service.work import Archive
from preservation.models import Copy, CopyState
from preservation.papers import draw_paper
from preservation.replication.bring import Brought, Tell, bring_root

TEMPLATE = Path(__file__).with_name("media_change.typ")


@dataclass(frozen=True, slots=True)
class Minutes:
    """Everything that the minutes say; the same facts give the same bytes. Times are Vietnam's, as people write them."""

    agency: str
    archive: str
    old: str
    new: str
    old_place: str
    new_place: str
    begun: str
    ended: str
    made: int
    copies: int
    size: int
    system_objects: int


def change_medium(
    archive: Archive, actor: Actor, old: str, new: str, tell: Tell = lambda *_: None
) -> tuple[Brought, bytes | None]:
    """Brings the new root to all that the archive holds, each copy read back, and draws the minutes.

    Without minutes (None) while a copy is owed: run it again. Nothing is removed from the old root.
    Raises `NotPossible`, `Conflict` (`medium-behind`: the old root has verified copies that the new one has not).
    """
    if old == new or old not in archive.stores:
        raise NotPossible(
            f"Cần hai kho khác nhau, đều có trong cài đặt: {old}, {new}.",
            f"Two different roots of the settings are needed, not {old} and {new}.",
            name="no-such-root",
        )
    begun = archive.clock.now()
    report = bring_root(archive, actor, new, tell)
    if not report.whole:
        return report, None
    _require_all(archive, old, new)
    ended = archive.clock.now()
    names = {root.id: root.shown_name for root in archive.settings.storage}
    paper = draw(
        Minutes(
            archive.settings.agency,
            archive.settings.name,
            f"{names[old]} ({old})",
            f"{names[new]} ({new})",
            archive.stores[old].describe(),
            archive.stores[new].describe(),
            _told(begun),
            _told(ended),
            report.made,
            report.copies,
            report.size,
            report.system_objects,
        ),
        ended,
    )
    with archive.work(actor) as work:
        digest = hashlib.sha256(paper).hexdigest()
        told = {"before": old, "after": new, "minutes_sha256": digest}
        work.record_of(Verb.medium_changed, "storage_root", new, copies=report.copies, **told)
    return report, paper


def _require_all(archive: Archive, old: str, new: str) -> None:
    with archive.look(THE_ARCHIVE) as work:
        there = select(Copy.dossier_id).where(Copy.root_id == new, Copy.state == CopyState.verified)
        lacking = select(func.count()).where(
            Copy.root_id == old, Copy.state == CopyState.verified, Copy.dossier_id.not_in(there)
        )
        count = work.session.scalar(lacking) or 0
    if count:
        raise Conflict(
            f"Kho {new} còn thiếu {count} hồ sơ đã có bản đúng ở {old}.",
            f"Root {new} lacks {count} dossiers of which {old} has a good copy.",
            name="medium-behind",
        )


def draw(minutes: Minutes, at: datetime) -> bytes:
    """A PDF/A-2b."""
    return draw_paper(TEMPLATE, at, facts=asdict(minutes))


def _told(instant: datetime) -> str:
    return f"{instant.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
