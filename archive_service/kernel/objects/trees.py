"""Reading what others wrote: a folder or a bucket as it is, with names that no key of ours could have.

A store (`port`) refuses keys that not every store can hold, and hides its deposit area; a judge must see everything.
Nothing is ever written here, no link is followed, and nothing but regular files is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from archive_service.kernel.objects import disk


class Kind(StrEnum):
    file = "file"
    folder = "folder"
    link = "link"
    other = "other"
    """A device, a pipe, a socket."""
    unreadable = "unreadable"
    """A folder whose names could not be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    """From the top of the tree; a name on a disk that is no UTF-8 keeps its bytes as lone surrogates."""
    kind: Kind
    size: int = 0
    twin: tuple[int, int] | None = None
    """Device and inode of a file that has several names: hard links share it."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Tree(Protocol):
    """Paths are relative to the top and "/"-separated; "" is the top. Methods raise `OSError` and `StoreAway`."""

    has_empty_folders: bool
    """A folder that holds nothing is a thing of its own; a bucket has none."""

    def describe(self) -> str: ...

    def children(self, folder: str) -> list[Entry]:
        """One level, sorted; nothing for a folder that is not there."""

    def walk(self, folder: str) -> Iterator[Entry]:
        """Everything below but folders that hold something."""

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """The bytes, past the page cache; raises `FileNotFoundError` or `ObjectMissing` for what is no file."""


class FolderTree:
    has_empty_folders = True

    def __init__(self, base: Path) -> None:
        self.base = base

    def describe(self) -> str:
        return f"folder {self.base}"

    def children(self, folder: str) -> list[Entry]:
        try:
            with os.scandir(self._place(folder)) as found:
                return sorted((_entry(folder, each) for each in found), key=lambda each: each.path)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, folder: str) -> Iterator[Entry]:
        pending = [folder]
        while pending:  # no recursion: somebody may have nested a thousand folders
            place = pending.pop()
            try:
                entries = self.children(place)
            except OSError:
                yield Entry(place, Kind.unreadable)
                continue
            if not entries and place != folder:
                yield Entry(place, Kind.folder)
            for entry in entries:
                if entry.kind is Kind.folder:
                    pending.append(entry.path)
                else:
                    yield entry

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        return disk.open_regular(Path(self._place(path)), fresh=True)

    def _place(self, path: str) -> str:
        # Never `join`: a path that began with "/" would leave the tree.
        return f"{self.base}/{path}" if path else str(self.base)


def _entry(folder: str, found: os.DirEntry[str]) -> Entry:
    path = f"{folder}/{found.name}" if folder else found.name
    about = found.stat(follow_symlinks=False)
    if stat.S_ISDIR(about.st_mode):
        return Entry(path, Kind.folder)
    if stat.S_ISLNK(about.st_mode):
        return Entry(path, Kind.link)
    if not stat.S_ISREG(about.st_mode):
        return Entry(path, Kind.other)
    return Entry(path, Kind.file, about.st_size, (about.st_dev, about.st_ino) if about.st_nlink > 1 else None)
