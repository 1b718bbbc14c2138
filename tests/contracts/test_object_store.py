"""What every object store does, told once, for a real folder and real S3 servers."""

from __future__ import annotations

import hashlib
import io
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from archive_service.kernel.objects import (
    AlreadyThere,
    BadKey,
    ObjectMissing,
    ObjectStore,
    Source,
    StoreAway,
    open_store,
)
from tests.contracts.stores import KINDS, Breaking, Zeros, keys, made, read

MIB = 1 << 20
BAD_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\nb", "a\0b", "\ud800",
            "x" * 256, "/".join(["y" * 200] * 6), "deposit", "deposit/a"]  # fmt: skip


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return made(request.param, request, tmp_path)


@pytest.mark.parametrize("kind", ["bytes", "path", "stream"])
def test_what_was_put_is_read_back(store: ObjectStore, tmp_path: Path, kind: str) -> None:
    data = "Quyết định số 15/QĐ-UBND".encode()
    (tmp_path / "source").write_bytes(data)
    sources: dict[str, Source] = {"bytes": data, "path": tmp_path / "source", "stream": io.BytesIO(data)}
    store.put("sips/1/container", sources[kind])
    assert read(store, "sips/1/container") == data
    assert read(store, "sips/1/container", fresh=True) == data
    info = store.stat("sips/1/container")
    assert info is not None and (info.key, info.size, info.regular) == ("sips/1/container", len(data), True)


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert read(store, "empty") == b""
    assert keys(store) == ["empty"]


def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    store.put("a", b"one")
    store.put("a", b"two")
    assert read(store, "a") == b"two"


def test_if_absent_never_replaces(store: ObjectStore) -> None:
    store.put("a", b"one", if_absent=True)
    with pytest.raises(AlreadyThere):
        store.put("a", b"two", if_absent=True)
    assert read(store, "a") == b"one"


def test_if_absent_never_replaces_with_a_large_file(store: ObjectStore) -> None:
    store.put("a", b"one")
    with pytest.raises(AlreadyThere):
        store.put("a", Zeros(17 * MIB), if_absent=True)
    assert read(store, "a") == b"one"


