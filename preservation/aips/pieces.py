"""Copies that are each damaged, in different files: together they may still hold every file of the record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archive_service.kernel.objects import ObjectMissing, ObjectStore
from preservation.ocfl.inventory import INVENTORY, Inventory, parse_inventory
from preservation.ocfl.layout import object_path
from preservation.verify import MOST_INVENTORY_BYTES, UNREADABLE, expected_files, faults_against


@dataclass(frozen=True, slots=True)
class Pieces:
    """`bad`: for each root that could be read, the paths that are not good in it; none is bad in all."""

    inventory: Inventory
    stores: Mapping[str, ObjectStore]
    bad: Mapping[str, frozenset[str]]

    def store_of(self, path: str) -> ObjectStore:
        """A root whose file matched the sender's digest, or the catalogue's inventory, when it was read."""
        return next(self.stores[root] for root, paths in self.bad.items() if path not in paths)

    def named(self) -> str:
        return ", ".join(sorted(self.bad))


def pieces_of(
    stores: Mapping[str, ObjectStore],
    object_id: str,
    inventory_digest: str,
    senders: Mapping[str, str],
    beat: Callable[[int], None] = lambda _: None,
) -> Pieces | None:
    """Reads every copy whole; None when some file is good in none of them. `beat` hears the bytes, and may wait."""
    inventory = _inventory(stores, object_id, inventory_digest)
    if inventory is None:
        return None
    bad: dict[str, frozenset[str]] = {}
    for root_id, store in stores.items():
        try:
            faults = list(faults_against(store, inventory, senders, beat))
        except (ObjectMissing, *UNREADABLE):
            continue
        bad[root_id] = frozenset(fault.path for fault in faults if fault.kind != "extra")
    nowhere = frozenset.intersection(*bad.values()) if bad else frozenset(expected_files(inventory))
    return None if nowhere else Pieces(inventory, stores, bad)


def _inventory(stores: Mapping[str, ObjectStore], object_id: str, digest: str) -> Inventory | None:
    for store in stores.values():
        try:
            with store.open(f"{object_path(object_id)}/{INVENTORY}", fresh=True) as stream:
                data = stream.read(MOST_INVENTORY_BYTES)
        except (ObjectMissing, *UNREADABLE):
            continue
        if hashlib.sha512(data).hexdigest() == digest:
            return parse_inventory(data)
    return None
