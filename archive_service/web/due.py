"""`/retention`: what is due and why on that day; what nobody can compute; and the list that is made from a filter."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import func, select

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.cursors import Listed
from archive_service.kernel.organisation import Fonds, Unit
from archive_service.kernel.permissions import Permission
from archive_service.web.charts import Bars
from archive_service.web.exports import PAGE, every, export
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Page, redirect, render, sentences
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.posted import IN_FORM, form_after
from archive_service.web.reasons import reasons
from archive_service.web.session import ThePosted, TheVisit, Visit, page_router
from archive_service.work import Work
from preservation.models import Dossier
from retention.assess import list_unknown
from retention.destruction.propose import propose_destruction
from retention.reach import chunked
from retention.schedule import Due, due_by_unit, due_dossiers, pick_due

router = page_router()

DUE = (
    Column("dossier", "due.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("unit", "due.unit", sheet=lambda row: str(row.unit_id or "")),
    Column("years", "due.years", sheet=lambda row: row.years),
    Column("ends_on", "due.ends_on", sheet=lambda row: row.ends_on),
    Column("documents", "browse.documents", numeric=True, sheet=lambda row: row.document_count),
    Column("note", "due.note", sheet=lambda row: "; ".join(hold.order_number for hold in row.holds)),
)
UNKNOWN = (
    Column("dossier", "due.dossier", sheet=lambda row: row.title),
    Column("code", "search.dossier", sheet=lambda row: row.code),
    Column("given", "due.given", sheet=lambda row: row.maintenance),
    Column("why", "due.why", sheet=lambda row: ""),
)
#: Days ahead of today by the value of the filter.
HORIZONS = {"now": 0, "30": 30, "365": 365}
SHOWN = 50


def choices(visit: Visit) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Units and fonds as (id → name), for filters and forms."""
    with visit.archive.look(visit.actor) as work:
        work.allow(Permission.see_retention)
        units = {str(row.id): row.name for row in work.session.scalars(select(Unit).order_by(Unit.name))}
        fonds = {str(row.id): row.name for row in work.session.scalars(select(Fonds).order_by(Fonds.name))}
    return units, fonds


def _asked(request: Request, visit: Visit) -> tuple[Asked, Mapping[str, str]]:
    t, (units, fonds) = sentences(request), choices(visit)
    horizons = [(value, t(f"due.horizon_{value}")) for value in HORIZONS]
    filters = (
        Filter("horizon", "due.horizon", "choice", horizons[1:]),
        Filter("unit", "due.unit", "choice", list(units.items())),
        Filter("fonds", "search.fonds", "choice", list(fonds.items())),
    )
    return ask(request, "due", DUE, filters, sort=""), units


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@router.get("/retention")
def due(request: Request, visit: TheVisit) -> Response:
    t, (asked, units) = sentences(request), _asked(request, visit)
    today = vietnam_date(visit.archive.clock.now())
    before = today + timedelta(days=HORIZONS.get(asked.values["horizon"], 0))
    if asked.wants_sheet:
        return export(request, visit, asked, t("due.title"), _all(visit, asked, before))
    with visit.archive.look(visit.actor) as work:
        listed = _rows(work, visit, asked, before, asked.position, asked.limit)
        now, soon = due_by_unit(work, today), due_by_unit(work, today + timedelta(days=30))
        may_list = work.actor.may(Permission.propose_destruction)
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
        today=today,
        why=lambda row: reasons(row.steps, t),
        may_list=may_list and bool(now),
        chart=Bars(t("due.chart"), t("due.chart_about"), t("browse.dossiers"), named) if named else None,
        list_link=asked.link().replace("/retention", "/retention/list", 1),
    )


def _rows(
    work: Work, visit: Visit, asked: Asked, before: date, cursor: str | None, limit: int
) -> Listed[Due]:
    unit, fonds = _id(asked.values["unit"]), _id(asked.values["fonds"])
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
    with visit.archive.look(visit.actor) as work:
        listed = list_unknown(work, visit.archive, cursor=asked.position, limit=asked.limit)
    if asked.wants_sheet:
        return export(request, visit, asked, t("due.unknown_title"), listed.items)
    empty = Empty("all_done", t("due.unknown_none"))
    listing = Listing(asked, t("due.unknown_title"), asked.page_of(listed), empty)
    crumbs = [(t("navigation.due"), "/retention"), (t("due.unknown_title"), "")]
    page = Page(t("due.unknown_title"), t("due.unknown_summary"), crumbs, here="/retention")
    return render(request, "due_unknown.html", page, listing=listing, why=lambda row: reasons(row.steps, t))


@dataclass(frozen=True)
class Proposal:
    """What a list made from this filter would hold now. `version` changes with any dossier in it."""

    ids: list[UUID]
    documents: int
    size: int
    first: list[Dossier]

    @property
    def version(self) -> int:
        return zlib.crc32(b"".join(each.bytes for each in self.ids))


def _proposal(visit: Visit, asked: Asked) -> Proposal:
    with visit.archive.look(visit.actor) as work:
        today = vietnam_date(work.now())
        unit, fonds = _id(asked.values["unit"]), _id(asked.values["fonds"])
        ids = pick_due(work, today, unit_id=unit, fonds_id=fonds)
        documents = size = 0
        for some in chunked(ids):
            sums = select(func.sum(Dossier.document_count), func.sum(Dossier.byte_count))
            row = work.session.execute(sums.where(Dossier.id.in_(some))).one()
            documents, size = documents + int(row[0]), size + int(row[1])
        shown = select(Dossier).where(Dossier.id.in_(ids[:SHOWN])).order_by(Dossier.title_key)
        return Proposal(ids, documents, size, list(work.session.scalars(shown)))


@router.get("/retention/list")
def preview(request: Request, visit: TheVisit) -> Response:
    asked, _ = _asked(request, visit)
    return _preview(request, asked, _proposal(visit, asked), visit.form())


def _preview(request: Request, asked: Asked, proposal: Proposal, form: Form, status: int = 200) -> Response:
    t = sentences(request)
    chosen = "; ".join(f"{t(one.label)}: {one.words(asked.values[one.name])}" for one in asked.chosen)
    crumbs = [(t("navigation.due"), "/retention"), (t("propose.crumb"), "")]
    title = t("propose.title", n=len(proposal.ids))
    page = Page(title, chosen, crumbs, here="/retention", failed=bool(form.errors or form.wrong))
    action = asked.link()
    return render(
        request,
        "propose.html",
        page,
        status,
        form=form,
        proposal=proposal,
        act=act(request, action, proposal.version),
        back=action.replace("/retention/list", "/retention", 1),
    )


@router.post("/retention/list")
def propose(request: Request, visit: TheVisit, posted: ThePosted) -> Response:
    asked, _ = _asked(request, visit)
    t, proposal = sentences(request), _proposal(visit, asked)
    if posted.version != proposal.version:
        return _preview(request, asked, proposal, Form(posted.typed, {}, t("propose.changed")), 409)
    unit, fonds = _id(asked.values["unit"]), _id(asked.values["fonds"])
    try:
        with visit.archive.work(visit.actor) as work:
            explanation = posted.text("explanation")
            listed = propose_destruction(
                work, proposal.ids, explanation=explanation, unit_id=unit, fonds_id=fonds
            )
    except IN_FORM as error:
        at = "explanation" if error.name == "field-missing" else ""
        return _preview(request, asked, proposal, form_after(posted, error, visit.language, at), 422)
    flash = Flash("propose.done", number=listed.number, n=len(proposal.ids))
    return redirect(f"/destruction/{listed.id}", flash)
