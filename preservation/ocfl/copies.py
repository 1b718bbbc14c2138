"""Bringing a root up to date, or a file back, from another root."""

from __future__ import annotations

from functools import partial
from typing import BinaryIO, cast

from archive_service.kernel.objects import ObjectMissing, ObjectStore
from preservation.ocfl.checked_source import CheckedSource
from preservation.ocfl.inventory import INVENTORY, Inventory, parse_inventory
from preservation.ocfl.inventory_rules import ALGORITHM
from preservation.ocfl.layout import object_path
from preservation.ocfl.plan import NewFile, VersionPlan
from preservation.ocfl.state import object_state, read_small
from preservation.ocfl.store import read_inventory, write_version


def copy_object(source: ObjectStore, target: ObjectStore, object_id: str) -> Inventory:
    """Writes to `target` the versions that it lacks, byte for byte; each file is checked on its way.

    Raises `ObjectMissing` and `ObjectDamaged` (of the source), what `write_version` raises, and `InventoryBroken`.
    """
    inventory = read_inventory(source, object_id)
    present = object_state(target, object_id).inventory
    for number in range(present.head if present else 1, inventory.head + 1):
        write_version(target, stored_version(source, object_id, number))
    return inventory


def stored_version(store: ObjectStore, object_id: str, number: int) -> VersionPlan:
    """A version that one root holds, as the plan by which another one writes it."""
    path = object_path(object_id)
    data = _inventory_bytes(store, path, number)
    inventory = parse_inventory(data)
    return VersionPlan(
        inventory,
        data,
        _inventory_bytes(store, path, number - 1) if number > 1 else None,
        tuple(
            (name, NewFile(partial(store.open, f"{path}/{name}", fresh=True), digests))
            for name, digests in inventory.content_digests().items()
            if name.startswith(f"v{number}/")
        ),
    )


def mend_file(source: ObjectStore, target: ObjectStore, inventory: Inventory, content_path: str) -> None:
    """Puts a content file of `target` back from `source`; raises `ContentChanged` where the source's is bad too."""
    key = f"{object_path(inventory.object_id)}/{content_path}"
    digests = {ALGORITHM: inventory.content_digests()[content_path][ALGORITHM]}
    with CheckedSource(NewFile(partial(source.open, key, fresh=True), digests)) as stream:
        target.put(key, cast(BinaryIO, stream))


def _inventory_bytes(store: ObjectStore, path: str, number: int) -> bytes:
    data = read_small(store, f"{path}/v{number}/{INVENTORY}")
    if data is None:
        raise ObjectMissing(f"{path}/v{number}/{INVENTORY}")
    return data
