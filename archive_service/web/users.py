"""`/users`: who may do what, where. Every act here asks for the password; no link leads to a record."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from archive_service.accounts import directory, people, signin
from archive_service.kernel.errors import Conflict
from archive_service.kernel.people import AccountState, PersonKind
from archive_service.kernel.permissions import Permission
from archive_service.web.exports import export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.lists import Column, Empty, Filter, Listing, Window, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from ingest.accept import hand_over_sips
from retention.destruction.propose import hand_over_drafts

router = page_router()
HERE = "/users"
COLUMNS = (
    Column("name", "users.name", sheet=lambda card: card.person.name),
    Column("username", "users.username", sheet=lambda card: card.person.username),
    Column("unit", "users.unit", sheet=lambda card: card.unit),
    Column("roles", "users.roles", sheet=lambda card: lambda t: roles_in_words(card, t)),
    Column("last", "users.last", sheet=lambda card: card.last_sign_in),
    Column("state", "users.state", sheet=lambda card: lambda t: t(f"users.state_{card.person.state}")),
)


def roles_in_words(card: directory.Card, t: Sentences) -> str:
    """Each role and over what, as the page tells them."""
    held = (f"{t(f'roles.{each.grant.role}')} ({each.over or t('users.everywhere')})" for each in card.grants)
    return "; ".join(held)


@router.get(HERE)
def show_users(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    states = [(state.value, t(f"users.state_{state}")) for state in AccountState]
    asked = ask(
        request,
        "users",
        COLUMNS,
        (Filter("words", "users.words"), Filter("state", "users.state", "choice", states)),
        sort="",
    )
    with visit.archive.look(visit.actor) as work:
        cards = directory.list_people(
            work,
            asked.values["words"],
            AccountState(asked.values["state"]) if asked.values["state"] in set(AccountState) else None,
            after="" if asked.wants_sheet else asked.position or "",
            limit=10_000 if asked.wants_sheet else asked.limit + 1,
        )
        waiting = directory.waiting_grants(work)
    if asked.wants_sheet:
        return export(request, visit, asked, t("navigation.users"), cards)
    shown, more = cards[: asked.limit], len(cards) > asked.limit
    # The use case pages forwards only; the way back is to the first page.
    window = Window(shown, None, (shown[-1].person.username,) if more else None)
    listing = Listing(asked, t("users.caption"), window, Empty("no_match", t("users.no_match")))
    return render(
        request,
        "people/users.html",
        Page(t("users.title"), t("users.summary", n=len(waiting)), here=HERE),
        listing=listing,
        waiting=waiting,
        manages=visit.actor.may(Permission.manage_people),
    )


@router.get("/users/add")
def ask_add(request: Request, visit: TheVisit) -> Response:
    return _add_page(request, visit, visit.form())


@router.post("/users/add")
def add(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    """The answer shows the first password, this once."""
    kind = PersonKind.system if posted.text("kind") == PersonKind.system else PersonKind.person
    unit = posted.text("unit")
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            person = people.add_person(
                work, posted.text("username"), posted.text("name"), kind=kind, unit_id=id_of(unit)
            )
            password = signin.first_password(work, person.id) if kind is PersonKind.person else ""
    except (*IN_FORM, Conflict) as error:
        return _add_page(request, visit, form_after(posted, error, visit.language, "username"))
    return _once_page(request, person.id, person.name, "users.first_password", password)


@router.get("/users/{person_id}")
def show_user(request: Request, visit: TheVisit, person_id: UUID) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        card = directory.person_card(work, person_id)
        tokens = directory.tokens_of(work, person_id)
    return render(
        request,
        "people/user.html",
        Page(card.person.name, crumbs=[(t("navigation.users"), HERE), (card.person.username, "")], here=HERE),
        card=card,
        tokens=tokens,
        manages=visit.actor.may(Permission.manage_people),
    )


@router.get("/users/{person_id}/token")
def ask_token(request: Request, visit: TheVisit, person_id: UUID) -> Response:
    return _act_page(request, visit, person_id, "token", visit.form())


@router.post("/users/{person_id}/token")
def make_token(request: Request, visit: TheVisit, posted: ThePosted, person_id: UUID) -> Response:
    """The answer shows the token, this once."""
    name = posted.text("name")
    if not 0 < len(name) <= 100:
        form = Form(posted.typed, {"name": sentences(request)("users.token_name_missing")})
        return _act_page(request, visit, person_id, "token", form)
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            secret = people.make_token(work, person_id, name)
            owner = directory.person_card(work, person_id).person
    except IN_FORM as error:
        return _act_page(
            request, visit, person_id, "token", form_after(posted, error, visit.language, "name")
        )
    return _once_page(request, owner.id, owner.name, "users.token_shown", secret)


@router.get("/users/{person_id}/lock")
def ask_lock(request: Request, visit: TheVisit, person_id: UUID) -> Response:
    return _act_page(request, visit, person_id, "lock", visit.form())


@router.post("/users/{person_id}/lock")
def lock(request: Request, visit: TheVisit, posted: ThePosted, person_id: UUID) -> Response:
    """One transaction: the account is locked and its open packages have a new handler, or neither."""
    successor = id_of(posted.text("successor"))
    if successor is None:
        form = Form(posted.typed, {"successor": sentences(request)("users.successor_missing")})
        return _act_page(request, visit, person_id, "lock", form)
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            heir = people.lock_person(work, person_id, successor)
            moved = hand_over_sips(work, person_id, successor)
            lists = hand_over_drafts(work, person_id, successor)
    except IN_FORM as error:
        return _act_page(
            request, visit, person_id, "lock", form_after(posted, error, visit.language, "successor")
        )
    return redirect(f"/users/{person_id}", Flash("users.locked", name=heir.name, n=moved, lists=lists))


def id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def trail(t: Sentences, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(t("navigation.users"), HERE), *more]


def _add_page(request: Request, visit: Visit, form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.manage_people)
        units, _ = directory.places(work)
    return render(
        request,
        "people/add.html",
        Page(t("users.add"), crumbs=trail(t), here=HERE, failed=bool(form.errors)),
        422 if form.errors else 200,
        form=form,
        act=act(request, "/users/add"),
        units=[("", t("users.no_unit"))] + [(str(unit.id), unit.name) for unit in units],
        kinds=[(kind.value, t(f"users.kind_{kind}")) for kind in PersonKind],
    )


def _act_page(request: Request, visit: Visit, person_id: UUID, what: str, form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.manage_people)
        card = directory.person_card(work, person_id)
        others = directory.list_people(work, state=AccountState.active, limit=500) if what == "lock" else []
    heirs = [(str(c.person.id), c.person.name) for c in others if c.person.id != person_id]
    return render(
        request,
        f"people/{what}.html",
        Page(
            t(f"users.{what}_title", name=card.person.name),
            crumbs=trail(t, (card.person.username, f"/users/{person_id}")),
            here=HERE,
            failed=bool(form.errors),
        ),
        422 if form.errors else 200,
        form=form,
        act=act(request, f"/users/{person_id}/{what}"),
        card=card,
        heirs=[("", t("users.successor_choose")), *heirs],
    )


def _once_page(request: Request, person_id: UUID, name: str, key: str, secret: str) -> Response:
    t = sentences(request)
    return render(
        request,
        "people/once.html",
        Page(name, crumbs=trail(t, (name, f"/users/{person_id}")), here=HERE),
        sentence=t(key if secret else "users.system_added"),
        secret=secret,
        back=f"/users/{person_id}",
    )
