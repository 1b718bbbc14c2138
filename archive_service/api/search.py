"""`/search`: one box, and facets. What this person may not see is in no hit, no count and no facet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from archive_service.api.doors import Cursor, Limit, Shown, TheActor, TheArchive
from archive_service.kernel.cursors import make_cursor, read_cursor
from preservation.reading.find import find
from search.index import Fragments, Hit, Sort
from search.index import Query as Wanted

router = APIRouter(tags=["search"])
Values = Annotated[list[str] | None, Query()]


class FragmentShown(Shown):
    text: str
    is_hit: bool


class SnippetShown(Shown):
    fragments: Sequence[FragmentShown]
    page: int
    further: int


class HitShown(Shown):
    """`tone_exact`: the words stand there with the very tones that were typed."""

    id: UUID
    kind: str
    dossier_id: UUID
    dossier_code: str
    title: str
    numbers: Sequence[str]
    agency: str
    type_name: str
    date_from: date | None
    date_to: date | None
    year: int | None
    access: str
    tone_exact: bool
    highlights: Mapping[str, Sequence[FragmentShown]]
    snippet: SnippetShown | None


class FacetShown(Shown):
    value: str
    count: int


class Answer(Shown):
    """`total` is exact up to 10,000; `more` says that there are more than that."""

    items: Sequence[HitShown]
    next: str | None
    total: int
    exact_total: int
    more: bool
    facets: Mapping[str, Sequence[FacetShown]]


@router.get("/search")
def search(
    archive: TheArchive,
    actor: TheActor,
    q: Annotated[str, Query(max_length=1000)] = "",
    fonds: Values = None,
    agency: Values = None,
    year: Values = None,
    type: Values = None,
    kind: Values = None,
    access: Values = None,
    date_from: Annotated[date | None, Query(alias="from")] = None,
    date_to: Annotated[date | None, Query(alias="to")] = None,
    sort: Sort = "relevance",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Answer:
    """Words, numbers and dates as people type them. The query itself is recorded in the log."""
    given = {"fonds": fonds, "agency": agency, "year": year, "type": type, "kind": kind, "access": access}
    wanted = Wanted(
        text=q,
        filters={name: frozenset(values) for name, values in given.items() if values},
        date_from=date_from.isoformat() if date_from else None,
        date_to=date_to.isoformat() if date_to else None,
        sort=sort,
        limit=limit,
    )
    secret, bound = archive.keys.secret, f"{actor.id}/search/{_same(wanted)}"
    if cursor is not None:
        wanted = replace(wanted, after=str(read_cursor(secret, bound, cursor)[0]))
    page = find(archive, actor, wanted).page
    return Answer(
        items=[_hit(each) for each in page.hits],
        next=make_cursor(secret, bound, [page.next]) if page.next else None,
        total=page.total,
        exact_total=page.exact_total,
        more=page.more,
        facets={name: [FacetShown.model_validate(c) for c in counts] for name, counts in page.facets.items()},
    )


def _same(wanted: Wanted) -> str:
    """What a cursor is bound to: everything asked but the place in the list."""
    filters = sorted((name, sorted(values)) for name, values in wanted.filters.items())
    asked = (wanted.text, filters, wanted.date_from, wanted.date_to, wanted.sort)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def _hit(hit: Hit) -> HitShown:
    entry = hit.entry
    return HitShown(
        id=UUID(entry.id),
        kind=entry.kind,
        dossier_id=UUID(entry.dossier_id),
        dossier_code=entry.dossier_code,
        title=entry.title,
        numbers=entry.numbers,
        agency=entry.agency,
        type_name=entry.type_name,
        date_from=date.fromisoformat(entry.date_from) if entry.date_from else None,
        date_to=date.fromisoformat(entry.date_to) if entry.date_to else None,
        year=entry.year,
        access=entry.access,
        tone_exact=hit.tone_exact,
        highlights={name: _fragments(each) for name, each in hit.highlights.items()},
        snippet=SnippetShown.model_validate(hit.snippet) if hit.snippet else None,
    )


def _fragments(given: Fragments) -> list[FragmentShown]:
    return [FragmentShown.model_validate(each) for each in given]
