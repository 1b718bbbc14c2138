"""Ngừng sử dụng một kho lưu: taking a root out of service for good. Its bytes stay; nothing is written there any more.

What a destruction then cannot reach goes with the key, where the root is encrypted, or with the medium itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.clock import VIETNAM, vietnam_date
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import StoreAway
from archive_service.work import Archive
from preservation.aips.erase import COPY
from preservation.models import Copy, CopyState, ErasureReceipt, StorageRoot, SystemObject
from preservation.papers import draw_paper
from preservation.replication.bring import Tell
from preservation.replication.without import Domains, Retirement, find_lacking, read_what_remains
from preservation.roots.markers import read_marker, root_trouble, write_marker
from preservation.roots.retired import serving
from preservation.watch_models import CanaryCheck, RetiredRoot

TEMPLATE = Path(__file__).with_name("retire.typ")


@dataclass(frozen=True, slots=True)
class Minutes:
    """Everything that the minutes say; the same facts give the same bytes. Times are Vietnam's, as people write them."""

    agency: str
    archive: str
    root: str
    place: str
    retired: str
    since: str
    """Every copy that remains was read in full after this."""
    dossiers: int
    held: int
    remaining: list[str]
    required: int
    encrypted: bool
    marked: bool
    """Whether its marker says so: not where the medium cannot be written any more."""
    erasures: int
    """Destroyed dossiers of which it may still hold bytes."""


def retire_root(
    archive: Archive, actor: Actor, root_id: str, days: int, tell: Tell = lambda *_: None
) -> tuple[Retirement, bytes | None]:
    """Reads what remains where it was not read within `days`, takes the root out and draws the minutes.

    Without minutes (None) while something lacks copies elsewhere: nothing was changed. Interrupted, run it again; of a
    retired root the same minutes are drawn again. Raises `NotPossible`.
    """
    with archive.look(THE_ARCHIVE) as work:
        row = work.session.get(RetiredRoot, root_id)
    report = Retirement(root_id)
    if row is None:
        others = _others(archive, root_id)
        _require_erased(archive, root_id)
        since = archive.clock.now() - timedelta(days=days)
        read_what_remains(archive, others, since, tell)
        find_lacking(archive, others, since, report)
        if not report.whole:
            return report, None
        row = _take_out(archive, actor, root_id, _facts(archive, root_id, since, report.dossiers))
    paper = draw_paper(TEMPLATE, row.retired_at, facts=row.facts)
    report.dossiers, report.minutes_sha256 = row.facts["dossiers"], hashlib.sha256(paper).hexdigest()
    return report, paper


def _others(archive: Archive, root_id: str) -> Domains:
    """Failure domains of the roots that remain and count; raises `NotPossible` where they are not enough."""
    roots = serving(archive)
    if root_id not in {root.id for root in roots}:
        raise NotPossible(
            f"Không có kho {root_id} trong cài đặt.", f"No root {root_id} in the settings.",
            name="no-such-root",
        )  # fmt: skip
    left = [root for root in roots if root.id != root_id]
    others = {root.id: root.failure_domain for root in left if root.role != "offline"}
    required = archive.settings.required_copies
    if len(set(others.values())) < required or all(root.sealed for root in left):
        raise NotPossible(
            f"Không có {root_id} thì không còn đủ kho ở {required} nơi, hoặc không còn kho nào không mã hóa. "
            "Thêm kho mới trước (archive storage add).",
            f"Without {root_id} there are no roots in {required} failure domains, or none that is not encrypted. "
            "Add a new root first (archive storage add).",
            name="too-few-roots",
        )
    return others


def _require_erased(archive: Archive, root_id: str) -> None:
    """While it can be reached, what was destroyed leaves it the ordinary way."""
    count = _erasures(archive, root_id)
    if count and root_trouble(archive, root_id)[0] == "online":
        raise NotPossible(
            f"Kho {root_id} còn {count} hồ sơ đã hủy chưa xóa: để kho chạy đến khi hết nợ xóa.",
            f"Root {root_id} still holds {count} destroyed dossiers: let the archive run until no erasure is owed.",
            name="erasures-owed",
        )


