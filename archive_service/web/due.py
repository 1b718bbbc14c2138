"""`/retention`: what is due and why on that day; what nobody can compute; and the list that is made from a filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import select

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.cursors import Listed
from archive_service.kernel.organisation import Fonds, Unit
from archive_service.kernel.permissions import Permission
from archive_service.web.charts import Bars
from archive_service.web.exports import PAGE, every, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.reasons import reasons
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.work import Work
from retention.assess import Unclear, list_unknown
from retention.destruction.lists import UNDER_WAY, destruction_lists
from retention.destruction.turns import waiting_for
from retention.schedule import Due, due_by_unit, due_dossiers

router = page_router()

DUE = (
    Column("dossier", "due.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("unit", "due.unit", sheet=lambda row: ""),
    Column("years", "due.years", sheet=lambda row: row.years),
    Column("ends_on", "due.ends_on", sheet=lambda row: row.ends_on),
    Column("documents", "browse.documents", numeric=True, sheet=lambda row: row.document_count),
    Column("note", "due.note", sheet=lambda row: "; ".join(hold.order_number for hold in row.holds)),
)
UNKNOWN = (
    Column("dossier", "due.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("given", "due.given", sheet=lambda row: row.maintenance),
    Column("why", "due.why", sheet=lambda row: lambda t: reasons(row.steps, t)[-1]),
)
#: Lists under way that the page names; the others stand on their own page.
LISTS_TOLD = 3
#: Days ahead of today by the value of the filter.
HORIZONS = {"now": 0, "30": 30, "365": 365}


def choices(visit: Visit) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Units and fonds as (id → name), for filters and forms."""
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.see_retention)
        units = {str(row.id): row.name for row in work.session.scalars(select(Unit).order_by(Unit.name))}
        fonds = {str(row.id): row.name for row in work.session.scalars(select(Fonds).order_by(Fonds.name))}
    return units, fonds


def asked_for(request: Request, visit: Visit) -> tuple[Asked, Mapping[str, str]]:
    t, (units, fonds) = sentences(request), choices(visit)
    horizons = [(value, t(f"due.horizon_{value}")) for value in HORIZONS]
    filters = (
        Filter("horizon", "due.horizon", "choice", horizons[1:]),
        Filter("unit", "due.unit", "choice", list(units.items())),
        Filter("fonds", "search.fonds", "choice", list(fonds.items())),
    )
    named = tuple(
        replace(column, sheet=lambda row: units.get(str(row.unit_id), ""))
        if column.name == "unit"
        else column
        for column in DUE
    )
    return ask(request, "due", named, filters, sort=""), units


def id_of(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@router.get("/retention")
def due(request: Request, visit: TheVisit) -> Response:
    t, (asked, units) = sentences(request), asked_for(request, visit)
    today = vietnam_date(visit.archive.clock.now())
    before = today + timedelta(days=HORIZONS.get(asked.values["horizon"], 0))
    if asked.wants_sheet:
        return export(request, visit, asked, t("due.title"), _all(visit, asked, before))
    with visit.archive.look(visit.actor) as work:
        listed = _rows(work, visit, asked, before, asked.position, asked.limit)
        now, soon = due_by_unit(work, today), due_by_unit(work, today + timedelta(days=30))
        may_list = work.actor.may(Permission.propose_destruction)
        under_way = destruction_lists(work, visit.archive, states=UNDER_WAY, limit=LISTS_TOLD).items
        lists = [(one, ", ".join(waiting_for(work, one))) for one in under_way]
    named = [(units.get(str(unit), t("due.no_unit")), count) for unit, count in soon.items()]
    named.sort(key=lambda pair: -pair[1])
    empty = Empty("no_match" if asked.chosen else "all_done", t("due.none"))
    listing = Listing(asked, t("due.caption"), asked.page_of(listed), empty)
    return render(
        request,
        "due.html",
        Page(t("due.head", n=sum(now.values())), t("due.summary", n=sum(soon.values())), here="/retention"),
        listing=listing,
        units=units,
        lists=lists,
        today=today,
        why=lambda row: reasons(row.steps, t),
        may_list=may_list and bool(now),
        chart=Bars(t("due.chart"), t("due.chart_about"), t("browse.dossiers"), named) if named else None,
        list_link=asked.link().replace("/retention", "/retention/list", 1),
    )


def _rows(
    work: Work, visit: Visit, asked: Asked, before: date, cursor: str | None, limit: int
) -> Listed[Due]:
    unit, fonds = id_of(asked.values["unit"]), id_of(asked.values["fonds"])
    return due_dossiers(work, visit.archive, before, unit_id=unit, fonds_id=fonds, cursor=cursor, limit=limit)


def _all(visit: Visit, asked: Asked, before: date) -> Iterator[Due]:
    def page(cursor: str | None) -> Listed[Due]:
        with visit.archive.look(visit.actor) as work:
            return _rows(work, visit, asked, before, cursor, PAGE)

    return every(page)


@router.get("/retention/unknown")
def unknown(request: Request, visit: TheVisit) -> Response:
    """A group of its own: never due, so that nobody destroys what nobody could compute."""
    t, asked = sentences(request), ask(request, "unknown", UNKNOWN, (), sort="")
    if asked.wants_sheet:
        return export(request, visit, asked, t("due.unknown_title"), _every_unknown(visit))
    with visit.archive.look(visit.actor) as work:
        listed = list_unknown(work, visit.archive, cursor=asked.position, limit=asked.limit)
    empty = Empty("all_done", t("due.unknown_none"))
    listing = Listing(asked, t("due.unknown_title"), asked.page_of(listed), empty)
    crumbs = [(t("navigation.due"), "/retention"), (t("due.unknown_title"), "")]
    page = Page(t("due.unknown_title"), t("due.unknown_summary"), crumbs, here="/retention")
    return render(request, "due_unknown.html", page, listing=listing, why=lambda row: reasons(row.steps, t))


def _every_unknown(visit: Visit) -> Iterator[Unclear]:
    def page(cursor: str | None) -> Listed[Unclear]:
        with visit.archive.look(visit.actor) as work:
            return list_unknown(work, visit.archive, cursor=cursor, limit=PAGE)

    return every(page)
