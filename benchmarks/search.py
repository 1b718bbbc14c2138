"""Search at N documents on both engines, beside the same engine asked directly with its plainest query.

    python -m benchmarks.search [--documents 20000] [--elasticsearch http://127.0.0.1:9200] [--json]

Without an address the tests' own Elasticsearch is started (`make services` builds it).

A ratio of 3 means: one page of ours (rights, ranks, total, facets, highlights) takes three times as long as a bare
top-20 of one field without any of these.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import tantivy
from elasticsearch import Elasticsearch

from search.embedded import EmbeddedIndex
from search.index import AccessFilter, Clause, IndexEntry, Query, SearchIndex
from search.opening import open_index
from search.tantivy_query import SCHEMA
from tests.services import elasticsearch
from tests.services.process import Unavailable

SYLLABLES = """
quyết định thanh tra tỉnh đất đai xây dựng đường nguyễn huệ công văn báo cáo kế hoạch năm phòng ban nhân dân giáo dục
y tế huyện xã phường kinh phí cán bộ đào tạo hội đồng ủy viên tài chính ngân sách kiểm tra hồ sơ lưu trữ môi trường rừng
sông biển cầu chợ thuế phí lệ phí dự án đầu tư thẩm định phê duyệt giao nhận bàn giao chuyển đổi
""".split()  # noqa: SIM905
QUERIES = ("quyết định", "quyet dinh thanh tra", "15/QĐ-UBND", '"kế hoạch năm"', "tháng 7/2016", "zhiem42")
READER = AccessFilter(
    (Clause(frozenset({"public"})), Clause(frozenset({"closed"}), frozenset(f"unit-{i}" for i in range(500))))
)
REPEATS = 40


def documents(count: int) -> Iterator[IndexEntry]:
    """About 2 KB of text each; words as unevenly frequent as in a language."""
    chance = random.Random(2016)
    weights = [1 / (place + 1) for place in range(len(SYLLABLES))]
    for i in range(count):
        words = chance.choices(SYLLABLES, weights, k=400)
        day = f"{2000 + i % 25}-{i % 12 + 1:02}-{i % 28 + 1:02}"
        yield IndexEntry(
            id=f"{i:08}",
            dossier_id=f"h{i // 10}",
            kind="document",
            revision=1,
            unit_id=f"unit-{i % 1_000}",
            fonds_id=f"fonds-{i % 20}",
            access="closed" if i % 3 == 0 else "public",
            title=" ".join(words[:10]),
            numbers=(f"{i % 300}/QĐ-UBND",),
            agency=f"Sở {i % 40}",
            type_name=("Quyết định", "Công văn", "Báo cáo")[i % 3],
            date_from=day,
            date_to=day,
            year=2000 + i % 25,
            text=" ".join([*words, *([f"zhiem{i % 500}"] if i % 50 == 0 else [])]),
        )


def milliseconds(act: Callable[[], object]) -> dict[str, float]:
    act()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        act()
        taken.append((time.perf_counter() - start) * 1_000)
    return {"p50": round(statistics.median(taken), 2), "p95": round(statistics.quantiles(taken, n=20)[18], 2)}


def plain_tantivy(index: EmbeddedIndex, word: str) -> object:
    searcher = index._searcher()
    hits = searcher.search(tantivy.Query.term_query(SCHEMA, "text_blind", word), 20).hits
    return [searcher.doc(address) for _, address in hits]


def plain_elasticsearch(url: str, name: str) -> Callable[[str], object]:
    client = Elasticsearch(url)
    return lambda word: client.search(index=name, query={"term": {"text_blind": word}}, size=20)


def measure(index: SearchIndex, count: int, peer: Callable[[str], object]) -> dict[str, object]:
    start = time.perf_counter()
    index.write(documents(count))
    written = count / (time.perf_counter() - start)
    ours = {text: milliseconds(lambda text=text: index.search(Query(text=text), READER)) for text in QUERIES}
    bare = milliseconds(lambda: peer("dinh"))
    start = time.perf_counter()
    index.erase(["h1"])
    erased = time.perf_counter() - start
    return {
        "documents per second": round(written),
        "ours ms": ours,
        "bare ms": bare,
        "ratio p95, one frequent word": round(ours[QUERIES[0]]["p95"] / bare["p95"], 1),
        "erase seconds": round(erased, 1),
    }


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--elasticsearch", metavar="URL")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedIndex(Path(folder))
        results["embedded"] = measure(embedded, asked.documents, lambda word: plain_tantivy(embedded, word))
    try:
        with _elasticsearch(asked.elasticsearch) as server:
            results["elasticsearch"] = measure_elasticsearch(server, asked.documents)
    except Unavailable as error:
        results["elasticsearch"] = f"not there: {error}; make services"
    print(json.dumps(results, ensure_ascii=False, indent=None if asked.json else 1))


@contextmanager
def _elasticsearch(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with elasticsearch.start() as server:
        yield server.url


def measure_elasticsearch(url: str, count: int) -> dict[str, object]:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder, Elasticsearch(url) as client:
        try:
            return measure(
                open_index(url, folder=Path(folder), name=name), count, plain_elasticsearch(url, name)
            )
        finally:
            for made in client.indices.get(index=f"{name}-*"):
                client.indices.delete(index=made)


if __name__ == "__main__":
    main()
