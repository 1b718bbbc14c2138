"""An object store in a local folder: a key is a path below it, and `deposit/` holds what is half written.

A file or tree is written and synced in `deposit/<random>/<key>` on the same file system and appears by one rename.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate, islice
from os.path import islink
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO
from uuid import uuid4

from archive_service.kernel.objects import disk
from archive_service.kernel.objects.port import (
    DEPOSIT,
    AlreadyThere,
    BadKey,
    Locked,
    NoLock,
    ObjectInfo,
    ObjectMissing,
    Source,
    StillThere,
    StoreAway,
    StoreFacts,
    StoreFull,
    checked_key,
    checked_prefix,
    is_key,
)

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DAMAGED = {errno.EIO, errno.EUCLEAN, errno.EBADMSG, errno.EREMOTEIO}  # bad sectors, a file system that broke
_AWAY = {errno.ESTALE, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTCONN, errno.ENODEV, errno.ETIMEDOUT}
_AWAY |= _DAMAGED
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO}


class FolderStore:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.deposit = base / DEPOSIT

    def describe(self) -> str:
        return f"folder {self.base}"

    def create(self) -> None:
        with self._faults():
            self.base.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, source: Source, *, if_absent: bool = False) -> None:
        target = self._path(key)
        if if_absent and os.path.lexists(target):
            raise AlreadyThere(key)
        with self._faults(), self._staged(key) as staged:
            disk.write_file(staged, source)
            self._place(staged, target, os.link if if_absent else os.replace)

    def put_tree(self, prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        target = self._path(prefix)
        if target.is_file() or (target.is_dir() and any(target.iterdir())):
            raise AlreadyThere(prefix)
        with self._faults(), self._staged(prefix) as staged:
            staged.mkdir()
            for name, source in entries:
                checked_key(f"{prefix}/{name}")
                path = staged / name
                disk.make_folders(path.parent, below=staged, sync=False)
                disk.write_file(path, source, sync=False)
            disk.fsync_tree(staged)
            self._place(staged, target, os.rename)

    @contextmanager
    def open(self, key: str, *, fresh: bool = False) -> Iterator[BinaryIO]:
        path = self._path(key)
        with self._faults():
            try:
                stream = disk.open_regular(path, fresh=fresh)
            except OSError as error:
                if error.errno in _GONE:
                    raise ObjectMissing(key) from error
                raise
        with stream:
            yield disk.guarded(stream, self._faults)

    def stat(self, key: str) -> ObjectInfo | None:
        with self._faults():
            try:
                found = self._path(key).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return ObjectInfo(key, found.st_size) if stat.S_ISREG(found.st_mode) else None

    def keeps_sha256(self, key: str, sha256: str) -> None:
        return None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        if prefix and (one := self.stat(prefix)):
            yield one
            return
        stack = [self._children(prefix)]
        while stack:  # no recursion: somebody may have nested a thousand folders
            for info in stack[-1]:
                if not info.key.endswith("/"):
                    yield info
                    continue
                inner = self._children(info.key[:-1])
                if (first := next(inner, None)) is None:
                    yield info
                    continue
                stack.append(_chain(first, inner))
                break
            else:
                stack.pop()

    def folders(self, prefix: str = "") -> Iterator[str]:
        for info in self._children(prefix):
            if info.key.endswith("/"):
                yield info.key[:-1].rpartition("/")[2]

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._faults():
            try:
                path.unlink()
                disk.fsync_folder(path.parent)
            except (FileNotFoundError, NotADirectoryError):
                return
            disk.prune(path.parent, upto=self.base)

    def delete_tree(self, prefix: str) -> None:
        self._remove(prefix)

    def purge(self, prefix: str) -> int:
        count = self._remove(prefix)
        with self._faults():
            # An interrupted write or an interrupted removal left the bytes here, under the same name.
            for room in self._rooms():
                removed = disk.remove_tree(room / prefix)
                if removed:
                    disk.prune((room / prefix).parent, upto=self.deposit)
                # Else the empty folder there is somebody's who is just about to write another key.
                count += removed
        if os.path.lexists(self._path(prefix)):
            raise StillThere(self.describe(), prefix)
        return count

    def sweep(self, older_than: timedelta) -> int:
        with self._faults(), self._staged("now") as now:
            # The disk's own clock: a file server's may differ from ours.
            now.touch()
            limit = now.stat().st_mtime - older_than.total_seconds()
            old = [room for room in self._rooms() if _newest(room) < limit]
            for room in old:
                disk.remove_tree(room)
        return len(old)

    def retain(self, prefix: str, until: datetime) -> int:
        raise NoLock(f"{self.describe()} locks nothing")

    def locked(self, prefix: str) -> Locked:
        return Locked()

    def probe(self) -> StoreFacts:
        key = f"probe-{uuid4().hex}"
        self.put(key, b"probe")
        try:
            with self.open(key, fresh=True) as stream:
                if stream.read() != b"probe":
                    raise StoreAway(self.describe(), "a probe was read back changed")
            self.put(key, b"again", if_absent=True)
            refuses = False
        except AlreadyThere:
            refuses = True
        finally:
            self.delete(key)
        return StoreFacts(refuses, refuses, checks_sha256=True, keeps_versions=False)

    def _path(self, key: str) -> Path:
        """The path of a key; raises `BadKey` where a link on the way would lead elsewhere."""
        checked_key(key)
        if not self.base.is_dir():
            # Never made here: the mount is missing, and a new folder would look like an empty archive.
            raise StoreAway(self.describe(), "the folder is not there")
        # Looked at one by one below the root: resolving the whole path twice was a third of reading a small object.
        way = accumulate(key.split("/")[:-1], "{}/{}".format, initial=str(self.base))
        if any(islink(folder) for folder in islice(way, 1, None)):  # noqa: PTH114 — a path for each would cost as much
            raise BadKey(f"a link stands on the way to {key!r}")
        return self.base / key

    def _children(self, prefix: str) -> Iterator[ObjectInfo]:
        """One level, sorted as S3 sorts whole keys; a folder's key ends in "/"."""
        checked_prefix(prefix)
        folder = self._path(prefix) if prefix else self.base
        if not self.base.is_dir():
            raise StoreAway(self.describe(), "the folder is not there")
        with self._faults():
            try:
                entries = [_info(prefix, entry) for entry in os.scandir(folder)]
            except (FileNotFoundError, NotADirectoryError):
                return
        for info in sorted(entries, key=lambda each: each.key.encode()):
            if info.key != DEPOSIT + "/":
                yield info

    @contextmanager
    def _staged(self, key: str) -> Iterator[Path]:
        """A path in the deposit area whose folder exists; whatever is left there at the end is removed."""
        if not self.base.is_dir():
            raise StoreAway(self.describe(), "the folder is not there")
        self.deposit.mkdir(exist_ok=True)
        room = Path(tempfile.mkdtemp(dir=self.deposit))
        try:
            staged = room / key
            staged.parent.mkdir(parents=True, exist_ok=True)
            yield staged
        except FileNotFoundError as error:
            if room.is_dir():  # then it is the source that is not there
                raise
            raise StoreAway(self.describe(), "its disk vanished while it was written to") from error
        finally:
            rmtree(room, ignore_errors=True)

    def _place(self, staged: Path, target: Path, move: Callable[[Path, Path], None]) -> None:
        for _ in range(10):
            staged.lstat()  # else folders would be made where a disk was mounted when we began
            try:
                disk.make_folders(target.parent, below=self.base)
                move(staged, target)
                disk.fsync_folder(target.parent)
                return
            except FileNotFoundError:
                continue  # somebody pruned the empty folder between the two lines
            except OSError as error:
                if error.errno in (errno.ENOTDIR, errno.EISDIR) or target.parent.is_file():
                    raise BadKey(
                        f"{target.name!r} stands where a folder is, or the other way round"
                    ) from error
                if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
                    raise AlreadyThere(target.name) from error
                raise
        raise StoreAway(self.describe(), f"the folder of {target.name} is removed again and again")

    def _remove(self, prefix: str) -> int:
        """Takes the tree out of sight by one rename and then away."""
        target = self._path(prefix)
        if not os.path.lexists(target):
            return 0
        with self._faults(), self._staged(prefix) as gone:
            os.replace(target, gone)  # noqa: PTH105
            disk.fsync_folder(target.parent)
            count = disk.remove_tree(gone)
            disk.prune(target.parent, upto=self.base)
        return count

    def _rooms(self) -> tuple[Path, ...]:
        return tuple(self.deposit.iterdir()) if self.deposit.is_dir() else ()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kind = StoreFull if error.errno in _FULL else StoreAway if error.errno in _AWAY else None
            if kind is None:
                raise
            raise kind(self.describe(), str(error.strerror)) from error


def _info(prefix: str, entry: os.DirEntry[str]) -> ObjectInfo:
    # A name that no key can have (no UTF-8, a line break) is shown, and not entered.
    name = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
    key = f"{prefix}/{name}" if prefix else name
    usable = key == DEPOSIT or is_key(key)
    if usable and entry.is_dir(follow_symlinks=False):
        return ObjectInfo(key + "/", 0, regular=False)
    return ObjectInfo(
        key, entry.stat(follow_symlinks=False).st_size, usable and entry.is_file(follow_symlinks=False)
    )


def _chain(first: ObjectInfo, rest: Iterator[ObjectInfo]) -> Iterator[ObjectInfo]:
    yield first
    yield from rest


def _newest(room: Path) -> float:
    return max((path.lstat().st_mtime for path in (room, *room.rglob("*"))), default=0.0)
