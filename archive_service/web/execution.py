"""`/destruction/{id}/execution` (W10): started by a typed number, followed copy by copy, ended by a certificate."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import Request, Response

from archive_service.api.downloads import attachment
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.web.destruction_answers import changed_meanwhile
from archive_service.web.destruction_view import OpenList, in_numbers, list_page, open_list
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, fragment, redirect, render, sentences
from archive_service.web.lists import Column, Empty, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.shown import Progress
from retention.after_rebuild import release_destruction
from retention.destruction.execute import start_execution
from retention.destruction.four_eyes import refuse_second_part
from retention.destruction.lists import checks_of, fault_of, list_entries
from retention.destruction.papers import read_paper
from retention.models import EntryState, ListState

router = page_router()
BEGUN = (ListState.executing, ListState.copies_owed, ListState.certified)


@router.get("/destruction/release")
def release_form(request: Request, visit: TheVisit) -> Response:
    return _release(request, visit, visit.form())


def _release(request: Request, visit: Visit, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.release_destruction)
        state = archive_state(work.session)
    crumbs = [(t("destruction.title"), "/destruction"), (t("release.title"), "")]
    failed = bool(form.errors or form.wrong)
    page = Page(t("release.title"), t("release.summary"), crumbs, "/destruction", failed)
    return render(
        request,
        "destruction_release.html",
        page,
        status,
        state=state,
        form=form,
        act=act(request, "/destruction/release"),
    )


@router.post("/destruction/release")
def release(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            state = release_destruction(work)
    except IN_FORM as error:
        return _release(request, visit, form_after(posted, error, visit.language), 422)
    return redirect("/destruction", Flash("release.half" if state.destruction_locked else "release.done"))


@router.get("/destruction/{list_id}/execution")
def execution(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    return _show(request, visit, list_id, visit.form())


def _show(request: Request, visit: Visit, list_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    asked = ask(request, "receipts", (Column("dossier", "destruction.dossier"),), (), sort="")
    with visit.archive.look(visit.actor) as work:
        opened = open_list(work, list_id)
        listed = opened.listed
        may_start = listed.state is ListState.waiting and Permission.execute_destruction in opened.acts
        if may_start:
            refuse_second_part(work, listed, Permission.execute_destruction)
        checks = checks_of(work, list_id) if listed.decided_at else ()
        found = list_entries(work, visit.archive, list_id, cursor=asked.position, limit=asked.limit)
        fault = fault_of(work, list_id)
    places = sorted({place for line in found.items for place in line.receipts})
    empty = Empty("nothing_yet", t("destruction.no_entry"))
    title = t("execution.title", number=listed.number)
    return render(
        request,
        "destruction_execution.html",
        list_page(opened, t, title, in_numbers(opened, t), form),
        status,
        opened=opened,
        listed=listed,
        may_start=may_start and all(check.holds for check in checks),
        waits=may_start and not all(check.holds for check in checks),
        may_stop=Permission.stop_destruction in opened.acts and listed.state is ListState.executing,
        checks=checks,
        listing=Listing(asked, t("execution.receipts"), asked.page_of(found), empty, matrix=True),
        places=[(place, _place_words(request, place)) for place in places],
        began=listed.state in BEGUN,
        fault=fault,
        progress=_progress(request, opened, t),
        count=opened.count(),
        form=form,
        act=act(request, f"/destruction/{list_id}/execution", opened.version),
    )


def _place_words(request: Request, place: str) -> str:
    """A place that reports itself gone ("copy:ban-sao", "index"), in the reader's language."""
    kind, _, root = place.partition(":")
    return sentences(request)(f"execution.place_{kind}", root=request.app.state.site.root(root))


def _progress(request: Request, opened: OpenList, t: Sentences) -> Progress:
    done = sum(each.dossiers for each in opened.totals if each.state is EntryState.gone)
    total = opened.count()
    finished = opened.listed.state not in (ListState.executing, ListState.copies_owed)
    words = t("execution.progress", done=done, total=total)
    return Progress(words, done, done, total, request.app.state.site.now(), finished)


@router.get("/destruction/{list_id}/execution/progress")
def progress(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    with visit.archive.look(visit.actor) as work:
        opened = open_list(work, list_id)
    return fragment(request, "progress.html", progress=_progress(request, opened, sentences(request)))


@router.post("/destruction/{list_id}/execution")
def start(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.with_password(posted)) as work:
            if open_list(work, list_id).version != posted.version:
                raise changed_meanwhile()
            listed = start_execution(work, list_id, posted.text("number"))
    except IN_FORM as error:
        at = "number" if error.name == "wrong-number" else ""
        return _show(request, visit, list_id, form_after(posted, error, visit.language, at), 422)
    return redirect(f"/destruction/{list_id}/execution", Flash("execution.started", number=listed.number))


@router.get("/destruction/{list_id}/papers/{which}")
def paper(visit: TheVisit, list_id: UUID, which: Literal["minutes", "certificate"]) -> Response:
    found, content = read_paper(visit.archive, visit.actor, list_id, which)
    suffix = ".pdf" if content.startswith(b"%PDF") else ""
    return Response(content, media_type="application/octet-stream", headers=attachment(found.name + suffix))
