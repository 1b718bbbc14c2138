"""Unpack a package, or only look at its metadata. Every fault is found before the first byte is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from archive_service.kernel.digests import CHUNK
from archive_service.kernel.findings import Finding
from ingest.container_names import bag_folder, clash_faults, name_faults
from ingest.containers import (
    FAULTS,
    FOLDER,
    GZIP,
    TAR,
    ZIP,
    Container,
    ContainerFault,
    Entry,
    Limits,
    media_type,
    open_container,
)
from preservation.description import METADATA

__all__ = [
    "FOLDER",
    "GZIP",
    "TAR",
    "ZIP",
    "ContainerFault",
    "Limits",
    "bag_root",
    "look_over",
    "media_type",
    "read_metadata_only",
]


def read_metadata_only(container: Path, kind: str, limits: Limits = Limits()) -> bytes:
    """The bytes of data/metadata.xml, read inside the container: no other file is opened and nothing is written.

    Raises ContainerFault when there is none, more than one, or the container cannot be read.
    """
    with open_container(container, kind, limits) as source:
        entries = list(_counted(source, limits))
        name = bag_folder(entries) + METADATA
        found = [each for each in entries if each.name.casefold() == name.casefold()]
        if not found:
            raise ContainerFault(Finding("metadata-missing", METADATA))
        if all(each.name != name for each in found):
            raise ContainerFault(Finding("metadata-misnamed", found[0].name, found[0].name, METADATA))
        for fault in _entry_faults(found[0], limits):
            raise ContainerFault(fault)
        if len(found) > 1:
            # The one that is judged and the one that is unpacked must be the same.
            raise ContainerFault(Finding("container-duplicate-entry", name))
        return _read(source, name, limits)


def _read(source: Container, name: str, limits: Limits) -> bytes:
    for _, stream in source.contents(only=name):
        data = stream.read(limits.metadata_bytes + 1)
        if len(data) > limits.metadata_bytes:
            raise ContainerFault(Finding("metadata-unreadable", METADATA, f"> {limits.metadata_bytes} byte"))
        return data
    raise ContainerFault(Finding("metadata-missing", METADATA))


def look_over(container: Path, kind: str, limits: Limits = Limits()) -> list[Finding]:
    """Every fault of the container that shows before a byte of it is unpacked."""
    try:
        with open_container(container, kind, limits) as source:
            return list(_faults(source, _packed_size(container), limits))
    except ContainerFault as fault:
        return [fault.finding]


Look = Callable[[Path, str, Limits], list[Finding]]


def unpack(
    container: Path, kind: str, into: Path, limits: Limits = Limits(), look: Look = look_over
) -> list[Finding]:
    """Unpack into the folder `into` (made here, or empty). All findings at once; with any of them nothing is left.

    `look`: what finds the faults first; the archive lets the sandbox do it (`ask_container.ask_look`).
    Names are kept as they are. Nothing is written outside `into`, nothing is followed, no mode or owner is taken over.
    """
    if findings := look(container, kind, limits):
        shutil.rmtree(into, ignore_errors=True)
        return findings
    into.mkdir(parents=True, exist_ok=True)
    try:
        with open_container(container, kind, limits) as source:
            _write_all(source, into, limits)
            return []
    except ContainerFault as fault:
        findings = [fault.finding]
    except BaseException:
        shutil.rmtree(into)
        raise
    shutil.rmtree(into)
    return findings


def bag_root(into: Path) -> Path:
    """The folder that holds the bag: `into` itself, or its one folder."""
    if (into / "bagit.txt").exists():
        return into
    inside = list(into.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else into


def _counted(source: Container, limits: Limits) -> Iterator[Entry]:
    for number, entry in enumerate(source.entries()):
        if (
            number >= 2 * limits.files
        ):  # folders count too, but an honest package has fewer of them than files
            raise ContainerFault(Finding("container-too-many", "", f"> {number}", str(limits.files)))
        yield entry


def _packed_size(container: Path) -> int | None:
    return container.stat().st_size if container.is_file() else None


def _faults(source: Container, packed: int | None, limits: Limits) -> Iterator[Finding]:
    entries = []
    for entry in _counted(source, limits):
        entries.append(entry)
        yield from name_faults(entry.name, limits)
        yield from _entry_faults(entry, limits)
    yield from clash_faults(entries)
    yield from _sum_faults(entries, packed, limits)
    try:
        bag_folder(entries)
    except ContainerFault as fault:
        yield fault.finding


def _entry_faults(entry: Entry, limits: Limits) -> Iterator[Finding]:
    if entry.kind == "symlink":
        yield Finding("container-symlink", entry.name)
    elif entry.kind == "hardlink":
        yield Finding("container-hardlink", entry.name)
    elif entry.kind == "special":
        yield Finding("container-special-file", entry.name, entry.kind)
    if entry.encrypted:
        yield Finding("container-encrypted", entry.name)
    if entry.overlaps:
        yield Finding("container-overlap", entry.name)
    if entry.packed is not None:
        yield from _ratio_faults(entry.name, entry.size, entry.packed, limits)


def _ratio_faults(name: str, size: int, packed: int, limits: Limits) -> Iterator[Finding]:
    ratio = size // max(packed, 1)
    if size > limits.ratio_from_bytes and ratio > limits.ratio:
        yield Finding("container-bomb", name, str(ratio), str(limits.ratio))


def _sum_faults(entries: list[Entry], packed: int | None, limits: Limits) -> Iterator[Finding]:
    files = [each for each in entries if each.kind == "file"]
    total = sum(each.size for each in files)
    if len(files) > limits.files:
        yield Finding("container-too-many", "", str(len(files)), str(limits.files))
    if total > limits.total_bytes:
        yield Finding("container-too-large", "", str(total), str(limits.total_bytes))
    if packed is not None:
        yield from _ratio_faults("", total, packed, limits)


def _write_all(source: Container, into: Path, limits: Limits) -> None:
    left = limits.total_bytes
    for name, stream in source.contents():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            for block in _blocks(name, stream):
                left -= len(block)
                if left < 0:  # the sizes that were declared need not be true
                    raise ContainerFault(Finding("container-too-large", name, "", str(limits.total_bytes)))
                out.write(block)


def _blocks(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    try:
        while block := stream.read(CHUNK):
            yield block
    except FAULTS as error:
        raise ContainerFault(Finding("container-unreadable", name, f"{name}: {error}"[:200])) from error
