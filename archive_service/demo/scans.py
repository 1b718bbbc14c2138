"""Sheets as a scanner gives them: a little crooked, a little grey, 200 dpi in colour (TT 02/2019 Đ.6.1)."""

from __future__ import annotations

from io import BytesIO
from random import Random

from PIL import Image, ImageChops

from archive_service.demo.documents import Paper, page_images, two_layers

DPI = 200
GRAIN = 512
"""Side of the square of noise that is laid over the page again and again, in pixels."""


def scanned(paper: Paper, chance: Random) -> bytes:
    """A two-layer PDF: a JPEG of each page at 200 dpi and 100 % scale, and the text that search finds."""
    return two_layers(paper, [scan_of(page, chance) for page in page_images(paper, dpi=DPI)])


def scan_of(sheet: Image.Image, chance: Random) -> bytes:
    """A JPEG of one sheet, put on the glass by hand."""
    tint = (chance.randint(246, 252), chance.randint(244, 249), chance.randint(232, 242))
    yellowed = sheet.point([level * full // 255 for full in tint for level in range(256)])
    crooked = yellowed.rotate(chance.uniform(-0.6, 0.6), Image.Resampling.BILINEAR, fillcolor=tint)
    return jpeg(ImageChops.subtract(crooked, _grain(sheet.size, chance)), quality=62)


def jpeg(image: Image.Image, *, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(DPI, DPI))
    return out.getvalue()


def _grain(size: tuple[int, int], chance: Random) -> Image.Image:
    """Weak grey noise, the same for the same chance (Pillow's own noise cannot be seeded)."""
    square = Image.frombytes("L", (GRAIN, GRAIN), chance.randbytes(GRAIN * GRAIN)).point(
        [n // 40 for n in range(256)]
    )
    sheet = Image.new("L", size)
    for left in range(0, size[0], GRAIN):
        for top in range(0, size[1], GRAIN):
            sheet.paste(square, (left, top))
    return Image.merge("RGB", (sheet, sheet, sheet))
