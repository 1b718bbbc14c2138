"""The index at scale: an Elasticsearch cluster, asked through an alias.

    archive              the alias that is asked and written to
    archive-<hex>        an index: the live one, or that of a rebuild under way

Revisions are the versions of the documents (external), so an older one never wins whatever comes when.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import streaming_bulk

from search.answers import NOTHING, Counts, Found, Position, answer, position_of
from search.elastic_query import LIVING, MAPPINGS, SETTINGS, Json, is_one_of, question
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
EXPUNGE_SECONDS = 60.0
_FOR_EVER = 2**62  # the version of a tombstone: nothing newer comes


def connect(url: str, alias: str, username: str = "", password: str = "") -> ElasticIndex:
    """`url`: http(s)://host:port. Raises `IndexAway` when it cannot be reached."""
    account = (username, password) if username else None
    client = Elasticsearch(url, basic_auth=account, retry_on_timeout=True, max_retries=3, request_timeout=30)
    return ElasticIndex(client, alias)


class ElasticIndex:
    def __init__(self, client: Elasticsearch, alias: str) -> None:
        """`alias`: small letters, digits and dashes. Makes an empty index if the alias does not exist."""
        self._client, self._alias, self._target = client, alias, alias
        with self._there():
            if not client.indices.exists_alias(name=alias):
                client.indices.put_alias(index=self._create(), name=alias)

    def describe(self) -> str:
        return f"Elasticsearch, {self._target}"

    def probe(self) -> None:
        with self._there():
            self._name()

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
            # In every index of ours: a rebuild under way, or one that was left behind, holds the text as well.
            removed = {name: self._erase_in(name, erased) for name in self._indices()}
            return ErasureReceipt(tuple(sorted(erased)), removed[self._name()], self.describe())

    def rebuild(self) -> ElasticRebuild:
        with self._there():
            for abandoned in set(self._indices()) - {self._name()}:
                self._client.indices.delete(index=abandoned)
            return ElasticRebuild(self._client, self._alias, self._create())

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
            raise (IndexAway if self._target == self._alias else RebuildAbandoned) from gone
        except TransportError as away:
            raise IndexAway from away
        except ApiError as refused:
            if refused.status_code in (429, 502, 503, 504):
                raise IndexAway from refused
            raise

    def _create(self) -> str:
        name = f"{self._alias}-{uuid.uuid4().hex}"
        self._client.indices.create(index=name, settings=SETTINGS, mappings=MAPPINGS)
        return name

    def _indices(self) -> list[str]:
        """All of ours: the live index, a rebuild's, one left behind."""
        ours = re.compile(re.escape(self._alias) + "-[0-9a-f]{32}")
        return sorted(
            name for name in self._client.indices.get(index=f"{self._alias}-*") if ours.fullmatch(name)
        )

    def _name(self) -> str:
        """The index behind the alias."""
        return str(next(iter(self._client.indices.get(index=self._target))))

    def _write_batch(self, batch: list[IndexEntry]) -> dict[str, int]:
        dossier_of = {entry.id: entry.dossier_id for entry in batch}
        before = self._erased(dossier_of.values())
        confirmed = self._bulk([_action(entry) for entry in batch if entry.dossier_id not in before])
        self._client.indices.refresh(index=self._target)
        # Asked again after writing: an erasure that came in between has either seen the entries or is seen here.
        late = self._erased(dossier_of.values()) - before
        if late:
            self._erase_in(self._target, late)
        return {each: revision for each, revision in confirmed.items() if dossier_of[each] not in late}

    def _bulk(self, actions: list[Json], target: str | None = None) -> dict[str, int]:
        """Document id → version that is there now."""
        name = target or self._target
        # A live write demands the alias: without it a cluster would make an index with guessed fields.
        common = {"_index": name, "require_alias": name == self._alias}
        confirmed: dict[str, int] = {}
        newer: list[str] = []
        for _, item in streaming_bulk(
            self._client,
            ({**common, **action} for action in actions),
            max_chunk_bytes=BULK_BYTES,
            raise_on_error=False,
        ):
            ((_, result),) = item.items()
            if result["status"] == 409:
                newer.append(result["_id"])
            elif result["status"] in (200, 201):
                confirmed[result["_id"]] = result["_version"]
            else:
                self._refused(result)
        return confirmed | self._versions(name, newer)

    def _refused(self, result: Json) -> None:
        if result["status"] == 404:
            raise IndexAway if self._target == self._alias else RebuildAbandoned
        if result["status"] in (429, 503):
            raise IndexAway
        raise RuntimeError(
            f"{self.describe()} refused {result['_id']}: {result['status']} {result.get('error')}"
        )

    def _versions(self, name: str, ids: list[str]) -> dict[str, int]:
        if not ids:
            return {}
        docs = self._client.mget(index=name, ids=ids, source=False)["docs"]
        return {doc["_id"]: doc["_version"] for doc in docs if doc.get("found")}

    def _erased(self, dossier_ids: Iterable[str]) -> frozenset[str]:
        asked = {tombstone_id(dossier_id): dossier_id for dossier_id in dossier_ids}
        return frozenset(asked[each] for each in self._versions(self._target, list(asked)))

    def _walk(self, query: Json, after: str = "", name: str | None = None) -> Iterator[Json]:
        """Every match by id, without its stored entry."""
        while True:
            page = self._client.search(
                index=name or self._target,
                query=query,
                sort=[{"id": "asc"}],
                search_after=[after],
                size=PAGE,
                source=False,
                fields=[{"field": name} for name in ("id", "revision", "dossier")],
                allow_partial_search_results=False,
            )["hits"]["hits"]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]["sort"][0]

    def _erase_in(self, name: str, erased: frozenset[str]) -> int:
        self._bulk([_tombstone(dossier_id) for dossier_id in erased], name)
        self._client.indices.refresh(index=name)
        theirs = {"bool": {"filter": [LIVING, is_one_of("dossier", erased)]}}
        ids = [hit["_id"] for hit in self._walk(theirs, name=name)]
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            self._client.bulk(index=name, operations=[{"delete": {"_id": each}} for each in some])
        self._client.indices.refresh(index=name)
        if self._client.count(index=name, query=theirs)["count"]:
            raise IndexAway  # a delete was rejected: the whole act is done again
        self._expunge(name)
        return len(ids)

    def _expunge(self, name: str) -> None:
        """Rewrites every segment that holds something deleted, on every copy, and the log of changes with it."""
        until = time.monotonic() + EXPUNGE_SECONDS
        while time.monotonic() < until:
            self._client.indices.flush(index=name, force=True, wait_if_ongoing=True)
            self._client.indices.forcemerge(index=name, only_expunge_deletes=True)
            total = self._client.indices.stats(index=name, metric="docs")["_all"]["total"]
            if total["docs"]["deleted"] == 0:
                return
            time.sleep(0.5)  # the copies agree once a second on what history they no longer need
        raise IndexAway


class ElasticRebuild(ElasticIndex):
    def __init__(self, client: Elasticsearch, alias: str, name: str) -> None:
        self._client, self._alias, self._target = client, alias, name

    def publish(self) -> None:
        with self._there():
            old = set(self._client.indices.get_alias(name=self._alias))
            erased = [hit["fields"]["dossier"][0] for hit in self._tombstones()]
            if erased:
                self._erase_in(self._target, frozenset(erased))
            removals = [{"remove_index": {"index": name}} for name in old]
            added = {"add": {"index": self._target, "alias": self._alias}}
            self._client.indices.update_aliases(actions=[*removals, added])
        self._target = self._alias

    def _tombstones(self) -> Iterator[Json]:
        return self._walk(is_one_of("kind", frozenset([ERASED])), name=self._alias)


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
