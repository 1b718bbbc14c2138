"""A package as it was sent: zip, tar, tar.gz or folder, read entry by entry. Nothing here writes a file.

Entries are told as they stand, however hostile their names; `unpack` judges them. Readers are bounded: a small container
must not make a large directory or header in memory.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Literal, Protocol

from archive_service.kernel.findings import Finding

ZIP, TAR, GZIP, FOLDER = "application/zip", "application/x-tar", "application/gzip", "inode/directory"

FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RecursionError,  # thousands of tar headers, each of which says that it describes the next
    ValueError,
)
"""What the readers raise for broken bytes. A plain OSError is our own disk and goes up as it is."""

Kind = Literal["file", "folder", "symlink", "hardlink", "special"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a container may go before it counts as hostile. Agreed with each agency; these are the defaults."""

    total_bytes: int = 60 << 30
    files: int = 200_000
    depth: int = 24
    ratio: int = 200
    ratio_from_bytes: int = 256 << 20
    """Below this size a high ratio harms nobody: blank pages compress well."""
    name_bytes: int = 255
    path_bytes: int = 2048
    metadata_bytes: int = 32 << 20


class ContainerFault(Exception):
    """The container cannot be read on; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    """As written, a leading "./" and a closing "/" taken off."""
    kind: Kind
    size: int = 0
    packed: int | None = None
    encrypted: bool = False
    overlaps: bool = False


class Container(Protocol):
    def entries(self) -> Iterator[Entry]:
        """Every entry in the order of the container."""

    def contents(self, only: str | None = None) -> Iterator[tuple[str, IO[bytes]]]:
        """Every plain file with its bytes, in the same order; each stream is read before the next is asked for.

        `only`: the one of that name; no other is opened.
        """


def media_type(path: Path) -> str:
    """By content, never by name: a zip, tar, gzip or folder. Raises ContainerFault for anything else."""
    if path.is_dir():
        return FOLDER
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZIP
    if head.startswith(b"\x1f\x8b"):
        return GZIP
    if head[257:262] == b"ustar":
        return TAR
    raise ContainerFault(Finding("container-type-unknown", "", head[:8].hex(), "zip, tar, tar.gz"))


@contextmanager
def open_container(path: Path, kind: str, limits: Limits) -> Iterator[Container]:
    """The container for reading; broken bytes become a ContainerFault, here and while it is read."""
    try:
        if kind == FOLDER:
            yield _Folder(path)
        elif kind == ZIP:
            with path.open("rb") as stream:
                _limit_directory(stream, limits)
                # "utf-8": names without the UTF-8 flag are taken as UTF-8 and refused when they are not.
                with zipfile.ZipFile(stream, metadata_encoding="utf-8") as archive:
                    yield _Zip(archive)
        elif kind in (TAR, GZIP):
            yield _Tar(path, kind == GZIP, limits)
        else:
            raise ContainerFault(Finding("container-type-unknown", "", kind, "zip, tar, tar.gz"))
    except UnicodeDecodeError as error:
        raise ContainerFault(
            Finding("container-name-encoding", repr(error.object[:80]), "", "UTF-8")
        ) from None
    except FAULTS as error:
        raise ContainerFault(
            Finding("container-unreadable", "", f"{type(error).__name__}: {error}"[:200])
        ) from error


def _shown(name: str) -> str:
    return name.removeprefix("./").removesuffix("/") if name not in (".", "./") else ""


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def entries(self) -> Iterator[Entry]:
        for folder, names, files in os.walk(self._root):
            for name in sorted([*names, *files]):
                path = Path(folder, name)
                status = path.lstat()
                yield Entry(path.relative_to(self._root).as_posix(), _kind(status.st_mode), status.st_size)

    def contents(self, only: str | None = None) -> Iterator[tuple[str, IO[bytes]]]:
        for entry in self.entries():
            if entry.kind == "file" and only in (None, entry.name):
                # NOFOLLOW: the folder may be changed by its owner between the look and the reading.
                handle = os.open(self._root / entry.name, os.O_RDONLY | os.O_NOFOLLOW)
                with os.fdopen(handle, "rb") as stream:
                    yield entry.name, stream


def _kind(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return "symlink"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "special"


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def entries(self) -> Iterator[Entry]:
        overlapping = self._overlapping()
        for info in self._archive.infolist():
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # Other methods may demand gigabytes of dictionary.
                raise NotImplementedError(f"{info.filename}: compression method {info.compress_type}")
            yield Entry(
                _shown(info.orig_filename),
                self._kind_of(info),
                info.file_size,
                info.compress_size,
                encrypted=bool(info.flag_bits & 0x2041),
                overlaps=info.header_offset in overlapping,
            )

    def contents(self, only: str | None = None) -> Iterator[tuple[str, IO[bytes]]]:
        for info in self._archive.infolist():
            name = _shown(info.orig_filename)
            if self._kind_of(info) == "file" and only in (None, name):
                with self._archive.open(info) as stream:
                    yield name, stream

    @staticmethod
    def _kind_of(info: zipfile.ZipInfo) -> Kind:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) and not info.is_dir():
            return _kind(mode)
        return "folder" if info.is_dir() else "file"

    def _overlapping(self) -> set[int]:
        """Offsets of entries that begin before another ends: the way to pack petabytes into megabytes."""
        infos = sorted(self._archive.infolist(), key=lambda each: each.header_offset)
        ends_by = 0
        found = set()
        for info in infos:
            if info.header_offset < ends_by:
                found.add(info.header_offset)
            ends_by = info.header_offset + 30 + len(info.orig_filename) + info.compress_size
        return found


def _limit_directory(stream: BinaryIO, limits: Limits) -> None:
    """zipfile reads the whole central directory into memory: look at its declared size first."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("no end of central directory")
    count, directory = struct.unpack_from("<HL", tail, at + 10)
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)
    if zip64 >= 0 and len(tail) >= zip64 + 48:
        count, directory = struct.unpack_from("<QQ", tail, zip64 + 32)
    most = (limits.files + 10_000) * 300
    if directory > most or count > 2 * limits.files + 10_000:
        raise ContainerFault(Finding("container-too-many", "", str(count), str(limits.files)))
    stream.seek(0)


