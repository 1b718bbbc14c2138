"""Read a bag (RFC 8493; 0.93 to 0.97 are tolerated): its tag files as values, its payload as a list of paths.

Nothing is digested here. What cannot be read becomes a finding in `Bag.faults`; the rest is read all the same, so that
every fault of a package is told at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive_service.kernel.findings import Finding
from preservation.bagit.manifests import ALGORITHMS, decode_path, is_safe, parse_line, split_lines

VERSIONS = ("1.0", "0.97", "0.96", "0.95", "0.94", "0.93")
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "windows-1252": "cp1252",
    "windows-1258": "cp1258",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
MAX_TAG_FILE = 256 << 20  # a manifest of a million files is 150 MB; more is no manifest
_DECLARATION = re.compile(
    r"BagIt-Version: ?(\S+)[ \t]*\r?\n ?Tag-File-Character-Encoding: ?(\S+)[ \t]*(\r?\n)*"
)
_MANIFEST = re.compile(r"(tag)?manifest-([A-Za-z0-9-]+)\.txt")


@dataclass(frozen=True, slots=True)
class Bag:
    """What the sender declared. Digests by algorithm, then by path from the bag's root, in lower-case hex."""

    root: Path
    version: str = ""
    encoding: str = "UTF-8"
    manifests: dict[str, dict[str, str]] = field(default_factory=dict)
    tag_manifests: dict[str, dict[str, str]] = field(default_factory=dict)
    info: list[tuple[str, str]] = field(default_factory=list)
    oxum: tuple[int, int] | None = None
    """Octets and streams of the payload as declared by Payload-Oxum."""
    payload: tuple[str, ...] = ()
    """Every plain file below data/, sorted."""
    tag_files: tuple[str, ...] = ()
    faults: list[Finding] = field(default_factory=list)

    def declared(self, path: str) -> dict[str, str]:
        """The sender's digests of one file, by algorithm."""
        tables = self.manifests if path.startswith("data/") else self.tag_manifests
        return {name: table[path] for name, table in tables.items() if path in table}

    def info_value(self, label: str) -> str | None:
        return next((value for name, value in self.info if name.casefold() == label.casefold()), None)


def read_bag(root: Path) -> Bag:
    """Read the bag in the folder `root`. Never raises for what a sender did wrong: see `Bag.faults`."""
    faults: list[Finding] = []
    version, encoding = _declaration(root, faults)
    codec = ENCODINGS.get(encoding.lower(), "utf-8")
    files = sorted(_files(root, faults))
    tables = _manifests(root, files, codec, version, faults)
    info = _info(root, codec, faults)
    return Bag(
        root=root,
        version=version,
        encoding=encoding,
        manifests={algorithm: table for tag, algorithm, table in tables if not tag},
        tag_manifests={algorithm: table for tag, algorithm, table in tables if tag},
        info=info,
        oxum=_oxum(info, faults),
        payload=tuple(each for each in files if each.startswith("data/")),
        tag_files=tuple(each for each in files if not each.startswith("data/")),
        faults=faults,
    )


def _declaration(root: Path, faults: list[Finding]) -> tuple[str, str]:
    path = root / "bagit.txt"
    if path.is_symlink() or not path.is_file():
        faults.append(Finding("bag-declaration-missing", "bagit.txt"))
        return "", "UTF-8"
    with path.open("rb") as stream:
        raw = stream.read(1024)
    found = _DECLARATION.fullmatch(raw.decode("utf-8", "replace"))
    if found is None:
        faults.append(Finding("bag-declaration", "bagit.txt", raw[:80].decode("utf-8", "replace").strip()))
        return "", "UTF-8"
    version, encoding = found[1], found[2]
    if version not in VERSIONS:
        faults.append(Finding("bag-version", "bagit.txt", version, ", ".join(VERSIONS)))
    if encoding.lower() not in ENCODINGS:
        faults.append(Finding("bag-encoding", "bagit.txt", encoding, "UTF-8"))
    return version, encoding


