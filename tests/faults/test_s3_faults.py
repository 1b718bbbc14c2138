"""A real S3 server that is killed, fails, is slow, cuts lines or is full: away, nothing half, and the next try goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.config import Config

from archive_service.kernel.objects import AlreadyThere, StoreAway, s3
from archive_service.kernel.objects.s3 import S3Store
from archive_service.kernel.objects.s3_parts import PART
from tests.contracts.stores import keys, read
from tests.faults.disks import small_disk
from tests.faults.proxy import CUT, HALF, LOST, SLOW, Door, door
from tests.kernel.objects.test_s3_parts import Ending, held, large, opened, parts_sent, uploads
from tests.services.s3 import S3, start_in

__all__ = ["large"]
PARTS = 8
A_PART, THE_END = "partNumber=", "POST /"


@pytest.fixture
def s3_door(s3_server: S3) -> Iterator[Door]:
    with door(s3_server.endpoint) as made:
        yield made


@pytest.fixture
def store(s3_server: S3, s3_door: Door) -> S3Store:
    """Its probe is done: what fails from now on is the put."""
    url = f"s3://{s3_server.new_bucket()}/gốc?endpoint={s3_door.url}"
    made = opened(url, s3_server.access_key, s3_server.secret_key)
    made.put("earlier", b"x")
    return made


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    config = s3._CONFIG.merge(Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}))
    monkeypatch.setattr(s3, "_CONFIG", config)


def put_again(store: S3Store, large: Path) -> int:
    """After the fault: nothing was to be seen of it, and the whole is there now. Returns how many parts that took."""
    assert keys(store) == ["earlier"]
    with parts_sent(store) as sent:
        store.put("a/large", large, if_absent=True)
    assert read(store, "a/large") == large.read_bytes()
    assert uploads(store) == []
    return len(sent)


@pytest.mark.parametrize("status", [500, 503, CUT, LOST])
def test_parts_that_fail_are_the_store_s_fault_and_the_others_are_kept(
    store: S3Store, s3_door: Door, large: Path, status: int
) -> None:
    s3_door.shut(status, after=3, only=A_PART)
    with pytest.raises(StoreAway) as away:
        store.put("a/large", large, if_absent=True)
    assert away.value.name == "store-away" and s3_door.refused >= 4, "each was asked for four times"
    s3_door.open()
    assert held(store) >= 3
    assert put_again(store, large) <= PARTS - 3


@pytest.mark.parametrize("status", [500, 503, CUT])
def test_an_end_that_fails_leaves_all_parts_for_the_next(
    store: S3Store, s3_door: Door, large: Path, status: int
) -> None:
    s3_door.shut(status, only=THE_END, after=1)  # the first POST begins the upload
    with pytest.raises(StoreAway):
        store.put("a/large", large, if_absent=True)
    s3_door.open()
    assert put_again(store, large) == 0


def test_an_end_whose_answer_is_lost_is_whole_or_nothing(store: S3Store, s3_door: Door, large: Path) -> None:
    """Done and not told: asked again, the server no longer knows the upload."""
    s3_door.shut(LOST, only=THE_END, after=1, times=1)
    with pytest.raises((StoreAway, AlreadyThere)):
        store.put("a/large", large, if_absent=True)
    assert read(store, "a/large") == large.read_bytes()
    with pytest.raises(AlreadyThere):
        store.put("a/large", large, if_absent=True)
    assert uploads(store) == []


def test_a_short_fault_in_the_middle_is_not_noticed(store: S3Store, s3_door: Door, large: Path) -> None:
    s3_door.shut(503, only=A_PART, after=2, times=3)
    store.put("a/large", large)
    assert s3_door.refused == 3
    assert read(store, "a/large") == large.read_bytes()


def test_a_slow_store_is_only_slow(store: S3Store, s3_door: Door, large: Path) -> None:
    s3_door.shut(SLOW, delay_s=0.3)
    assert put_again(store, large) == PARTS
    assert s3_door.refused > PARTS


def test_a_store_slower_than_our_patience_is_away(
    s3_server: S3, s3_door: Door, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    url = f"s3://{s3_server.new_bucket()}?endpoint={s3_door.url}"
    store = opened(url, s3_server.access_key, s3_server.secret_key)
    store.put("earlier", b"x")
    s3_door.shut(503, only=A_PART, after=2, delay_s=1.5)
    with pytest.raises(StoreAway, match="Timeout"):
        store.put("a/large", large)
    s3_door.open()
    assert put_again(store, large) <= PARTS - 2


def test_a_line_cut_in_the_middle_of_reading_is_away(store: S3Store, s3_door: Door, large: Path) -> None:
    store.put("a/large", large)
    s3_door.shut(HALF, only="GET ")
    with pytest.raises(StoreAway), store.open("a/large") as stream:
        while stream.read(PART):
            pass
    s3_door.open()
    assert read(store, "a/large") == large.read_bytes()


def test_a_server_killed_in_the_middle_and_started_again_goes_on(s3_server: S3, large: Path) -> None:
    url = f"s3://{s3_server.new_bucket()}/gốc?endpoint={s3_server.endpoint}"
    store = opened(url, s3_server.access_key, s3_server.secret_key)
    store.put("earlier", b"x")

    def kill() -> bytes:
        s3_server.kill()
        return large.read_bytes()[5 * PART :]

    with pytest.raises(StoreAway):
        store.put("a/large", Ending(large, 5 * PART, kill), if_absent=True)
    with pytest.raises(StoreAway):
        store.stat("a/large")
    s3_server.start()
    there = held(store)
    assert there >= 3
    assert put_again(store, large) == PARTS - there


@pytest.mark.deep
def test_a_server_whose_disk_is_full_stores_nothing_half(
    pytestconfig: pytest.Config, tmp_path: Path, large: Path
) -> None:
    with small_disk(pytestconfig, tmp_path / "disk", megabytes=1200) as disk, start_in(disk.folder) as server:
        url = f"s3://{server.new_bucket()}/gốc?endpoint={server.endpoint}"
        store = opened(url, server.access_key, server.secret_key)
        store.put("earlier", b"x")
        disk.fill(leave=3 * PART)
        with pytest.raises(StoreAway):
            store.put("a/large", large)
        disk.make_room()
        put_again(store, large)
        store.put("other", os.urandom(PART))
