"""`/demo`, in demo mode only: what the demo just did, and people to sign in as.

Whoever serves the demo sets `app.state.story`; without it the page says where the passwords were printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response

from archive_service.kernel.errors import Missing
from archive_service.web.frame import Page, render, sentences
from archive_service.web.session import page_router
from archive_service.work import Archive

router = page_router()


@dataclass(frozen=True)
class Told:
    """A part of the story in both languages, its results, and where to look."""

    vi: str
    en: str
    results: Sequence[tuple[str, str]] = ()
    link: str = ""


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    name: str
    try_vi: str
    try_en: str


@dataclass(frozen=True)
class Story:
    acts: Sequence[Told]
    accounts: Sequence[Account]


@router.get("/demo")
def show_demo(request: Request) -> Response:
    archive: Archive = request.app.state.archive
    if not archive.settings.demo:
        raise Missing
    t = sentences(request)
    story: Story | None = getattr(request.app.state, "story", None)
    return render(request, "docs/demo.html", Page(t("demo.title")), story=story)
