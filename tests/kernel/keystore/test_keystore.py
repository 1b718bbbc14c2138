"""A key is in two places before it seals anything, is mended from the other, and once destroyed stays so."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.check import check_keys
from archive_service.kernel.keystore.destroyed import LOG
from archive_service.kernel.keystore.entry import entry_name, open_entry
from archive_service.kernel.keystore.export import export_for_safe
from archive_service.kernel.keystore.rotate import rotate_master
from archive_service.kernel.keystore.store import KeyDestroyed, Keystore, KeystoreAway
from archive_service.kernel.objects.folder import FolderStore

ESCROW = x25519.Identity.generate()


def at(folder: Path, *escrow: str) -> Keystore:
    """As another process opens it."""
    return Keystore([folder / "1", folder / "2"], folder / "master", escrow, lambda: datetime.now(UTC))


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    made = at(tmp_path, str(ESCROW.to_public()))
    made.create()
    return made


def kinds(keystore: Keystore, *, mend: bool = False) -> list[str]:
    return [each.kind for each in check_keys(keystore, mend=mend)[1]]


def files(tmp_path: Path, owner: str) -> list[Path]:
    return [tmp_path / place / entry_name(owner) for place in "12"]


def test_a_key_is_in_both_places_and_found_by_another_process(keystore: Keystore, tmp_path: Path) -> None:
    key = keystore.make("urn:uuid:1")
    assert all(each.is_file() for each in files(tmp_path, "urn:uuid:1"))
    assert at(tmp_path).find("urn:uuid:1") == key == keystore.make("urn:uuid:1")
    assert keystore.find("urn:uuid:2") is None


def test_of_many_who_make_a_key_at_once_all_have_the_same(keystore: Keystore, tmp_path: Path) -> None:
    found, start = [], threading.Barrier(6)

    def make() -> None:
        mine = at(tmp_path)
        start.wait()
        found.append(mine.make("urn:uuid:1").secret)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1
    assert kinds(at(tmp_path, str(ESCROW.to_public()))) in ([], ["no-escrow"])


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(os.urandom(300))])
@pytest.mark.parametrize("place", [0, 1])
def test_what_one_place_lost_comes_back_from_the_other(
    keystore: Keystore, tmp_path: Path, spoil, place: int
) -> None:  # type: ignore[no-untyped-def]
    key = keystore.make("urn:uuid:1")
    spoil(files(tmp_path, "urn:uuid:1")[place])
    assert kinds(at(tmp_path)) in (["missing"], ["unreadable"])
    assert at(tmp_path).find("urn:uuid:1") == key
    assert kinds(keystore) == []


@pytest.mark.parametrize("place", ["1", "2"])
def test_a_place_that_is_away_or_an_empty_mount_makes_no_key(
    keystore: Keystore, tmp_path: Path, place: str
) -> None:
    key = keystore.make("urn:uuid:1")
    (tmp_path / place).rename(tmp_path / "away")
    for empty in (False, True):
        if empty:
            (tmp_path / place).mkdir()
        other = at(tmp_path)
        assert other.find("urn:uuid:1") == key
        with pytest.raises(KeystoreAway):
            other.make("urn:uuid:2")
        with pytest.raises(KeystoreAway):
            other.find("urn:uuid:2")
        with pytest.raises(KeystoreAway):
            other.destroy("urn:uuid:1", ground="expired")
        assert kinds(other) == ["place-away"]


def test_a_key_spoilt_in_both_places_is_never_replaced_by_a_new_one(
    keystore: Keystore, tmp_path: Path
) -> None:
    keystore.make("urn:uuid:1")
    for path in files(tmp_path, "urn:uuid:1"):
        path.write_bytes(b"spoilt")
    with pytest.raises(KeystoreAway):
        at(tmp_path).make("urn:uuid:1")
    assert kinds(at(tmp_path)) == ["lost"]


def test_an_entry_in_another_ones_place_is_no_key(keystore: Keystore, tmp_path: Path) -> None:
    keystore.make("urn:uuid:1")
    keystore.make("urn:uuid:2")
    for one, two in zip(files(tmp_path, "urn:uuid:1"), files(tmp_path, "urn:uuid:2"), strict=True):
        one.write_bytes(two.read_bytes())
    with pytest.raises(KeystoreAway):
        at(tmp_path).find("urn:uuid:1")


def test_a_new_disk_is_filled_from_the_other_place(keystore: Keystore, tmp_path: Path) -> None:
    keystore.make("urn:uuid:1")
    keystore.make("urn:uuid:2")
    keystore.destroy("urn:uuid:2", ground="expired")
    shutil.rmtree(tmp_path / "2")
    again = at(tmp_path, str(ESCROW.to_public()))
    again.create()
    assert kinds(again, mend=True) == ["log-behind", "missing"]
    assert kinds(again) == []
    assert (tmp_path / "1" / LOG).read_bytes() == (tmp_path / "2" / LOG).read_bytes()


def test_a_destroyed_key_is_gone_everywhere_and_never_made_again(keystore: Keystore, tmp_path: Path) -> None:
    keystore.make("urn:uuid:1")
    other = at(tmp_path)
    other.find("urn:uuid:1")
    assert keystore.destroy("urn:uuid:1", ground="expired") == 2
    assert keystore.destroy("urn:uuid:1", ground="expired") == 0
    assert not any(path.exists() for path in files(tmp_path, "urn:uuid:1"))
    assert other.find("urn:uuid:1") is None, "another process still had it"
    with pytest.raises(KeyDestroyed):
        other.make("urn:uuid:1")
    (line,) = other.log()
    assert (line.owner, line.ground) == ("urn:uuid:1", "expired")


def test_who_comes_after_the_destruction_makes_no_key(keystore: Keystore, tmp_path: Path) -> None:
    assert keystore.destroy("urn:uuid:1", ground="expired") == 0
    with pytest.raises(KeyDestroyed):
        at(tmp_path).make("urn:uuid:1")


def test_an_old_copy_of_a_place_does_not_bring_a_destroyed_key_back(
    keystore: Keystore, tmp_path: Path
) -> None:
    keystore.make("urn:uuid:1")
    shutil.copytree(tmp_path / "2", tmp_path / "old")
    keystore.destroy("urn:uuid:1", ground="expired")
    shutil.rmtree(tmp_path / "2")
    (tmp_path / "old").rename(tmp_path / "2")
    assert at(tmp_path).find("urn:uuid:1") is None
    assert "came-back" in kinds(keystore, mend=True)
    assert kinds(keystore) == []


class Died(BaseException):
    pass


@contextmanager
def dying(at_call: int) -> Iterator[None]:
    """The process dies before the call number `at_call` that changes a place."""
    patch, count = pytest.MonkeyPatch(), iter(range(10**6))

    def deadly(name: str) -> None:
        real = getattr(FolderStore, name)

        def call(self: FolderStore, *args: object, **more: object) -> object:
            if next(count) == at_call:
                raise Died
            return real(self, *args, **more)

        patch.setattr(FolderStore, name, call)

    for name in ("put", "purge", "stat"):
        deadly(name)
    try:
        yield
    finally:
        patch.undo()


@pytest.mark.parametrize("step", range(4))
def test_a_destruction_cut_anywhere_is_finished_by_the_next(
    keystore: Keystore, tmp_path: Path, step: int
) -> None:
    keystore.make("urn:uuid:1")
    with dying(step), suppress(Died):
        at(tmp_path).destroy("urn:uuid:1", ground="expired")
    at(tmp_path).destroy("urn:uuid:1", ground="expired")
    assert not any(path.exists() for path in files(tmp_path, "urn:uuid:1"))
    assert [line.owner for line in at(tmp_path).log()] == ["urn:uuid:1"]
    assert kinds(keystore) == []


@pytest.mark.parametrize("step", range(4))
def test_a_key_cut_while_made_is_whole_for_the_next(keystore: Keystore, tmp_path: Path, step: int) -> None:
    with dying(step), suppress(Died):
        at(tmp_path, *keystore.escrow).make("urn:uuid:1")
    keystore.make("urn:uuid:1")
    assert kinds(keystore) == []


def test_a_line_cut_by_a_crash_is_written_again_and_an_altered_one_stops(
    keystore: Keystore, tmp_path: Path
) -> None:
    for owner in ("urn:uuid:1", "urn:uuid:2", "urn:uuid:3"):
        keystore.make(owner)
        keystore.destroy(owner, ground="expired")
    path = tmp_path / "2" / LOG
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert kinds(at(tmp_path), mend=True) == ["log-behind"]
    assert path.read_bytes() == whole
    for altered in (whole.replace(b"uuid:2", b"uuid:9"), b"\n".join(whole.split(b"\n")[1:])):
        path.write_bytes(altered)
        assert kinds(at(tmp_path)) == ["log-altered"]
        with pytest.raises(NotPossible):
            at(tmp_path).make("urn:uuid:4")


def test_rotation_wraps_every_key_anew_and_removes_the_old_master(keystore: Keystore, tmp_path: Path) -> None:
    before = {owner: keystore.make(owner) for owner in ("urn:uuid:1", "urn:uuid:2")}
    (old,) = keystore.masters.identities()
    found = rotate_master(keystore)
    assert (found.wrapped, found.removed) == (2, 1)
    assert {owner: at(tmp_path).find(owner) for owner in before} == before
    for path in files(tmp_path, "urn:uuid:1"):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), [old])


@pytest.mark.parametrize("step", range(0, 12))
def test_a_rotation_cut_anywhere_loses_no_key_and_goes_on(
    keystore: Keystore, tmp_path: Path, step: int
) -> None:
    before = {owner: keystore.make(owner) for owner in ("urn:uuid:1", "urn:uuid:2")}
    with dying(step), suppress(Died):
        rotate_master(at(tmp_path, *keystore.escrow))
    assert {owner: at(tmp_path).find(owner) for owner in before} == before
    rotate_master(at(tmp_path, *keystore.escrow))
    assert len(keystore.masters.files()) == 1
    assert {owner: at(tmp_path).find(owner) for owner in before} == before
    assert kinds(keystore) == []


def test_a_rotation_refuses_a_keystore_that_is_not_whole(keystore: Keystore, tmp_path: Path) -> None:
    keystore.make("urn:uuid:1")
    files(tmp_path, "urn:uuid:1")[0].unlink()
    with pytest.raises(NotPossible):
        rotate_master(at(tmp_path))
    assert len(keystore.masters.files()) == 1


def test_the_escrow_opens_what_the_safe_holds_without_the_master_key(
    keystore: Keystore, tmp_path: Path
) -> None:
    key = keystore.make("urn:uuid:1")
    assert export_for_safe(keystore, tmp_path / "safe") == 1
    entry = open_entry((tmp_path / "safe" / entry_name("urn:uuid:1")).read_bytes(), [ESCROW])
    assert (entry.owner, entry.key()) == ("urn:uuid:1", key)
    with pytest.raises(NotPossible):
        export_for_safe(keystore, tmp_path / "safe")


def test_the_export_and_the_escrow_key_are_a_keystore_when_the_machine_is_lost(
    keystore: Keystore, tmp_path: Path
) -> None:
    """As the operator's page has it: the export as both places, the paper as the master key, then a rotation."""
    key = keystore.make("urn:uuid:1")
    new = tmp_path / "new"
    (new / "master").mkdir(parents=True)
    export_for_safe(keystore, new / "1")
    shutil.copytree(new / "1", new / "2")
    (new / "master/master-0001.agekey").write_text(f"{ESCROW}\n")
    again = at(new, str(ESCROW.to_public()))
    assert again.find("urn:uuid:1") == key
    rotate_master(again)
    assert str(ESCROW) not in "".join(each.read_text() for each in (new / "master").glob("*.agekey"))
    assert kinds(at(new, str(ESCROW.to_public()))) == []


def test_keys_made_before_there_was_an_escrow_are_told_until_rotated(tmp_path: Path) -> None:
    without = at(tmp_path)
    without.create()
    without.make("urn:uuid:1")
    now = at(tmp_path, str(ESCROW.to_public()))
    assert kinds(now) == ["no-escrow"]
    rotate_master(now)
    assert kinds(now) == []


def test_without_the_master_key_the_keystore_stops_and_makes_no_other(
    keystore: Keystore, tmp_path: Path
) -> None:
    keystore.make("urn:uuid:1")
    shutil.rmtree(tmp_path / "master")
    with pytest.raises(NotPossible):
        at(tmp_path).create()
    with pytest.raises(NotPossible):
        at(tmp_path).find("urn:uuid:1")


def test_files_of_the_keystore_say_nothing_in_the_open(keystore: Keystore, tmp_path: Path) -> None:
    keystore.make("urn:uuid:0193-secret")
    for path in (tmp_path / "1").rglob("*.age"):
        assert b"0193-secret" not in path.read_bytes() and "0193-secret" not in path.name
