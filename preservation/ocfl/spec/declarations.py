"""Conformance declarations: `0=ocfl_object_1.1` of an object, `0=ocfl_1.1` of a storage root (NAMASTE)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.findings import OcflFinding, show, shown_path
from preservation.ocfl.spec.inventory import SPECS
from preservation.ocfl.spec.reading import Unreadable, read_file


@dataclass(frozen=True, slots=True)
class Kind:
    value: str
    """What stands before the specification's number."""
    form: str
    pattern: str
    tag: str
    wording: str
    missing: str
    several: str
    content: str
    """The codes of each fault: no NAMASTE, no T=dvalue, T not 0, another dvalue, none, several, other content."""


OBJECT: Final = Kind("ocfl_object_", "E002", "E004", "E005", "E006", "E003", "E003", "E007")
ROOT: Final = Kind("ocfl_", "E075", "E077", "E078", "E079", "E069", "E076", "E080")
_MOST_BYTES: Final = 4096


def looks_like_a_declaration(name: str) -> bool:
    """Also one that is misspelt: `1=ocfl_object_1.1`, `0=ocfl_objekt_1.1`, `0ocfl_object_1.1`."""
    return re.fullmatch(r"[0-9]+(=.*|ocfl_(object_)?[0-9.]+)", name, re.DOTALL) is not None


def declares_an_object(names: Collection[str]) -> bool:
    return any(looks_like_a_declaration(name) and "ocfl_object" in name for name in names)


def check_declaration(
    tree: Tree, folder: str, names: Collection[str], kind: Kind
) -> tuple[str | None, list[OcflFinding]]:
    """The specification that is declared (the newest of several), and the faults."""
    found: list[OcflFinding] = []
    declared: list[str] = []
    for name in sorted(filter(looks_like_a_declaration, names)):
        path = f"{folder}/{name}" if folder else name
        spec = name.removeprefix(f"0={kind.value}")
        if name == f"0={kind.value}{spec}" and spec in SPECS:
            declared.append(spec)
            found += _check_content(tree, path, f"{kind.value}{spec}\n".encode(), kind)
        else:
            found += (
                OcflFinding(code, shown_path(path), message) for code, message in _name_faults(name, kind)
            )
    if not declared:
        found.append(OcflFinding(kind.missing, shown_path(folder), f"there is no 0={kind.value}1.0 or 1.1"))
    if len(declared) > 1:
        found.append(OcflFinding(kind.several, shown_path(folder), f"declares {' and '.join(declared)}"))
    return max(declared, default=None), found


def _name_faults(name: str, kind: Kind) -> Iterator[tuple[str, str]]:
    tag, equals, value = name.partition("=")
    if not equals:
        yield kind.form, f"{show(name)} is no NAMASTE declaration"
        yield kind.pattern, f"{show(name)} is not of the form T=dvalue"
        return
    if tag != "0":
        yield kind.tag, f"{show(name)} does not start with 0="
    if not value.startswith(kind.value):
        yield kind.wording, f"{show(value)} does not start with {kind.value}"
    if value.removeprefix(kind.value) not in SPECS:
        yield kind.pattern, f"{show(name)} names no version of the specification that is known here"


def _check_content(tree: Tree, path: str, expected: bytes, kind: Kind) -> Iterator[OcflFinding]:
    try:
        got = read_file(tree, path, _MOST_BYTES)
    except Unreadable as error:
        yield OcflFinding("A004", shown_path(path), str(error))
        return
    if got != expected:
        shown = "missing" if got is None else show(got.decode("utf-8", "backslashreplace"))
        yield OcflFinding(kind.content, shown_path(path), f"is {shown}, not {show(expected.decode())}")
