"""Pages as pictures, and what can be measured on them. Foreign bytes: runs in the sandbox, called by `ask_pages`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageOps

from preservation.ask_pages import NOTHING, PageFacts, ScanFact
from preservation.kinds import kind_of
from preservation.scans import masks_of, scan_of

MOST_HEIGHT = 6400
MOST_PIXELS = 150_000_000
MOST_MEASURED_PAGES = 300
MARK = "#FFE27A"
_OPAQUE_GREY = ("1", "L", "LA", "I", "I;16", "F")


def draw_page(path: str, puid: str, page: int, width: int, marks: Sequence[str] = ()) -> bytes | None:
    """The picture; None if the file has no such page, or no pages at all."""
    kind = kind_of(puid)
    if kind == "pdf":
        return _draw_pdf(path, page, width, marks)
    return _draw_image(path, page, width) if kind == "image" else None


def page_facts(path: str, puid: str) -> PageFacts:
    kind = kind_of(puid)
    if kind == "pdf":
        return _pdf_facts(path)
    return _image_facts(path) if kind == "image" else NOTHING


def _draw_pdf(path: str, number: int, width: int, marks: Sequence[str]) -> bytes | None:
    document = pypdfium2.PdfDocument(path)
    if not 1 <= number <= len(document):
        return None
    page = document[number - 1]
    across, down = page.get_size()
    scale = min(width / max(across, 1), MOST_HEIGHT / max(down, 1))
    drawn = page.render(scale=scale, may_draw_forms=False).to_pil()
    if marks:
        drawn = _marked(drawn, _boxes(page, marks), scale, down)
    return _encode(drawn, "JPEG" if scan_of(page, number, {}) else "PNG")


def _boxes(page: pypdfium2.PdfPage, marks: Sequence[str]) -> Iterator[tuple[float, float, float, float]]:
    """Where the words stand, in points from the lower left corner: left, bottom, right, top."""
    text = page.get_textpage()
    for mark in marks:
        search = text.search(mark, match_whole_word=True)
        while found := search.get_next():
            first, count = found
            yield from (text.get_charbox(number, loose=True) for number in range(first, first + count))


def _marked(
    drawn: Image.Image, boxes: Iterable[tuple[float, float, float, float]], scale: float, down: float
) -> Image.Image:
    """Yellow under the words, as a felt pen does it: the ink stays black."""
    felt = Image.new("RGB", drawn.size, "white")
    pen = ImageDraw.Draw(felt)
    for left, bottom, right, top in boxes:
        pen.rectangle(
            [left * scale - 2, (down - top) * scale - 2, right * scale + 2, (down - bottom) * scale + 2],
            fill=MARK,
        )
    return ImageChops.multiply(drawn.convert("RGB"), felt)


def _draw_image(path: str, number: int, width: int) -> bytes | None:
    with _opened(path) as image:
        if not 1 <= number <= _frames(image):
            return None
        if number > 1:
            image.seek(number - 1)
        photograph = image.format in ("JPEG", "MPO")
        # A JPEG can be read at a half, quarter or eighth of its size.
        image.draft("RGB", (width, width))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((width, MOST_HEIGHT))
        return _encode(upright, "JPEG" if photograph else "PNG")


def _encode(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG" or image.mode not in ("1", "L", "RGB", "RGBA", "P"):
        image = image.convert("RGB")
    image.save(out, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return out.getvalue()


def _opened(path: str) -> Image.Image:
    image = Image.open(path)
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise ValueError(f"{image.width} x {image.height} pixels, {MOST_PIXELS} allowed")
    return image


def _frames(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _image_facts(path: str) -> PageFacts:
    with _opened(path) as image:
        stated = image.info.get("dpi")
        dpi = round(float(min(stated))) if stated and min(stated) > 1 else None
        scan = ScanFact(page=1, dpi=dpi, finest_dpi=dpi, colour=image.mode not in _OPAQUE_GREY)
        return {**NOTHING, "pages": _frames(image), "scans": [scan]}


def _pdf_facts(path: str) -> PageFacts:
    try:
        with pikepdf.open(path) as pdf:
            facts = _claims(pdf)
            masks = [masks_of(page) for page in pdf.pages[:MOST_MEASURED_PAGES]]
    except pikepdf.PasswordError:
        return {**NOTHING, "encrypted": True}
    document = pypdfium2.PdfDocument(path)
    measured = range(min(len(document), MOST_MEASURED_PAGES))
    scans = [
        scan_of(document[number], number + 1, masks[number] if number < len(masks) else {})
        for number in measured
    ]
    return {**facts, "pages": len(document), "scans": [each for each in scans if each]}


def _claims(pdf: pikepdf.Pdf) -> PageFacts:
    try:
        claimed = pdf.open_metadata().pdfa_status
    except (ValueError, TypeError, KeyError):  # XMP is as foreign as the rest; a damaged one claims nothing
        claimed = ""
    return {**NOTHING, "pdf_version": pdf.pdf_version, "encrypted": pdf.is_encrypted, "claims_pdfa": claimed}
