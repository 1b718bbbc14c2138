"""A folder root whose disk turns read-only or vanishes, also under a write: away, nothing half, and it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.objects import ObjectStore, Source, StoreAway
from archive_service.kernel.objects.folder import FolderStore
from archive_service.kernel.settings import Root
from archive_service.worker import drain
from ingest.models import SipState
from preservation.models import Copy, CopyState
from preservation.ocfl.layout import object_path
from preservation.roots.markers import check_roots
from tests.archives import House, make_house
from tests.contracts.stores import keys, read
from tests.faults.disks import Mount, mount
from tests.faults.dossiers import accepted, assert_waiting, assert_whole, sip_of, stored
from tests.kernel.objects.test_s3_parts import Ending
from tests.preservation.dossiers import dossier_of


@pytest.fixture
def disk(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Mount]:
    with mount(pytestconfig, tmp_path / "mnt") as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, disk: Mount) -> Iterator[House]:
    """Its second root lies on the mounted disk."""
    first = Root(id="kho-chinh", url=(tmp_path / "one").as_uri(), failure_domain="1")
    second = Root(id="ban-sao", url=disk.folder.as_uri(), failure_domain="2")
    made = make_house(tmp_path, storage=[first, second])
    yield made
    made.archive.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 20_000)
    return path


def then(path: Path, act: Callable[[], None]) -> BinaryIO:
    """The file's bytes; after half of them `act` happens."""
    half = path.stat().st_size // 2
    left = [path.read_bytes()[half:], b""]

    def rest() -> bytes:
        if len(left) == 2:
            act()
        return left.pop(0) if left else b""

    return cast(BinaryIO, Ending(path, half, rest))


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("tree", [False, True])
def test_a_disk_that_vanishes_under_a_write_gets_nothing_half_nor_does_its_mount_point(
    disk: Mount, source: Path, tree: bool
) -> None:
    store = FolderStore(disk.folder)
    store.put("earlier", b"x")

    def put(stream: BinaryIO | Path) -> None:
        if tree:
            store.put_tree("o/v1", [("a/b/c", stream), ("d/e", b"1"), ("end", b"2")])
        else:
            store.put("o/v1/a/b/c", stream)

    with pytest.raises(StoreAway, match="vanished"):
        put(then(source, disk.vanish))
    assert list(disk.folder.iterdir()) == [], "the mount point is another disk"
    disk.connect()
    assert keys(store) == ["earlier"]
    put(source)
    assert read(store, "o/v1/a/b/c") == source.read_bytes()


def test_a_disk_that_turns_read_only_is_away_for_writers_and_read_on(disk: Mount, source: Path) -> None:
    store = FolderStore(disk.folder)
    store.put("earlier", b"x")
    disk.read_only()
    for write in (
        lambda: store.put("a", source),
        lambda: store.put("a", source, if_absent=True),
        lambda: store.put_tree("t", [("a", source)]),
        lambda: store.delete("earlier"),
        lambda: store.purge("earlier"),
    ):
        with pytest.raises(StoreAway, match="Read-only"):
            write()
    assert (keys(store), read(store, "earlier")) == (["earlier"], b"x")
    disk.read_only(False)
    store.put("a", source)
    assert keys(store) == ["a", "earlier"]


def test_a_root_that_turns_read_only_keeps_the_package_waiting(
    house: House, disk: Mount, tmp_path: Path
) -> None:
    sip_id, before = accepted(house, tmp_path / "sent"), on_disk(disk.folder)
    disk.read_only()
    drain(house.archive)
    assert sip_of(house.archive, sip_id).state is SipState.accepted
    assert_waiting(house, "store_sip", "ban-sao: A storage root does not answer")
    assert on_disk(disk.folder) == before
    disk.read_only(False)
    assert_goes_on(house, sip_id)


def test_a_root_that_vanishes_keeps_the_package_waiting_and_its_mount_point_empty(
    house: House, disk: Mount, tmp_path: Path
) -> None:
    sip_id = accepted(house, tmp_path / "sent")
    disk.vanish()
    drain(house.archive)
    assert sip_of(house.archive, sip_id).state is SipState.accepted
    assert_waiting(house, "store_sip", "marker-missing")
    assert check_roots(house.archive)["ban-sao"] == ("stopped", "marker-missing")
    assert list(disk.folder.iterdir()) == []
    disk.connect()
    assert_goes_on(house, sip_id)


def before_next_tree(store: ObjectStore, act: Callable[[], None]) -> None:
    real = store.put_tree

    def put_tree(prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        store.put_tree = real  # type: ignore[method-assign]
        act()
        real(prefix, entries)

    store.put_tree = put_tree  # type: ignore[method-assign]


def test_a_copy_that_came_to_lie_on_the_mount_point_counts_for_nothing(
    house: House, disk: Mount, tmp_path: Path
) -> None:
    """The disk was there when its marker was read, and vanished before the first byte: all reads back well."""
    sip_id = accepted(house, tmp_path / "sent")
    before_next_tree(house.archive.stores["ban-sao"], disk.vanish)
    drain(house.archive)
    assert sip_of(house.archive, sip_id).state is SipState.accepted
    assert_waiting(house, "store_sip", "marker-missing")
    disk.connect()
    assert_goes_on(house, sip_id)


def test_a_copy_made_later_that_came_to_lie_on_the_mount_point_stays_owed(
    house: House, disk: Mount, tmp_path: Path
) -> None:
    dossier_id = stored(house, tmp_path / "sent")
    with house.archive.work(THE_ARCHIVE) as work:
        copy = work.session.get_one(Copy, (dossier_id, "ban-sao"))
        copy.state, copy.version = CopyState.owed, 0
        work.later("make_copy", dossier_id, "ban-sao")
    store = house.archive.stores["ban-sao"]
    store.purge(object_path(dossier_of(house.archive, dossier_id).object_id))
    before_next_tree(store, disk.vanish)
    drain(house.archive)
    assert_waiting(house, "make_copy", "marker-missing")
    disk.connect()
    house.clock.advance(hours=1)
    drain(house.archive)
    assert_whole(house.archive, dossier_id)


def assert_goes_on(house: House, sip_id: UUID) -> None:
    house.clock.advance(hours=1)
    drain(house.archive)
    stored = sip_of(house.archive, sip_id)
    assert stored.state is SipState.stored and stored.dossier_id
    assert_whole(house.archive, stored.dossier_id)
