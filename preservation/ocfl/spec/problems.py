"""Gathers what is wrong with one inventory, and never more than a person can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

MOST_OF_A_CODE: Final = 25


class Problems:
    """Of each code the first few are kept, the others counted: a hostile inventory may break a rule a million times."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, str]] = []
        self._seen: Counter[str] = Counter()

    def add(self, code: str, message: str) -> None:
        self._seen[code] += 1
        if self._seen[code] <= MOST_OF_A_CODE:
            self._kept.append((code, message))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._kept
        for code, seen in self._seen.items():
            if seen > MOST_OF_A_CODE:
                yield code, f"and {seen - MOST_OF_A_CODE} more of this kind"

    def __bool__(self) -> bool:
        return bool(self._kept)

    def has(self, *codes: str) -> bool:
        return any(code in self._seen for code in codes)
