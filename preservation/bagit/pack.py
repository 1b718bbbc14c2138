"""Put a bag's folder into one zip or tar, the same bytes each time: times, owners and order are fixed."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from archive_service.kernel.digests import CHUNK

SUFFIXES = (".zip", ".tar", ".tar.gz")


def pack(bag: Path, out: Path, name: str) -> Path:
    """Write `out` (.zip, .tar or .tar.gz by its name) with the bag inside the folder `name` (RFC 8493, 4.2)."""
    if out.name.endswith(".zip"):
        _zip(bag, out, name)
    else:
        _tar(bag, out, name)
    return out


def _files(bag: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(bag.rglob("*")):
        if path.is_file():
            yield path, path.relative_to(bag).as_posix()


def _zip(bag: Path, out: Path, name: str) -> None:
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
        for path, inside in _files(bag):
            info = zipfile.ZipInfo(f"{name}/{inside}")  # its time is 01/01/1980
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.file_size = path.stat().st_size  # beyond 4 GiB zipfile must know before it begins
            with path.open("rb") as source, archive.open(info, "w") as target:
                shutil.copyfileobj(source, target, CHUNK)


def _tar(bag: Path, out: Path, name: str) -> None:
    # gzip would write the hour into its head: ".tar.gz" differs by that alone.
    with tarfile.open(out, "x:gz" if out.name.endswith(".gz") else "x") as archive:
        for path, inside in _files(bag):
            info = tarfile.TarInfo(f"{name}/{inside}")
            info.size, info.mode = path.stat().st_size, 0o644
            with path.open("rb") as source:
                archive.addfile(info, source)
