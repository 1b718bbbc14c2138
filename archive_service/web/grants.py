"""Roles: asking for one, confirming it as the second person, declining, ending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from archive_service.accounts import directory, people
from archive_service.kernel.errors import Missing
from archive_service.kernel.people import GrantState
from archive_service.kernel.permissions import Permission, Role
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.texts import when_text
from archive_service.web.users import HERE, id_of, trail

router = page_router()
#: Roles that one person should not hold together over the same records: who proposes does not approve.
APART = (
    (Role.records_manager, Role.head),
    (Role.records_manager, Role.council_member),
    (Role.head, Role.executor),
)


@router.get("/users/{person_id}/grant")
def ask_grant(request: Request, visit: TheVisit, person_id: UUID) -> Response:
    return _grant_page(request, visit, person_id, visit.form())


@router.post("/users/{person_id}/grant")
def grant(request: Request, visit: TheVisit, posted: ThePosted, person_id: UUID) -> Response:
    role, (kind, _, key) = posted.text("role"), posted.text("over").partition(":")
    place = id_of(key)
    # Only the empty choice is the whole archive: what cannot be read must not become it.
    wrong = {} if role in set(Role) else {"role": sentences(request)("users.role_missing")}
    if (kind, key) != ("", "") and (kind not in ("unit", "fonds") or place is None):
        wrong["over"] = sentences(request)("users.over_missing")
    if wrong:
        return _grant_page(request, visit, person_id, Form(posted.typed, wrong))
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            made = people.request_grant(
                work,
                person_id,
                Role(role),
                unit_id=place if kind == "unit" else None,
                fonds_id=place if kind == "fonds" else None,
            )
    except IN_FORM as error:
        return _grant_page(request, visit, person_id, form_after(posted, error, visit.language, "role"))
    waits = made.state is GrantState.requested
    flash = Flash("users.grant_waits", "turn") if waits else Flash("users.grant_done")
    return redirect(f"/users/{person_id}", flash)


#: What can be done with a grant: the use case, and who may.
GRANT_ACTS: dict[str, Callable[..., Any]] = {
    "confirm": people.confirm_grant,
    "refuse": people.refuse_grant,
    "end": people.end_grant,
}


@router.get("/grants/{grant_id}/{what}")
def ask_about_grant(request: Request, visit: TheVisit, grant_id: UUID, what: str) -> Response:
    return _about_grant(request, visit, grant_id, what, Form())


@router.post("/grants/{grant_id}/{what}")
def decide_grant(request: Request, visit: TheVisit, posted: ThePosted, grant_id: UUID, what: str) -> Response:
    if what not in GRANT_ACTS:
        raise Missing
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            result = GRANT_ACTS[what](work, grant_id)
            person_id = directory.held(work, grant_id).grant.person_id
    except IN_FORM as error:
        return _about_grant(request, visit, grant_id, what, form_after(posted, error, visit.language))
    flash = (
        Flash("users.confirm_done", at=when_text(result))
        if what == "confirm"
        else Flash(f"users.{what}_done")
    )
    return redirect(f"/users/{person_id}", flash)


def _grant_page(request: Request, visit: Visit, person_id: UUID, form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.manage_people)
        card = directory.person_card(work, person_id)
        units, fonds = directory.places(work)
    over = [("", t("users.everywhere"))]
    over += [(f"unit:{unit.id}", t("users.over_unit", name=unit.name)) for unit in units]
    over += [(f"fonds:{each.id}", t("users.over_fonds", name=each.name)) for each in fonds]
    roles = [(role.value, t(f"roles.{role}")) for role in Role]
    return render(
        request,
        "people/grant.html",
        Page(
            t("users.grant_title", name=card.person.name),
            crumbs=trail(t, (card.person.username, f"/users/{person_id}")),
            here=HERE,
            failed=bool(form.errors),
        ),
        422 if form.errors else 200,
        form=form,
        act=act(request, f"/users/{person_id}/grant"),
        card=card,
        roles=[("", t("users.role_choose")), *roles],
        over=over,
        apart=warnings(t, {held.grant.role for held in card.grants}),
    )


def warnings(t: Sentences, roles: set[Role]) -> list[str]:
    """Roles that should not join those this person has: four different people stand before a destruction."""
    return [
        t("users.apart", one=t(f"roles.{one}"), other=t(f"roles.{other}"))
        for one, other in APART
        if one in roles or other in roles
    ]


def _about_grant(request: Request, visit: Visit, grant_id: UUID, what: str, form: Form) -> Response:
    if what not in GRANT_ACTS:
        raise Missing
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.manage_people if what == "end" else Permission.confirm_grants)
        held = directory.held(work, grant_id)
    person = held.grant.person
    failed = bool(form.errors or form.wrong)
    return render(
        request,
        "people/about_grant.html",
        Page(
            t(f"users.{what}_title", role=t(f"roles.{held.grant.role}"), name=person.name),
            crumbs=trail(t, (person.username, f"/users/{person.id}")),
            here=HERE,
            failed=failed,
        ),
        422 if failed else 200,
        form=form,
        act=act(request, f"/grants/{grant_id}/{what}"),
        held=held,
        what=what,
        hours=visit.archive.settings.grant_delay_hours,
    )
