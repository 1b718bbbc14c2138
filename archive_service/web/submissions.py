"""`/submissions`: what became of what this account sent, and what may be deleted now."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.web.exports import MOST_ROWS, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.inbox import key_of, place_of
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, page_router
from archive_service.work import Work
from ingest.inbox import Group, Wanted, count_own_sips, own_sips
from ingest.models import Sip, SipState
from preservation.models import Copy, CopyState

router = page_router()
HERE = "/submissions"
COLUMNS = (
    Column("title", "inbox.dossier", sheet=lambda sip: sip.title),
    Column("state", "inbox.state", sheet=lambda sip: label("sip", sip.state.value)),
    Column("what", "submissions.what"),
    Column("received", "inbox.received", sheet=lambda sip: sip.received_raw),
)
SHEET = (Column("code", "inbox.code", sheet=lambda sip: sip.dossier_code), *COLUMNS)
#: Tabs of a sender: what is to be mended comes first.
TABS = ("mend", "work", "stored", "all")
WORK = (SipState.received, SipState.checking, SipState.awaiting_decision, SipState.accepted)


@dataclass(frozen=True)
class Tab:
    name: str
    href: str
    count: int
    current: bool


@router.get(HERE)
def show_submissions(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    filters = (Filter("group", "inbox.state", "hidden"), Filter("words", "inbox.words"))
    columns = SHEET if "format" in request.query_params else COLUMNS
    asked = ask(request, "submissions", columns, filters, sort="")
    with visit.archive.look(visit.actor) as work:
        counts = {name: count_own_sips(work, wanted(name)) for name in TABS}
        current = asked.values["group"] if asked.values["group"] in TABS else _first(counts)
        filtered = wanted(current, asked.values["words"])
        if asked.wants_sheet:
            return export(
                request, visit, asked, t("navigation.submissions"), own_sips(work, filtered, limit=MOST_ROWS)
            )
        rows = own_sips(work, filtered, beyond=place_of(asked), limit=asked.limit + 1)
        window = asked.window(rows, lambda sip: key_of(sip, "received"))
        copies = {sip.id: _copies(work, sip) for sip in window.rows if sip.state is SipState.stored}
        total = count_own_sips(work, filtered)
    listing = Listing(asked, t("submissions.caption"), window, _empty(t, asked, counts), total)
    tabs = [Tab(name, asked.link(group=name), counts[name], name == current) for name in TABS]
    summary = t("submissions.summary", mend=counts["mend"], work=counts["work"])
    page = Page(t("submissions.title", n=counts["all"]), summary, here=HERE)
    return render(
        request, "sips/submissions.html", page, listing=listing, tabs=tabs, copies=copies, what=what
    )


def wanted(tab: str, words: str = "") -> Wanted:
    group = {"mend": Group.sent_back, "work": Group.in_work, "stored": Group.stored}.get(
        tab, Group.everything
    )
    return Wanted(group=group, words=words)


def what(sip: Sip) -> str:
    """What the sender has to do: the key of its sentence."""
    if sip.state in WORK:
        return "wait"
    return {SipState.returned: "mend", SipState.stored: "stored"}.get(sip.state, "nothing")


def _first(counts: dict[str, int]) -> str:
    return "mend" if counts["mend"] else "all"


def _copies(work: Work, sip: Sip) -> tuple[int, int]:
    """Proven copies and how many there are to be: only all of them free the sender's own."""
    states = work.session.scalars(select(Copy.state).where(Copy.dossier_id == sip.dossier_id)).all()
    good = sum(state is CopyState.verified for state in states)
    return good, max(len(states), work.settings.required_copies)


def _empty(t: Sentences, asked: Asked, counts: dict[str, int]) -> Empty:
    if counts["all"] == 0:
        return Empty("nothing_yet", t("submissions.nothing"))
    return Empty("no_match" if asked.chosen else "all_done", t("submissions.no_match"))
