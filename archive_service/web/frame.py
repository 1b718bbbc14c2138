"""The frame of every page: who is looking, where they are, what is away, in which language.

A page's route ends with `render(request, "inbox.html", Page(title=…), rows=…)`; an act ends with
`redirect("/sips", Flash("accept.done", code=…))`. Before that the application has set once
`app.state.site` (a `Site`) and, for each request, `request.state.viewer` (a `Viewer`) and
`request.state.csrf`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from archive_service.web.jinja import environment
from archive_service.web.navigation import SEARCHING, navigation_for
from archive_service.web.preferences import Preferences, preferences_of
from archive_service.web.sentences import Sentences

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FLASH = "flash"
FLASH_SECONDS = 60


@dataclass(frozen=True)
class Viewer:
    """The signed-in person, as far as the frame needs to know."""

    name: str
    unit: str
    roles: frozenset[str]
    username: str

    @property
    def searches(self) -> bool:
        return bool(self.roles & SEARCHING)


@dataclass(frozen=True)
class Notice:
    """Above every page: what stops, what is safe, since when. `ours` is our fault, `danger` a loss."""

    vi: str
    en: str
    kind: Literal["ours", "danger"] = "ours"

    def sentence(self, language: str) -> str:
        return self.en if language == "en" else self.vi


@dataclass(frozen=True)
class Site:
    """What is the same on all pages: the archive's names, support line, version, clock, notices."""

    name: str
    unit: str
    support: str
    version: str
    now: Callable[[], datetime]
    notices: Callable[[Viewer | None], Sequence[Notice]] = lambda viewer: ()
    demo: bool = False
    roots: Mapping[str, str] = field(default_factory=dict)

    def root(self, root_id: str | None) -> str:
        """A storage root as pages call it; one that is no longer set by its id."""
        return self.roots.get(root_id or "", root_id or "")


@dataclass(frozen=True)
class Page:
    """`title` is the h1 and, with the archive's name, the title of the window.

    `crumbs` lead here: (words, address) pairs, codes rather than titles. `here` is the address of the
    navigation entry that is current. `failed` marks a form with errors: the title begins with "Lỗi: ".
    """

    title: str
    summary: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    here: str = ""
    failed: bool = False
    up: str = ""


@dataclass(frozen=True, init=False)
class Flash:
    """One sentence after an act: what, which, when, what next. Kept as key and fields, never as markup."""

    key: str
    kind: str
    fields: Mapping[str, object]

    def __init__(self, key: str, kind: Literal["good", "turn", "ours"] = "good", **fields: object) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "fields", fields)


def render(request: Request, template: str, page: Page, status: int = 200, **context: object) -> HTMLResponse:
    """A whole page. Undefined names in the template raise; text is escaped; the flash is shown once."""
    preferences, flash = preferences_of(request), _flash_of(request)
    html = (
        environment(preferences.language)
        .get_template(template)
        .render(**_frame(request, page, preferences), flash=flash, **context)
    )
    answer = HTMLResponse(html, status_code=status, headers=SECURITY_HEADERS)
    if flash or FLASH in request.cookies:
        answer.delete_cookie(FLASH)
    return answer


def fragment(request: Request, template: str, **context: object) -> Response:
    """A piece of a page for the progress script, with ETag: 304 while nothing has changed."""
    html = environment(preferences_of(request).language).get_template(template).render(**context)
    etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'
    headers = {**SECURITY_HEADERS, "Cache-Control": "private, no-cache", "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


def redirect(address: str, flash: Flash | None = None) -> RedirectResponse:
    """See other (303), so that reloading the next page repeats no act."""
    answer = RedirectResponse(address, status_code=303)
    if flash:
        text = json.dumps([flash.key, flash.kind, dict(flash.fields)])
        value = base64.urlsafe_b64encode(text.encode()).decode()
        answer.set_cookie(FLASH, value, max_age=FLASH_SECONDS, httponly=True, samesite="lax")
    return answer


def sentences(request: Request) -> Sentences:
    """`t` for routes: the sentences in the language that this person prefers."""
    return Sentences(preferences_of(request).language)


def viewer_of(request: Request) -> Viewer | None:
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return viewer


def _frame(request: Request, page: Page, preferences: Preferences) -> dict[str, object]:
    viewer, site = viewer_of(request), request.app.state.site
    query = f"?{request.url.query}" if request.url.query else ""
    return {
        "page": page,
        "viewer": viewer,
        "site": site,
        "preferences": preferences,
        "csrf": getattr(request.state, "csrf", ""),
        "address": request.url.path + query if request.method == "GET" else request.url.path,
        "now": site.now(),
        "notices": site.notices(viewer),
        "navigation": navigation_for(viewer.roles, lambda path: offers(request.app, path)) if viewer else (),
        "offers": lambda path: offers(request.app, path),
    }


@cache
def offers(app: FastAPI, path: str) -> bool:
    """Whether this server has the page: no navigation leads to a page that is not there."""
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)


def _flash_of(request: Request) -> Flash | None:
    """The flash of the previous act. A cookie that is not ours is dropped without a word."""
    try:
        key, kind, fields = json.loads(base64.urlsafe_b64decode(request.cookies.get(FLASH, "")))
        flash = Flash(key, kind, **fields)
        sentences(request)(flash.key, **flash.fields)
    except (binascii.Error, ValueError, TypeError, KeyError, IndexError):
        return None
    return flash if flash.kind in {"good", "turn", "ours"} else None
