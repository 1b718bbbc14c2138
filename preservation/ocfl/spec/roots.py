"""A storage root: declaration, layout, hierarchy, and every object in it (OCFL 1.1, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from archive_service.kernel.objects.trees import Entry, Kind, Tree
from preservation.ocfl.findings import OcflFinding, show, shown_path
from preservation.ocfl.spec import declarations
from preservation.ocfl.spec.folders import extensions_problems, odd_finding
from preservation.ocfl.spec.layouts import Place, misplaced, place_of, read_layout
from preservation.ocfl.spec.objects import ObjectFacts, check_object
from preservation.ocfl.spec.reading import INVENTORY

EXTENSIONS = "extensions"


def check_root(tree: Tree, *, digests: bool = True) -> Iterator[OcflFinding]:
    """Everything wrong with the root at the tree's top and with its objects. Raises `StoreAway` and `OSError`."""
    top = tree.children("")
    names = {each.name for each in top if each.kind is Kind.file}
    spec, found = declarations.check_declaration(tree, "", names, declarations.ROOT)
    yield from found
    layout, found = read_layout(tree, names)
    yield from found
    yield from (odd_finding(each.path, each) for each in top if each.kind in (Kind.link, Kind.other))
    if any(each.path == EXTENSIONS and each.kind is Kind.folder for each in top):
        yield from _extensions(tree, spec)
    walk = _Walk(tree, digests, spec, place_of(tree, layout), layout is not None)
    for each in top:
        if each.kind is Kind.folder and each.path != EXTENSIONS:
            yield from walk.below(each.path)
    yield from walk.patterns()


def _extensions(tree: Tree, spec: str | None) -> Iterator[OcflFinding]:
    inside = set()
    for each in tree.children(EXTENSIONS):
        if each.kind in (Kind.link, Kind.other):
            yield odd_finding(each.path, each)
        inside.add(each.name if each.kind is Kind.folder else f"/{each.name}")
    if not inside and tree.has_empty_folders:
        yield OcflFinding("E073", EXTENSIONS, "is an empty folder")
    yield from extensions_problems(EXTENSIONS, inside, "E086" if spec == "1.0" else "E112", "W016")


@dataclass(slots=True)
class _Walk:
    """Goes through the storage hierarchy, which may be of any form and depth."""

    tree: Tree
    digests: bool
    spec: str | None
    place: Place | None
    layout: bool
    _ids: dict[bytes, str] = field(default_factory=dict)
    _depths: dict[int, str] = field(default_factory=dict)
    """Depth → the first object there."""

    def below(self, top: str) -> Iterator[OcflFinding]:
        """The hierarchy that starts at this folder of the root."""
        pending, objects = [top], 0
        while pending:  # no recursion: somebody may have nested a thousand folders
            folder = pending.pop()
            try:
                entries = self.tree.children(folder)
            except OSError as error:
                yield OcflFinding("A004", shown_path(folder), f"cannot be read: {show(str(error))}")
                continue
            names = {each.name for each in entries if each.kind is not Kind.folder}
            if declarations.declares_an_object(names) or INVENTORY in names:
                objects += 1
                yield from self._object(folder, names)
                continue
            folders = [each.path for each in entries if each.kind is Kind.folder]
            yield from self._no_object(folder, entries, intermediate=bool(folders))
            pending += reversed(folders)
        if not objects:
            yield OcflFinding("E088", shown_path(top), "leads to no object")

    def _no_object(self, folder: str, entries: list[Entry], *, intermediate: bool) -> Iterator[OcflFinding]:
        if not entries:
            if self.tree.has_empty_folders:
                yield OcflFinding("E073", shown_path(folder), "is an empty folder")
            return
        others = [each for each in entries if each.kind is not Kind.folder]
        for each in others[:100]:
            if each.kind is not Kind.file:
                yield odd_finding(each.path, each)
            yield OcflFinding("E072", shown_path(each.path), "belongs to no object")
        if others and intermediate:
            yield OcflFinding("E084", shown_path(folder), f"holds {len(others)} files beside folders")
        if not intermediate:
            yield OcflFinding("E085", shown_path(folder), "the hierarchy ends here without an object")

    def _object(self, folder: str, names: set[str]) -> Iterator[OcflFinding]:
        facts = ObjectFacts()
        if not declarations.declares_an_object(names):
            yield OcflFinding(
                "E072", shown_path(f"{folder}/{INVENTORY}"), "is in a folder that declares no object"
            )
        yield from check_object(self.tree, folder, digests=self.digests, facts=facts)
        if facts.spec and self.spec and facts.spec > self.spec:
            yield OcflFinding("E081", shown_path(folder), f"is of OCFL {facts.spec}, the root of {self.spec}")
        if facts.object_id is not None:
            yield from self._id(folder, facts.object_id)
        self._depths.setdefault(folder.count("/"), folder)

    def _id(self, folder: str, object_id: str) -> Iterator[OcflFinding]:
        key = blake2b(object_id.encode(), digest_size=16).digest()
        other = self._ids.setdefault(key, folder)
        if other != folder:
            message = f"has the id {show(object_id)} of {shown_path(other)}"
            yield OcflFinding("E037", shown_path(folder), message)
            yield OcflFinding("E083", shown_path(folder), message)
        if self.place is not None:
            yield from misplaced(folder, object_id, self.place)

    def patterns(self) -> Iterator[OcflFinding]:
        """Objects at different depths. A declared layout may mean it so."""
        deep = sorted(depth for depth in self._depths if depth)
        if 0 in self._depths and deep:
            yield OcflFinding(
                "W015",
                shown_path(self._depths[0]),
                f"lies at the top, {shown_path(self._depths[deep[0]])} not",
            )
        if len(deep) > 1 and not self.layout:
            one, other = self._depths[deep[0]], self._depths[deep[-1]]
            yield OcflFinding(
                "W014", shown_path(other), f"lies {deep[-1]} folders deep, {shown_path(one)} {deep[0]}"
            )
