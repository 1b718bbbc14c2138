"""What a scanned page is made of: one picture, or layers of different resolution (mixed raster content).

Such scanners keep the strokes of the writing as a fine mask, paper and colours coarsely. Foreign bytes: in the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from preservation.ask_pages import ScanFact

SCAN_SHARE = 0.5
"""A page is a scan when one image covers at least this share of it."""
DEEPEST = 3
Size = tuple[int, int]


def scan_of(page: pypdfium2.PdfPage, number: int, masks: Mapping[Size, Size]) -> ScanFact | None:
    """None for a page that is no scan. `masks` as of `masks_of`."""
    layers = [each.get_metadata() for each in _covering(page)]
    if not layers:
        return None
    pictures = [each for each in layers if each.bits_per_pixel > 1] or layers
    coarsest = min(map(_dpi, pictures))
    finest = max(max(map(_dpi, layers)), *(_mask_dpi(each, masks) for each in layers))
    colour = any(
        each.bits_per_pixel > 16 or each.colorspace == pdfium.FPDF_COLORSPACE_INDEXED for each in pictures
    )
    return ScanFact(page=number, dpi=coarsest, finest_dpi=finest, colour=colour)


def masks_of(page: pikepdf.Page) -> dict[Size, Size]:
    """The size of each image of the page that has an explicit mask → the size of that mask."""
    found = {}
    for image in _images(page.obj.get("/Resources"), DEEPEST):
        mask = image.get("/Mask")
        if isinstance(mask, pikepdf.Stream):
            found[_size(image)] = _size(mask)
    return found


def _covering(page: pypdfium2.PdfPage) -> Iterator[Any]:
    across, down = page.get_size()
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=DEEPEST):
        left, bottom, right, top = item.get_bounds()
        if max(right - left, 0) * max(top - bottom, 0) >= SCAN_SHARE * across * down:
            yield item


def _dpi(layer: Any) -> int:
    across, down = float(layer.horizontal_dpi), float(layer.vertical_dpi)
    return round(min(across, down))


def _mask_dpi(layer: Any, masks: Mapping[Size, Size]) -> int:
    """The mask is stretched over its image, so it is as much finer as it has more points."""
    width, height = masks.get((layer.width, layer.height), (0, 0))
    across = float(layer.horizontal_dpi) * width / max(int(layer.width), 1)
    down = float(layer.vertical_dpi) * height / max(int(layer.height), 1)
    return round(min(across, down))


def _images(resources: Any, depth: int) -> Iterator[Any]:
    held = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    for item in held.values() if isinstance(held, pikepdf.Dictionary) else ():
        if item.get("/Subtype") == "/Image":
            yield item
        elif depth > 1:
            yield from _images(item.get("/Resources"), depth - 1)


def _size(image: Any) -> Size:
    return int(image.get("/Width", 0)), int(image.get("/Height", 0))
