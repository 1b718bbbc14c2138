"""The software that runs, as far as it can be taken along: source, versions, lock file (TT 02/2019 Điều 3, 8)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import platform
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import archive_service

PACKAGES = ("archive_service", "ingest", "preservation", "retention", "search")
BESIDE = ("pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md", "Makefile", "Dockerfile")
"""Lie beside the packages where the software runs from its source."""
SKIPPED = ("__pycache__", ".pyc")


def software_files() -> Iterator[tuple[str, Path]]:
    """(name in the archive, file), sorted: everything of the five packages, and what lies beside them."""
    base = Path(str(archive_service.__path__[0])).parent
    for package in PACKAGES:
        for path in sorted((base / package).rglob("*")):
            if path.is_file() and not any(each in path.as_posix() for each in SKIPPED):
                yield path.relative_to(base).as_posix(), path
    if (base / "pyproject.toml").is_file():
        yield from ((name, base / name) for name in BESIDE if (base / name).is_file())


@cache
def software_manifest() -> dict[str, object]:
    """Version, interpreter, system, every installed distribution, and the SHA-256 of every file, as this process began."""
    installed = sorted({f"{d.name}=={d.version}" for d in importlib.metadata.distributions() if d.name})
    return {
        "version": importlib.metadata.version("archive-service"),
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "distributions": installed,
        "files": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in software_files()},
    }


def software_digest() -> str:
    """Equal for equal software on equal machines: an incremental set names the full one's bytes then."""
    return hashlib.sha256(json.dumps(software_manifest(), sort_keys=True).encode()).hexdigest()


def write_software(target: Path) -> None:
    """`software.tar.gz`: `software.json`, and below `source/` what `pip install` takes."""
    with tarfile.open(target, "w:gz", compresslevel=3) as out:
        told = json.dumps(software_manifest(), indent=1, sort_keys=True).encode()
        entry = tarfile.TarInfo("software.json")
        entry.size = len(told)
        out.addfile(entry, io.BytesIO(told))
        for name, path in software_files():
            out.add(path, f"source/{name}", recursive=False)
