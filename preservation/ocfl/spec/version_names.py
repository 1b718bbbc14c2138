"""Names of version folders: v1, v2, … or padded with zeros (OCFL 1.1, section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from preservation.ocfl.findings import show

_NAME = re.compile(r"v(0*)([1-9][0-9]{0,11})", re.ASCII)
_LIKE_ONE = re.compile(r"v[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class VersionName:
    number: int
    width: int
    """Digits of a padded name, 0 of one without zeros."""
    name: str

    @classmethod
    def of(cls, name: str) -> VersionName | None:
        match = _NAME.fullmatch(name)
        if match is None or len(name) > 64:
            return None
        return cls(int(match[2]), len(match[1] + match[2]) if match[1] else 0, name)


def looks_like_a_version(name: str) -> bool:
    return _LIKE_ONE.fullmatch(name) is not None


def valid_names(names: Collection[str]) -> list[VersionName]:
    """The valid ones, by number."""
    found = (VersionName.of(name) for name in names)
    return sorted((each for each in found if each), key=lambda each: (each.number, each.name))


def sequence_problems(found: list[VersionName], convention: str) -> Iterator[tuple[str, str]]:
    """Faults of a sequence, sorted; `convention` is the code for names of different kinds (E012 or E013)."""
    if not found:
        return
    first = found[0]
    if first.number != 1:
        yield "E009", f"the first version is {first.name}"
    numbers = sorted({each.number for each in found})
    if missing := numbers[-1] - numbers[0] + 1 - len(numbers):
        yield "E010", f"{missing} version numbers are missing below {found[-1].name}"
    for each in found:
        if first.width and not each.width:
            yield "E011", f"{each.name} does not start with v0, as {first.name} does"
    if odd := [each.name for each in found if each.width != first.width]:
        yield convention, f"{show(', '.join(odd[:5]))} are not named as {first.name} is"
    if first.width:
        yield "W001", f"version folders are padded with zeros: {first.name}"
