"""Files and folders that survive a power cut, and reads that do not come from memory."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from io import BufferedReader, FileIO, RawIOBase
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive_service.kernel.digests import chunks
from archive_service.kernel.objects.port import Source

_SYNCS_AT_ONCE = 16
_FILES_AT_ONCE = 1000


def fsync_folder(folder: Path) -> None:
    """A rename or a new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(folder: Path, *, below: Path, sync: bool = True) -> None:
    """Makes `folder` and its parents up to `below`, which must exist, each one durable with `sync`."""
    if folder == below or folder.is_dir():
        return
    make_folders(folder.parent, below=below, sync=sync)
    folder.mkdir(exist_ok=True)
    if sync:
        fsync_folder(folder.parent)


@contextmanager
def reading(source: Source) -> Iterator[Iterator[bytes]]:
    """The source as chunks. A stream that was handed in is left open."""
    if isinstance(source, bytes):
        yield iter((source,) if source else ())
    elif isinstance(source, Path):
        with source.open("rb") as stream:
            yield chunks(stream)
    else:
        yield chunks(source)


def write_file(path: Path, source: Source, *, sync: bool = True) -> None:
    """A new file with the bytes of `source`, on the disk on return; its folder must exist and is not synced."""
    with reading(source) as blocks, path.open("xb", buffering=0) as file:
        for block in blocks:
            _write_all(file, block)
        if sync:
            os.fsync(file.fileno())


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:  # an unbuffered write may be short
        view = view[file.write(view) :]


def fsync_tree(folder: Path) -> None:
    """Every file and then every folder below and including `folder`, the deepest first."""
    folders = [(Path(each), files) for each, _, files in os.walk(folder, topdown=False)]
    # Side by side, many files share one commit of the file system's journal; one after another, each waits for its own.
    paths = (each / name for each, files in folders for name in files)
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        while some := list(islice(paths, _FILES_AT_ONCE)):
            for _ in pool.map(_fsync_file, some):
                pass
    for each, _ in folders:
        fsync_folder(each)


def _fsync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def open_regular(path: Path, *, fresh: bool) -> FileIO:
    """Opens a regular file; `OSError` for anything else: a link could lead anywhere, a pipe would wait for ever."""
    handle = _handle(path)
    if fresh:
        # Else a read-back would prove the page cache, not the disk.
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
        handle = _handle(path)
    return os.fdopen(handle, "rb", buffering=0)


def guarded(file: FileIO, faults: Callable[[], AbstractContextManager[None]]) -> BinaryIO:
    """The stream of `file`, whose reading fails as opening it does: a bad sector is met only when it is read."""
    return cast(BinaryIO, BufferedReader(_Guarded(file, faults)))


class _Guarded(RawIOBase):
    def __init__(self, file: FileIO, faults: Callable[[], AbstractContextManager[None]]) -> None:
        self._file, self._faults = file, faults

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        with self._faults():
            return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def fileno(self) -> int:
        return self._file.fileno()


def _handle(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EISDIR, "no regular file")
    return handle


def prune(folder: Path, *, upto: Path) -> None:
    """Removes empty folders from `folder` upwards, `upto` itself excepted: OCFL allows no empty folder (E073)."""
    while folder != upto:
        try:
            folder.rmdir()
            fsync_folder(folder.parent)
        except FileNotFoundError:
            pass  # removed by somebody else: its parent may be empty now
        except OSError:
            return
        folder = folder.parent


def remove_tree(path: Path) -> int:
    """Removes a file, a link (never what it leads to) or a whole folder; returns how many files that were."""
    if path.is_symlink() or not path.is_dir():
        if not os.path.lexists(path):
            return 0
        path.unlink()
        fsync_folder(path.parent)
        return 1
    count = sum(len(files) for _, _, files in os.walk(path))
    shutil.rmtree(path)
    fsync_folder(path.parent)
    return count