def _files(root: Path, faults: list[Finding]) -> Iterator[str]:
    """Every plain file below the root; links and devices become findings and are never followed."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        for name in [*names, *files]:
            entry = here / name
            relative = entry.relative_to(root).as_posix()
            if not _is_utf8(relative):
                faults.append(Finding("container-name-encoding", ascii(relative)))
            elif entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                faults.append(Finding("bag-special-file", relative))
            elif entry.is_file():
                yield relative


def _is_utf8(name: str) -> bool:
    """False for a name whose bytes are no UTF-8: Python holds those as lone surrogates, which nothing can print."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _text(root: Path, name: str, codec: str, faults: list[Finding]) -> str | None:
    path = root / name
    if path.stat().st_size > MAX_TAG_FILE:
        faults.append(
            Finding("bag-manifest-syntax", name, f"{path.stat().st_size} byte", f"≤ {MAX_TAG_FILE} byte")
        )
        return None
    try:
        text = path.read_bytes().decode(codec)
    except UnicodeDecodeError:
        faults.append(Finding("bag-encoding", name, codec.upper(), "UTF-8"))
        return None
    if text.startswith("\ufeff"):
        faults.append(Finding("bag-bom", name))
    return text.removeprefix("\ufeff")


def _manifests(
    root: Path, files: list[str], codec: str, version: str, faults: list[Finding]
) -> list[tuple[bool, str, dict[str, str]]]:
    tables = []
    for name in files:
        found = _MANIFEST.fullmatch(name)
        if found is None:
            continue
        # "manifest-SHA-256.txt" is how some writers spell it; the RFC wants the plain name.
        algorithm = found[2].lower().replace("-", "")
        if algorithm not in ALGORITHMS:
            faults.append(Finding("bag-algorithm-unknown", name, found[2], ", ".join(ALGORITHMS)))
            continue
        text = _text(root, name, codec, faults)
        table = {} if text is None else _table(name, text, bool(found[1]), version, root, faults)
        tables.append((bool(found[1]), algorithm, table))
    return tables


def _table(
    name: str, text: str, tag: bool, version: str, root: Path, faults: list[Finding]
) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in split_lines(text):
        parsed = parse_line(line)
        if parsed is None:
            if line.strip():
                faults.append(Finding("bag-manifest-syntax", name, line[:120]))
            continue
        digest, written, old_style = parsed
        path = _meant(root, written, version)
        if old_style:
            faults.append(Finding("bag-manifest-style", name, line[-120:]))
        if not is_safe(path):
            faults.append(Finding("bag-path-unsafe", path, name))
        elif path.startswith("data/") == tag or (tag and _is_tag_manifest(path)):
            faults.append(Finding("bag-manifest-scope", path, name))
        elif path in table:
            faults.append(Finding("bag-manifest-repeated", path, name))
        else:
            table[path] = digest
    return table


def _is_tag_manifest(path: str) -> bool:
    return path.startswith("tagmanifest-")


def _meant(root: Path, written: str, version: str) -> str:
    """Before 1.0 an escape could be a plain part of a name: there the file that exists decides."""
    decoded = decode_path(written, percent=version not in VERSIONS[1:])
    if version in VERSIONS[1:] and decoded != written and is_safe(written) and (root / written).is_file():
        return written
    return decoded


def _info(root: Path, codec: str, faults: list[Finding]) -> list[tuple[str, str]]:
    """Labels and values in order; a line that begins with blank space continues the value before it."""
    path = root / "bag-info.txt"
    if path.is_symlink() or not path.is_file():
        return []
    pairs: list[tuple[str, str]] = []
    for line in split_lines(_text(root, "bag-info.txt", codec, faults) or ""):
        label, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
        elif colon and label.strip():
            pairs.append((label.strip(), value.strip()))
        elif line.strip():
            faults.append(Finding("bag-info-syntax", "bag-info.txt", line[:120]))
    return pairs


def _oxum(info: list[tuple[str, str]], faults: list[Finding]) -> tuple[int, int] | None:
    values = [value for label, value in info if label.casefold() == "payload-oxum"]
    if not values:
        return None
    found = re.fullmatch(r"([0-9]{1,20})\.([0-9]{1,12})", values[0])
    if found is None or len(values) > 1:
        faults.append(Finding("bag-oxum-syntax", "bag-info.txt", "; ".join(values)[:120]))
        return None
    return int(found[1]), int(found[2])
