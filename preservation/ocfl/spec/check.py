"""The whole validator: a storage root or one object, whichever the place is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from archive_service.kernel.objects.trees import Kind, Tree
from preservation.ocfl.findings import OcflFinding
from preservation.ocfl.spec.declarations import declares_an_object, looks_like_a_declaration
from preservation.ocfl.spec.layouts import LAYOUT_FILE
from preservation.ocfl.spec.objects import check_object
from preservation.ocfl.spec.reading import INVENTORY
from preservation.ocfl.spec.roots import EXTENSIONS, check_root
from preservation.ocfl.spec.version_names import looks_like_a_version


class Place(StrEnum):
    root = "root"
    object = "object"
    neither = "neither"


def what_is(tree: Tree) -> Place:
    """By the declaration; where that is missing, by what else lies there."""
    top = tree.children("")
    names = {each.name for each in top if each.kind is not Kind.folder}
    folders = {each.name for each in top if each.kind is Kind.folder}
    if declares_an_object(names):
        return Place.object
    if LAYOUT_FILE in names or any(re.match(r"0=ocfl_[0-9]", each) for each in names):
        return Place.root
    if INVENTORY in names or any(map(looks_like_a_version, folders)):
        return Place.object
    return (
        Place.root if folders - {EXTENSIONS} or any(map(looks_like_a_declaration, names)) else Place.neither
    )


def check(tree: Tree, *, place: Place | None = None, digests: bool = True) -> Iterator[OcflFinding]:
    """Everything wrong at the tree's top. What is neither root nor object is told as both would be."""
    found = place or what_is(tree)
    if found is not Place.object:
        yield from check_root(tree, digests=digests)
    if found is not Place.root:
        yield from check_object(tree, digests=digests)
