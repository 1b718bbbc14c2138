"""`/destruction/{id}/decision` (W10): what the head signs, until when it can be stopped; and the other answer, no."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.permissions import Permission
from archive_service.regulations.tables import DestructionLaw
from archive_service.web.destruction_answers import changed_meanwhile
from archive_service.web.destruction_view import in_numbers, list_page, open_list
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, redirect, render, sentences
from archive_service.web.posted import IN_FORM, Posted, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.texts import when_text
from archive_service.web.typed import NotReadable, typed_date
from retention.destruction.decide import Minutes, decide_destruction, decline_destruction
from retention.destruction.four_eyes import refuse_second_part
from retention.destruction.lists import checks_of
from retention.destruction.stop import STOPPABLE
from retention.models import DestructionList, ListState

router = page_router()
AT = {"minutes-missing": "minutes", "date-ahead": "minutes_date"}


@router.get("/destruction/{list_id}/decision")
def decision(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    return _show(request, visit, list_id, visit.form())


def _show(request: Request, visit: Visit, list_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        opened = open_list(work, list_id)
        listed = opened.listed
        awaiting = listed.state is ListState.awaiting_decision
        may_decide = awaiting and Permission.decide_destruction in opened.acts
        if may_decide:
            refuse_second_part(work, listed, Permission.decide_destruction)
        checks = checks_of(work, list_id) if listed.decided_at else ()
        now = work.now()
    page = list_page(opened, t, t("decision.title", number=listed.number), in_numbers(opened, t), form)
    return render(
        request,
        "destruction_decision.html",
        page,
        status,
        opened=opened,
        listed=listed,
        may_decide=may_decide,
        awaiting=awaiting,
        may_stop=Permission.stop_destruction in opened.acts and listed.state in STOPPABLE,
        checks=checks,
        remaining=listed.not_before - now if listed.not_before and listed.not_before > now else None,
        latest=_latest(listed, opened.law),
        law=opened.law,
        waiting_days=visit.archive.settings.waiting_days,
        count=opened.count(),
        form=form,
        act=act(request, f"/destruction/{list_id}/decision", opened.version),
    )


def _latest(listed: DestructionList, law: DestructionLaw) -> date | None:
    """The last day that the law of the decision's day leaves for the execution, where it sets one."""
    if listed.decided_at is None or law.days_to_execute is None:
        return None
    return vietnam_date(listed.decided_at) + timedelta(days=law.days_to_execute)


@router.post("/destruction/{list_id}/decision")
def decide(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    t = sentences(request)
    errors, on = _errors(posted, t)
    if errors or on is None:
        return _show(request, visit, list_id, Form(posted.typed, errors), 422)
    with visit.archive.look(visit.actor) as work:
        if open_list(work, list_id).version != posted.version:
            raise changed_meanwhile()
    minutes = Minutes(posted.text("minutes_number"), on, posted.files.get("minutes", b""))
    try:
        listed = decide_destruction(
            visit.archive,
            visit.with_password(posted),
            list_id,
            minutes,
            decision_number=posted.text("decision_number"),
            reason=posted.text("reason"),
        )
    except IN_FORM as error:
        form = form_after(posted, error, visit.language, AT.get(error.name, ""))
        return _show(request, visit, list_id, form, 422)
    until = when_text(listed.not_before) if listed.not_before else ""
    return redirect(
        f"/destruction/{list_id}/decision", Flash("decision.done", number=listed.number, at=until)
    )


def _errors(posted: Posted, t: Sentences) -> tuple[dict[str, str], date | None]:
    needed = ("minutes_number", "decision_number")
    errors = {name: t(f"decision.needs_{name}") for name in needed if not posted.text(name)}
    on = None
    try:
        on = typed_date(posted.text("minutes_date")).earliest
    except NotReadable:
        errors["minutes_date"] = t("hold.needs_date")
    if not posted.files.get("minutes"):
        errors["minutes"] = t("decision.needs_minutes")
    if not posted.raw("password"):
        errors["password"] = t("decision.needs_password")
    return errors, on


@router.get("/destruction/{list_id}/decline")
def decline_form(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    return _decline(request, visit, list_id, visit.form())


def _decline(request: Request, visit: Visit, list_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.decide_destruction)
        opened = open_list(work, list_id)
    page = list_page(opened, t, t("decline.title", number=opened.listed.number), in_numbers(opened, t), form)
    action = act(request, f"/destruction/{list_id}/decline", opened.version)
    return render(request, "destruction_decline.html", page, status, opened=opened, form=form, act=action)


@router.post("/destruction/{list_id}/decline")
def decline(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            listed = decline_destruction(work, list_id, posted.text("reason"))
    except IN_FORM as error:
        at = "reason" if error.name == "field-missing" else ""
        return _decline(request, visit, list_id, form_after(posted, error, visit.language, at), 422)
    return redirect(f"/destruction/{list_id}", Flash("decline.done", number=listed.number))
