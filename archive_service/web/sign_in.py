"""Signing in and out. One sentence for every wrong input; after expiry back to the page, with what was typed."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from archive_service.accounts import signin
from archive_service.accounts.signin import WrongPassword
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import TooMany
from archive_service.kernel.people import BrowserSession
from archive_service.web.forms import Form, act
from archive_service.web.frame import Page, offers, redirect, render, sentences
from archive_service.web.navigation import MY_WORK, landing_page
from archive_service.web.posted import Posted
from archive_service.web.preferences import local_address
from archive_service.web.session import (
    COOKIE,
    NEW_PASSWORD,
    SIGN_IN,
    ThePosted,
    TheVisit,
    page_router,
    recognise,
)
from archive_service.work import Archive

router = page_router()
MOST_KEPT = 64_000
SIGNED = "archive_signed"
"""Says for a minute that a session was given. Alone it means that the browser threw a `Secure` cookie away."""


@router.get(SIGN_IN)
def sign_in_form(request: Request, next: Annotated[str, Query(max_length=2000)] = "") -> Response:
    if request.state.visit is not None:
        return redirect(local_address(next or landing(request)))
    return sign_in_page(
        request, next=next, unkept=SIGNED in request.cookies and COOKIE not in request.cookies
    )


def sign_in_page(
    request: Request,
    *,
    next: str = "",
    kept: str = "",
    form: Form | None = None,
    status: int = 200,
    ended: bool = False,
    unkept: bool = False,
) -> Response:
    """`kept`: the fields of a form that arrived after its session had ended, given back after signing in.

    `unkept`: the browser threw the session's cookie away, which it does where the page came over plain HTTP.
    """
    t = sentences(request)
    form = form or Form()
    said = t("login.ended") if ended else t("login.not_kept") if unkept else ""
    page = Page(t("login.title"), said, failed=bool(form.errors or form.wrong))
    return render(
        request, "login.html", page, status, form=form, act=act(request, SIGN_IN), next=next, kept=kept
    )


@router.post(SIGN_IN)
def sign_in(request: Request, posted: ThePosted) -> Response:
    archive: Archive = request.app.state.archive
    username, next, kept = posted.text("username"), posted.raw("next"), posted.raw("kept")
    try:
        secret, row = signin.sign_in(archive, username, posted.raw("password"))
    except (WrongPassword, TooMany) as error:
        form = Form({"username": username}, {}, error.sentence(sentences(request).language))
        return sign_in_page(request, next=next, kept=kept, form=form, status=error.status)
    request.cookies[COOKIE] = secret
    recognise(request)
    _keep_form(archive, row, next, kept)
    answer = redirect(local_address(next) if next else landing(request))
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=archive.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=archive.settings.secure_cookies,
    )
    if archive.settings.secure_cookies:
        answer.set_cookie(SIGNED, "1", max_age=60, httponly=True, samesite="lax")
    return answer


@router.post("/logout")
def sign_out(request: Request, visit: TheVisit) -> Response:
    signin.sign_out(visit.archive, visit.actor, visit.session)
    answer = redirect(SIGN_IN)
    answer.delete_cookie(COOKIE)
    answer.delete_cookie(SIGNED)
    # What the person prefers to read stays; what the browser stored of the pages does not.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.get("/")
def first_page(request: Request, visit: TheVisit) -> Response:
    return redirect(landing(request))


def landing(request: Request) -> str:
    """The first page of the viewer's role, or `/my-work` for several roles."""
    viewer = request.state.viewer
    address = landing_page(viewer.roles) if viewer else MY_WORK
    return address if offers(request.app, address.partition("?")[0]) else MY_WORK


def after_expiry(request: Request) -> Response:
    """The answer to a request without a session: a page is asked for again after signing in, a form kept."""
    if request.state.visit is not None:
        return redirect(NEW_PASSWORD)
    if request.method != "POST":
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.url.path + query
        return redirect(SIGN_IN if path == "/" else f"{SIGN_IN}?{urlencode({'next': path})}")
    posted: Posted = getattr(request.state, "posted", Posted())
    return sign_in_page(request, next=request.url.path, kept=json.dumps(posted.typed), status=401, ended=True)


def _keep_form(archive: Archive, row: BrowserSession, path: str, kept: str) -> None:
    """Only what the page itself shows again as typed; it changes nothing by itself."""
    fields = _fields(kept)
    if fields:
        with archive.work(THE_ARCHIVE) as work:
            work.get(BrowserSession, row.digest).kept_form = {"path": path, "fields": fields}


def _fields(kept: str) -> dict[str, Any]:
    try:
        found = json.loads(kept) if 0 < len(kept) <= MOST_KEPT else {}
    except ValueError:
        return {}
    return (
        {name: value for name, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )
