"""The inventories of an object against their sidecars, their rules and each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive_service.kernel.objects import ObjectStore, StoreProblem
from preservation.ocfl.findings import OcflFinding, show
from preservation.ocfl.inventory import (
    INVENTORY,
    SIDECAR,
    Inventory,
    InventoryBroken,
    parse_inventory,
    sidecar,
)
from preservation.ocfl.state import Pair, read_pair

ROOT = 0
"""Stands for the object's own folder where a version number is asked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of an object's inventories; `ROOT` and version numbers are the keys."""

    pairs: dict[int, Pair]
    parsed: dict[int, Inventory]
    problems: tuple[OcflFinding, ...]

    @property
    def versions(self) -> list[int]:
        return sorted(number for number in self.pairs if number != ROOT)

    @property
    def newest(self) -> Inventory | None:
        """The root's inventory, or the newest that could be read: content is checked even where the root's is broken."""
        for number in (ROOT, *reversed(self.versions)):
            if number in self.parsed:
                return self.parsed[number]
        return None


def read_inventories(store: ObjectStore, path: str, numbers: tuple[int, ...]) -> Reading:
    pairs: dict[int, Pair] = {}
    parsed: dict[int, Inventory] = {}
    found: list[OcflFinding] = []
    for number in (ROOT, *numbers):
        folder = _folder(path, number)
        try:
            pairs[number] = read_pair(store, folder)
        except (StoreProblem, OSError) as error:
            pairs[number] = (None, None)
            found.append(OcflFinding("A004", folder, f"cannot be read: {show(error)}"))
            continue
        data = pairs[number][0]
        if data is None:
            continue
        try:
            parsed[number] = parse_inventory(data)
        except InventoryBroken as broken:
            found += [
                OcflFinding(code, f"{folder}/{INVENTORY}", message) for code, message in broken.problems[:100]
            ]
    return Reading(pairs, parsed, tuple(found))


def check_inventories(path: str, reading: Reading) -> Iterator[OcflFinding]:
    yield from reading.problems
    for number, pair in sorted(reading.pairs.items()):
        yield from _check_pair(_folder(path, number), pair, root=number == ROOT)
    for number, inventory in sorted(reading.parsed.items()):
        name = f"{_folder(path, number)}/{INVENTORY}"
        if inventory.to_bytes() != reading.pairs[number][0]:
            yield OcflFinding("A002", name, "valid, but not the bytes that this archive writes")
        if number not in (ROOT, inventory.head):
            yield OcflFinding("E040", name, f"head is v{inventory.head}")
    highest = max(reading.versions, default=ROOT)
    if highest != ROOT and reading.pairs[ROOT][0] != reading.pairs[highest][0]:
        yield OcflFinding("E064", f"{path}/{INVENTORY}", f"differs from the one in v{highest}")
    if newest := reading.newest:
        for number in reading.versions:
            if number in reading.parsed:
                yield from _check_history(f"{path}/v{number}/{INVENTORY}", reading.parsed[number], newest)


def _check_pair(folder: str, pair: Pair, *, root: bool) -> Iterator[OcflFinding]:
    data, told = pair
    if data is None:
        code = "E063" if root else "A006"
        yield OcflFinding(code, f"{folder}/{INVENTORY}", "is missing")
    if told is None:
        yield OcflFinding("E058", f"{folder}/{SIDECAR}", "is missing")
    if data is None or told is None or told == sidecar(data):
        return
    # Digest right and form wrong, or no digest at all, is the form's fault; anything else may be a changed inventory.
    match = re.fullmatch(rb"([0-9a-fA-F]{128})[ \t]+inventory\.json\n?", told)
    wrong_form = match is None or match[1].lower() == sidecar(data)[:128]
    yield OcflFinding(
        "E061" if wrong_form else "E060",
        f"{folder}/{SIDECAR}",
        f"is {show(told)}, the inventory's is {sidecar(data)[:16].decode()}…",
    )


def _check_history(name: str, earlier: Inventory, newest: Inventory) -> Iterator[OcflFinding]:
    if earlier.object_id != newest.object_id:
        yield OcflFinding("E110", name, f"id is {show(earlier.object_id)}")
    for number, (old, new) in enumerate(zip(earlier.versions, newest.versions, strict=False), 1):
        if old.state != new.state:
            yield OcflFinding("E066", name, f"the state of v{number} is not that of the newest inventory")
        elif old != new:
            yield OcflFinding("A005", name, f"v{number} is described otherwise than in the newest inventory")
    if any(newest.manifest.get(digest) != paths for digest, paths in earlier.manifest.items()):
        yield OcflFinding("A005", name, "the newest manifest lacks an entry of this one, or has it otherwise")


def _folder(path: str, number: int) -> str:
    return path if number == ROOT else f"{path}/v{number}"
