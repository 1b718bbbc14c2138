"""From what an engine found to the page that is shown: the same for both engines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from archive_service.kernel.cursors import make_cursor, read_cursor
from search import highlight
from search.index import EXACT_TO, FACET_VALUES, FacetCount, Hit, IndexEntry, Query, SearchPage
from search.query import Asked
from search.terms import parts

NOTHING = SearchPage((), 0, 0, False, {}, None)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a hit stands: by rank, then by `terms.order`, then by id."""

    rank: int
    order: int
    id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as the engine has it: its position, its entry with the text, and whether it has the very tones."""

    position: Position
    entry: IndexEntry
    text_cut: bool
    tone_exact: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact or from `EXACT_TO` on any larger number; facets as the engine counted them."""

    total: int
    exact_total: int
    facets: Mapping[str, Mapping[str, int]]


def answer(query: Query, asked: Asked, found: list[Found], counts: Counts) -> SearchPage:
    """`found` holds one more than the limit if there is a next page."""
    shown = found[: query.limit]
    return SearchPage(
        hits=_hits(shown, asked),
        total=min(counts.total, EXACT_TO),
        exact_total=min(counts.exact_total, EXACT_TO),
        more=counts.total > EXACT_TO,
        facets={name: _most_frequent(values) for name, values in counts.facets.items()},
        next=_cursor(query, shown[-1].position) if len(found) > len(shown) else None,
    )


def _hits(shown: Iterable[Found], asked: Asked) -> tuple[Hit, ...]:
    sought = highlight.pattern(asked)
    hits = []
    for found in shown:
        entry, exact = found.entry, found.tone_exact
        marked = {
            name: highlight.highlight(text, asked, sought, exact) for name, text in parts(entry).items()
        }
        hits.append(
            Hit(
                entry=replace(entry, text=""),
                tone_exact=exact,
                highlights={name: fragments for name, fragments in marked.items() if fragments},
                snippet=highlight.snippet(entry.text, asked, sought, exact),
                text_cut=found.text_cut,
            )
        )
    return tuple(hits)


def _most_frequent(values: Mapping[str, int]) -> tuple[FacetCount, ...]:
    counts = sorted((-count, value) for value, count in values.items())
    return tuple(FacetCount(value, -count) for count, value in counts[:FACET_VALUES])


def _bound_to(query: Query) -> str:
    filters = {name: sorted(values) for name, values in sorted(query.filters.items())}
    asked = json.dumps([query.text, filters, query.date_from, query.date_to, query.sort])
    return hashlib.sha256(asked.encode()).hexdigest()


def _cursor(query: Query, position: Position) -> str:
    # No secret: a forged cursor only names another place of the same list, the permission filter applies again.
    return make_cursor(b"search", _bound_to(query), [position.rank, position.order, position.id])


def position_of(query: Query) -> Position | None:
    """The last hit that was shown. Raises `NotPossible` for a cursor of another query."""
    if query.after is None:
        return None
    rank, order, entry_id = read_cursor(b"search", _bound_to(query), query.after)
    return Position(int(str(rank)), int(str(order)), str(entry_id))
