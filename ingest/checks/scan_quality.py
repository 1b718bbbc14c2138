"""Digitised paper after Thông tư 02/2019/TT-BNV, Điều 6: PDF 1.4 or later, in colour, at least 200 dpi.

The 100 % scale of the same clause cannot be measured without the paper.
"""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from ingest.checks import Examination
from ingest.checks.ask import payload
from preservation.pages import PageFacts

LEAST_DPI = 200
LEAST_PDF_VERSION = (1, 4)


def check_scan_quality(examination: Examination) -> Iterator[Finding]:
    """Runs after `check_formats`, which has measured the pages. Born-digital pages are not judged."""
    for path in payload(examination):
        measured = examination.fact(path).measured
        if measured and measured["scans"]:
            yield from _judge(path, measured)


def _judge(path: str, measured: PageFacts) -> Iterator[Finding]:
    coarse = [
        (scan["dpi"], scan["page"]) for scan in measured["scans"] if scan["dpi"] and scan["dpi"] < LEAST_DPI
    ]
    if coarse:
        pages = page_list([page for _, page in coarse])
        yield Finding(
            "scan-resolution", path, got=f"{min(coarse)[0]} dpi ({pages})", expected=f"{LEAST_DPI} dpi"
        )
    grey = [scan["page"] for scan in measured["scans"] if not scan["colour"]]
    if grey:
        yield Finding("scan-colour", path, got=page_list(grey))
    version = measured["pdf_version"]
    if version and tuple(map(int, version.split("."))) < LEAST_PDF_VERSION:
        yield Finding("scan-pdf-version", path, got=version, expected="1.4")


def page_list(pages: list[int]) -> str:
    """
    >>> page_list([1, 2, 3, 7, 9, 10])
    '1-3, 7, 9-10'
    """
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
