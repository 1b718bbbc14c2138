"""The index at scale: an Elasticsearch cluster, asked through an alias.

Revisions are the versions of the documents (external), so an older one never wins whatever comes when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import streaming_bulk

from search.answers import NOTHING, Counts, Found, Position, answer, position_of
from search.elastic_indices import Indices
from search.elastic_query import LIVING, Json, is_one_of, question
from search.index import (
    FACETS,
    AccessFilter,
    ErasureReceipt,
    IndexAway,
    IndexEntry,
    Query,
    RebuildAbandoned,
    SearchPage,
)
from search.query import parse
from search.terms import ERASED, days, facet_values, order, restored, stored, terms, tombstone_id

BATCH = 500
BULK_BYTES = 10 << 20
PAGE = 1_000
_AWAY = (403, 429, 502, 503, 504)  # 403: closed to writers while it is swapped
_FOR_EVER = 2**62  # the version of a tombstone: nothing newer comes


def connect(url: str, alias: str, username: str = "", password: str = "") -> ElasticIndex:
    """`url`: http(s)://host:port; `alias`: small letters, digits, dashes. Makes an empty index when there is none.
    Raises `IndexAway` when the cluster cannot be reached."""
    account = (username, password) if username else None
    client = Elasticsearch(url, basic_auth=account, retry_on_timeout=True, max_retries=3, request_timeout=30)
    index = ElasticIndex(client, Indices(client, alias), alias)
    index.make_if_missing()
    return index


class ElasticIndex:
    def __init__(self, client: Elasticsearch, indices: Indices, target: str) -> None:
        """`target`: the alias of this index. See `connect`."""
        self._client, self._indices, self._target = client, indices, target

    def make_if_missing(self) -> None:
        with self._there():
            if not self._indices.exists(self._target):
                self._indices.create(self._target)

    def describe(self) -> str:
        return f"Elasticsearch, {self._target}"

    def probe(self) -> None:
        with self._there():
            self._indices.behind(self._target)

    def count(self) -> int:
        with self._there():
            return int(self._client.count(index=self._target, query=LIVING)["count"])

    def revisions(self, after: str = "") -> Iterator[tuple[str, int]]:
        with self._there():
            for hit in self._walk(LIVING, after):
                yield hit["fields"]["id"][0], hit["fields"]["revision"][0]

    def write(self, entries: Iterable[IndexEntry]) -> dict[str, int]:
        confirmed: dict[str, int] = {}
        entries = iter(entries)
        with self._there():
            while batch := list(islice(entries, BATCH)):
                confirmed |= self._write_batch(batch)
        return confirmed

    def erase(self, dossier_ids: Iterable[str]) -> ErasureReceipt:
        erased = frozenset(dossier_ids)
        with self._there():
            # A rebuild under way holds the text as well, and so does an index that was left behind.
            aliases = (self._indices.live, *self._indices.rebuilds())
            self._indices.sweep(*aliases)
            removed = {alias: self._erase_in(alias, erased) for alias in aliases}
        return ErasureReceipt(tuple(sorted(erased)), removed[self._target], self.describe())

    def rebuild(self) -> ElasticRebuild:
        with self._there():
            self._indices.sweep(self._indices.live)
            alias = self._indices.new_rebuild()
            self._indices.create(alias)
        return ElasticRebuild(self._client, self._indices, alias)

    def search(
        self, query: Query, access: AccessFilter, must_not: frozenset[str] = frozenset()
    ) -> SearchPage:
        asked, after = parse(query.text), position_of(query)
        if not access.clauses or not (asked.atoms or asked.blank):
            return NOTHING
        body = question(query, asked, access, must_not, after)
        with self._there():
            # Half an answer would look like a whole one.
            response = self._client.search(index=self._target, body=body, allow_partial_search_results=False)
        return answer(query, asked, [_found(hit) for hit in response["hits"]["hits"]], _counts(response.body))

    @contextmanager
    def _there(self) -> Iterator[None]:
        try:
            yield
        except NotFoundError as gone:
            raise self._gone() from gone
        except TransportError as away:
            raise IndexAway from away
        except ApiError as refused:
            if refused.status_code in _AWAY:
                raise IndexAway from refused
            raise

    def _gone(self) -> IndexAway | RebuildAbandoned:
        return IndexAway() if self._target == self._indices.live else RebuildAbandoned()

    def _write_batch(self, batch: list[IndexEntry]) -> dict[str, int]:
        dossier_of = {entry.id: entry.dossier_id for entry in batch}
        before = self._erased(dossier_of.values())
        actions = [_action(entry) for entry in batch if entry.dossier_id not in before]
        confirmed = self._bulk(self._target, actions)
        self._client.indices.refresh(index=self._target)
        # Asked again after writing: an erasure that came in between has either seen the entries or is seen here.
        late = self._erased(dossier_of.values()) - before
        if late:
            self._erase_in(self._target, late)
        return {each: revision for each, revision in confirmed.items() if dossier_of[each] not in late}

    def _bulk(self, alias: str, actions: list[Json]) -> dict[str, int]:
        """Document id → version that is there now."""
        # Without `require_alias` a cluster would make an index with guessed fields where the alias is missing.
        common = {"_index": alias, "require_alias": True}
        items = streaming_bulk(
            self._client,
            ({**common, **action} for action in actions),
            max_chunk_bytes=BULK_BYTES,
            raise_on_error=False,
        )
        confirmed: dict[str, int] = {}
        newer: list[str] = []
        for _, item in items:
            ((_, result),) = item.items()
            if result["status"] == 409:
                newer.append(result["_id"])
            elif result["status"] in (200, 201):
                confirmed[result["_id"]] = result["_version"]
            else:
                self._refused(result)
        return confirmed | self._versions(alias, newer)

    def _refused(self, result: Json) -> None:
        if result["status"] == 404:
            raise self._gone()
        if result["status"] in _AWAY:
            raise IndexAway
        raise RuntimeError(
            f"{self.describe()} refused {result['_id']}: {result['status']} {result.get('error')}"
        )

    def _versions(self, alias: str, ids: list[str]) -> dict[str, int]:
        if not ids:
            return {}
        docs = self._client.mget(index=alias, ids=ids, source=False)["docs"]
        return {doc["_id"]: doc["_version"] for doc in docs if doc.get("found")}

    def _erased(self, dossier_ids: Iterable[str]) -> frozenset[str]:
        asked = {tombstone_id(dossier_id): dossier_id for dossier_id in dossier_ids}
        return frozenset(asked[each] for each in self._versions(self._target, list(asked)))

    def _walk(self, query: Json, after: str = "", alias: str = "") -> Iterator[Json]:
        """Every match by id, without its stored entry."""
        while True:
            page = self._client.search(
                index=alias or self._target,
                query=query,
                sort=[{"id": "asc"}],
                search_after=[after],
                size=PAGE,
                source=False,
                docvalue_fields=[{"field": name} for name in ("id", "revision", "dossier")],
                allow_partial_search_results=False,
            )["hits"]["hits"]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]["sort"][0]

    def _erase_in(self, alias: str, erased: frozenset[str]) -> int:
        """Tombstones first: from then on a writer finds them, or is found here. Returns the number taken out."""
        theirs = {"bool": {"filter": [LIVING, is_one_of("dossier", erased)]}}
        self._indices.open_to_writers(alias)
        self._bulk(alias, [_tombstone(dossier_id) for dossier_id in erased])
        removed = self._delete(alias, theirs)
        closed = self._indices.close_to_writers(alias)
        try:
            self._client.indices.refresh(index=closed)
            if self._client.count(index=closed, query=theirs)["count"]:
                raise IndexAway  # written between deleting and closing: the whole act is done again
            self._indices.swap_without_deleted(alias, closed)
        except BaseException:
            self._indices.reopen(closed)
            raise
        return removed

    def _delete(self, alias: str, query: Json) -> int:
        self._client.indices.refresh(index=alias)
        ids = [hit["_id"] for hit in self._walk(query, alias=alias)]
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            self._client.bulk(index=alias, operations=[{"delete": {"_id": each}} for each in some])
        return len(ids)


class ElasticRebuild(ElasticIndex):
    def publish(self) -> None:
        live = self._indices.live
        with self._there():
            tombstones = self._walk(is_one_of("kind", frozenset([ERASED])), alias=live)
            erased = frozenset(hit["fields"]["dossier"][0] for hit in tombstones)
            if erased:
                self._erase_in(self._target, erased)
            self._indices.replace(live, self._indices.behind(self._target))
        self._target = live


def _action(entry: IndexEntry) -> Json:
    numbers = {"revision": entry.revision, "order": order(entry), **days(entry)}
    fields = {
        "id": entry.id,
        **facet_values(entry),
        **terms(entry),
        **numbers,
        "stored": stored(entry).decode(),
    }
    return {"_id": entry.id, "version": entry.revision, "version_type": "external_gte", "_source": fields}


def _tombstone(dossier_id: str) -> Json:
    fields = {"id": tombstone_id(dossier_id), "kind": ERASED, "access": ERASED, "dossier": dossier_id}
    return {"_id": fields["id"], "version": _FOR_EVER, "version_type": "external_gte", "_source": fields}


def _found(hit: Json) -> Found:
    entry, cut = restored(hit["_source"]["stored"])
    rank, number = (int(hit["sort"][0]), hit["sort"][1]) if len(hit["sort"]) == 3 else (0, hit["sort"][0])
    return Found(Position(rank, number, entry.id), entry, cut, "exact" in hit.get("matched_queries", ()))


def _counts(response: Json) -> Counts:
    counted = response["aggregations"]
    facets = {name: {str(b["key"]): int(b["doc_count"]) for b in counted[name]["buckets"]} for name in FACETS}
    return Counts(response["hits"]["total"]["value"], counted["exact"]["doc_count"], facets)
