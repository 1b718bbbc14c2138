"""Bringing one root up to all that it shall hold: a new one, a new medium, an offline set. Resumable by what is owed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.events import Verb
from archive_service.kernel.objects import ObjectMissing, StoreAway
from archive_service.work import Archive
from preservation.aips.store import NotProven
from preservation.models import Copy, CopyState, Dossier, DossierState, SystemObject
from preservation.ocfl.store import ObjectDamaged, OtherVersionThere
from preservation.replication.replicas import make_copy
from preservation.roots.markers import check_roots, prepare_roots
from preservation.system.store import bring_to_all

BATCH = 500
Tell = Callable[[int, int, float], None]
"""Copies done, copies in all, seconds left as far as can be told."""


@dataclass(slots=True)
class Brought:
    """`failed`: dossier id → why its copy is still owed. `copies`: all verified ones in the root afterwards."""

    root_id: str
    made: int = 0
    copies: int = 0
    size: int = 0
    system_objects: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    manifest_sha512: str = ""
    """Of an offline set: whoever changes it and its manifest alike cannot change this, which the log has."""

    @property
    def whole(self) -> bool:
        return not self.failed


def bring_root(archive: Archive, actor: Actor, root_id: str, tell: Tell = lambda *_: None) -> Brought:
    """Makes the root where it is new, then every copy that it lacks, each read back. Again: goes on.

    Raises `NotPossible` (no such root; not ours; not there).
    """
    if root_id not in archive.stores:
        raise NotPossible(
            f"Không có kho {root_id} trong cài đặt.",
            f"No root {root_id} in the settings.",
            name="no-such-root",
        )
    prepare_roots(archive)
    state, reason = check_roots(archive)[root_id]
    if state != "online":
        raise NotPossible(
            f"Kho {root_id} không dùng được ({reason}).", f"Root {root_id} cannot be used ({reason}).",
            name="root-away",
        )  # fmt: skip
    report = Brought(root_id)
    _make_copies(archive, report, tell)
    bring_to_all(archive)
    _count(archive, report)
    with archive.work(actor) as work:
        detail = {"copies": report.copies, "made": report.made, "failed": len(report.failed)}
        outcome = "success" if report.whole else "failure"
        work.record_of(Verb.root_brought, "storage_root", root_id, outcome=outcome, root=root_id, **detail)
    return report


def _make_copies(archive: Archive, report: Brought, tell: Tell) -> None:
    total, begun = _owe_all(archive, report.root_id), time.monotonic()
    for done, dossier_id in enumerate(_owed(archive, report.root_id), 1):
        try:
            make_copy(archive, str(dossier_id), report.root_id)
            report.made += 1
        except (TryLater, NotProven, ObjectDamaged, ObjectMissing, OtherVersionThere) as error:
            if isinstance(error, StoreAway) and not _there(archive, report.root_id):
                raise
            report.failed[str(dossier_id)] = str(error)
        tell(done, total, (time.monotonic() - begun) / done * max(total - done, 0))


def _there(archive: Archive, root_id: str) -> bool:
    return check_roots(archive)[root_id][0] == "online"


def _owe_all(archive: Archive, root_id: str) -> int:
    """A row for each dossier that the root has none of; returns how many copies are owed."""
    while True:
        with archive.work(THE_ARCHIVE) as work:
            has = select(Copy.dossier_id).where(Copy.root_id == root_id)
            lacking = select(Dossier.id).where(
                Dossier.state != DossierState.destroyed, Dossier.id.not_in(has)
            )
            found = work.session.scalars(lacking.limit(BATCH)).all()
            work.session.add_all(Copy(dossier_id=e, root_id=root_id, next_check=work.now()) for e in found)
            if not found:
                owed = select(func.count()).where(Copy.root_id == root_id, Copy.state == CopyState.owed)
                return work.session.scalar(owed) or 0


def _owed(archive: Archive, root_id: str) -> Iterator[UUID]:
    """Ids in order, a page at a time: what failed is not met twice in one run."""
    last = UUID(int=0)
    while True:
        with archive.look(THE_ARCHIVE) as work:
            query = select(Copy.dossier_id).where(
                Copy.root_id == root_id, Copy.state == CopyState.owed, Copy.dossier_id > last
            )
            page = work.session.scalars(query.order_by(Copy.dossier_id).limit(BATCH)).all()
        if not page:
            return
        yield from page
        last = page[-1]


def _count(archive: Archive, report: Brought) -> None:
    with archive.look(THE_ARCHIVE) as work:
        held = (Copy.root_id == report.root_id, Copy.state == CopyState.verified)
        query = select(func.count(), func.sum(Dossier.byte_count)).join(Copy, Copy.dossier_id == Dossier.id)
        count, size = work.session.execute(query.where(*held)).one()
        report.copies, report.size = count, int(size or 0)
        rows = work.session.scalars(select(SystemObject)).all()
        report.system_objects = sum(report.root_id in row.roots for row in rows)
