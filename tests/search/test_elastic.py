"""Elasticsearch: what an interrupted swap leaves behind is put right, and deleted documents leave every segment."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.elastic import ElasticIndex
from search.elastic_indices import Indices
from search.index import IndexAway
from tests.search.entries import entry

SECRET = "zqxjkvwqyelastic"


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url) as client:
        yield client


@pytest.fixture
def index(client: Elasticsearch) -> Iterator[ElasticIndex]:
    name = f"elastic-{uuid.uuid4().hex[:12]}"
    index = ElasticIndex(client, Indices(client, name, patience=0.5), name)
    index.make_if_missing()
    yield index
    for made in client.indices.get(index=f"{name}-*"):
        client.indices.delete(index=made)


def alias(index: ElasticIndex) -> str:
    return index.describe().split(", ")[1]


def docs(client: Elasticsearch, index: ElasticIndex) -> tuple[int, int]:
    found = client.indices.stats(index=alias(index))["_all"]["total"]["docs"]
    return found["count"], found["deleted"]


def test_after_an_erasure_no_segment_holds_a_deleted_document(
    client: Elasticsearch, index: ElasticIndex
) -> None:
    index.write([entry("a", dossier_id="h"), entry("stays")])
    index.write([entry("a", dossier_id="h", revision=2)])
    assert docs(client, index) == (2, 1), "else this test could not fail"
    index.erase(["h"])
    assert docs(client, index) == (2, 0)  # what stays and the tombstone


def files_with(client: Elasticsearch, word: str) -> list[Path]:
    (node,) = client.nodes.stats(metric="fs")["nodes"].values()
    found = []
    # It passes over a folder that vanishes, unlike rglob.
    for folder, _, names in os.walk(node["fs"]["data"][0]["path"]):
        for path in (Path(folder, name) for name in names):
            with suppress(FileNotFoundError):  # the node merges meanwhile
                if word.encode() in path.read_bytes():
                    found.append(path)
    return found


def test_an_erased_text_leaves_the_disk_of_the_node(client: Elasticsearch, index: ElasticIndex) -> None:
    index.write([entry("a", dossier_id="h", text=SECRET), entry("stays")])
    assert files_with(client, SECRET), "else this test could not fail"
    index.erase(["h"])
    until = (
        time.monotonic() + 20
    )  # the node unlinks the old index's files a moment after it has dropped it for good
    while files_with(client, SECRET) and time.monotonic() < until:
        time.sleep(0.2)
    assert files_with(client, SECRET) == []


def test_while_an_index_is_swapped_writers_are_told_to_come_later(
    client: Elasticsearch, index: ElasticIndex
) -> None:
    Indices(client, alias(index)).close_to_writers(alias(index))
    with pytest.raises(IndexAway):
        index.write([entry("a")])


def test_an_erasure_that_died_half_way_is_finished_by_the_next(
    client: Elasticsearch, index: ElasticIndex
) -> None:
    index.write([entry("a", dossier_id="h"), entry("stays")])
    closed = Indices(client, alias(index)).close_to_writers(alias(index))
    client.indices.clone(index=closed, target=f"{alias(index)}-g-{'0' * 32}")
    assert index.erase(["h"]).removed == 1
    assert index.write([entry("b")]) == {"b": 1} and index.count() == 2
    assert len(client.indices.get(index=f"{alias(index)}-g-*")) == 1


def test_an_alias_that_is_missing_is_away_and_no_index_is_guessed(
    client: Elasticsearch, index: ElasticIndex
) -> None:
    client.indices.delete(index=Indices(client, alias(index)).behind(alias(index)))
    with pytest.raises(IndexAway):
        index.count()
    with pytest.raises(IndexAway):
        index.write([entry("a")])
    index.make_if_missing()
