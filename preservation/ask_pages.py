"""Asking the sandbox for pages as pictures and for what can be measured on them.

Apart from `pages`, which parses: a worker that only asks neither loads the parsers nor can run one by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from archive_service.kernel.sandbox import Limits, Sandbox
from preservation.kinds import kind_of

WIDTHS = (400, 800, 1200, 1600)
LIMITS = Limits(cpu_s=60, wall_s=90, resident_bytes=1536 << 20)


class ScanFact(TypedDict):
    """A scanned page: resolution of its coarsest full-page image as it lies there (None: not stated), and colour.

    `finest_dpi` differs from `dpi` on a page of layers: there it is that of the finest layer or mask.
    """

    page: int
    dpi: int | None
    finest_dpi: int | None
    colour: bool


class PageFacts(TypedDict):
    """`pages` is None when the file does not open without a password. `claims_pdfa` ("2B") is only a claim."""

    pages: int | None
    pdf_version: str
    encrypted: bool
    claims_pdfa: str
    scans: list[ScanFact]


NOTHING = PageFacts(pages=None, pdf_version="", encrypted=False, claims_pdfa="", scans=[])


def ask_page(
    sandbox: Sandbox, path: Path, puid: str, page: int, width: int, marks: Sequence[str] = ()
) -> bytes:
    """Page `page` (from 1) as PNG, or JPEG if it is a photograph or scan. `width` is one of WIDTHS, in pixels.

    A very long page is narrower. `marks`: words to mark where a PDF's text has them, as they are written there.
    Raises IndexError, SandboxFailure.
    """
    if width not in WIDTHS:
        raise ValueError(f"width {width} is not one of {WIDTHS}")
    drawn: bytes | None = sandbox.run(
        "preservation.reading.pages:draw_page", str(path), puid, page, width, tuple(marks), limits=LIMITS
    )
    if drawn is None:
        raise IndexError(f"there is no page {page}")
    return drawn


def ask_page_facts(sandbox: Sandbox, path: Path, puid: str) -> PageFacts:
    """What can be measured; NOTHING for a format without pages. Raises SandboxFailure."""
    if kind_of(puid) not in ("pdf", "image"):
        return NOTHING
    facts: PageFacts = sandbox.run("preservation.reading.pages:page_facts", str(path), puid, limits=LIMITS)
    return facts
