"""Tokens: a person's own on `/account`, and the end of one, by its owner or whoever manages accounts."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from archive_service.accounts import directory, people
from archive_service.kernel.people import Token
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router

router = page_router()
ACCOUNT, OWN = "/account", "/account/token"


@router.get(OWN)
def ask_token(request: Request, visit: TheVisit) -> Response:
    return _own_page(request, visit, visit.form())


@router.post(OWN)
def make_token(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    """The answer shows the token, this once."""
    t, name = sentences(request), posted.text("name")
    if not 0 < len(name) <= 100:
        return _own_page(request, visit, Form(posted.typed, {"name": t("users.token_name_missing")}))
    try:
        actor = visit.with_password(posted)
        with visit.archive.work(actor) as work:
            secret = people.make_token(work, people.own_id(work), name)
    except IN_FORM as error:
        return _own_page(request, visit, form_after(posted, error, visit.language, "name"))
    page = Page(t("users.tokens"), crumbs=[(t("account.title"), ACCOUNT)])
    told = t("account.token_shown")
    return render(request, "people/once.html", page, sentence=told, secret=secret, back=ACCOUNT)


@router.get("/tokens/{token_id}/end")
def ask_end(request: Request, visit: TheVisit, token_id: UUID) -> Response:
    return _end_page(request, visit, token_id, Form())


@router.post("/tokens/{token_id}/end")
def end_token(request: Request, visit: TheVisit, posted: ThePosted, token_id: UUID) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            ended = people.end_token(work, token_id)
    except IN_FORM as error:
        return _end_page(request, visit, token_id, form_after(posted, error, visit.language))
    return redirect(_home(visit, ended), Flash("account.token_ended", name=ended.name))


def _home(visit: Visit, token: Token) -> str:
    return ACCOUNT if token.person_id == visit.actor.id else f"/users/{token.person_id}"


def _own_page(request: Request, visit: Visit, form: Form) -> Response:
    t = sentences(request)
    return render(
        request,
        "people/own_token.html",
        Page(
            t("users.token"), crumbs=[(t("account.title"), ACCOUNT)], failed=bool(form.errors or form.wrong)
        ),
        422 if form.errors or form.wrong else 200,
        form=form,
        act=act(request, OWN),
    )


def _end_page(request: Request, visit: Visit, token_id: UUID, form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        token = directory.token(work, token_id)
    return render(
        request,
        "people/end_token.html",
        Page(
            t("account.end_token_title", name=token.name),
            crumbs=[(t("users.tokens"), _home(visit, token))],
            failed=bool(form.errors or form.wrong),
        ),
        422 if form.errors or form.wrong else 200,
        form=form,
        act=act(request, f"/tokens/{token_id}/end"),
        back=_home(visit, token),
    )
