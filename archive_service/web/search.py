"""`/search`: one box. What is found, counted and offered as a filter is what this person may read, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, get_args

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.kernel.errors import NotPossible
from archive_service.web.exports import PAGE, every, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, ask
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.typed import NotReadable, typed_date
from preservation.reading.browse import fonds_list
from preservation.reading.find import find
from search.index import FACETS, Hit, IndexAway, Query, SearchPage, Sort

router = page_router()

COLUMNS = (
    Column("title", "search.title_column", sheet=lambda hit: hit.entry.title),
    Column("kind", "search.kind", sheet=lambda hit: label("entry_kind", hit.entry.kind)),
    Column("number", "search.number", sheet=lambda hit: "; ".join(hit.entry.numbers)),
    Column("type", "search.type", sheet=lambda hit: hit.entry.type_name),
    Column("agency", "search.agency", sheet=lambda hit: hit.entry.agency),
    Column("date", "search.date", sheet=lambda hit: _day(hit.entry.date_from)),
    Column("dossier", "search.dossier", sheet=lambda hit: hit.entry.dossier_code),
)
FILTERS = (
    Filter("q", "search.words"),
    *(Filter(name, f"search.{name}") for name in FACETS),
    Filter("from", "search.from", "date"),
    Filter("to", "search.to", "date"),
    Filter("by", "search.by"),
)
SORTS: tuple[Sort, ...] = get_args(Sort)
HITS = 20


@dataclass(frozen=True)
class FacetValue:
    words: str
    count: int
    href: str


@dataclass(frozen=True)
class Facet:
    """A group of links that narrow the search; not offered once one of its values is chosen."""

    name: str
    values: Sequence[FacetValue]


@router.get("/search")
def search(request: Request, visit: TheVisit) -> Response:
    t, asked = sentences(request), ask(request, "search", COLUMNS, FILTERS, sort="")
    names = _fonds_names(visit)
    if not asked.chosen:
        return _page(request, asked, names, None, "")
    try:
        wanted = _query(asked)
        if asked.wants_sheet:
            return export(request, visit, asked, t("search.sheet"), _all(visit, wanted))
        found = find(visit.archive, visit.actor, wanted).page
    except IndexAway as away:
        return _page(request, asked, names, None, away.sentence(visit.language), 503)
    except (NotReadable, NotPossible):
        return _page(request, asked, names, None, t("search.wrong"), 422)
    return _page(request, asked, names, found, "")


def _fonds_names(visit: Visit) -> Mapping[str, str]:
    """Those of which this person may see something: an id in an address gives no other name away."""
    with visit.archive.look(visit.actor) as work:
        return {str(row.id): row.name for row in fonds_list(work)}


def _query(asked: Asked) -> Query:
    values = asked.values
    by: Any = values["by"] if values["by"] in SORTS else "relevance"
    return Query(
        text=values["q"],
        filters={name: frozenset({values[name]}) for name in FACETS if values[name]},
        date_from=typed_date(values["from"], partial=True).earliest.isoformat() if values["from"] else None,
        date_to=typed_date(values["to"], partial=True).latest.isoformat() if values["to"] else None,
        sort=by,
        limit=HITS,
        after=asked.position,
    )


def _all(visit: Visit, wanted: Query) -> Iterator[Hit]:
    def page(cursor: str | None) -> Listed[Hit]:
        query = replace(wanted, limit=PAGE, after=cursor)
        found = find(visit.archive, visit.actor, query).page
        return Listed(found.hits, found.next)

    return every(page)


def _page(
    request: Request,
    asked: Asked,
    names: Mapping[str, str],
    found: SearchPage | None,
    trouble: str,
    status: int = 200,
) -> Response:
    t = sentences(request)
    counted = _counted(t, found) if found and found.total else ""
    empty = _empty(t, asked, names, found, trouble)
    return render(
        request,
        "search.html",
        Page(t("search.title"), counted, here="/search"),
        status,
        asked=asked,
        found=found,
        facets=_facets(asked, found, names, t) if found else (),
        chips=[(one, _words(one.name, asked.values[one.name], names, t)) for one in _narrowing(asked)],
        sorts=[(by, t(f"search.by_{by}"), asked.link(by=by)) for by in SORTS],
        sorted_by=asked.values["by"] if asked.values["by"] in SORTS else "relevance",
        onward=asked.cursor_link((found.next,)) if found and found.next else "",
        empty=empty,
        date_of=date.fromisoformat,
    )


def _narrowing(asked: Asked) -> list[Filter]:
    return [one for one in asked.chosen if one.name not in {"q", "by"}]


def _counted(t: Sentences, found: SearchPage) -> str:
    """The sentence of counts: how many, and how many of them bear the very tones."""
    if found.more:
        return t("search.many", limit=found.total)
    blind = found.total - found.exact_total
    if not blind or not found.exact_total:
        return t("search.counted_blind" if blind else "search.counted_exact", n=found.total)
    return t("search.counted", n=found.total, exact=found.exact_total, blind=blind)


def _empty(
    t: Sentences, asked: Asked, names: Mapping[str, str], found: SearchPage | None, trouble: str
) -> Empty | None:
    if trouble:
        return Empty("unknown", trouble)
    if found is None or found.hits:
        return None
    chosen = ", ".join(
        f"{t(one.label)} {_words(one.name, asked.values[one.name], names, t)}" for one in _narrowing(asked)
    )
    words = asked.values["q"]
    if chosen:
        return Empty("no_match", t("search.none_filtered", words=words, filters=chosen))
    return Empty("no_match", t("search.none", words=words))


def _facets(asked: Asked, found: SearchPage, names: Mapping[str, str], t: Sentences) -> list[Facet]:
    groups = []
    for name in FACETS:
        counts = found.facets.get(name, ())
        if asked.values[name] or len(counts) < 2:
            continue
        order = sorted(counts, key=lambda one: one.value, reverse=True) if name == "year" else counts
        values = [
            FacetValue(_words(name, one.value, names, t), one.count, asked.link(**{name: one.value}))
            for one in order
        ]
        groups.append(Facet(name, values))
    return groups


def _words(name: str, value: str, names: Mapping[str, str], t: Sentences) -> str:
    """A filter's value as people read it; an unknown one as it was typed."""
    if name == "fonds":
        return names.get(value, value)
    try:
        return label({"kind": "entry_kind"}.get(name, name), value).words(t.language)
    except KeyError:
        return value


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
