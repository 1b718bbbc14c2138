"""Between two full checks, a quick look at each copy: is every file there, with the size it must have?

It reads the inventory and lists the object, never a content; where the store keeps the digests that it was given (S3),
they are compared with the sender's. What it finds decides nothing: the copy's full check is due at once, and that one
tells. Progress is each row's `next_quick`, so that a run that was cut off goes on where it was.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectInfo, ObjectMissing, ObjectStore, StoreAway
from archive_service.work import Archive, Work
from preservation.copies import beating, claim_copy, give_back, held_copy
from preservation.models import Copy, CopyState, Dossier, DossierState, FileObject
from preservation.ocfl.inventory import INVENTORY, Inventory, InventoryBroken, parse_inventory
from preservation.ocfl.layout import object_path
from preservation.roots.markers import root_trouble
from preservation.verify import AT_ONCE, MOST_INVENTORY_BYTES, UNREADABLE, expected_files
from preservation.watch_models import AuditRun

KIND = "quick"
GOOD = (CopyState.verified, CopyState.not_checked)
REQUESTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class SendersFile:
    """`size` in bytes, `sha256` in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class QuickReport:
    """`suspect`: copies whose full check is due now. `more`: some are due still; the next run takes them."""

    checked: int
    suspect: int
    more: bool


def quick_run(archive: Archive, *, limit: int | None = None) -> QuickReport:
    """Job: looks at the copies with the oldest `next_quick` over all roots, at most `limit` (`run_objects`) of them."""
    most = limit or archive.settings.run_objects
    with archive.work(THE_ARCHIVE) as work:
        run = AuditRun(kind=KIND, started_at=work.now())
        work.session.add(run)
    roots = {r.id for r in archive.settings.storage if root_trouble(archive, r.id)[0] == "online"}
    due = due_for_a_look(archive, most, roots)
    for dossier_id, root_id in due:
        if root_id in roots and not _look(archive, run.id, dossier_id, root_id):
            roots.discard(root_id)
    with archive.work(THE_ARCHIVE) as work:
        row: AuditRun = work.get(AuditRun, run.id)
        row.finished_at, more = work.now(), len(due) == most and row.checked > 0
        if row.faults:
            work.owe("fixity_run")
        if more:
            work.owe("quick_run")
        return QuickReport(row.checked, row.faults, more)


def due_for_a_look(archive: Archive, most: int, roots: set[str]) -> list[tuple[UUID, str]]:
    """The oldest over these roots, each root's by its index `ix_copy_quick`."""
    with archive.look(THE_ARCHIVE) as work:
        found = [
            work.session.execute(
                select(Copy.next_quick, Copy.dossier_id, Copy.root_id)
                .where(Copy.root_id == root_id, Copy.next_quick <= work.now())
                .order_by(Copy.next_quick, Copy.dossier_id)
                .limit(most)
            ).all()
            for root_id in sorted(roots)
        ]
        oldest = islice(heapq.merge(*found, key=lambda each: each[0]), most)
        return [(dossier_id, root_id) for _, dossier_id, root_id in oldest]


def _look(archive: Archive, run_id: UUID, dossier_id: UUID, root_id: str) -> bool:
    """One copy; False when its root went away meanwhile."""
    lease = claim_copy(archive, dossier_id, root_id)
    if lease is None:
        return True
    with archive.look(THE_ARCHIVE) as work:
        copy = work.session.get_one(Copy, (dossier_id, root_id))
        if copy.next_quick > work.now():  # another worker was here since it was chosen
            wanted = None
        else:
            dossier = wanted = work.session.get_one(Dossier, dossier_id)
            files = _files(work, dossier_id)
    if wanted is None:
        give_back(archive, dossier_id, root_id, lease)
        return True
    trouble = ""
    if copy.state in GOOD and dossier.state is not DossierState.destroyed:
        try:
            with beating(archive, dossier_id, root_id, lease):
                trouble = next(quick_faults(archive.stores[root_id], dossier, files), "")
        except StoreAway:
            trouble = "away"
        if trouble and root_trouble(archive, root_id)[0] != "online":
            give_back(archive, dossier_id, root_id, lease)
            return False
    _settle(archive, run_id, (dossier_id, root_id, lease), suspect=bool(trouble))
    return True


def _files(work: Work, dossier_id: UUID) -> dict[str, SendersFile]:
    files = select(FileObject.path, FileObject.size, FileObject.sha256)
    rows = work.session.execute(files.where(FileObject.dossier_id == dossier_id))
    return {path: SendersFile(size, sha256) for path, size, sha256 in rows}


def quick_faults(store: ObjectStore, dossier: Dossier, files: Mapping[str, SendersFile]) -> Iterator[str]:
    """What is not as it must be, by path; `files` by logical path, as the catalogue has them. Raises `StoreAway`."""
    folder = object_path(dossier.object_id)
    try:
        with store.open(f"{folder}/{INVENTORY}", fresh=True) as stream:
            data = stream.read(MOST_INVENTORY_BYTES)
        inventory = parse_inventory(data)
        present = {info.key.removeprefix(folder + "/"): info for info in store.list(folder)}
    except StoreAway:
        raise
    except (ObjectMissing, InventoryBroken, *UNREADABLE):
        yield INVENTORY
        return
    if hashlib.sha512(data).hexdigest() != dossier.inventory_digest:
        yield INVENTORY
        return
    yield from _unlike_listed(present, inventory, files)
    yield from _unlike_kept(store, folder, inventory, files)


def _unlike_listed(
    present: Mapping[str, ObjectInfo], inventory: Inventory, files: Mapping[str, SendersFile]
) -> Iterator[str]:
    expected: dict[str, int | None] = {  # None for what is no file of the sender's: the catalogue has no size
        p: None if d is None else len(d) for p, d in expected_files(inventory).items()
    }
    expected |= {path: file.size for path, file in _by_content(inventory, files)}
    yield from sorted(present.keys() - expected.keys())
    for path, size in expected.items():
        found = present.get(path)
        if found is None or not found.regular or (size is not None and found.size != size):
            yield path


def _unlike_kept(
    store: ObjectStore, folder: str, inventory: Inventory, files: Mapping[str, SendersFile]
) -> Iterator[str]:
    """A request a file, and no byte of it read."""

    def unlike(item: tuple[str, SendersFile]) -> str:
        path, file = item
        try:
            return path if store.keeps_sha256(f"{folder}/{path}", file.sha256) is False else ""
        except ObjectMissing:
            return path

    items = iter(_by_content(inventory, files))
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        while some := list(islice(items, AT_ONCE)):
            yield from filter(None, pool.map(unlike, some))


def _by_content(inventory: Inventory, files: Mapping[str, SendersFile]) -> Iterator[tuple[str, SendersFile]]:
    """The sender's files by their content paths."""
    for logical, digest in inventory.files().items():
        for path in inventory.manifest[digest] if logical in files else ():
            yield path, files[logical]


def _settle(archive: Archive, run_id: UUID, held: tuple[UUID, str, UUID], *, suspect: bool) -> None:
    with archive.work(THE_ARCHIVE) as work:
        copy = held_copy(work, *held)
        if copy is None:
            return
        copy.lease_until = copy.lease_by = None
        copy.next_quick = work.now() + timedelta(days=work.settings.quick_days)
        if suspect:
            copy.next_check = work.now()
        count = update(AuditRun).where(AuditRun.id == run_id)
        work.session.execute(
            count.values(checked=AuditRun.checked + 1, faults=AuditRun.faults + int(suspect))
        )