def test_of_eight_who_put_at_once_one_wins(store: ObjectStore) -> None:
    store.put("earlier", b"")
    outcomes: list[bytes] = []

    def try_to_put(mine: bytes) -> None:
        try:
            store.put("claim", mine, if_absent=True)
        except AlreadyThere:
            return
        outcomes.append(mine)

    threads = [threading.Thread(target=try_to_put, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [read(store, "claim")]


@pytest.mark.parametrize("good", [1000, 17 * MIB])
def test_a_source_that_breaks_leaves_nothing(store: ObjectStore, good: int) -> None:
    with pytest.raises(RuntimeError, match="the sender is gone"):
        store.put("a/b", Breaking(good))
    assert keys(store) == []
    assert store.sweep(timedelta(0)) == 0


def test_a_source_that_is_not_there_is_not_the_store_s_fault(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.put("a/b", tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        store.put_tree("t", [("a", tmp_path / "nothing"), ("end", b"")])
    assert keys(store) == []


def test_a_large_file_passes_in_flat_memory(store: ObjectStore) -> None:
    store.probe()
    tracemalloc.start()
    store.put("large", Zeros(120 * MIB))
    seen = 0
    with store.open("large") as stream:
        while block := stream.read(MIB):
            seen += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 120 * MIB
    assert peak < 60 * MIB


def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    store.put("a/b", b"x")
    for key in ("a", "b", "a/b/c", "a/c"):
        assert store.stat(key) is None
        with pytest.raises(ObjectMissing), store.open(key):
            pass


def test_a_bad_key_is_refused_by_every_verb(store: ObjectStore) -> None:
    for key in BAD_KEYS:
        for verb in (lambda k: store.put(k, b""), store.delete, store.stat, store.delete_tree, store.purge,
                     lambda k: store.put_tree(k, [("a", b"")]), lambda k: store.open(k).__enter__()):  # fmt: skip
            with pytest.raises(BadKey):
                verb(key)


def test_a_listing_stays_below_its_prefix(store: ObjectStore) -> None:
    names = ["a-b/1", "a.b", "a/1", "a/2/3", "a0", "ab", "Ă/1", "đ"]
    for name in reversed(names):
        store.put(name, name.encode())
    assert keys(store) == names
    assert keys(store, "a") == ["a/1", "a/2/3"]
    assert keys(store, "ab") == ["ab"]
    assert keys(store, "zz") == []
    assert [info.size for info in store.list("Ă")] == [len("Ă/1".encode())]


def test_folders_are_told_one_level_deep(store: ObjectStore) -> None:
    for name in ("a/x/1", "a/y/2/3", "a/file", "b/1"):
        store.put(name, b"")
    assert list(store.folders()) == ["a", "b"]
    assert list(store.folders("a")) == ["x", "y"]
    assert list(store.folders("nothing")) == []


def test_a_tree_appears_whole(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"file")
    store.put_tree("o/v1", [("content/f", tmp_path / "f"), ("content/g/h", b"h"), ("inventory", b"i")])
    assert keys(store) == ["o/v1/content/f", "o/v1/content/g/h", "o/v1/inventory"]
    assert read(store, "o/v1/content/f") == b"file"


def test_a_finished_tree_is_not_touched_again(store: ObjectStore) -> None:
    store.put_tree("o/v1", [("a", b"1"), ("end", b"1")])
    with pytest.raises(AlreadyThere):
        store.put_tree("o/v1", [("a", b"2"), ("end", b"2")])
    assert read(store, "o/v1/a") == b"1"


def test_an_interrupted_tree_may_be_put_again(store: ObjectStore) -> None:
    with pytest.raises(RuntimeError):
        store.put_tree("o/v1", [("a", b"1"), ("b", Breaking(10)), ("end", b"1")])
    assert store.stat("o/v1/end") is None
    store.put_tree("o/v1", [("a", b"1"), ("b", b"2"), ("end", b"1")])
    assert keys(store, "o") == ["o/v1/a", "o/v1/b", "o/v1/end"]


def test_an_entry_of_a_tree_cannot_leave_it(store: ObjectStore) -> None:
    with pytest.raises(BadKey):
        store.put_tree("o/v1", [("../../outside", b"1"), ("end", b"1")])
    assert keys(store) == []


def test_deleting_takes_the_key_and_only_it(store: ObjectStore) -> None:
    for name in ("a/1", "a/2", "b"):
        store.put(name, b"")
    store.delete("a/1")
    store.delete("a/1")
    assert keys(store) == ["a/2", "b"]


@pytest.mark.parametrize("verb", ["delete_tree", "purge"])
def test_deleting_a_tree_takes_it_whole_and_not_its_neighbours(store: ObjectStore, verb: str) -> None:
    for name in ("a/b/1", "a/b/2/3", "a/bc", "a/b.x", "z"):
        store.put(name, b"")
    getattr(store, verb)("a/b")
    assert keys(store) == ["a/b.x", "a/bc", "z"]
    getattr(store, verb)("a/bc")
    assert keys(store) == ["a/b.x", "z"]


def test_a_purge_tells_how_much_it_removed(store: ObjectStore) -> None:
    store.put("a/1", b"")
    store.put("a/2", b"")
    assert store.purge("a") == 2
    assert store.purge("a") == 0


def test_the_probe_sees_what_the_store_does(store: ObjectStore) -> None:
    facts = store.probe()
    assert facts.refuses_to_replace and facts.refuses_to_replace_large and facts.checks_sha256
    assert keys(store) == []


def test_a_store_that_keeps_digests_tells_them_apart(store: ObjectStore) -> None:
    """A folder keeps none; of a file sent in parts none is kept of the whole."""
    small, large, other = b"bytes", bytes(17 << 20), "00" * 32
    store.put("a/small", small)
    store.put("a/large", large)
    told = [store.keeps_sha256("a/small", digest) for digest in (hashlib.sha256(small).hexdigest(), other)]
    assert told == ([True, False] if store.probe().keeps_sha256 else [None, None])
    assert store.keeps_sha256("a/large", other) is None
    if store.probe().keeps_sha256:
        with pytest.raises(ObjectMissing):
            store.keeps_sha256("a/none", other)


def test_the_description_holds_no_secret(store: ObjectStore, request: pytest.FixtureRequest) -> None:
    told = store.describe()
    assert told.startswith(("folder /", "S3/127.0.0.1"))
    assert "only-for-tests" not in told


@pytest.fixture
def away(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[ObjectStore]]:
    yield [
        open_store((tmp_path / "no mount").as_uri()),
        open_store("s3://bucket?endpoint=http://127.0.0.1:9", access_key="a", secret_key="b"),
    ]


@pytest.mark.parametrize("which", [0, 1])
def test_a_store_that_is_not_there_is_our_fault_and_is_never_made(
    away: list[ObjectStore], which: int
) -> None:
    store = away[which]
    with pytest.raises(StoreAway):
        store.put(uuid4().hex, b"x")
    with pytest.raises(StoreAway):
        list(store.list())
    with pytest.raises(StoreAway):
        store.stat("a")
