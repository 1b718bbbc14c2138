"""`/destruction`: the lists and whose turn it is; `/destruction/{id}` (W8): its steps, its numbers, its entries."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel import log
from archive_service.kernel.cursors import Listed
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.web.destruction_view import full_name, in_numbers, law_of, list_page, open_list, steps_of
from archive_service.web.exports import PAGE, every, export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.work import Work
from retention.destruction.lists import (
    UNDER_WAY,
    Line,
    count_lists,
    destruction_lists,
    list_entries,
    visible_list,
)
from retention.destruction.propose import send_for_review
from retention.destruction.stop import STOPPABLE, stop_destruction
from retention.destruction.turns import my_states, waiting_for
from retention.models import Answer, DestructionList, ListState

router = page_router()

LISTS = (
    Column("number", "destruction.number", sheet=lambda row: row.number),
    Column("state", "destruction.state", sheet=lambda row: label("list", row.state.value)),
    Column("proposed_at", "destruction.proposed_at", sheet=lambda row: row.proposed_at),
    Column("waits", "destruction.waits"),
)
ENTRIES = (
    Column("dossier", "destruction.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("reason", "destruction.reason", sheet=lambda row: row.reason),
    Column("documents", "browse.documents", numeric=True, sheet=lambda row: row.document_count),
    Column("answer", "destruction.answer", sheet=lambda row: label("entry", row.answer.value)),
    Column("answer_reason", "destruction.answer_reason", sheet=lambda row: row.answer_reason),
)


@router.get("/destruction")
def lists(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    turn = Filter("turn", "destruction.turn", "choice", [("me", t("destruction.turn_me"))])
    asked = ask(request, "destruction", LISTS, (turn,), sort="")
    mine = asked.values["turn"] == "me"
    if asked.wants_sheet:
        return export(request, visit, asked, t("destruction.title"), _all_lists(visit, mine))
    with visit.archive.look(visit.actor) as work:
        found = _lists(work, visit, mine, asked.position, asked.limit)
        count = count_lists(work, my_states(work) if mine else UNDER_WAY)
        waits = {row.id: ", ".join(waiting_for(work, row)) for row in found.items}
        state = archive_state(work.session)
        release = work.actor.may(Permission.release_destruction)
        clock_wrong = log.ahead_of(work.session, work.now()) is not None
    empty = Empty(
        "all_done" if mine else "nothing_yet", t("destruction.none_mine" if mine else "destruction.none")
    )
    listing = Listing(asked, t("destruction.caption"), asked.page_of(found), empty)
    here = "/destruction?turn=me" if mine else "/destruction"
    if mine:
        page = Page(t("destruction.title_mine", n=count), here=here)
    else:
        page = Page(t("destruction.title"), t("destruction.summary", n=count), here=here)
    return render(
        request,
        "destruction.html",
        page,
        listing=listing,
        waits=waits,
        state=state,
        may_release=release,
        clock_wrong=clock_wrong,
    )


def _lists(work: Work, visit: Visit, mine: bool, cursor: str | None, limit: int) -> Listed[DestructionList]:
    states = my_states(work) if mine else []
    if mine and not states:
        return Listed([], None)
    return destruction_lists(work, visit.archive, states=states, cursor=cursor, limit=limit)


def _all_lists(visit: Visit, mine: bool) -> Iterator[DestructionList]:
    def page(cursor: str | None) -> Listed[DestructionList]:
        with visit.archive.look(visit.actor) as work:
            return _lists(work, visit, mine, cursor, PAGE)

    return every(page)


@router.get("/destruction/{list_id}")
def one_list(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    t = sentences(request)
    options = [(answer.value, label("entry", answer.value).words(t.language)) for answer in Answer]
    asked = ask(
        request, "entries", ENTRIES, (Filter("answer", "destruction.answer", "choice", options),), sort=""
    )
    if asked.wants_sheet:
        with visit.archive.look(visit.actor) as work:
            listed = visible_list(work, list_id)
            title = full_name(law_of(work, listed), listed.number, t)
        return export(request, visit, asked, title, _all(visit, list_id, asked))
    with visit.archive.look(visit.actor) as work:
        opened = open_list(work, list_id)
        found = _entries(work, visit, list_id, asked, asked.position, asked.limit)
    listed = opened.listed
    reviewing = listed.state is ListState.reviewing and Permission.review_destruction in opened.acts
    listing = Listing(
        asked,
        t("destruction.entries"),
        asked.page_of(found),
        Empty("no_match", t("destruction.no_entry")),
        selectable=reviewing and not opened.mine,
    )
    return render(
        request,
        "destruction_list.html",
        list_page(opened, t, summary=in_numbers(opened, t)),
        opened=opened,
        listed=listed,
        listing=listing,
        steps=steps_of(opened, t),
        reviewing=reviewing and not opened.mine,
        unanswered=opened.count(Answer.unanswered),
        send_act=act(request, f"/destruction/{list_id}/send", opened.version),
        may_send=opened.mine and listed.state is ListState.draft,
        may_decide=Permission.decide_destruction in opened.acts,
        may_execute=Permission.execute_destruction in opened.acts,
        may_stop=Permission.stop_destruction in opened.acts and listed.state in STOPPABLE,
    )


def _entries(
    work: Work, visit: Visit, list_id: UUID, asked: Asked, cursor: str | None, limit: int
) -> Listed[Line]:
    wanted = asked.values["answer"]
    answers = [Answer(wanted)] if wanted in Answer.__members__ else []
    return list_entries(work, visit.archive, list_id, answers=answers, cursor=cursor, limit=limit)


def _all(visit: Visit, list_id: UUID, asked: Asked) -> Iterator[Line]:
    def page(cursor: str | None) -> Listed[Line]:
        with visit.archive.look(visit.actor) as work:
            return _entries(work, visit, list_id, asked, cursor, PAGE)

    return every(page)


@router.post("/destruction/{list_id}/send")
def send(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    with visit.archive.work(visit.actor) as work:
        listed = send_for_review(work, list_id)
    return redirect(f"/destruction/{list_id}", Flash("destruction.sent", number=listed.number))


@router.get("/destruction/{list_id}/stop")
def stop_form(request: Request, visit: TheVisit, list_id: UUID) -> Response:
    return _stop(request, visit, list_id, visit.form())


def _stop(request: Request, visit: Visit, list_id: UUID, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.stop_destruction)
        opened = open_list(work, list_id)
    page = list_page(opened, t, t("stop.title", number=opened.listed.number), in_numbers(opened, t), form)
    action = act(request, f"/destruction/{list_id}/stop")
    return render(request, "destruction_stop.html", page, status, opened=opened, form=form, act=action)


@router.post("/destruction/{list_id}/stop")
def stop(request: Request, visit: TheVisit, list_id: UUID, posted: ThePosted) -> Response:
    try:
        with visit.archive.work(visit.actor) as work:
            listed = stop_destruction(work, list_id, posted.text("reason"))
    except IN_FORM as error:
        return _stop(request, visit, list_id, form_after(posted, error, visit.language, "reason"), 422)
    return redirect(f"/destruction/{list_id}", Flash("stop.done", number=listed.number))
