"""From the disk to the catalogue: objects in a root that no row knows, and files that lie in no object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectMissing, ObjectStore
from archive_service.work import Archive, Work
from preservation.audits.root_files import stray_files
from preservation.incidents.register import open_incident
from preservation.models import Copy, Dossier, DossierState, ErasureReceipt
from preservation.ocfl.store import ObjectDamaged, object_ids, read_inventory
from preservation.roots.markers import root_trouble

BATCH = 500
DOSSIER, SYSTEM = "urn:uuid:", "urn:vn-archive:system:"
YOUNG = timedelta(days=1)
"""Bytes come first and rows second: what was begun since then may be waiting for its row."""


def stray_objects(archive: Archive, root_id: str) -> Iterator[str]:
    """Ids of objects in the root that no dossier accounts for. Walks the whole root; memory stays flat."""
    store = archive.stores[root_id]
    found = (object_id for object_id in object_ids(store) if not object_id.startswith(SYSTEM))
    while batch := list(islice(found, BATCH)):
        known = _known(archive, root_id, batch)
        yield from (each for each in batch if each not in known and not _young(archive, store, each))


def strays_run(archive: Archive) -> int:
    """Job: an incident for every stray object and file of every root that is online; returns how many."""
    count = 0
    for root in archive.settings.storage:
        if root_trouble(archive, root.id)[0] != "online":
            continue
        found = chain(
            stray_objects(archive, root.id),
            stray_files(archive.stores[root.id], offline=root.role == "offline"),
        )
        for path in found:
            count += 1
            with archive.work(THE_ARCHIVE) as work:
                _tell(work, root.id, path)
    return count


def _tell(work: Work, root_id: str, object_id: str) -> None:
    """A destroyed dossier that is there again, from an old disk for one, is told as such: it must go once more."""
    key = _key(object_id)
    dossier = work.session.get(Dossier, key) if key else None
    if dossier is not None and dossier.state is DossierState.destroyed:
        open_incident(work, "reappeared", dossier=dossier, root_id=root_id, path=object_id)
    else:
        open_incident(work, "extra", root_id=root_id, path=object_id)


def _known(archive: Archive, root_id: str, ids: Sequence[str]) -> set[str]:
    """Those that a living dossier explains, or a destruction whose receipt from this root is still owed."""
    keys = [key for key in map(_key, ids) if key]
    owed = select(ErasureReceipt.dossier_id).where(
        ErasureReceipt.dossier_id.in_(keys),
        ErasureReceipt.place == f"copy:{root_id}",
        ErasureReceipt.gone_at.is_(None),
    )
    held = (
        select(Copy.dossier_id)
        .join(Dossier, Dossier.id == Copy.dossier_id)
        .where(Copy.dossier_id.in_(keys), Copy.root_id == root_id, Dossier.state != DossierState.destroyed)
    )
    with archive.look(THE_ARCHIVE) as work:
        rows = {*work.session.scalars(owed), *work.session.scalars(held)}
    return {f"{DOSSIER}{row}" for row in rows}


def _key(object_id: str) -> UUID | None:
    try:
        return UUID(object_id.removeprefix(DOSSIER)) if object_id.startswith(DOSSIER) else None
    except ValueError:
        return None


def _young(archive: Archive, store: ObjectStore, object_id: str) -> bool:
    try:
        created = datetime.fromisoformat(read_inventory(store, object_id).versions[-1].created)
    except (ObjectMissing, ObjectDamaged, ValueError):
        return False
    return timedelta() <= archive.clock.now() - created < YOUNG
