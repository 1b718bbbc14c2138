"""`/agencies`: the bodies that submit, their units and their fonds. One page, three short forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from archive_service.accounts import organisation
from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.work import Work

router = page_router()
HERE = "/agencies"


def _agency(work: Work, posted: Posted) -> Any:
    return organisation.add_agency(work, posted.text("code"), posted.text("name"))


def _unit(work: Work, posted: Posted) -> Any:
    parent = posted.text("parent")
    above = _id(parent) if parent else None
    return organisation.add_unit(
        work, _id(posted.text("agency")), posted.text("code"), posted.text("name"), above
    )


def _fonds(work: Work, posted: Posted) -> Any:
    return organisation.add_fonds(work, _id(posted.text("agency")), posted.text("code"), posted.text("name"))


ADDING: dict[str, Callable[[Work, Posted], Any]] = {"agency": _agency, "unit": _unit, "fonds": _fonds}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotPossible("Chọn cơ quan.", "Choose an agency.") from wrong


@router.get(HERE)
def show_agencies(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        cards = organisation.list_agencies(work)
    return render(
        request,
        "people/agencies.html",
        Page(t("agencies.title"), crumbs=[(t("navigation.users"), "/users")], here="/users"),
        cards=cards,
    )


@router.get("/agencies/add-{what}")
def ask_add(request: Request, visit: TheVisit, what: str) -> Response:
    return _page(request, visit, what, visit.form())


@router.post("/agencies/add-{what}")
def add(request: Request, visit: TheVisit, posted: ThePosted, what: str) -> Response:
    if what not in ADDING:
        return _page(request, visit, what, Form())
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            made = ADDING[what](work, posted)
    except (*IN_FORM, Conflict) as error:
        return _page(request, visit, what, form_after(posted, error, visit.language, "code"))
    return redirect(HERE, Flash("agencies.added", name=made.name))


def _page(request: Request, visit: Visit, what: str, form: Form) -> Response:
    t = sentences(request)
    what = what if what in ADDING else "agency"
    with visit.archive.look(visit.actor) as work:
        cards = organisation.list_agencies(work)
    units = [(str(unit.id), f"{card.agency.name}: {unit.name}") for card in cards for unit in card.units]
    return render(
        request,
        "people/add_place.html",
        Page(
            t(f"agencies.add_{what}"),
            crumbs=[(t("agencies.title"), HERE)],
            here="/users",
            failed=bool(form.errors),
        ),
        422 if form.errors else 200,
        form=form,
        act=act(request, f"/agencies/add-{what}"),
        what=what,
        agencies=[(str(card.agency.id), card.agency.name) for card in cards],
        units=[("", t("agencies.no_parent")), *units],
    )
