"""Names of content files that every file system can hold and a person can still recognise.

Logical paths keep the sender's names exactly; what stands on the disk is derived from them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

ASIDE = "_"
"""The folder for files whose own path cannot be had: too long, or equal to another but for upper and lower case."""
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{name}{n}" for name in ("com", "lpt") for n in range(10)}
_LONGEST_SEGMENT: Final = 80
_LONGEST_PATH: Final = 160  # leaves room below Windows' 260 characters for the object's own folder


class ContentPaths:
    """Gives each logical path a content path; no two are equal where case does not count."""

    def __init__(self, folder: str, taken: Iterable[str] = ()) -> None:
        self._folder = folder
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}
        for path in taken:
            self._take(path)

    def name(self, logical: str) -> str:
        wanted = "/".join(safe_segment(segment) for segment in logical.split("/"))
        path = f"{self._folder}/{wanted}"
        if len(wanted) > _LONGEST_PATH or wanted.startswith(ASIDE + "/") or not self._free(path):
            path = f"{self._folder}/{ASIDE}/{_hash(logical)}-{safe_segment(logical.rpartition('/')[2])}"
        self._take(path)
        return path

    def _free(self, path: str) -> bool:
        """No file has this name, no file stands where a folder must be, and no folder differs in case only."""
        if path.casefold() in self._files or path.casefold() in self._folders:
            return False
        return all(
            folder.casefold() not in self._files and self._folders.get(folder.casefold(), folder) == folder
            for folder in _parents(path)
        )

    def _take(self, path: str) -> None:
        self._files.add(path.casefold())
        for folder in _parents(path):
            self._folders[folder.casefold()] = folder


def safe_segment(segment: str) -> str:
    """The segment itself if every file system takes it, else its ASCII skeleton with a hash.

    >>> safe_segment("QD-15.pdf")
    'QD-15.pdf'
    >>> safe_segment("Quyết định số 15.pdf")
    'Quyet-dinh-so-15~2ef0ab28.pdf'
    """
    stem = segment.split(".", 1)[0].lower()
    safe = _SAFE.fullmatch(segment) and not segment.endswith(".") and stem not in _DEVICES
    if safe and len(segment) <= _LONGEST_SEGMENT:
        return segment
    name, dot, ending = _ascii(segment).rpartition(".")
    if not dot or not name or len(ending) > 10:
        name, dot, ending = _ascii(segment), "", ""
    return f"{name[:60].strip('.-')}~{_hash(segment)[:8]}{dot}{ending}"


def _ascii(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9._]+", "-", bare).strip(".-")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _parents(path: str) -> Iterable[str]:
    segments = path.split("/")
    return ("/".join(segments[:n]) for n in range(1, len(segments)))
