"""`/destruction`: the lists and whose turn it is; `/destruction/{id}` (W8): its steps, its numbers, its entries."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.web.exports import PAGE, every, export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.sentences import Sentences
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.web.shown import Step
from archive_service.web.texts import size, when_text
from archive_service.work import Work
from retention.destruction.lists import (
    Line,
    Total,
    destruction_lists,
    list_entries,
    totals,
    visible_list,
)
from retention.destruction.propose import send_for_review
from retention.destruction.stop import STOPPABLE, stop_destruction
from retention.destruction.turns import may_act, my_states, names_of, waiting_for
from retention.models import Answer, DestructionList, EntryState, ListState

router = page_router()

LISTS = (
    Column("number", "destruction.number", sheet=lambda row: row.number),
    Column("state", "destruction.state", sheet=lambda row: label("list", row.state.value).vi),
    Column("proposed_at", "destruction.proposed_at", sheet=lambda row: row.proposed_at),
    Column("waits", "destruction.waits"),
)
ENTRIES = (
    Column("dossier", "destruction.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("reason", "destruction.reason", sheet=lambda row: row.reason),
    Column("documents", "browse.documents", numeric=True, sheet=lambda row: row.document_count),
    Column("answer", "destruction.answer", sheet=lambda row: label("entry", row.answer.value).vi),
    Column("answer_reason", "destruction.answer_reason", sheet=lambda row: row.answer_reason),
)


@dataclass(frozen=True)
class OpenList:
    """A list as one person may see it and act on it now."""

    listed: DestructionList
    totals: Sequence[Total]
    names: Mapping[UUID, str]
    waits_on: Sequence[str]
    acts: frozenset[Permission]
    mine: bool

    @property
    def version(self) -> int:
        """Changes whenever the state, an answer or an entry does: what is signed must be what was seen."""
        seen = [(each.answer.value, each.state.value, each.dossiers) for each in self.totals]
        return zlib.crc32(repr((self.listed.state.value, seen)).encode())

    def count(self, *answers: Answer) -> int:
        """Entries still on the list, begun or gone, with one of these answers (any, without)."""
        return sum(
            each.dossiers
            for each in self.totals
            if each.state is not EntryState.withdrawn and (not answers or each.answer in answers)
        )

    def name(self, person: UUID | None) -> str:
        return self.names.get(person, "") if person else ""


def open_list(work: Work, list_id: UUID) -> OpenList:
    """Raises `Missing` outside the actor's scope."""
    listed = visible_list(work, list_id)
    people = (listed.proposed_by, listed.reviewed_by, listed.decided_by, listed.started_by, listed.stopped_by)
    acts = frozenset(each for each in Permission if may_act(work, listed, each))
    waits_on = waiting_for(work, listed)
    mine = listed.proposed_by == work.actor.id
    return OpenList(listed, totals(work, list_id), names_of(work, people), waits_on, acts, mine)


def steps_of(opened: OpenList, t: Sentences) -> list[Step]:
    """The way of the list; each step names who did it, or who may."""
    listed = opened.listed
    did = (
        ("propose", listed.proposed_by, listed.proposed_at, ListState.draft),
        ("review", listed.reviewed_by, listed.reviewed_at, ListState.reviewing),
        ("decide", listed.decided_by, listed.decided_at, ListState.awaiting_decision),
        ("wait", None, listed.started_at, ListState.waiting),
        ("execute", listed.started_by, listed.certified_at, ListState.executing),
        ("certify", None, listed.certified_at, ListState.certified),
    )
    shown = []
    for name, who, at, state in did:
        current = listed.state is state or (name == "execute" and listed.state is ListState.copies_owed)
        done = at is not None and not (current and listed.state is not ListState.certified)
        detail = _detail(opened, who, at if done else None, current)
        shown.append(Step(t(f"step.{name}"), "done" if done else "current" if current else "ahead", detail))
    return shown


def _detail(opened: OpenList, who: UUID | None, at: object, current: bool) -> str:
    if current:
        return ", ".join(opened.waits_on)
    named = opened.name(who)
    return f"{named} {when_text(at)}".strip() if at else ""  # type: ignore[arg-type]  # a time of the list


def in_numbers(opened: OpenList, t: Sentences) -> str:
    """The list in one sentence: how much, and how it was answered."""
    here = [each for each in opened.totals if each.state is not EntryState.withdrawn]
    documents, octets = sum(e.documents for e in here), sum(e.size for e in here)
    counted = dict.fromkeys(Answer, 0)
    for each in opened.totals:
        counted[each.answer] += each.dossiers
    answers = ", ".join(
        t("destruction.counted", words=label("entry", answer.value).words(t.language).lower(), n=number)
        for answer, number in counted.items()
        if number
    )
    return t(
        "destruction.numbers",
        n=opened.count(),
        documents=documents,
        size=size(octets, t.language),
        answers=answers or "–",
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
        waits = {row.id: ", ".join(waiting_for(work, row)) for row in found.items}
        state = archive_state(work.session)
        release = work.actor.may(Permission.release_destruction)
    empty = Empty(
        "all_done" if mine else "nothing_yet", t("destruction.none_mine" if mine else "destruction.none")
    )
    listing = Listing(asked, t("destruction.caption"), asked.page_of(found), empty)
    here = "/destruction?turn=me" if mine else "/destruction"
    page = Page(t("destruction.title_mine" if mine else "destruction.title"), here=here)
    return render(
        request, "destruction.html", page, listing=listing, waits=waits, state=state, may_release=release
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
            number = visible_list(work, list_id).number
        return export(request, visit, asked, t("destruction.one", number=number), _all(visit, list_id, asked))
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


def list_page(
    opened: OpenList, t: Sentences, title: str = "", summary: str = "", form: Form | None = None
) -> Page:
    number = opened.listed.number
    base = f"/destruction/{opened.listed.id}"
    crumbs = [
        (t("destruction.title"), "/destruction"),
        (t("retention.on_list", number=number), base if title else ""),
    ]
    failed = bool(form and (form.errors or form.wrong))
    return Page(title or t("destruction.one", number=number), summary, crumbs, "/destruction", failed)


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
