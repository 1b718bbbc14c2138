"""Content files against manifests and fixity blocks: there, named, and of the digests that are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from archive_service.kernel.objects import ObjectMissing, StoreAway, StoreProblem
from archive_service.kernel.objects.trees import Entry, Kind, Tree
from preservation.ocfl.findings import OcflFinding, show, shown_path
from preservation.ocfl.spec.digests import digests_of
from preservation.ocfl.spec.inventory import Inventory

_AT_ONCE = 512
"""Files handed to the threads together: a million of them must not wait in memory."""

Told = dict[tuple[str, str], str]
"""Algorithm and digest → the code of a difference."""


@dataclass(slots=True)
class Expected:
    """What inventories say of each file; earlier ones only where they say something else."""

    newest: Inventory
    more: dict[str, Told] = field(default_factory=dict)

    @classmethod
    def of(cls, newest: Inventory) -> Expected:
        made = cls(newest)
        made._add_fixity(newest)
        return made

    def add(self, prior: Inventory) -> None:
        algorithm = prior.computable()
        if algorithm:
            for path, digest in prior.manifest.items():
                if prior.algorithm != self.newest.algorithm or self.newest.manifest.get(path) != digest:
                    self.more.setdefault(path, {})[algorithm, digest] = "E092"
        self._add_fixity(prior)

    def _add_fixity(self, inventory: Inventory) -> None:
        for algorithm, paths in inventory.fixity.items():
            for path, digest in paths.items():
                self.more.setdefault(path, {}).setdefault((algorithm, digest), "E093")

    def told(self, path: str) -> Told:
        found = dict(self.more.get(path, {}))
        if (algorithm := self.newest.computable()) and (digest := self.newest.manifest.get(path)):
            found[algorithm, digest] = "E092"
        return found

    def paths(self) -> Iterator[str]:
        yield from self.newest.manifest
        yield from (path for path in self.more if path not in self.newest.manifest)


def check_digests(
    tree: Tree, folder: str, expected: Expected, files: dict[str, Entry]
) -> Iterator[OcflFinding]:
    """Reads every file that is there and told of, once, by all its algorithms; over all cores."""
    there = (path for path in expected.paths() if path in files and files[path].kind is Kind.file)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while some := list(islice(there, _AT_ONCE)):
            for found in pool.map(lambda path: _check_file(tree, folder, path, expected.told(path)), some):
                yield from found


def _check_file(tree: Tree, folder: str, path: str, told: Told) -> list[OcflFinding]:
    shown = shown_path(f"{folder}/{path}" if folder else path)
    try:
        with tree.open(f"{folder}/{path}" if folder else path) as stream:
            got = digests_of(stream, (algorithm for algorithm, _ in told))
    except StoreAway:
        raise
    except (FileNotFoundError, ObjectMissing):
        return [OcflFinding("E092", shown, "is missing")]
    except (StoreProblem, OSError, ValueError) as error:
        return [OcflFinding("A004", shown, f"cannot be read: {show(str(error))}")]
    return [
        OcflFinding(code, shown, f"{algorithm} is {got[algorithm][:16]}, told is {show(digest[:16])}")
        for (algorithm, digest), code in told.items()
        if got[algorithm] != digest
    ]


def check_presence(
    folder: str, where: str, inventory: Inventory, files: dict[str, Entry], everything: set[str]
) -> Iterator[OcflFinding]:
    """Both directions: every path of the manifest is a file, and every one of `files` is in the manifest."""
    base = f"{folder}/" if folder else ""
    for path in sorted(inventory.manifest.keys() - everything):
        shown = shown_path(base + path)
        yield OcflFinding("E092", shown, f"is missing, and {where} has it in the manifest")
        # The official fixtures name the same fault so: manifest and content folder do not tell the same files.
        yield OcflFinding("E023", shown, f"is in the manifest of {where} and not in a content folder")
    for algorithm, paths in inventory.fixity.items():
        for path in sorted(paths.keys() - everything):
            yield OcflFinding(
                "E093",
                shown_path(base + path),
                f"is missing, and {where} has its {algorithm} in the fixity block",
            )
    for path in sorted(files.keys() - inventory.manifest.keys()):
        yield OcflFinding("E023", shown_path(base + path), f"is not in the manifest of {where}")
