"""Typst with the packaged Vietnamese font: one compiler a process, its fonts read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import fontpkg_be_vietnam_pro
import pypdfium2
import typst
from PIL import Image

LETTER = Path(__file__).with_name("letter.typ")
SEAL = Path(__file__).with_name("seal.typ")


class Typesetter:
    """Typst sources into PDF/A-2b and images of pages. Same source, same date: same bytes."""

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
        if not isinstance(made, bytes):
            raise TypeError("typst gave no PDF")
        return made

    def outlines(self, source: str, inputs: Mapping[str, str]) -> bytes:
        """An SVG of the only page, in which letters are shapes and no longer text."""
        with TemporaryDirectory() as folder:
            main = _written(Path(folder), source, {})
            made = self._compiler.compile(input=main, root=folder, format="svg", sys_inputs=dict(inputs))
        if not isinstance(made, bytes):
            raise TypeError("typst gave no single page")
        return made

    def images(
        self,
        source: str,
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        dpi: int,
    ) -> list[Image.Image]:
        """An RGB image a page. PDFium draws a third as long as typst's PNG takes to write and read."""
        with pypdfium2.PdfDocument(self.pdf(source, inputs, files)) as document:
            return [page.render(scale=dpi / 72).to_pil().convert("RGB") for page in document]


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


@cache
def seal_of(agency: str) -> bytes:
    """The seal of an agency, by the name on its letterhead, as SVG."""
    return typesetter().outlines(SEAL.read_text(encoding="utf-8"), {"agency": agency})
