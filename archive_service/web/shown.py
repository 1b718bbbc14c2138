"""Values that the macros show: findings folded by code, steps, the state of a job, the nodes of a file tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class ShownFinding:
    """One fault of a package in the reader's language: where, what was found, what is required, what to do."""

    code: str
    severity: str
    sentence: str
    place: str
    found: str
    required: str
    clause: str
    remedy: str


@dataclass(frozen=True)
class Folded:
    """Findings of one code; the first stands for all, `places` names every one."""

    first: ShownFinding
    places: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.first.code

    @property
    def sentence(self) -> str:
        return self.first.sentence

    @property
    def count(self) -> int:
        return len(self.places)

    def facts(self, t: Callable[[str], str]) -> list[tuple[str, str]]:
        """The facts that are known, with their names."""
        first = self.first
        known = (
            ("place", first.place if self.count == 1 else ""),
            ("found", first.found),
            ("required", first.required),
            ("clause", first.clause),
            ("remedy", first.remedy),
        )
        return [(t(f"findings.{name}"), value) for name, value in known if value]


def by_severity(findings: Sequence[ShownFinding]) -> list[tuple[str, list[Folded]]]:
    """Errors, warnings, notes; inside a group by code, repeated ones folded; empty groups left out."""
    groups = []
    for severity in SEVERITIES:
        own = [one for one in findings if one.severity == severity]
        codes = sorted({one.code for one in own})
        folded = [_fold([one for one in own if one.code == code]) for code in codes]
        if folded:
            groups.append((severity, folded))
    return groups


def _fold(same: list[ShownFinding]) -> Folded:
    return Folded(same[0], tuple(one.place for one in same))


@dataclass(frozen=True)
class Step:
    """A step of a procedure with the person or the numbers that it waits on."""

    words: str
    state: Literal["done", "current", "ahead"]
    detail: str = ""


@dataclass(frozen=True)
class Progress:
    """A running job: `words` say everything ("bước 3/7: …"); total 0 when the end cannot be known."""

    words: str
    step: int
    done: int
    total: int
    at: datetime
    finished: bool = False


@dataclass(frozen=True)
class Node:
    """A file, a folder with its entries, or a folder whose entries are on another page (`more`)."""

    name: str
    href: str = ""
    octets: int | None = None
    children: tuple[Node, ...] = ()
    more: str = ""


def tree_order(nodes: Sequence[Node], key: Callable[[str], object]) -> list[Node]:
    """Folders first, then by the given collation key (Vietnamese: đ after d)."""
    return sorted(nodes, key=lambda node: (not (node.children or node.more), key(node.name)))
