"""The text of office files, streamed from their XML. Runs in the sandbox.

Read without building the document: a paragraph is handed on and forgotten, so that memory stays flat.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import lxml.etree
import openpyxl

MOST_XML_BYTES = 512 << 20
MOST_CELLS_IN_ROW = 1_000
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_WORD_PARTS = ("word/header", "word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/footer")


class OverblownFile(ValueError):
    """The package unpacks to more than a document can be: a zip bomb, or not a document."""


def docx_parts(path: Path) -> Iterator[str]:
    """All text as one page (a DOCX has pages only when it is laid out): headers, body, notes, footers."""
    with _opened(path) as package:
        names = [name for part in _WORD_PARTS for name in sorted(package.namelist()) if name.startswith(part)]
        yield "\n".join(_paragraphs(package, [name for name in names if name.endswith(".xml")]))


def _paragraphs(package: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    for name in names:
        with package.open(name) as stream:
            for paragraph in _elements(stream, f"{_WORD}p"):
                yield "".join(_runs(paragraph))


def _runs(paragraph: lxml.etree._Element) -> Iterator[str]:
    for element in paragraph.iter(f"{_WORD}t", f"{_WORD}tab", f"{_WORD}br", f"{_WORD}cr"):
        if element.tag == f"{_WORD}t":
            yield element.text or ""
        else:
            yield "\t" if element.tag == f"{_WORD}tab" else "\n"


def opendocument_text(path: Path) -> Iterator[str]:
    """Paragraphs and headings of a text, sheet or presentation, as one page."""
    with _opened(path) as package, package.open("content.xml") as stream:
        yield "\n".join(
            "".join(str(text) for text in each.itertext())
            for each in _elements(stream, f"{_ODF}p", f"{_ODF}h")
        )


def xlsx_sheets(path: Path) -> Iterator[str]:
    """One page a sheet: its name, then a line a row, cells between tabs; formulas as last calculated."""
    _opened(path).close()
    # A stream, because openpyxl refuses a path by its extension.
    with path.open("rb") as stream:
        workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        for sheet in workbook.worksheets:
            # The declared size is the producer's word: A1:XFD1048576 costs minutes of empty cells.
            sheet.reset_dimensions()
            lines = (
                "\t".join(str(value) for value in row[:MOST_CELLS_IN_ROW] if value is not None)
                for row in sheet.iter_rows(values_only=True)
            )
            yield "\n".join([sheet.title, *filter(None, lines)])
        workbook.close()


def _opened(path: Path) -> zipfile.ZipFile:
    package = zipfile.ZipFile(path)
    if sum(each.file_size for each in package.infolist()) > MOST_XML_BYTES:
        package.close()
        raise OverblownFile(f"more than {MOST_XML_BYTES >> 20} MiB when unpacked")
    return package


def _elements(stream: IO[bytes], *tags: str) -> Iterator[lxml.etree._Element]:
    """Each element once it is complete; then it and what stood before it are dropped. No entity is expanded."""
    parser = lxml.etree.iterparse(stream, tag=tags, resolve_entities=False, no_network=True, huge_tree=False)
    for _, element in parser:
        yield element
        element.clear(keep_tail=True)
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]
