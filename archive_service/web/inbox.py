"""`/sips`: what came, whose turn it is, what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from fastapi import Request, Response

from archive_service.web.exports import MOST_ROWS, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, Window, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.typed import NotReadable, typed_date
from archive_service.work import Work
from ingest import inbox
from ingest.inbox import Group, Place, Result, Wanted, Week
from ingest.models import Sip

router = page_router()
HERE = "/sips"

COLUMNS = (
    Column("title", "inbox.dossier", sheet=lambda sip: sip.title),
    Column("code", "inbox.code", sheet=lambda sip: sip.dossier_code),
    Column("unit", "inbox.unit", sheet=lambda sip: sender(sip)),
    Column("state", "inbox.state", sheet=lambda sip: label("sip", sip.state.value)),
    Column("result", "inbox.result", sheet=lambda sip: partial(result_in_words, sip)),
    Column("documents", "inbox.documents", numeric=True, sheet=lambda sip: sip.document_count),
    Column("received", "inbox.received", sortable=True, sheet=lambda sip: sip.received_raw),
    Column("due", "inbox.due", sortable=True, sheet=lambda sip: sip.due_at),
)
TABS = tuple(group for group in Group if group is not Group.in_work)
SHOWN = tuple(column for column in COLUMNS if column.name not in {"code", "state"})


def result_in_words(sip: Sip, t: Sentences) -> str:
    """The verdict as the package's own page says it; nothing before it was checked."""
    if sip.checked_at is None:
        return ""
    return t("sip.verdict", errors=sip.errors, warnings=sip.warnings, notes=sip.notes)


@dataclass(frozen=True)
class Tab:
    group: Group
    href: str
    count: int
    current: bool


def sender(sip: Sip) -> str:
    """The unit that the package belongs to, else the account that sent it."""
    if sip.unit is not None:
        return sip.unit.name
    return sip.submitter.name if sip.submitter is not None else ""


@router.get(HERE)
def show_inbox(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        asked = _asked(request, work, t)
        wanted = wanted_of(asked, visit)
        if asked.wants_sheet:
            rows = inbox.list_sips(
                work, wanted, sort=_sort(asked), descending=asked.descending, limit=MOST_ROWS
            )
            return export(request, visit, asked, t("navigation.inbox"), rows)
        window = _window(work, asked, wanted)
        week, tabs = inbox.week(work), _tabs(work, asked, wanted)
        faults = inbox.faults_of(work, [sip.id for sip in window.rows])
        total = inbox.count_sips(work, wanted)
        clean = len(inbox.clean_ids(work, wanted)) if wanted.group is Group.waiting else 0
    listing = Listing(
        asked, t(f"inbox.group_{wanted.group}"), window, _empty(t, asked, wanted), total, selectable=total > 0
    )
    page = Page(_title(t, tabs), _summary(t, week), here=HERE)
    return render(
        request,
        "sips/inbox.html",
        page,
        listing=listing,
        tabs=tabs,
        week=week,
        faults=faults,
        clean=clean,
        all_clean=asked.link(all="yes").replace(HERE, f"{HERE}/accept", 1),
        sender=sender,
        due_words=lambda due: due_words(t, due, visit.archive.clock.now()),
    )


def due_words(t: Sentences, due: datetime | None, now: datetime) -> str:
    """How late or near: the date stands beside it."""
    if due is None:
        return ""
    days = (now - due).days if now > due else 0
    if now > due:
        return t("inbox.overdue", n=days) if days else t("inbox.overdue_today")
    return t("inbox.due_today") if due.date() == now.date() else ""


def wanted_of(asked: Asked, visit: Visit) -> Wanted:
    """The filter of the address; what cannot be read is left out, and its chip shows that it stands there."""
    values = asked.values
    handler = values["handler"]
    return Wanted(
        group=Group(values["group"]) if values["group"] in set(Group) else Group.waiting,
        unit_id=_id(values["unit"]),
        result=Result(values["result"]) if values["result"] in set(Result) else None,
        handler=visit.actor.id if handler == "me" else "nobody" if handler == "nobody" else None,
        received_from=_day(values["from"]),
        received_to=_day(values["to"]),
        words=values["words"],
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return typed_date(text).earliest if text else None
    except NotReadable:
        return None


def filters(work: Work, t: Sentences) -> Sequence[Filter]:
    units = [(str(unit.id), unit.name) for unit in inbox.units_in_reach(work)]
    results = [(result.value, t(f"inbox.result_{result}")) for result in Result]
    people = [("me", t("inbox.handler_me")), ("nobody", t("inbox.handler_nobody"))]
    return (
        Filter("group", "inbox.state", "hidden"),
        Filter("words", "inbox.words"),
        Filter("unit", "inbox.unit", "choice", units),
        Filter("result", "inbox.result", "choice", results),
        Filter("handler", "inbox.handler", "choice", people),
        Filter("from", "inbox.from", "date"),
        Filter("to", "inbox.to", "date"),
    )


def _asked(request: Request, work: Work, t: Sentences) -> Asked:
    return ask(
        request,
        "sips",
        SHOWN if "format" not in request.query_params else COLUMNS,
        filters(work, t),
        sort="due",
    )


def _sort(asked: Asked) -> inbox.Sort:
    return "received" if asked.sort == "received" else "due"


def _window(work: Work, asked: Asked, wanted: Wanted) -> Window:
    sort = _sort(asked)
    rows = inbox.list_sips(
        work, wanted, sort=sort, descending=asked.descending, beyond=place_of(asked), limit=asked.limit + 1
    )
    return asked.window(rows, lambda sip: key_of(sip, sort))


def key_of(sip: Sip, sort: inbox.Sort) -> tuple[str, str]:
    at = sip.received_raw if sort == "received" or sip.due_at is None else sip.due_at
    return at.isoformat(), str(sip.id)


def place_of(asked: Asked) -> Place | None:
    """The row at the edge of the page; a cursor that is none begins at the start."""
    if asked.cursor is None or len(asked.cursor.keys) != 2:
        return None
    at, key = asked.cursor.keys
    try:
        return Place(datetime.fromisoformat(str(at)), UUID(str(key)), asked.cursor.backwards)
    except ValueError:
        return None


def _tabs(work: Work, asked: Asked, wanted: Wanted) -> list[Tab]:
    return [
        Tab(
            group,
            asked.link(group=group.value),
            inbox.count_sips(work, Wanted(group=group)),
            group is wanted.group,
        )
        for group in TABS
    ]


def _title(t: Sentences, tabs: Sequence[Tab]) -> str:
    waiting = sum(tab.count for tab in tabs if tab.group in (Group.waiting, Group.with_errors))
    return t("inbox.title", n=waiting)


def _summary(t: Sentences, week: Week) -> str:
    return t("inbox.summary", today=week.due_today, late=week.overdue)


def _empty(t: Sentences, asked: Asked, wanted: Wanted) -> Empty:
    if asked.chosen:
        names = ", ".join(t(one.label) for one in asked.chosen)
        return Empty("no_match", t("inbox.no_match", filters=names))
    if wanted.group in (Group.waiting, Group.with_errors, Group.our_fault):
        return Empty("all_done", t("inbox.all_done"))
    return Empty("nothing_yet", t("inbox.nothing_yet"))
