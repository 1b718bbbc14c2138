"""`ocfl_layout.json` and where the layouts of the community's extensions put an object (OCFL 1.1, section 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.findings import OcflFinding, show
from preservation.ocfl.spec.digests import LENGTHS, digest_of
from preservation.ocfl.spec.json_document import NoJson, parse
from preservation.ocfl.spec.reading import Unreadable, read_file
from preservation.ocfl.spec.shape import REGISTERED

LAYOUT_FILE: Final = "ocfl_layout.json"
_MOST_BYTES: Final = 1 << 20
_NEWEST_KNOWN: Final = 12

Place = Callable[[str], str]
"""Object id → path from the root."""


def read_layout(tree: Tree, names: set[str]) -> tuple[str | None, list[OcflFinding]]:
    """The name of the layout that is declared, and the faults of the declaration."""
    if LAYOUT_FILE not in names:
        return None, []
    try:
        document, _ = parse(read_file(tree, LAYOUT_FILE, _MOST_BYTES) or b"")
    except (NoJson, Unreadable) as error:
        return None, [OcflFinding("E070", LAYOUT_FILE, str(error))]
    found = [
        OcflFinding("E070", LAYOUT_FILE, f"{key} is missing")
        for key in ("extension", "description")
        if key not in document
    ]
    if not isinstance(document.get("description", ""), str):
        found.append(OcflFinding("E070", LAYOUT_FILE, "description is no text"))
    name = document.get("extension")
    if name is None and "extension" not in document:
        return None, found
    if not isinstance(name, str) or not _may_be_registered(name):
        found.append(OcflFinding("E071", LAYOUT_FILE, f"extension {show(name)} is no registered name"))
    return name if isinstance(name, str) else None, found


def _may_be_registered(name: str) -> bool:
    """One that is known here, or one with a number that was not given out when this was written."""
    match = re.fullmatch(r"([0-9]{4})-[a-z0-9-]+", name)
    return name in REGISTERED or (match is not None and int(match[1]) > _NEWEST_KNOWN)


def place_of(tree: Tree, name: str | None) -> Place | None:
    """How the layout maps ids, with the settings of its `config.json`; None where that is not known here."""
    make = _LAYOUTS.get(name or "")
    if make is None:
        return None
    try:
        data = read_file(tree, f"extensions/{name}/config.json", _MOST_BYTES)
        settings = parse(data)[0] if data is not None else {}
        return make(settings)
    except (NoJson, Unreadable, TypeError, ValueError, KeyError):
        return None


def _flat(_: Mapping[str, Any]) -> Place:
    return lambda object_id: object_id


def _flat_omit_prefix(settings: Mapping[str, Any]) -> Place:
    delimiter = str(settings["delimiter"]).lower()
    return lambda object_id: object_id[object_id.lower().rfind(delimiter) + len(delimiter) :]


def _hash_and_id(settings: Mapping[str, Any]) -> Place:
    tuples, _ = _tuples(settings, short=False)

    def place(object_id: str) -> str:
        digest, parts = tuples(object_id)
        name = "".join(_encoded(byte) for byte in object_id.encode())
        return "/".join((*parts, name if len(name) <= 100 else f"{name[:100]}-{digest}"))

    return place


def _hashed(settings: Mapping[str, Any]) -> Place:
    tuples, used = _tuples(settings, short=bool(settings.get("shortObjectRoot", False)))

    def place(object_id: str) -> str:
        digest, parts = tuples(object_id)
        return "/".join((*parts, digest[used:]))

    return place


def _tuples(
    settings: Mapping[str, Any], *, short: bool
) -> tuple[Callable[[str], tuple[str, list[str]]], int]:
    algorithm = settings.get("digestAlgorithm", "sha256")
    size, number = int(settings.get("tupleSize", 3)), int(settings.get("numberOfTuples", 3))
    if algorithm not in LENGTHS or not 0 <= size <= 32 or not 0 <= number <= 32:
        raise ValueError("settings of a layout that cannot be")

    def tuples(object_id: str) -> tuple[str, list[str]]:
        digest = digest_of(object_id.encode(), algorithm)
        return digest, [digest[n * size : (n + 1) * size] for n in range(number)] if size else []

    return tuples, size * number if short else 0


def _encoded(byte: int) -> str:
    char = chr(byte)
    return char if re.fullmatch(r"[A-Za-z0-9_-]", char) else f"%{byte:02x}"


_LAYOUTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Place]]] = {
    "0002-flat-direct-storage-layout": _flat,
    "0003-hash-and-id-n-tuple-storage-layout": _hash_and_id,
    "0004-hashed-n-tuple-storage-layout": _hashed,
    "0006-flat-omit-prefix-storage-layout": _flat_omit_prefix,
}


def misplaced(path: str, object_id: str, place: Place) -> Iterator[OcflFinding]:
    wanted = place(object_id)
    if wanted != path:
        message = f"the layout puts {show(object_id)} at {show(wanted)}"
        yield OcflFinding("W014", path, message)
