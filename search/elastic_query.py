"""Questions to Elasticsearch: the mapping, and how filters, conditions and ranks become its query language.

Only what the plainest distribution has: whitespace and keyword fields, bool, terms, phrase, terms aggregations.
Folding and splitting is done before sending (ADR 0031).
"""

from __future__ import annotations

from typing import Any

from search.answers import Position
from search.index import EXACT_TO, FACETS, FILTERS, KINDS, AccessFilter, Query
from search.query import Asked
from search.ranks import AllOf, AnyOf, Condition, Stands, anywhere, ranks
from search.terms import ERASED, FIELDS, day_number

Json = dict[str, Any]

MOST_FACET_VALUES = 10_000
SETTINGS: Json = {
    "number_of_shards": 1,  # facet counts of several shards are approximate
    "auto_expand_replicas": "0-1",
    "merge.policy.expunge_deletes_allowed": 0,  # else erased text stays in segments with few deletions
}
MAPPINGS: Json = {
    "dynamic": "strict",
    "_source": {"includes": ["stored"]},
    "properties": {
        **{name: {"type": "keyword"} for name in ("id", *FILTERS)},
        **{name: {"type": "long"} for name in ("revision", "order", "day_from", "day_to")},
        **{
            name: {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "positions"}
            for name in FIELDS
        },
        "stored": {"type": "object", "enabled": False},
    },
}
LIVING: Json = {"terms": {"kind": KINDS}}


def is_one_of(field: str, values: frozenset[str]) -> Json:
    return {"terms": {field: sorted(values)}}


def _meets(condition: Condition) -> Json:
    match condition:
        case AllOf(parts):
            return {"bool": {"filter": [_meets(part) for part in parts]}}
        case AnyOf(parts):
            return {"bool": {"should": [_meets(part) for part in parts], "minimum_should_match": 1}}
        case Stands(field, (single,)):
            return {"term": {field: single}}
        case Stands(field, words):
            return {"match_phrase": {field: {"query": " ".join(words), "analyzer": "whitespace"}}}


def _scope(query: Query, access: AccessFilter, must_not: frozenset[str]) -> Json:
    """What this reader may see of what the filters leave."""
    clauses = []
    for clause in access.clauses:
        limits = {"access": clause.modes, "unit": clause.units, "fonds": clause.fonds}
        needed = [is_one_of(name, values) for name, values in limits.items() if values is not None]
        clauses.append({"bool": {"filter": needed}})
    filters = [
        {"bool": {"should": clauses, "minimum_should_match": 1}},
        *(is_one_of(name, values) for name, values in query.filters.items()),
    ]
    if query.date_from:
        filters.append({"range": {"day_to": {"gte": day_number(query.date_from)}}})
    if query.date_to:
        filters.append({"range": {"day_from": {"lte": day_number(query.date_to)}}})
    hidden = [is_one_of("kind", frozenset([ERASED])), is_one_of("dossier", must_not)]
    return {"filter": filters, "must_not": hidden}


def _ranked(asked: Asked) -> Json:
    """The score is the rank's value: whole numbers, the same on every copy of the index."""
    if asked.blank:
        return {"constant_score": {"filter": {"match_all": {}}, "boost": 1}}
    constant = [{"constant_score": {"filter": _meets(r.condition), "boost": r.value}} for r in ranks(asked)]
    return {"dis_max": {"queries": constant}}


def _exact(asked: Asked) -> Json:
    return {"match_all": {}} if asked.blank else _meets(anywhere(asked, exact=True))


def question(
    query: Query, asked: Asked, access: AccessFilter, must_not: frozenset[str], after: Position | None
) -> Json:
    """The body of `_search`: one more hit than the limit."""
    scope = _scope(query, access, must_not)
    tones = {"constant_score": {"filter": _exact(asked), "boost": 0, "_name": "exact"}}
    by_date: list[Json] = [{"order": "asc" if query.sort == "oldest" else "desc"}, {"id": "asc"}]
    by_rank = query.sort == "relevance" and not asked.blank
    body: Json = {
        "query": {"bool": {"must": [_ranked(asked)], "should": [tones], **scope}},
        "sort": [{"_score": "desc"}, *by_date] if by_rank else by_date,
        "size": query.limit + 1,
        "track_total_hits": EXACT_TO + 1,
        "aggs": {
            "exact": {"filter": _exact(asked)},
            **{name: {"terms": {"field": name, "size": MOST_FACET_VALUES}} for name in FACETS},
        },
    }
    if after:
        body["search_after"] = [after.rank, after.order, after.id] if by_rank else [after.order, after.id]
    return body
