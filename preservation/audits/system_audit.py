"""The audit of system objects. They are our own, so a damaged one is made good at once, and told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import islice

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore, StoreAway
from archive_service.work import Archive
from preservation.aips.repair import EVIDENCE, repair_object
from preservation.aips.store import NotProven
from preservation.incidents.register import open_incident
from preservation.leases import alone
from preservation.models import SystemObject
from preservation.ocfl.checked_source import ContentChanged
from preservation.ocfl.store import read_inventory
from preservation.system.store import system_id
from preservation.verify import CopyFault, verify_copy

MOST_FAULTS = 100
RECHECK = timedelta(days=1)


def audit_system_objects(archive: Archive, *, skip: Collection[str], early: bool = False) -> int:
    """Reads back every system object that is due, in every root that had it; returns how many faults there were."""
    with alone(archive, "system-objects") as mine:
        if not mine:
            return 0
        with archive.look(THE_ARCHIVE) as work:
            query = select(SystemObject).order_by(SystemObject.next_check)
            due = query if early else query.where(SystemObject.next_check <= work.now())
            rows = work.session.scalars(due).all()
        return sum(_audit(archive, row, skip) for row in rows)


def _audit(archive: Archive, row: SystemObject, skip: Collection[str]) -> int:
    stores = {r: archive.stores[r] for r in row.roots if r in archive.stores and r not in skip}
    faults = {root: _faults(store, row) for root, store in stores.items()}
    good = [store for root, store in stores.items() if faults[root] == []]
    count = 0
    for root, found in faults.items():
        if found:
            count += len(found)
            _tell(archive, row, root, found)
            _mend(archive, row, root, good)
    with archive.work(THE_ARCHIVE) as work:
        after = RECHECK if count or None in faults.values() else timedelta(days=archive.settings.fixity_days)
        work.get(SystemObject, row.name).next_check = work.now() + after
    return count


def _faults(store: ObjectStore, row: SystemObject) -> list[CopyFault] | None:
    """None while the store is away."""
    try:
        return list(islice(verify_copy(store, system_id(row.name), row.inventory_digest, {}), MOST_FAULTS))
    except StoreAway:
        return None


def _tell(archive: Archive, row: SystemObject, root: str, faults: list[CopyFault]) -> None:
    with archive.work(THE_ARCHIVE) as work:
        for fault in faults:
            path = f"{row.name}/{fault.path}"
            open_incident(
                work, fault.kind, root_id=root, path=path, found=fault.found, expected=fault.expected
            )


def _mend(archive: Archive, row: SystemObject, root: str, good: list[ObjectStore]) -> None:
    if not good:
        with archive.work(THE_ARCHIVE) as work:
            open_incident(work, "lost", path=row.name)
        return
    kept = f"{EVIDENCE}/{row.name}/{archive.clock.now():%Y%m%dT%H%M%S}"
    try:
        inventory = read_inventory(good[0], system_id(row.name))
        repair_object(inventory, lambda _: good[0], archive.stores[root], row.inventory_digest, {}, kept)
    except (NotProven, ContentChanged, StoreAway) as error:
        with archive.work(THE_ARCHIVE) as work:
            open_incident(work, "not-repaired", root_id=root, path=row.name, found=str(error))
