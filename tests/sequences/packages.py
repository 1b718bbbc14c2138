"""What the sequences send: small, large, odd names, the same bytes twice. Each holds a mark found nowhere else."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.builders import CODE, BagBuilder


@dataclass(frozen=True)
class Package:
    container: bytes
    files: dict[str, str]
    """Path in the bag → SHA-256 of what was sent."""
    mark: bytes
    """Stands in every document and in its description, and in nothing that may outlive the dossier."""


def _small(mark: bytes, _: random.Random) -> dict[str, Any]:
    return {"documents": 1, "content": b"%PDF-1.4 " + mark}


def _odd_names(mark: bytes, _: random.Random) -> dict[str, Any]:
    names = ("data/Tờ trình số 3 (bản ký) %20 ~1.pdf", f"data/{'đ' * 90}.pdf")
    renamed = {f"data/{CODE}.{number:03}.pdf": name for number, name in enumerate(names, 1)}
    return {"documents": 2, "content": b"%PDF-1.4 " + mark, "rename": renamed}


def _large(mark: bytes, dice: random.Random) -> dict[str, Any]:
    return {"documents": 1, "content": b"%PDF-1.4 " + mark + dice.randbytes(9 << 20)}


def _twins(mark: bytes, _: random.Random) -> dict[str, Any]:
    """Two documents of the same bytes: one content file of the object, under two logical paths."""
    paths = [f"data/{CODE}.{number:03}.pdf" for number in (1, 2)]
    return {"documents": 2, "files": dict.fromkeys(paths, b"%PDF-1.4 twin " + mark)}


SHAPES: tuple[Callable[[bytes, random.Random], dict[str, Any]], ...] = (_small, _odd_names, _large, _twins)


@cache
def package(number: int) -> Package:
    """A dossier of 2010, kept for ten years: due for destruction. Its shape goes by its number."""
    code, mark = f"000.00.12.H43.2010.{number:02}.TTr", b"dau-vet-%03d-khong-o-dau-khac" % number
    builder = BagBuilder(
        dossier={
            "FileCode": code,
            "FileCatalog": "2010",
            "FileNotation": f"{number:02}.TTr",
            "StartDate": "02/01/2010",
            "EndDate": "31/12/2010",
            "Maintenance": "10 năm",
        },
        every_document={"FileCode": code, "Subject": mark.decode()},
        **SHAPES[number % len(SHAPES)](mark, random.Random(number)),
    )
    files = {path: _bytes_of(source) for path, source in builder.payload().items()}
    with TemporaryDirectory() as folder:
        container = builder.zip(Path(folder) / "goi.zip").read_bytes()
    return Package(container, {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}, mark)


def _bytes_of(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()
