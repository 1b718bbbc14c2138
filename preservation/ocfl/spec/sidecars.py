"""An inventory's sidecar, `inventory.json.ALGORITHM` (OCFL 1.1, section 3.6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.findings import OcflFinding, show, shown_path
from preservation.ocfl.spec.digests import digest_of
from preservation.ocfl.spec.inventory import Inventory
from preservation.ocfl.spec.reading import INVENTORY, Unreadable, read_file
from preservation.ocfl.spec.shape import is_sidecar

_FORM = re.compile(r"(\S+)[ \t]+inventory\.json\s*", re.ASCII)
_MOST_BYTES = 4096


def check_sidecar(
    tree: Tree, folder: str, names: Collection[str], data: bytes, inventory: Inventory, *, stray: str
) -> Iterator[OcflFinding]:
    """`names` are those of the files beside the inventory whose bytes are `data`.

    A sidecar by another algorithm is one that should be by this one (E059); beside the right one it is a `stray` file.
    """
    others = sorted(filter(is_sidecar, names))
    base = f"{folder}/" if folder else ""
    if inventory.algorithm is None:
        if not others:
            yield OcflFinding("E058", shown_path(base + INVENTORY), "there is no sidecar")
        return
    wanted = f"{INVENTORY}.{inventory.algorithm}"
    for name in others:
        if name != wanted:
            code = stray if wanted in names else "E059"
            message = f"the inventory's digestAlgorithm is {show(inventory.algorithm)}"
            yield OcflFinding(code, shown_path(base + name), message)
    path = base + wanted
    if wanted not in names:
        yield OcflFinding("E058", shown_path(path), "is missing")
        return
    yield from _check_bytes(tree, path, data, inventory.computable())


def _check_bytes(tree: Tree, path: str, data: bytes, algorithm: str | None) -> Iterator[OcflFinding]:
    try:
        told = read_file(tree, path, _MOST_BYTES) or b""
    except Unreadable as error:
        yield OcflFinding("A004", shown_path(path), str(error))
        return
    text = told.decode("utf-8", "backslashreplace")
    match = _FORM.fullmatch(text)
    if match is None:
        yield OcflFinding("E061", shown_path(path), f"is {show(text)}, not DIGEST inventory.json")
        return
    if algorithm is None:
        return
    digest = digest_of(data, algorithm)
    if match[1].lower() != digest:
        yield OcflFinding(
            "E060", shown_path(path), f"says {show(match[1][:20])}, the inventory has {digest[:16]}..."
        )
