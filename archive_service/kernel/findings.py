"""What is wrong with a package, as values. All findings of a package are told at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

URN = "urn:vn-archive:finding:"


class Severity(StrEnum):
    error = "error"
    warning = "warning"
    note = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be.

    `code` is stable (kebab-case) and has a row in `regulations/data/messages.toml`: severity, clause, sentences and
    remedy in Vietnamese and English live there, never here. `path` is a path inside the package, "/"-separated,
    or "" for the whole package; `got` and `expected` are short plain texts as they stand in the package.
    """

    code: str
    path: str = ""
    got: str = ""
    expected: str = ""

    @property
    def urn(self) -> str:
        return URN + self.code
