"""Content paths and logical paths (OCFL 1.1, sections 3.5.2 and 3.5.3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from preservation.ocfl.findings import show

_BACKSLASHED = re.compile(r"v[0-9]+\\")


def content_path_problems(path: str, where: str) -> Iterator[tuple[str, str]]:
    """What makes a content path unsafe, whatever lies there."""
    if not path:
        yield "E098", f"{where}: an empty content path"
        return
    if path.startswith("/") or path.endswith("/"):
        yield "E100", f"{where}: content path {show(path)} begins or ends with /"
    if any(segment in ("", ".", "..") for segment in path.strip("/").split("/")):
        yield "E099", f"{where}: content path {show(path)} has an empty, . or .. element"
    if path.startswith("/"):
        yield "E042", f"{where}: content path {show(path)} is not relative to the object root"
    if _BACKSLASHED.match(path):
        yield "E035", f"{where}: content path {show(path)} is separated by backslashes"


def logical_path_problems(path: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(path, str) or not path:
        yield "E051", f"{where}: logical path {show(path)}"
        return
    if path.startswith("/") or path.endswith("/"):
        yield "E053", f"{where}: logical path {show(path)} begins or ends with /"
    if any(segment in ("", ".", "..") for segment in path.removeprefix("/").removesuffix("/").split("/")):
        yield "E052", f"{where}: logical path {show(path)} has an empty, . or .. element"


def clashes(paths: Iterable[str]) -> Iterator[str]:
    """Paths that occur twice or stand where another one needs a folder.

    Sorted, so that neighbours tell; each is compared with the last that was no clash, so that none hides another.

    >>> list(clashes(["a/c", "b", "a", "a/b", "b", "ab"]))
    ['a/b', 'a/c', 'b']
    """
    ordered = sorted(path + "/" for path in paths)
    last = None
    for one, following in pairwise(ordered):
        last = last if last is not None and one.startswith(last) else one
        if following.startswith(last):
            yield following[:-1]
