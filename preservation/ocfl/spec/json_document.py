"""JSON that anybody may have written: read within bounds, and every oddity told.

An attacker's inventory may be small on the disk and huge in memory (`[[],[],[]…`), nest a million levels, name a key
twice, or hold half a character. It is never trusted, and it never takes more memory than `MOST_MEMORY`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from preservation.ocfl.findings import show

MOST_BYTES: Final = 256 << 20
"""A larger inventory is refused unread."""
MOST_MEMORY: Final = 2 << 30
"""An inventory whose values could need more is refused unparsed."""
_COSTS: Final = ((b"{", 240), (b"[", 96), (b",", 40), (b'"', 32), (b":", 24))
"""What CPython takes at most for each of these characters, beside the letters of strings (measured)."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ASTRAL = re.compile(rb"[\xf0-\xff]")


class Twice(dict[str, Any]):
    """An object in which a key occurred twice; the last value won."""


class NoJson(ValueError):
    pass


def parse(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """The document and what is odd about it; raises `NoJson`. Never anything else, whatever the bytes are."""
    if len(data) > MOST_BYTES:
        raise NoJson(f"larger than {MOST_BYTES} bytes: not read")
    if cost(data) > MOST_MEMORY:
        raise NoJson(f"could take more than {MOST_MEMORY} bytes of memory: not read")
    reader = _Reader()
    try:
        text = data.decode()
        document = json.loads(text, object_pairs_hook=reader.once, parse_constant=_refuse)
        if _SURROGATE.search(data):
            json.dumps(document, ensure_ascii=False).encode()  # half a character cannot be encoded
    except (ValueError, RecursionError) as error:
        raise NoJson(f"not readable as JSON in UTF-8: {show(str(error))}") from None
    if not isinstance(document, dict):
        raise NoJson("not a JSON object")
    return document, [f"the key {show(key)} occurs twice" for key in reader.twice]


def cost(data: bytes) -> int:
    """The most memory that bytes, text and values can take, told from the bytes alone."""
    # One letter outside the basic plane makes each letter of its string four bytes wide.
    text = 1 if data.isascii() else 4 if _ASTRAL.search(data) else 2
    letters = 4 if b"\\u" in data else text
    return (1 + text + letters) * len(data) + sum(data.count(char) * each for char, each in _COSTS)


class _Reader:
    def __init__(self) -> None:
        self.twice: list[str] = []

    def once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen and len(self.twice) < 20:
                self.twice.append(key)
            seen.add(key)
        return Twice(found)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
