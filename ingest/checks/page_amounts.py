"""The pages that a document declares against the pages that its files have."""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from ingest.checks import Examination
from ingest.checks.places import document_place
from preservation.description.accessors import whole_number


def check_page_amounts(examination: Examination) -> Iterator[Finding]:
    """Runs after `check_formats`. Office files are not judged: their pages depend on who prints them.

    The law does not say whether attachments count, so either reading of PageAmount is right.
    """
    documents = examination.description.documents if examination.description else ()
    for number, document in enumerate(documents, start=1):
        declared = whole_number(document.tags, "PageAmount")
        pages = [examination.fact(path).pages for path in document.files if path in examination.facts]
        if declared is not None and pages and not _may_be(declared, pages):
            total = sum(each or 0 for each in pages)
            yield Finding("metadata-page-amount", document_place(number), str(total), str(declared))


def _may_be(declared: int, pages: list[int | None]) -> bool:
    """
    >>> [_may_be(5, pages) for pages in ([5], [5, 2], [3, 2], [3, None], [6, None], [None, 2], [3, 1])]
    [True, True, True, True, False, True, False]
    """
    original = pages[0]
    if original is None or declared == original:
        return True
    counted = [each for each in pages if each is not None]
    return declared == sum(counted) if len(counted) == len(pages) else declared > original
