"""Our own roots: by the specification, and by what this archive writes.

The second judge (`validate`) knows one dialect only. What it refuses and the specification allows is told as A002, so
that a code of the specification always means a fault by the specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.findings import OcflFinding
from preservation.ocfl.layout import OCFL_ROOT
from preservation.ocfl.spec.check import Place
from preservation.ocfl.spec.check import check as check_by_specification
from preservation.ocfl.validate import check as check_by_our_dialect


@dataclass(frozen=True, slots=True)
class Ours:
    """Where in a store of ours the thing lies that is checked."""

    store: ObjectStore
    object_id: str | None = None
    """None for the whole root."""
    path: str = OCFL_ROOT
    """Of the tree's top in the store."""


def check_place(
    tree: Tree, ours: Ours | None, *, digests: bool = True, place: Place | None = None
) -> Iterator[OcflFinding]:
    """Everything wrong at the tree's top; with `ours`, also what this archive would not have written so."""
    if ours is None:
        yield from check_by_specification(tree, place=place, digests=digests)
        return
    place = Place.root if ours.object_id is None else Place.object
    told = list(check_by_specification(tree, place=place, digests=digests))
    yield from told
    dialect = check_by_our_dialect(ours.store, ours.object_id, digests=False)
    yield from _beyond(told, (_below(ours.path, each) for each in dialect))


def _below(top: str, found: OcflFinding) -> OcflFinding:
    return replace(found, path=found.path.removeprefix(top).removeprefix("/"))


def _beyond(told: Iterable[OcflFinding], ours: Iterable[OcflFinding]) -> Iterator[OcflFinding]:
    """What only our judge says."""
    faulty = {each.path for each in told if each.severity == "error"}
    for found in ours:
        if found.code.startswith("A"):
            yield found
        elif found.path not in faulty:
            yield OcflFinding("A002", found.path, f"{found.code}: {found.message}")
