"""Large files in parts: resumed after a crash, a few at once, and never a mixture."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import pytest

from archive_service.kernel.objects import ObjectStore, Source, StoreAway, open_store, s3_parts
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.places import Place
from archive_service.kernel.objects.s3 import S3Store
from archive_service.kernel.objects.s3_parts import PART, base64_of
from tests.contracts.stores import SECOND, OneKey, Zeros, read
from tests.services.s3 import S3

PARTS = 8
SIZE = PARTS * PART - 1000


def address(server: S3, bucket: str) -> tuple[str, str, str]:
    return f"s3://{bucket}/gốc?endpoint={server.endpoint}", server.access_key, server.secret_key


def opened(url: str, access_key: str, secret_key: str) -> S3Store:
    return cast(S3Store, open_store(url, access_key=access_key, secret_key=secret_key))


@pytest.fixture(params=["s3_server", pytest.param("versitygw_server", marks=SECOND)])
def server(request: pytest.FixtureRequest) -> S3:
    """One lists the MD5 of a part, the other its SHA-256."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, S3)
    return found


@pytest.fixture
def store(server: S3) -> S3Store:
    return opened(*address(server, server.new_bucket()))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(SIZE))
    return path


@contextmanager
def parts_sent(store: S3Store) -> Iterator[list[str]]:
    """What leaves this client as a part from now on, but for the probe's."""
    sent: list[str] = []

    def sending(request: Any, **_: Any) -> None:
        if "/deposit/probe-" not in request.url:
            sent.append(request.url)

    store.client.meta.events.register("before-send.s3.UploadPart", sending)
    yield sent
    store.client.meta.events.unregister("before-send.s3.UploadPart", sending)


def uploads(store: S3Store) -> list[Any]:
    return cast(list[Any], store.client.list_multipart_uploads(Bucket=store.bucket).get("Uploads", []))


def held(store: S3Store) -> int:
    """How many parts the one unfinished upload has."""
    (upload,) = uploads(store)
    listed = store.client.list_parts(Bucket=store.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return len(listed.get("Parts", ()))


class Ending(io.BytesIO):
    """The first `good` bytes of the file; then `end` is called."""

    def __init__(self, path: Path, good: int, end: Callable[[], bytes]) -> None:
        super().__init__(path.read_bytes()[:good])
        self._end = end

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size) or self._end()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


def put_and_die(url: str, access_key: str, secret_key: str, path: Path, good: int) -> None:
    opened(url, access_key, secret_key).put("a/large", Ending(path, good, die))


