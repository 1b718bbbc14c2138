"""Requests that cannot be done, as pages: the same frame, one sentence, a way back; no path, no stack.

A record that is missing and one that this person may not see give the same page, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse

from archive_service.kernel.errors import ArchiveError, Missing
from archive_service.web.frame import Page, render, sentences
from archive_service.web.texts import when

TITLED = frozenset({401, 403, 404, 409, 413, 422, 429, 500, 503})


def refusal_page(
    request: Request, error: ArchiveError, *, until: datetime | None = None, lines: Sequence[str] = ()
) -> HTMLResponse:
    """The page of an `ArchiveError`: its sentence, when to try again, what else the caller knows (who, when)."""
    t = sentences(request)
    sentence = Missing().sentence(t.language) if error.status == 404 else error.sentence(t.language)
    more = list(lines) if error.status != 404 else []
    if until is not None:
        more.append(t("error.until", at=when(until)))
    return _page(request, error.status, sentence, more)


def fault_page(request: Request, incident: str, *, kept: bool = False) -> HTMLResponse:
    """The page of our own fault (500). `kept` only when what was sent is really still there."""
    t = sentences(request)
    lines = [t("error.kept")] if kept else []
    return _page(request, 500, t("error.fault", incident=incident), lines)


def _page(request: Request, status: int, sentence: str, lines: Sequence[str]) -> HTMLResponse:
    t = sentences(request)
    title = t(f"error.title_{status if status in TITLED else 422}")
    return render(request, "error.html", Page(title), status, sentence=sentence, lines=lines, back="/")