def _erasures(archive: Archive, root_id: str) -> int:
    with archive.look(THE_ARCHIVE) as work:
        owed = select(func.count()).where(
            ErasureReceipt.place == COPY + root_id, ErasureReceipt.gone_at.is_(None)
        )
        return work.session.scalar(owed) or 0


def _facts(archive: Archive, root_id: str, since: datetime, dossiers: int) -> Minutes:
    root = next(each for each in archive.settings.storage if each.id == root_id)
    left = [each for each in serving(archive) if each.id != root_id]
    with archive.look(THE_ARCHIVE) as work:
        owing = Copy.state != CopyState.owed
        held = work.session.scalar(select(func.count()).where(Copy.root_id == root_id, owing)) or 0
    return Minutes(
        agency=archive.settings.agency,
        archive=archive.settings.name,
        root=f"{root.shown_name} ({root_id})",
        place=archive.stores[root_id].describe(),
        retired=_told(archive.clock.now()),
        since=_told(since),
        dossiers=dossiers,
        held=held,
        remaining=[f"{each.shown_name} ({each.id})" for each in left],
        required=archive.settings.required_copies,
        encrypted=root.sealed,
        marked=False,
        erasures=_erasures(archive, root_id),
    )


def _take_out(archive: Archive, actor: Actor, root_id: str, facts: Minutes) -> RetiredRoot:
    """The marker first: interrupted before the rows, the root is stopped, and this command is run again."""
    now = archive.clock.now()
    facts = replace(facts, marked=_mark(archive, root_id, now))
    with archive.work(actor) as work:
        row = RetiredRoot(id=root_id, encrypted=facts.encrypted, retired_at=now, facts=asdict(facts))
        work.session.add(row)
        work.session.execute(delete(Copy).where(Copy.root_id == root_id))
        work.session.execute(delete(CanaryCheck).where(CanaryCheck.root_id == root_id))
        work.session.execute(delete(StorageRoot).where(StorageRoot.id == root_id))
        for each in work.session.scalars(select(SystemObject)):
            each.roots = [root for root in each.roots if root != root_id]
        work.record_of(
            Verb.root_retired, "storage_root", root_id,
            root=root_id, dossiers=facts.dossiers, held=facts.held, marked=facts.marked,
        )  # fmt: skip
        work.owe("write_system_objects")
    return row


def _mark(archive: Archive, root_id: str, now: datetime) -> bool:
    """A dead disk, the usual reason, cannot be written any more."""
    try:
        marker = read_marker(archive.stores[root_id])
        if marker is None:
            return False
        write_marker(archive.stores[root_id], replace(marker, retired_at=now.isoformat(timespec="seconds")))
    except StoreAway:
        return False
    return True


def note_destroyed(archive: Archive, actor: Actor, root_id: str, on: date, by: str) -> int:
    """That the medium of a retired root was destroyed; returns how many destroyed dossiers waited for it.

    Their receipts are given by the next run of the destruction that owes them. Raises `NotPossible`.
    """
    with archive.work(actor) as work:
        row = work.session.get(RetiredRoot, root_id, with_for_update=True)
        if row is None or row.destroyed_on is not None:
            raise NotPossible(
                f"{root_id} không phải là kho đã ngừng sử dụng mà phương tiện còn.",
                f"{root_id} is no retired root whose medium is left.",
                name="no-such-root",
            )
        if not by.strip() or not vietnam_date(row.retired_at) <= on <= vietnam_date(work.now()):
            raise NotPossible(
                "Cần tên người chịu trách nhiệm, và ngày từ lúc ngừng sử dụng đến hôm nay.",
                "Needed are who answers for it, and a day between the retirement and today.",
                name="wrong-date",
            )
        row.destroyed_on, row.destroyed_by = on, by.strip()
        told = {"root": root_id, "on": on.isoformat(), "by": row.destroyed_by}
        work.record_of(Verb.medium_destroyed, "storage_root", root_id, **told)
        work.owe("write_system_objects")
    return _erasures(archive, root_id)


def _told(instant: datetime) -> str:
    return f"{instant.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