def killed_while_putting(server: S3, store: S3Store, path: Path, good: int) -> None:
    child = multiprocessing.get_context("forkserver").Process(
        target=put_and_die, args=(*address(server, store.bucket), path, good)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


def fall_away() -> NoReturn:
    raise StoreAway("the other store", "gone")


def broken_off(store: ObjectStore, path: Path, good: int) -> None:
    """The store that the bytes come from falls away: parts stay for the next try."""
    with pytest.raises(StoreAway):
        store.put("a/large", Ending(path, good, fall_away))


def test_a_put_killed_in_the_middle_is_resumed_and_whole(server: S3, store: S3Store, large: Path) -> None:
    killed_while_putting(server, store, large, good=6 * PART)
    assert store.stat("a/large") is None
    there = held(store)
    assert there >= 4, "of six parts read two at most were on their way"
    with parts_sent(store) as sent:
        store.put("a/large", large, if_absent=True)
    # What was on its way at the kill may have arrived since it was counted.
    assert PARTS - 6 <= len(sent) <= PARTS - there
    assert read(store, "a/large") == large.read_bytes()
    assert uploads(store) == []


def test_a_part_that_the_source_no_longer_has_is_sent_anew(store: S3Store, large: Path) -> None:
    broken_off(store, large, good=4 * PART)
    assert held(store) == 4
    with large.open("r+b") as file:
        file.seek(PART + 17)
        file.write(b"changed")
    with parts_sent(store) as sent:
        store.put("a/large", large)
    assert len(sent) == PARTS - 3
    assert read(store, "a/large") == large.read_bytes()


def test_a_shorter_source_takes_nothing_that_lay_behind_its_end(store: S3Store, large: Path) -> None:
    broken_off(store, large, good=6 * PART)
    short = large.read_bytes()[: 3 * PART + 5]
    with parts_sent(store) as sent:
        store.put("a/large", short)
    assert len(sent) == 1
    assert read(store, "a/large") == short


def test_a_sealed_source_is_another_each_time_and_sent_anew(store: S3Store, large: Path) -> None:
    sealed = EncryptedStore(store, OneKey(), lambda _: Place("", "all"))
    broken_off(sealed, large, good=5 * PART)
    assert held(store) >= 4
    with parts_sent(store) as sent:
        sealed.put("a/large", large)
    assert len(sent) == PARTS + 1, "sealed it is a little longer"
    assert read(sealed, "a/large") == large.read_bytes()


def test_parts_kept_wrongly_are_refused_by_the_server_and_nothing_is_stored(
    store: S3Store, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(store, large, good=4 * PART)
    monkeypatch.setattr(s3_parts, "_same", lambda *_: True)
    with pytest.raises(StoreAway, match=r"BadDigest|InvalidPart"):
        store.put("a/large", os.urandom(SIZE))
    assert store.stat("a/large") is None
    assert uploads(store) == [], "else every further try would meet the same parts"


def test_where_the_server_is_not_asked_the_reading_back_finds_it(
    store: S3Store, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server that compares no digests when it completes."""
    broken_off(store, large, good=4 * PART)
    monkeypatch.setattr(s3_parts, "_same", lambda *_: True)

    kept = [large.read_bytes()[n * PART : (n + 1) * PART] for n in range(4)]

    def content(params: dict[str, Any], **_: Any) -> None:
        for part, body in zip(params["MultipartUpload"]["Parts"], kept, strict=False):
            part["ChecksumSHA256"] = base64_of(body)

    store.client.meta.events.register("before-parameter-build.s3.CompleteMultipartUpload", content)
    with pytest.raises(StoreAway, match="read back changed"):
        store.put("a/large", os.urandom(SIZE))


def test_a_source_that_breaks_leaves_no_parts_behind(store: S3Store, large: Path) -> None:
    def break_() -> NoReturn:
        raise RuntimeError("the sender is gone")

    with pytest.raises(RuntimeError):
        store.put("a/large", Ending(large, 4 * PART, break_))
    assert uploads(store) == []


def test_what_nobody_resumes_is_swept(store: S3Store, large: Path) -> None:
    broken_off(store, large, good=3 * PART)
    assert store.sweep(timedelta(hours=1)) == 0
    assert store.sweep(timedelta(0)) == 1
    assert uploads(store) == []


def test_of_two_writers_of_one_key_the_object_is_one_s_whole(store: S3Store) -> None:
    sources: tuple[Source, ...] = (b"a" * SIZE, b"b" * SIZE)
    for _ in range(3):
        told: list[StoreAway] = []

        def put(source: Source, told: list[StoreAway] = told) -> None:
            try:
                store.put("a/large", source)
            except StoreAway as error:  # the upload was the other's, and is finished
                told.append(error)

        threads = [threading.Thread(target=put, args=(each,)) for each in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(told) == len(sources):
            store.put("a/large", sources[0])
        assert read(store, "a/large") in sources
        store.purge("a/large")


def test_few_parts_are_on_their_way_at_once_and_memory_is_flat(store: S3Store) -> None:
    now, most, guard = 0, 0, threading.Lock()

    def change(by: int) -> None:
        nonlocal now, most
        with guard:
            now += by
            most = max(most, now)

    events = store.client.meta.events
    events.register("before-call.s3.UploadPart", lambda **_: change(1))
    events.register("after-call.s3.UploadPart", lambda **_: change(-1))
    store.probe()
    tracemalloc.start()
    store.put("a/large", cast(BinaryIO, Zeros(20 * PART)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 2 <= most <= s3_parts.IN_FLIGHT // PART
    assert peak < 6 * PART
