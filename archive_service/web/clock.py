"""`/destruction/clock`: a clock that ran back stops what cannot be undone until somebody has looked at it."""

from __future__ import annotations

from fastapi import Request, Response

from archive_service.kernel import log
from archive_service.kernel.permissions import Permission
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from retention.clock import confirm_clock

router = page_router()


@router.get("/destruction/clock")
def clock_form(request: Request, visit: TheVisit) -> Response:
    return _show(request, visit, visit.form())


def _show(request: Request, visit: Visit, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.release_destruction)
        ahead = log.ahead_of(work.session, work.now())
    crumbs = [(t("destruction.title"), "/destruction"), (t("clock.title"), "")]
    page = Page(t("clock.title"), t("clock.summary"), crumbs, "/destruction", bool(form.errors or form.wrong))
    action = act(request, "/destruction/clock")
    return render(request, "destruction_clock.html", page, status, ahead=ahead, form=form, act=action)


@router.post("/destruction/clock")
def confirm(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            confirm_clock(work)
    except IN_FORM as error:
        return _show(request, visit, form_after(posted, error, visit.language), 422)
    return redirect("/destruction", Flash("clock.done"))
