"""One thing that is wrong, or not as it should be, with an OCFL object or a storage root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WARNINGS = ("W", "A007")
"""How codes begin that are no error: what the specification says SHOULD be, and what could not be compared."""


@dataclass(frozen=True, slots=True)
class OcflFinding:
    code: str
    path: str
    """A path from the top of what was checked; ASCII where it was read from a disk or an inventory."""
    message: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        return "warning" if self.code.startswith(WARNINGS) else "error"


def show(value: object) -> str:
    """A short ASCII form: a terminal must survive what an attacker writes."""
    text = ascii(value if isinstance(value, str) else _bare(value))
    return text if len(text) <= 120 else text[:117] + "..."


def shown_path(path: str) -> str:
    """The path itself, in ASCII and short, without quotes."""
    text = ascii(path)[1:-1]
    return text if len(text) <= 400 else text[:200] + "..." + text[-197:]


def _bare(value: object) -> str:
    """Never the whole of a value that may be huge."""
    if isinstance(value, dict | list):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a very large number"
    return str(value)
