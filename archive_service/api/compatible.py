"""What v1 promised once: whether a newer contract still keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WORDS = {"description", "summary", "title", "operationId", "tags", "examples"}
"""Changes of words break nobody."""


def broken(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """What a client of `old` would miss in `new`, by place: things gone, other values, new demands."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() - WORDS:
            if name not in new:
                yield f"{where}/{name} is gone"
            elif name == "required" and isinstance(new[name], list):
                yield from (
                    f"{where} now requires {each}" for each in sorted(set(new[name]) - set(old[name]))
                )
            else:
                yield from broken(old[name], new[name], f"{where}/{name}")
        if "required" in new and "required" not in old and isinstance(new["required"], list):
            yield f"{where} now requires {new['required']}"
    elif isinstance(old, list) and isinstance(new, list):
        yield from (f"{where}: {each} is gone" for each in old if each not in new and not _grew(each, new))
    elif old != new:
        yield f"{where} was {old}, is {new}"


def _grew(old: Any, new: list[Any]) -> bool:
    """A parameter (or a variant) that is still there, and takes all that it took."""
    return any(not list(broken(old, each)) for each in new)
