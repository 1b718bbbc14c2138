"""Typst with the packaged Vietnamese font: one compiler a process, its fonts read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import fontpkg_be_vietnam_pro
import typst

LETTER = Path(__file__).with_name("letter.typ")


class Typesetter:
    """Typst sources into PDF/A-2b and page images. Same source, same date: same bytes."""

    def __init__(self) -> None:
        # The machine's own fonts differ from machine to machine, and some lack the marks of Vietnamese.
        self._compiler = typst.Compiler(
            font_paths=[str(fontpkg_be_vietnam_pro.ROOT)], ignore_system_fonts=True
        )

    def pdf(
        self,
        source: str,
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        made_at: datetime | None = None,
    ) -> bytes:
        """A PDF/A-2b, its creation date `made_at` (the epoch without one). `files`: what the source reads."""
        with TemporaryDirectory() as folder:
            made = self._compiler.compile(
                input=_written(Path(folder), source, files or {}),
                root=folder,
                format="pdf",
                sys_inputs=dict(inputs or {}),
                pdf_standards=["a-2b"],
                timestamp=int(made_at.timestamp()) if made_at else 0,
            )
        return _whole(made)[0]

    def images(self, source: str, inputs: Mapping[str, str] | None = None, *, dpi: int) -> list[bytes]:
        """A PNG a page."""
        with TemporaryDirectory() as folder:
            made = self._compiler.compile(
                input=_written(Path(folder), source, {}),
                root=folder,
                format="png",
                ppi=float(dpi),
                sys_inputs=dict(inputs or {}),
            )
        return _whole(made)


def _whole(made: bytes | list[bytes] | None) -> list[bytes]:
    """Typst gives bytes for one page and a list for several; None only when it writes to a path."""
    if made is None:
        raise TypeError("typst wrote to a path that nobody named")
    return [made] if isinstance(made, bytes) else list(made)


def _written(folder: Path, source: str, files: Mapping[str, bytes]) -> str:
    for name, content in {"main.typ": source.encode(), **files}.items():
        (folder / name).write_bytes(content)
    return str(folder / "main.typ")


@cache
def typesetter() -> Typesetter:
    return Typesetter()


@cache
def letter() -> str:
    return LETTER.read_text(encoding="utf-8")
