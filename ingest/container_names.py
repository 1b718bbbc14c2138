"""What is wrong with the names of a container's entries: where they lead, and where they cannot be kept apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from archive_service.kernel.findings import Finding
from ingest.containers import ContainerFault, Entry, Limits

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def name_faults(name: str, limits: Limits) -> Iterator[Finding]:
    """Each fault of one path by itself."""
    parts = name.split("/")
    if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
        yield Finding("container-name-encoding", ascii(name), "", "UTF-8")
        return
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        yield Finding("container-path-absolute", name)
    elif any(part in ("", ".", "..") for part in parts):
        yield Finding("container-path-parent", name)
    if "\\" in name:
        yield Finding("container-backslash", name)
    if any(
        _RESERVED.fullmatch(part) or part.rstrip(". ") != part for part in parts if part not in (".", "..")
    ):
        yield Finding("container-reserved-name", name)
    if len(parts) > limits.depth:
        yield Finding("container-too-deep", name, str(len(parts)), str(limits.depth))
    yield from _length_faults(name, parts, limits)


def _length_faults(name: str, parts: list[str], limits: Limits) -> Iterator[Finding]:
    longest = max(len(part.encode()) for part in parts)
    whole = len(name.encode())
    if longest > limits.name_bytes:
        yield Finding("container-name-too-long", name, str(longest), str(limits.name_bytes))
    elif whole > limits.path_bytes:
        yield Finding("container-name-too-long", name, str(whole), str(limits.path_bytes))


def clash_faults(entries: Iterable[Entry]) -> Iterator[Finding]:
    """Names that some system of a reader would write onto one another, folders included."""
    seen: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for entry in entries:
        parts = entry.name.split("/")
        if entry.kind != "folder":
            if entry.name in files:
                yield Finding("container-duplicate-entry", entry.name)
            files.add(entry.name)
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if depth < len(parts) or entry.kind == "folder":
                folders.add(path)
            yield from _clash(path, seen)
    for path in sorted(files & folders):
        yield Finding("container-file-and-folder", path)


def _clash(path: str, seen: dict[str, str]) -> Iterator[Finding]:
    composed = unicodedata.normalize("NFC", path)
    other = seen.setdefault(composed.casefold(), path)
    if other == path:
        return
    same = unicodedata.normalize("NFC", other) == composed
    yield Finding("container-unicode-clash" if same else "container-case-clash", path, other)


def bag_folder(entries: Iterable[Entry]) -> str:
    """Where the bag begins: "" when bagit.txt lies at the top, else "name/" of the one top folder.

    Raises ContainerFault when there are several: one dossier a package, and nothing beside it would be kept.
    """
    files = {entry.name for entry in entries if entry.kind != "folder"}
    if "bagit.txt" in files:
        return ""
    tops = sorted({entry.name.split("/")[0] for entry in entries})
    if len(tops) == 1 and tops[0] not in files:
        return tops[0] + "/"
    raise ContainerFault(Finding("container-several-roots", "", ", ".join(tops[:5]) or "0", "1"))
