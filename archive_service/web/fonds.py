"""Browsing: `/fonds` → `/fonds/{id}` (years) → `/fonds/{id}/{year}` (dossiers in Vietnamese order)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import Missing
from archive_service.kernel.organisation import Fonds
from archive_service.web.exports import PAGE, every, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Column, Empty, Listing, Window, ask
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.texts import day_text
from archive_service.work import Work
from preservation.models import Dossier
from preservation.reading import browse

router = page_router()
NO_YEAR = "none"

FONDS = (
    Column("name", "browse.name", sheet=lambda row: row.name),
    Column("code", "browse.code", sheet=lambda row: row.organ_id),
    Column("state", "browse.state"),
)
YEARS = (
    Column("year", "browse.year", sheet=lambda row: row[0]),
    Column("dossiers", "browse.dossiers", numeric=True, sheet=lambda row: row[1]),
)
DOSSIERS = (
    Column("dossier", "browse.dossier", sheet=lambda row: row.dossier.title),
    Column("code", "search.dossier", sheet=lambda row: row.dossier.code),
    Column("dates", "browse.dates", sheet=lambda row: row.dates),
    Column("documents", "browse.documents", numeric=True, sheet=lambda row: row.documents),
    Column("kept_for", "browse.kept_for", sheet=lambda row: row.dossier.maintenance),
    Column("access", "browse.access", sheet=lambda row: label("access", row.dossier.access.value)),
)


@dataclass(frozen=True)
class DossierRow:
    """`documents` counts only those that this person may read."""

    dossier: Dossier
    documents: int

    @property
    def dates(self) -> str:
        return period(self.dossier)


def period(dossier: Dossier) -> str:
    """The days of its beginning and its end, as far as they are known."""
    known = [day_text(each) for each in (dossier.start_date, dossier.end_date) if each]
    return "–".join(dict.fromkeys(known))


@router.get("/fonds")
def all_fonds(request: Request, visit: TheVisit) -> Response:
    t, asked = sentences(request), ask(request, "fonds", FONDS, (), sort="")
    with visit.archive.look(visit.actor) as work:
        rows = browse.fonds_list(work)
    if asked.wants_sheet:
        return export(request, visit, asked, t("browse.title"), rows)
    listing = Listing(
        asked, t("browse.caption"), Window(rows), Empty("nothing_yet", t("browse.none")), len(rows)
    )
    page = Page(t("browse.title"), t("browse.summary"), here="/fonds")
    return render(request, "fonds.html", page, listing=listing)


@router.get("/fonds/{fonds_id}")
def years(request: Request, visit: TheVisit, fonds_id: UUID) -> Response:
    t, asked = sentences(request), ask(request, "years", YEARS, (), sort="")
    with visit.archive.look(visit.actor) as work:
        fonds = _seen(work, fonds_id)
        rows = browse.years_of(work, fonds_id)
    if asked.wants_sheet:
        return export(request, visit, asked, fonds.name, rows)
    listing = Listing(asked, t("browse.years_caption"), Window(rows), Empty("nothing_yet", t("browse.none")))
    page = Page(fonds.name, here="/fonds", crumbs=[(t("browse.title"), "/fonds"), (fonds.organ_id, "")])
    return render(request, "years.html", page, listing=listing, fonds=fonds)


@router.get("/fonds/{fonds_id}/{year}")
def dossiers(request: Request, visit: TheVisit, fonds_id: UUID, year: str) -> Response:
    t, asked = sentences(request), ask(request, "dossiers", DOSSIERS, (), sort="")
    number = _year(year)
    with visit.archive.look(visit.actor) as work:
        fonds = _seen(work, fonds_id)
        if number not in {each for each, _ in browse.years_of(work, fonds_id)}:
            raise Missing
        listed = _rows(work, visit, fonds_id, number, asked.position, asked.limit)
    title = (
        t("browse.year_title_none", fonds=fonds.name)
        if number is None
        else t("browse.year_title", fonds=fonds.name, year=year)
    )
    if asked.wants_sheet:
        return export(request, visit, asked, title, _all(visit, fonds_id, number))
    empty = Empty("nothing_yet", t("browse.none"))
    listing = Listing(asked, t("browse.dossiers_caption"), asked.page_of(listed), empty)
    crumbs = [(t("browse.title"), "/fonds"), (fonds.organ_id, f"/fonds/{fonds_id}")]
    words = t("browse.no_year") if number is None else year
    page = Page(title, here="/fonds", crumbs=[*crumbs, (words, "")])
    return render(request, "dossiers.html", page, listing=listing)


def _seen(work: Work, fonds_id: UUID) -> Fonds:
    """A fonds without a dossier that this person may see is not told from one that does not exist."""
    found = next((fonds for fonds in browse.fonds_list(work) if fonds.id == fonds_id), None)
    if found is None:
        raise Missing
    return found


def _year(text: str) -> int | None:
    if text == NO_YEAR:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Missing
    return int(text)


def _rows(
    work: Work, visit: Visit, fonds_id: UUID, year: int | None, cursor: str | None, limit: int
) -> Listed[DossierRow]:
    secret = visit.archive.keys.secret
    found = browse.dossiers_of(work, secret, fonds_id, year, limit=limit, cursor=cursor)
    counts = browse.count_documents(work, [dossier.id for dossier in found.items])
    return Listed([DossierRow(each, counts.get(each.id, 0)) for each in found.items], found.next)


def _all(visit: Visit, fonds_id: UUID, year: int | None) -> Iterator[DossierRow]:
    def page(cursor: str | None) -> Listed[DossierRow]:
        with visit.archive.look(visit.actor) as work:
            return _rows(work, visit, fonds_id, year, cursor, PAGE)

    return every(page)
