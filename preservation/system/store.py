"""The OCFL objects that belong to no dossier: one a kind and month, the same in every root.

Only one process writes them at a time (`leases`): two planned from the same version would part the roots for ever.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, TryLater
from archive_service.kernel.objects import ObjectMissing, ObjectStore
from archive_service.work import Archive
from preservation.aips.store import US
from preservation.incidents.register import open_incident
from preservation.models import SystemObject
from preservation.ocfl.copies import copy_object
from preservation.ocfl.inventory import Inventory
from preservation.ocfl.plan import Changes, NewFile, NothingChanged, VersionPlan, plan_version
from preservation.ocfl.state import Condition, object_state
from preservation.ocfl.store import ObjectDamaged, finish, write_version
from preservation.roots.markers import root_trouble
from preservation.verify import verify_copy

log = logging.getLogger(__name__)
SYSTEM = "urn:vn-archive:system:"
Stores = Mapping[str, ObjectStore]


@dataclass(frozen=True, slots=True)
class Written:
    """`roots` are those that read the version back."""

    name: str
    inventory: Inventory
    inventory_digest: str
    roots: tuple[str, ...]


def system_id(name: str) -> str:
    return SYSTEM + name


def online_stores(archive: Archive) -> dict[str, ObjectStore]:
    return {
        root.id: archive.stores[root.id]
        for root in archive.settings.storage
        if root_trouble(archive, root.id)[0] == "online"
    }


def newest_row(archive: Archive, kind: str) -> SystemObject | None:
    with archive.look(THE_ARCHIVE) as work:
        query = select(SystemObject).where(SystemObject.kind == kind).order_by(SystemObject.written_at.desc())
        return work.session.scalars(query.limit(1)).first()


def current_name(archive: Archive, kind: str) -> str:
    """`<kind>-<year>-<month>`, with a number behind it when the newest version lies in roots that are all away.

    Going on from an older version would part the roots for ever; a new object parts nothing.
    """
    name, last = f"{kind}-{archive.clock.now():%Y-%m}", newest_row(archive, kind)
    if last is None or not last.name.startswith(name):
        return name
    if _head(levelled(online_stores(archive), last.name)) >= last.version:
        return last.name
    number = int(last.name.removeprefix(name).removeprefix("-") or 1)
    return f"{name}-{number + 1}"


def levelled(stores: Stores, name: str) -> Inventory | None:
    """The newest version in any root, once every root that answers has it: what a crash left is finished first."""
    states = {root: object_state(store, system_id(name)) for root, store in stores.items()}
    for root, state in states.items():
        # The same version need not be written again: nothing else finishes it.
        if state.condition is Condition.torn:
            finish(stores[root], system_id(name))
    heads = {root: state.inventory for root, state in states.items()}
    best = max(heads, key=lambda root: _head(heads[root]), default=None)
    if best is None or heads[best] is None:
        return None
    for root, inventory in heads.items():
        if _head(inventory) < _head(heads[best]):
            _try_copy(stores[best], stores[root], name)
    return heads[best]


def _head(inventory: Inventory | None) -> int:
    return inventory.head if inventory else 0


def _try_copy(source: ObjectStore, target: ObjectStore, name: str) -> bool:
    try:
        copy_object(source, target, system_id(name))
    except (TryLater, Conflict, ObjectDamaged, ObjectMissing) as error:
        log.warning("%s not copied to %s: %s", name, target.describe(), error)
        return False
    return True


def write_next(archive: Archive, name: str, put: Mapping[str, NewFile], message: str) -> Written:
    """The object's next version in every root that answers, or the newest where a crash left it and no row knows it.

    Raises `TryLater`.
    """
    stores = online_stores(archive)
    previous = levelled(stores, name)
    try:
        plan = plan_version(
            system_id(name),
            previous,
            Changes(put),
            message=message,
            user=US,
            created=archive.clock.now(),
        )
    except NothingChanged:
        if previous is None:
            raise
        written = _newest(stores, name, previous)
    else:
        proven = tuple(root for root, store in stores.items() if _write(archive, root, store, plan))
        written = Written(name, plan.inventory, hashlib.sha512(plan.data).hexdigest(), proven)
    if not written.roots:
        raise TryLater(
            "Chưa ghi được đối tượng hệ thống vào kho nào.", f"No root took {name}.", name="copies-away"
        )
    return written


def _newest(stores: Stores, name: str, inventory: Inventory) -> Written:
    """What lies there, read back as a new version is."""
    states = (object_state(store, system_id(name)) for store in stores.values())
    newest = max(states, key=lambda state: _head(state.inventory))
    digest = hashlib.sha512(newest.data).hexdigest()
    proven = tuple(root for root, store in stores.items() if not _fault(store, system_id(name), digest))
    return Written(name, inventory, digest, proven)


def _write(archive: Archive, root_id: str, store: ObjectStore, plan: VersionPlan) -> bool:
    try:
        write_version(store, plan)
        told = _fault(store, plan.object_id, hashlib.sha512(plan.data).hexdigest())
    except TryLater as error:
        log.warning("%s not written to %s: %s", plan.object_id, root_id, error)
        return False
    except (Conflict, ObjectDamaged) as error:
        told = f"{type(error).__name__}: {error}"
    if told:
        with archive.work(THE_ARCHIVE) as work:
            open_incident(work, "changed", root_id=root_id, path=plan.object_id, found=told)
    return not told


def _fault(store: ObjectStore, object_id: str, digest: str) -> str:
    fault = next(verify_copy(store, object_id, digest, {}), None)
    return f"{fault.kind} {fault.path}" if fault else ""


def enter_written(archive: Archive, kind: str, written: Written, *, digest: str = "", upto: int = 0) -> None:
    with archive.work(THE_ARCHIVE) as work:
        now = work.now()
        row = work.session.get(SystemObject, written.name)
        if row is None:
            row = SystemObject(name=written.name, kind=kind, written_at=now, next_check=now)
            work.session.add(row)
        row.version, row.digest, row.upto = written.inventory.head, digest, upto
        row.inventory_digest, row.roots = written.inventory_digest, list(written.roots)
        row.written_at, row.next_check = now, now + timedelta(days=archive.settings.fixity_days)


def bring_to_all(archive: Archive) -> None:
    """Copies to each root what it lacks since it was away or was added later."""
    stores = online_stores(archive)
    with archive.look(THE_ARCHIVE) as work:
        rows = work.session.scalars(select(SystemObject)).all()
    for row in rows:
        sources = [stores[root] for root in row.roots if root in stores]
        for root, store in stores.items():
            if root in row.roots or not sources or not _try_copy(sources[0], store, row.name):
                continue
            if not _fault(store, system_id(row.name), row.inventory_digest):
                with archive.work(THE_ARCHIVE) as work:
                    found: SystemObject = work.get(SystemObject, row.name)
                    if found.version == row.version:
                        found.roots = [*found.roots, root]