class _Bounded(io.RawIOBase):
    """A stream that ends a reader which goes too far, or asks for too much at once (a header of gigabytes)."""

    MOST_AT_ONCE = 8 << 20

    def __init__(self, stream: io.BufferedIOBase, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, size: int = -1, /) -> bytes:
        if size < 0 or size > self.MOST_AT_ONCE:
            raise ContainerFault(Finding("container-unreadable", "", f"header: {size} byte"))
        self._guard(self._stream.tell() + size)
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._guard(offset)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def _guard(self, position: int) -> None:
        if position > self._limit:
            raise ContainerFault(Finding("container-too-large", "", f"> {self._limit}", str(self._limit)))


class _Tar:
    def __init__(self, path: Path, packed: bool, limits: Limits) -> None:
        self._path = path
        self._packed = packed
        self._limit = limits.total_bytes + limits.files * 2048 + (1 << 20)

    @contextmanager
    def _open(self) -> Iterator[tarfile.TarFile]:
        with self._path.open("rb") as raw:
            stream: io.BufferedIOBase = gzip.GzipFile(fileobj=raw) if self._packed else raw
            bounded = _Bounded(stream, self._limit)
            with tarfile.open(
                fileobj=bounded, mode="r:", encoding="utf-8", errors="surrogateescape"
            ) as archive:
                yield archive

    def _members(self, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        while member := archive.next():
            # tarfile keeps every header it has seen; the list is public by its documentation, not by its types
            archive.members = []  # type: ignore[attr-defined]
            yield member

    def entries(self) -> Iterator[Entry]:
        with self._open() as archive:
            for member in self._members(archive):
                if name := _shown(member.name):
                    yield Entry(name, self._kind_of(member), member.size)

    def contents(self, only: str | None = None) -> Iterator[tuple[str, IO[bytes]]]:
        with self._open() as archive:
            for member in self._members(archive):
                name = _shown(member.name)
                if self._kind_of(member) != "file" or only not in (None, name):
                    continue
                if stream := archive.extractfile(member):
                    yield name, stream

    @staticmethod
    def _kind_of(member: tarfile.TarInfo) -> Kind:
        if member.issym():
            return "symlink"
        if member.islnk():
            return "hardlink"
        if member.isdir():
            return "folder"
        # A sparse file claims terabytes that are not there.
        return "file" if member.isreg() and not member.issparse() else "special"
