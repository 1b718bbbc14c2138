"""`/account`: one's own name, roles, preferences and password."""

from __future__ import annotations

from fastapi import Request, Response

from archive_service.accounts.directory import own_tokens
from archive_service.accounts.signin import WrongPassword, change_password
from archive_service.kernel.errors import NotPossible, TooMany
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import form_after
from archive_service.web.preferences import CHOICES
from archive_service.web.session import NEW_PASSWORD, ThePosted, TheVisit, Visit, page_router

router = page_router()


@router.get("/account")
def show_account(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    choices = {name: values for name, values in CHOICES.items() if name != "language"}
    with visit.archive.look(visit.actor) as work:
        tokens = own_tokens(work)
    roles = sorted(t(f"roles.{role}") for role in visit.actor.roles)
    return render(
        request,
        "people/account.html",
        Page(t("account.title")),
        roles=roles,
        choices=choices,
        session=visit.session,
        tokens=tokens,
    )


@router.get(NEW_PASSWORD)
def ask_password(request: Request, visit: TheVisit) -> Response:
    return _page(request, visit, Form())


@router.post(NEW_PASSWORD)
def new_password(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    t, new = sentences(request), posted.raw("new_password")
    if new != posted.raw("new_password_again"):
        return _page(request, visit, Form({}, {"new_password_again": t("account.not_same")}))
    try:
        change_password(visit.archive, visit.actor, visit.session, posted.raw("password"), new)
    except (WrongPassword, TooMany, NotPossible) as error:
        return _page(request, visit, form_after(posted, error, visit.language, "new_password"))
    return redirect("/account", Flash("account.changed"))


def _page(request: Request, visit: Visit, form: Form) -> Response:
    t = sentences(request)
    summary = t("account.must_change") if visit.must_change else ""
    return render(
        request,
        "people/password.html",
        Page(
            t("account.new_password"),
            summary,
            crumbs=[(t("account.title"), "/account")],
            failed=bool(form.errors),
        ),
        422 if form.errors else 200,
        form=form,
        act=act(request, NEW_PASSWORD),
    )
