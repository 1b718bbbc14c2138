"""What stands in a root for an object: nothing, a whole object, or what an interrupted write left.

A version is written as: its folder (content, inventory, sidecar), then the root inventory, then the root sidecar.
The folder's sidecar is the commit point. So after a crash the newest `vN/` pair tells the truth, and a root pair that
is still the one before, in one half or both, is a *torn write*: it can be finished, and nobody need be alarmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from archive_service.kernel.objects import ObjectMissing, ObjectStore
from preservation.ocfl.inventory import (
    INVENTORY,
    SIDECAR,
    Inventory,
    InventoryBroken,
    parse_inventory,
    sidecar,
)
from preservation.ocfl.inventory_rules import VERSION_NAME
from preservation.ocfl.layout import object_path
from preservation.ocfl.spec.json_document import MOST_BYTES

Pair = tuple[bytes | None, bytes | None]
"""The bytes of an inventory and of its sidecar, None where there is none."""


class Condition(StrEnum):
    absent = "absent"
    unfinished = "unfinished"
    """A first version whose commit point was never written; only S3 shows such a thing."""
    whole = "whole"
    torn = "torn"
    damaged = "damaged"
    """Inventories and sidecars disagree as no interrupted write leaves them: repair from another root."""


@dataclass(frozen=True, slots=True)
class ObjectState:
    condition: Condition
    inventory: Inventory | None = None
    """The newest committed one, where the condition is `whole` or `torn`."""
    data: bytes = b""
    """Its bytes."""


def object_state(store: ObjectStore, object_id: str) -> ObjectState:
    """Looks at inventories and sidecars only, never at content. Raises `BadObjectId` and `StoreAway`."""
    path = object_path(object_id)
    root = read_pair(store, path)
    for number in version_numbers(store, path):
        data, told = read_pair(store, f"{path}/v{number}")
        if told is None and (data is None or root[0] != data):
            continue  # never committed: the write was interrupted before its last file
        if data is None or told != sidecar(data):
            return ObjectState(Condition.damaged)
        return _judge(store, path, object_id, number, data, root)
    if root != (None, None):
        return ObjectState(Condition.damaged)
    left = next(store.list(path), None)
    return ObjectState(Condition.unfinished if left else Condition.absent)


def _judge(
    store: ObjectStore, path: str, object_id: str, number: int, data: bytes, root: Pair
) -> ObjectState:
    try:
        inventory = parse_inventory(data)
    except InventoryBroken:
        return ObjectState(Condition.damaged)
    if inventory.object_id != object_id or inventory.head != number:
        return ObjectState(Condition.damaged)
    if root == (data, sidecar(data)):
        return ObjectState(Condition.whole, inventory, data)
    before: Pair = read_pair(store, f"{path}/v{number - 1}") if number > 1 else (None, None)
    # Only what an interrupted write leaves: each half is the new one or the one before, and the inventory goes first.
    if root in (before, (data, before[1])):
        return ObjectState(Condition.torn, inventory, data)
    return ObjectState(Condition.damaged)


def version_numbers(store: ObjectStore, path: str) -> list[int]:
    """The numbers of the version folders, the newest first."""
    found = (VERSION_NAME.fullmatch(name) for name in store.folders(path))
    return sorted((int(match[1]) for match in found if match), reverse=True)


def read_pair(store: ObjectStore, path: str) -> Pair:
    return read_small(store, f"{path}/{INVENTORY}"), read_small(store, f"{path}/{SIDECAR}", 4096)


def read_small(store: ObjectStore, key: str, most: int = MOST_BYTES) -> bytes | None:
    """All bytes of a file, or its first `most` + 1, which no rule lets pass; None where there is none."""
    try:
        with store.open(key, fresh=True) as stream:
            return b"".join(_upto(stream.read, most + 1))
    except ObjectMissing:
        return None


def _upto(read: object, most: int) -> Iterator[bytes]:
    while most > 0 and (block := read(min(most, 1 << 20))):  # type: ignore[operator]
        most -= len(block)
        yield block
