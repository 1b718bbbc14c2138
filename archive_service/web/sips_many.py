"""Several submissions at once: accepting what is clean, giving work to a colleague."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from archive_service.kernel.errors import Conflict, Missing, NotPossible
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Permission
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.inbox import COLUMNS, HERE, filters, sender, wanted_of
from archive_service.web.lists import ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.texts import size
from archive_service.work import Work
from ingest.accept import accept_sip, assign_sip, visible_sip
from ingest.inbox import clean_ids, officers_for
from ingest.models import Sip, SipState

router = page_router()
MOST = 200
Ids = Annotated[list[UUID], Query(max_length=MOST)]


@dataclass(frozen=True)
class Chosen:
    """What can be accepted together, and what is left out, each with the key of the reason."""

    good: Sequence[Sip]
    left: Sequence[tuple[Sip, str]]


@router.get("/sips/accept")
def ask_accept_many(request: Request, visit: TheVisit, id: Ids = []) -> Response:  # noqa: B006 (never changed)
    return _accept_page(request, visit, id, visit.form())


@router.post("/sips/accept")
def accept_many(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    """Each package in a transaction of its own: one that somebody else decided meanwhile stops no other."""
    pairs = [_pair(text) for text in posted.every("sip")[:MOST]]
    done, left = 0, 0
    try:
        actor = visit.with_password(posted)
        for sip_id, version in pairs:
            try:
                with visit.archive.work(actor) as work:
                    accept_sip(work, sip_id, version=version)
                done += 1
            except (Conflict, Missing):
                left += 1
    except IN_FORM as error:
        form = form_after(posted, error, visit.language)
        return _accept_page(request, visit, [sip_id for sip_id, _ in pairs], form)
    flash = (
        Flash("decide.many_done_some", "turn", n=done, left=left)
        if left
        else Flash("decide.many_done", n=done)
    )
    return redirect(HERE, flash)


def _pair(text: str) -> tuple[UUID, int]:
    """id:version, as the page wrote it. Raises `NotPossible`."""
    key, _, version = text.partition(":")
    try:
        return UUID(key), int(version)
    except ValueError as wrong:
        raise NotPossible("Biểu mẫu chưa đúng.", "The form is not right.") from wrong


def _accept_page(request: Request, visit: Visit, ids: Sequence[UUID], form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.decide_sips)
        if request.query_params.get("all") == "yes":
            asked = ask(request, "sips", COLUMNS, (*filters(work, t),), sort="due")
            chosen = _sorted_out(work, clean_ids(work, wanted_of(asked, visit), MOST))
        else:
            chosen = _sorted_out(work, [visible_sip(work, key) for key in ids])
    units = len({sip.unit_id for sip in chosen.good})
    total = size(sum(sip.byte_count for sip in chosen.good), visit.language)
    failed = bool(form.errors or form.wrong)
    page = Page(
        t("decide.many_title", n=len(chosen.good)), crumbs=[(t("sip.crumb"), HERE)], here=HERE, failed=failed
    )
    return render(
        request,
        "sips/accept_many.html",
        page,
        422 if failed else 200,
        form=form,
        act=act(request, "/sips/accept"),
        chosen=chosen,
        what=t("decide.many_what", n=len(chosen.good), units=units, size=total),
        sender=sender,
        most=len(chosen.good) == MOST,
        password=visit.password_is_old or "password" in form.errors,
    )


def _sorted_out(work: Work, sips: Sequence[Sip]) -> Chosen:
    reasons = [(sip, _why_not(work, sip)) for sip in sips]
    return Chosen([sip for sip, why in reasons if not why], [(sip, why) for sip, why in reasons if why])


def _why_not(work: Work, sip: Sip) -> str:
    """The key of the reason why a package is not accepted with others; "" when it is."""
    if sip.state is not SipState.awaiting_decision or not work.scope(Permission.decide_sips).holds(
        sip.unit_id, sip.fonds_id
    ):
        return "state"
    if sip.submitted_by == work.actor.id:
        return "own"
    return "error" if sip.errors else "warning" if sip.warnings else ""


@router.get("/sips/assign")
def ask_assign(request: Request, visit: TheVisit, id: Ids = []) -> Response:  # noqa: B006 (never changed)
    return _assign_page(request, visit, id, Form())


@router.post("/sips/assign")
def assign(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    ids, person = [_uuid(text) for text in posted.every("sip")[:MOST]], posted.text("person")
    if not person:
        t = sentences(request)
        return _assign_page(request, visit, ids, Form({}, {"person": t("decide.nobody")}))
    with visit.archive.work(visit.actor) as work:
        able = {each.id: each.name for each in _able(work, [visible_sip(work, key) for key in ids])}
        name = able.get(_uuid(person))
        if name is None:
            raise Missing
        for key in ids:
            assign_sip(work, key, _uuid(person))
    return redirect(HERE, Flash("decide.assigned", n=len(ids), name=name))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Missing from wrong


def _able(work: Work, sips: Sequence[Sip]) -> list[Person]:
    """Those who may decide on every one of these."""
    found = [{person.id: person for person in officers_for(work, sip)} for sip in sips]
    shared = set.intersection(*(set(each) for each in found)) if found else set()
    return [person for key, person in (found[0] if found else {}).items() if key in shared]


def _assign_page(request: Request, visit: Visit, ids: Sequence[UUID], form: Form) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.read_sips)
        sips = [visible_sip(work, key) for key in ids]
        people = _able(work, sips)
    page = Page(
        t("decide.assign_title", n=len(sips)),
        crumbs=[(t("sip.crumb"), HERE)],
        here=HERE,
        failed=bool(form.errors),
    )
    return render(
        request,
        "sips/assign.html",
        page,
        422 if form.errors else 200,
        form=form,
        act=act(request, "/sips/assign"),
        sips=sips,
        options=[("", t("decide.nobody"))] + [(str(person.id), person.name) for person in people],
        sender=sender,
    )
