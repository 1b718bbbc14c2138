"""The text of a document, page by page, for search and for reading. Foreign bytes: the parsers run in the sandbox.

Others call it by `ask_text`. PDF, DOCX, XLSX, OpenDocument, plain text, CSV, XML and HTML have text; an image has
none, and an unknown format has none. What is not done: recognising characters in scans, old encodings of fonts
(TCVN 3, VNI), text in pictures of office files.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from unicodedata import normalize

import lxml.html
import pypdfium2

from preservation.kinds import Kind, kind_of
from preservation.text_office import docx_parts, opendocument_text, xlsx_sheets

MOST_PAGES = 10_000
MOST_CHARACTERS = 20_000_000
MOST_PLAIN_BYTES = 64 << 20
_BLOCKS = ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "title")
_CONTROLS = {code: " " for code in range(32) if chr(code) not in "\n\t"} | {0x7F: " "}


def extract_text(path: str, puid: str) -> list[str]:
    """Runs in the sandbox. Cut off at MOST_PAGES and MOST_CHARACTERS; without control characters."""
    reader = _READERS.get(kind_of(puid))
    return list(_bounded(reader(Path(path)))) if reader else []


def _bounded(pages: Iterable[str]) -> Iterator[str]:
    left = MOST_CHARACTERS
    for number, page in enumerate(pages):
        if number == MOST_PAGES or left <= 0:
            return
        yield clean(page[:left])
        left -= len(page)


def clean(text: str) -> str:
    """Line ends are LF; control characters are spaces (PostgreSQL refuses NUL); lone surrogates are "?".

    >>> clean("Số\\r\\n15\\x00/QĐ")
    'Số\\n15 /QĐ'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return text.encode("utf-8", "replace").decode("utf-8")


def _pdf(path: Path) -> Iterator[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        for number in range(min(len(document), MOST_PAGES)):
            page = document[number]
            text = page.get_textpage()
            yield text.get_text_bounded()
            text.close()
            page.close()
    finally:
        document.close()


def _plain(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        yield from decode(stream.read(MOST_PLAIN_BYTES)).split("\f")


def decode(raw: bytes) -> str:
    """UTF-8, UTF-16 with its mark or with every other byte zero, else Windows-1258, the older Vietnamese one."""
    for mark, encoding in ((BOM_UTF8, "utf-8-sig"), (BOM_UTF16_LE, "utf-16"), (BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if b"\x00" in raw[:2000]:
        return raw.decode(
            "utf-16-be" if raw[:2000:2].count(0) > raw[1:2000:2].count(0) else "utf-16-le", "replace"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two by the limit on bytes is no other encoding.
        if len(raw) == MOST_PLAIN_BYTES and error.start > len(raw) - 4:
            return raw.decode("utf-8", "ignore")
        # There the marks of tones follow their letters.
        return normalize("NFC", raw.decode("cp1258", "replace"))


def _html(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        raw = stream.read(MOST_PLAIN_BYTES)
    declares = b"charset" in raw[:2000].lower() and not raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    parser = lxml.html.HTMLParser(encoding=None if declares else "utf-8", huge_tree=False)
    root = lxml.html.document_fromstring(raw if declares else decode(raw).encode(), parser=parser)
    for element in root.iter("script", "style", "template"):
        element.text = None
    for element in root.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
    yield "".join(str(each) for each in root.itertext())


_READERS: dict[Kind, Callable[[Path], Iterator[str]]] = {
    "pdf": _pdf,
    "docx": docx_parts,
    "xlsx": xlsx_sheets,
    "opendocument": opendocument_text,
    "text": _plain,
    "html": _html,
}
