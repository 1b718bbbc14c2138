"""Digitised paper after Thông tư 02/2019/TT-BNV, Điều 6: PDF 1.4 or later, in colour, at least 200 dpi.

The 100 % scale of the same clause cannot be measured without the paper.
"""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from ingest.checks import Examination
from ingest.checks.ask import payload
from preservation.ask_pages import PageFacts, ScanFact

LEAST_DPI = 200
LEAST_PDF_VERSION = (1, 4)


def check_scan_quality(examination: Examination) -> Iterator[Finding]:
    """Runs after `check_formats`, which has measured the pages. Born-digital pages are not judged."""
    for path in payload(examination):
        measured = examination.fact(path).measured
        if measured and measured["scans"]:
            yield from _judge(path, measured)


def _judge(path: str, measured: PageFacts) -> Iterator[Finding]:
    coarse = [scan for scan in measured["scans"] if scan["dpi"] and scan["dpi"] < LEAST_DPI]
    layered = [scan for scan in coarse if (scan["finest_dpi"] or 0) >= LEAST_DPI]
    yield from _coarse("scan-resolution", path, [scan for scan in coarse if scan not in layered])
    yield from _coarse("scan-layered", path, layered)
    grey = [scan["page"] for scan in measured["scans"] if not scan["colour"]]
    if grey:
        yield Finding("scan-colour", path, got=page_list(grey))
    version = measured["pdf_version"]
    if version and tuple(map(int, version.split("."))) < LEAST_PDF_VERSION:
        yield Finding("scan-pdf-version", path, got=version, expected="1.4")


def _coarse(code: str, path: str, scans: list[ScanFact]) -> Iterator[Finding]:
    if scans:
        dpi = str(min(scan["dpi"] or 0 for scan in scans))
        if code == "scan-layered":
            dpi += f" / {min(scan['finest_dpi'] or 0 for scan in scans)}"
        pages = page_list([scan["page"] for scan in scans])
        yield Finding(code, path, got=f"{dpi} dpi ({pages})", expected=f"{LEAST_DPI} dpi")


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
