"""One OCFL object, wherever it lies: declaration, inventories, folders, contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from archive_service.kernel.objects.trees import Kind, Tree
from preservation.ocfl.findings import OcflFinding, shown_path
from preservation.ocfl.spec import declarations, history
from preservation.ocfl.spec.contents import Expected, check_digests, check_presence
from preservation.ocfl.spec.folders import check_folders, check_versions
from preservation.ocfl.spec.inventory import Inventory, read_inventory
from preservation.ocfl.spec.reading import INVENTORY, Unreadable, read_file
from preservation.ocfl.spec.shape import Shape, is_sidecar
from preservation.ocfl.spec.sidecars import check_sidecar
from preservation.ocfl.spec.version_names import valid_names

MOST_OF_A_CODE: Final = 1_000
MOST_OF_EARLIER: Final = 20_000
"""Faults of earlier inventories; then they are no longer compared: thousands could each accuse thousands of files."""


@dataclass(slots=True)
class ObjectFacts:
    """What a storage root must know of its objects."""

    object_id: str | None = None
    spec: str | None = None
    """As declared."""


def check_object(
    tree: Tree, folder: str = "", *, digests: bool = True, facts: ObjectFacts | None = None
) -> Iterator[OcflFinding]:
    """Everything wrong with the object at `folder`; of each code at most `MOST_OF_A_CODE`. Raises `StoreAway`."""
    yield from _limited(_check(tree, folder, digests, facts or ObjectFacts()))


def _check(tree: Tree, folder: str, digests: bool, facts: ObjectFacts) -> Iterator[OcflFinding]:
    shape = Shape.of(folder, tree.walk(folder))
    facts.spec, found = declarations.check_declaration(tree, folder, shape.files, declarations.OBJECT)
    yield from found
    yield from check_folders(tree, folder, shape, facts.spec)
    reading = _Reading(tree, folder, shape, facts.spec)
    yield from reading.read()
    newest = reading.newest
    if newest is None:
        return
    facts.object_id = newest.object_id
    yield from check_versions(folder, shape, newest)
    yield from reading.presence
    if digests and reading.expected:
        yield from check_digests(tree, folder, reading.expected, shape.content_of(newest))


class _Reading:
    """Reads the inventories, the object's own first; keeps one earlier one in memory at a time."""

    def __init__(self, tree: Tree, folder: str, shape: Shape, declared: str | None) -> None:
        self._tree, self._folder, self._shape, self._declared = tree, folder, shape, declared
        self.newest: Inventory | None = None
        """The object's own inventory, or the newest that can be read: contents are checked even where it is broken."""
        self.expected: Expected | None = None
        self.presence: list[OcflFinding] = []
        self._told: set[tuple[str, str]] = set()
        self._earlier = 0

    def read(self) -> Iterator[OcflFinding]:
        data = yield from self._data("")
        if data is None:
            yield from self._missing()
        else:
            root = yield from self._inventory("", data)
            if self._declared and root.typed and root.spec != self._declared:
                yield self._finding("E038", "", f"type is of OCFL {root.spec}, declared is {self._declared}")
            self._take(root)
        yield from self._read_versions(data)

    def _missing(self) -> Iterator[OcflFinding]:
        yield self._finding("E063", "", "is missing")
        others = [name for name in self._shape.files if name.lower().startswith("inventory.")]
        if any(not is_sidecar(name) for name in others):
            yield self._finding("E034", "", f"the inventory is named {', '.join(sorted(others)[:3])}")

    def _read_versions(self, root: bytes | None) -> Iterator[OcflFinding]:
        present = valid_names(self._shape.versions.keys())
        specs: list[tuple[str, str]] = []
        for version in reversed(present):
            if INVENTORY not in self._shape.versions[version.name].files:
                yield OcflFinding("W010", self._path(version.name), "there is no inventory")
                continue
            data = yield from self._data(version.name)
            if data is None:
                continue
            prior = yield from self._version(version.name, data, root, last=version == present[-1])
            if prior is not None and prior.typed:
                specs.append((version.name, prior.spec))
            if prior is None or self.newest is None or prior is self.newest or self._enough:
                continue
            for code, message in history.compare(prior, self.newest, first=version == present[0]):
                self._earlier += 100 if code == "E066" else 1
                yield self._finding(code, version.name, message)
        for code, message in history.spec_order(specs[::-1]):
            yield OcflFinding(code, self._path(""), message)

    def _version(
        self, name: str, data: bytes, root: bytes | None, *, last: bool
    ) -> Generator[OcflFinding, None, Inventory | None]:
        names = self._shape.versions[name].files
        if data == root and self.newest is not None:
            if not last and self.newest.head != name:
                yield self._finding("E040", name, f"head is {self.newest.head}")
            yield from check_sidecar(self._tree, self._path(name), names, data, self.newest, stray="E015")
            return self.newest
        if last and root is not None:
            yield self._finding("E064", name, "differs from the inventory of the object")
        prior = yield from self._inventory(name, data)
        if prior.head is not None and prior.head != name:
            yield self._finding("E040", name, f"head is {prior.head}")
        self._take(prior)
        return prior

    @property
    def _enough(self) -> bool:
        return self._earlier > MOST_OF_EARLIER

    def _take(self, inventory: Inventory) -> None:
        """Learns from an inventory which files there must be and of which digests."""
        if not inventory.readable or self._enough:
            return
        if self.newest is None or self.expected is None:
            self.newest, self.expected = inventory, Expected.of(inventory)
        else:
            self.expected.add(inventory)
        where = f"{inventory.head or 'its'} inventory"
        for found in check_presence(
            self._folder, where, inventory, self._shape.content_of(inventory), self._shape.everything()
        ):
            self._earlier += inventory is not self.newest
            if (found.code, found.path) not in self._told:
                self._told.add((found.code, found.path))
                self.presence.append(found)

    def _inventory(self, version: str, data: bytes) -> Generator[OcflFinding, None, Inventory]:
        inventory = read_inventory(data, declared=self._declared)
        for code, message in inventory.problems:
            yield self._finding(code, version, message)
        names = self._shape.versions[version].files if version else self._shape.files
        stray = "E015" if version else "E001"
        yield from check_sidecar(self._tree, self._path(version), names, data, inventory, stray=stray)
        return inventory

    def _data(self, version: str) -> Generator[OcflFinding, None, bytes | None]:
        held = self._shape.versions[version].files if version else self._shape.files
        if INVENTORY not in held or held[INVENTORY].kind is not Kind.file:
            return None
        try:
            return read_file(self._tree, f"{self._path(version)}/{INVENTORY}".lstrip("/"))
        except Unreadable as error:
            yield self._finding("A004", version, str(error))
            return None

    def _path(self, version: str) -> str:
        return "/".join(filter(None, (self._folder, version)))

    def _finding(self, code: str, version: str, message: str) -> OcflFinding:
        return OcflFinding(code, shown_path(f"{self._path(version)}/{INVENTORY}".lstrip("/")), message)


def _limited(findings: Iterable[OcflFinding]) -> Iterator[OcflFinding]:
    seen: Counter[str] = Counter()
    last: dict[str, OcflFinding] = {}
    for found in findings:
        seen[found.code] += 1
        if seen[found.code] <= MOST_OF_A_CODE:
            yield found
        else:
            last[found.code] = found
    for code, found in last.items():
        yield OcflFinding(
            code, found.path, f"and {seen[code] - MOST_OF_A_CODE} more of this kind, this the last"
        )
