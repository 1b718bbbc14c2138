"""Questions to tantivy: the schema, and how filters, conditions and ranks become its queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as Q

from search.answers import Counts, Found, Position
from search.index import FACETS, FILTERS, AccessFilter, IndexEntry, Query
from search.query import Asked
from search.ranks import AllOf, AnyOf, Condition, Rank, Stands, anywhere, ranks
from search.terms import ERASED, FIELDS, day_number, restored

MOST_FACET_VALUES = 10_000
TIES = 8  # entries that share day and chance number (`terms.order`); more than two never happen


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("id", *FILTERS):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="words", index_option="position")
    for name in ("revision", "order", "day_from", "day_to"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_bytes_field("stored", stored=True)
    return builder.build()


SCHEMA = _schema()


SCHEMA = _schema()


def is_one_of(field: str, values: Iterable[str]) -> Q:
    return Q.term_set_query(SCHEMA, field, list(values))


def _all(*queries: Q) -> Q:
    return Q.boolean_query([(Occur.Must, query) for query in queries])


def _any(*queries: Q) -> Q:
    return Q.boolean_query([(Occur.Should, query) for query in queries])


def _without(query: Q, *unwanted: Q) -> Q:
    return Q.boolean_query([(Occur.Must, query), *((Occur.MustNot, each) for each in unwanted)])


def _between(field: str, low: int | None, high: int | None) -> Q:
    return Q.range_query(SCHEMA, field, FieldType.Unsigned, low, high)


def _meets(condition: Condition) -> Q:
    match condition:
        case AllOf(parts):
            return _all(*map(_meets, parts)) if parts else Q.empty_query()
        case AnyOf(parts):
            return _any(*map(_meets, parts))
        case Stands(field, (single,)):
            return Q.term_query(SCHEMA, field, single)
        case Stands(field, words):
            return Q.phrase_query(SCHEMA, field, list(words))


def scope_of(query: Query, access: AccessFilter, must_not: frozenset[str]) -> Q:
    """What this reader may see of what the filters leave."""
    clauses = []
    for clause in access.clauses:
        limits = {"access": clause.modes, "unit": clause.units, "fonds": clause.fonds}
        clauses.append(
            _all(*(is_one_of(name, values) for name, values in limits.items() if values is not None))
        )
    needed = [_any(*clauses), *(is_one_of(name, values) for name, values in query.filters.items())]
    if query.date_from:
        needed.append(_between("day_to", day_number(query.date_from), None))
    if query.date_to:
        needed.append(_between("day_from", None, day_number(query.date_to)))
    return _without(_all(*needed), is_one_of("kind", [ERASED]), is_one_of("dossier", must_not))


class _Taken(NamedTuple):
    position: Position
    entry: IndexEntry
    cut: bool
    place: tuple[int, int]

    def found(self, tone_exact: bool) -> Found:
        return Found(self.position, self.entry, self.cut, tone_exact)


def count_of(searcher: tantivy.Searcher, query: Q) -> int:
    return cast(int, searcher.search(query, 1).count)  # type: ignore[attr-defined]


def counts(searcher: tantivy.Searcher, asked: Asked, scope: Q) -> Counts:
    hits, exact = _all(scope, _matching(asked, False)), _all(scope, _matching(asked, True))
    wanted = {name: {"terms": {"field": name, "size": MOST_FACET_VALUES}} for name in FACETS}
    counted = searcher.aggregate(hits, wanted)
    facets = {name: {str(b["key"]): int(b["doc_count"]) for b in counted[name]["buckets"]} for name in FACETS}
    total = sum(facets["kind"].values())  # every entry has exactly one kind
    return Counts(total, count_of(searcher, exact), facets)


def by_rank(
    searcher: tantivy.Searcher, query: Query, asked: Asked, scope: Q, after: Position | None, counted: Counts
) -> list[Found]:
    """One question a rank, best first, each without the better ones, until there is one more than the limit."""
    found: list[Found] = []
    better: list[Q] = []
    for rank in ranks(asked):
        room, meets = query.limit + 1 - len(found), _meets(rank.condition)
        if room and (after is None or rank.value <= after.rank) and not _over(rank, found, after, counted):
            behind = after if after and after.rank == rank.value else None
            taken = _take(
                searcher, _without(_all(scope, meets), *better), rank.value, behind, room, newest=True
            )
            found += [each.found(rank.exact) for each in taken]
        better.append(meets)
    return found


def _over(rank: Rank, found: list[Found], after: Position | None, counted: Counts) -> bool:
    """Nothing is left for this rank: on the first page all that were counted may be found already."""
    if rank.exact:
        return counted.exact_total == (0 if after else len(found))
    return counted.total == (counted.exact_total if after else len(found))


def by_date(
    searcher: tantivy.Searcher, query: Query, asked: Asked, scope: Q, after: Position | None
) -> list[Found]:
    newest = query.sort != "oldest"
    taken = _take(searcher, _all(scope, _matching(asked, False)), 0, after, query.limit + 1, newest=newest)
    exact = _all(is_one_of("id", [each.position.id for each in taken]), _matching(asked, True))
    hits = searcher.search(exact, query.limit + 1, count=False).hits
    tones = {(address.segment_ord, address.doc) for _, address in hits}
    return [each.found(each.place in tones) for each in taken]


def _matching(asked: Asked, exact: bool) -> Q:
    return Q.all_query() if asked.blank else _meets(anywhere(asked, exact))


def _take(
    searcher: tantivy.Searcher, query: Q, rank: int, after: Position | None, room: int, *, newest: bool
) -> list[_Taken]:
    """The first `room` of one rank behind `after`, by order and then id. tantivy sorts by one number only, so
    entries with the number of `after` are asked for again and those not behind it left out here."""
    if after:
        low, high = (None, after.order) if newest else (after.order, None)
        query = _all(query, _between("order", low, high))
    direction = tantivy.Order.Desc if newest else tantivy.Order.Asc
    hits = searcher.search(query, room + TIES, count=False, order_by_field="order", order=direction).hits

    def key(position: Position) -> tuple[int, str]:
        return (-position.order if newest else position.order), position.id

    taken = [_taken(searcher, address, int(number), rank) for number, address in hits]
    behind = [each for each in taken if after is None or key(each.position) > key(after)]
    return sorted(behind, key=lambda each: key(each.position))[:room]


def _taken(searcher: tantivy.Searcher, address: tantivy.DocAddress, number: int, rank: int) -> _Taken:
    entry, cut = restored(stored_bytes(searcher, address))
    return _Taken(Position(rank, number, entry.id), entry, cut, (address.segment_ord, address.doc))


def stored_bytes(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> bytes:
    return cast(bytes, searcher.doc(address).get_first("stored"))
