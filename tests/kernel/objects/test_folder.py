"""What only a folder store can get wrong."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from archive_service.kernel.objects import BadKey, ObjectMissing, StoreAway, StoreFull, open_store
from archive_service.kernel.objects import disk as disk_module
from archive_service.kernel.objects.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "base")
    made.create()
    return made


def test_a_link_is_shown_as_a_stranger_and_never_followed(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"outside")
    (store.base / "link").symlink_to(tmp_path / "secret")
    assert [(info.key, info.regular) for info in store.list()] == [("link", False)]
    with pytest.raises(ObjectMissing), store.open("link"):
        pass
    assert store.stat("link") is None


@pytest.mark.parametrize("verb", ["put", "open", "delete", "purge"])
def test_a_linked_folder_leads_nowhere(store: FolderStore, tmp_path: Path, verb: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_bytes(b"outside")
    (store.base / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(BadKey):
        if verb == "put":
            store.put("a/file", b"in")
        elif verb == "open":
            store.open("a/file").__enter__()
        else:
            getattr(store, verb)("a/file")
    assert (tmp_path / "outside/file").read_bytes() == b"outside"


def test_purging_a_link_removes_the_link_only(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_bytes(b"outside")
    (store.base / "a").symlink_to(tmp_path / "outside")
    assert store.purge("a") == 1
    assert (tmp_path / "outside/file").exists() and not (store.base / "a").is_symlink()


def test_a_pipe_does_not_make_a_reader_wait(store: FolderStore) -> None:
    os.mkfifo(store.base / "pipe")
    with pytest.raises(ObjectMissing), store.open("pipe"):
        pass


def test_names_that_are_no_keys_are_shown_and_not_entered(store: FolderStore) -> None:
    (store.base / "line\nbreak").mkdir()
    (store.base / os.fsdecode(b"\xff")).write_bytes(b"")
    (store.base / "empty").mkdir()
    found = sorted((info.key, info.regular) for info in store.list())
    assert found == [("\\xff", False), ("empty/", False), ("line\nbreak", False)]


def test_a_key_below_a_file_and_a_file_over_a_folder_are_refused(store: FolderStore) -> None:
    store.put("a/b", b"")
    for key in ("a/b/c", "a"):
        with pytest.raises(BadKey):
            store.put(key, b"")
    assert [info.key for info in store.list()] == ["a/b"]


def test_the_deposit_area_is_invisible_and_empty_after_a_put(store: FolderStore) -> None:
    store.put("a", b"1")
    store.put_tree("b", [("c", b"2")])
    assert [info.key for info in store.list()] == ["a", "b/c"]
    assert list(store.folders()) == ["b"]
    assert list(store.deposit.iterdir()) == []


def test_what_a_killed_writer_left_is_swept_when_it_is_old(store: FolderStore) -> None:
    (store.deposit / "room/sips").mkdir(parents=True)
    (store.deposit / "room/sips/half").write_bytes(b"half")
    assert store.sweep(timedelta(hours=1)) == 0
    for path in (store.deposit / "room", *(store.deposit / "room").rglob("*")):
        os.utime(path, (0, 0))
    assert store.sweep(timedelta(hours=1)) == 1
    assert list(store.deposit.iterdir()) == []


def test_a_purge_takes_what_a_killed_writer_left_of_it(store: FolderStore) -> None:
    (store.deposit / "room/sips/1").mkdir(parents=True)
    (store.deposit / "room/sips/1/half").write_bytes(b"secret")
    (store.deposit / "room/sips/2").write_bytes(b"other")
    assert store.purge("sips/1") == 1
    assert [path.name for path in store.deposit.rglob("*") if path.is_file()] == ["2"]


def test_no_empty_folder_stays(store: FolderStore) -> None:
    store.put("a/b/c", b"")
    store.delete("a/b/c")
    store.put("d/e/f", b"")
    store.purge("d/e")
    assert [path.name for path in store.base.iterdir()] == ["deposit"]


def test_every_file_and_folder_of_a_tree_is_synced_before_it_appears(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = os.fsync

    def watch(handle: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{handle}").removeprefix(str(store.base)))
        real(handle)

    monkeypatch.setattr(disk_module.os, "fsync", watch)
    store.put_tree("o/v1", [("content/f", b"f"), ("inventory", b"i")])
    staged = [path.split("/", 3)[3] for path in seen if path.startswith("/deposit/")]
    assert sorted(staged[:2]) == ["o/v1/content/f", "o/v1/inventory"]
    assert staged[2:] == ["o/v1/content", "o/v1"]
    assert [path for path in seen if not path.startswith("/deposit/")] == ["", "/o"]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """/dev/full is the one place that always answers "no space left"."""
    store = FolderStore(tmp_path)
    with pytest.raises(StoreFull) as full, store._faults(), open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert "hết dung lượng" in full.value.vi
    assert list(store.list()) == []


def test_a_missing_mount_is_never_filled(tmp_path: Path) -> None:
    store = open_store((tmp_path / "mount").as_uri())
    with pytest.raises(StoreAway, match="the folder is not there"):
        store.put_tree("a", [("b", b"")])
    assert not (tmp_path / "mount").exists()


def test_a_purge_leaves_the_room_of_another_writer_alone(tmp_path: Path) -> None:
    """Eight equal uploads at once: seven purge their bytes while the next one is about to write its own."""
    store = FolderStore(tmp_path)
    theirs = tmp_path / "deposit/room/sips"
    theirs.mkdir(parents=True)
    store.put("sips/mine", b"bytes")
    assert store.purge("sips/mine") == 1
    assert theirs.is_dir()
