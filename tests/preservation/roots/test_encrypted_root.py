"""An archive whose second root is encrypted: everything above the port works as ever, and destruction shreds the key."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.initialise import initialise
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.errors import NotPossible, TryLater
from archive_service.kernel.keystore.entry import entry_name
from archive_service.kernel.objects import StillThere
from archive_service.kernel.objects.encrypted import EncryptedStore
from archive_service.kernel.objects.folder import FolderStore
from archive_service.kernel.settings import Root, Settings
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.work import Archive, Work
from preservation.aips.erase import KEY, erase
from preservation.aips.repair import evidence_of
from preservation.audits.restore import restore_copy
from preservation.audits.strays import strays_run
from preservation.models import DossierState, ErasureReceipt
from preservation.ocfl.store import content_key, read_inventory
from preservation.roots.markers import require_roots
from preservation.roots.plain_view import export_plain
from tests.archives import MORNING, House, make_house
from tests.judges.java import Verdict
from tests.preservation.dossiers import ORIGINAL, audit, dossier_of, keep, place, states

Judge = Callable[[Path], Verdict]


def roots(folder: Path, *encrypted: bool) -> list[Root]:
    return [
        Root(id=name, url=(folder / f"var/storage/{n}").as_uri(), failure_domain=str(n), encrypted=sealed)
        for n, (name, sealed) in enumerate(zip(("kho-chinh", "ban-sao"), encrypted, strict=True), 1)
    ]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, storage=roots(tmp_path, False, True))


def sealed_file(house: House, dossier_id: UUID, logical: str = ORIGINAL) -> Path:
    store = house.archive.stores["ban-sao"]
    assert isinstance(store, EncryptedStore) and isinstance(store.inner, FolderStore)
    inventory = read_inventory(store, dossier_of(house.archive, dossier_id).object_id)
    return store.inner.base / store._name(content_key(inventory, inventory.files()[logical]))


def key_files(house: House, dossier_id: UUID) -> list[Path]:
    name = entry_name(dossier_of(house.archive, dossier_id).object_id)
    return [each / name for each in house.archive.settings.keystore.places]


def again(house: House) -> Archive:
    return Archive(house.archive.settings, house.clock)


def test_a_dossier_is_stored_and_audited_and_no_word_of_it_lies_in_the_open(house: House) -> None:
    dossier_id = keep(house)
    audit(house)
    assert states(house.archive, dossier_id) == {"kho-chinh": "verified", "ban-sao": "verified"}
    assert all(each.is_file() for each in key_files(house, dossier_id))
    plain = {each.name for each in place(house, dossier_id, "kho-chinh").rglob("*")}
    sealed = {each.name for each in place(house, dossier_id).rglob("*")}
    assert len(sealed) > 5 and not plain & sealed
    # The whole code: three letters of it stand in a hundred kilobytes of ciphertext by chance, once in some hundred runs.
    code = dossier_of(house.archive, dossier_id).code.encode()
    assert code in b"".join(read_all(place(house, dossier_id, "kho-chinh")))
    assert code not in b"".join(read_all(place(house, dossier_id)))


def read_all(folder: Path) -> list[bytes]:
    return [each.read_bytes() for each in folder.rglob("*") if each.is_file()]


def flip_bit(path: Path, _: Path) -> None:
    data = bytearray(path.read_bytes())
    where = random.Random(7).randrange(8 * len(data))
    data[where // 8] ^= 1 << where % 8
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path, Path], object]] = {
    "flipped": flip_bit,
    "cut": lambda path, _: path.write_bytes(path.read_bytes()[:-20]),
    "emptied": lambda path, _: path.write_bytes(b""),
    "another-dossier's": lambda path, other: path.write_bytes(other.read_bytes()),
    "missing": lambda path, _: path.unlink(),
    "renamed": lambda path, _: path.rename(path.with_name("x" * 40)),
    "foreign": lambda path, _: path.with_name("la.txt").write_bytes(b"la"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_every_damage_is_found_and_made_good(house: House, how: str) -> None:
    dossier_id, other = keep(house, 1), keep(house, 2)
    DAMAGE[how](sealed_file(house, dossier_id), sealed_file(house, other))
    audit(house)
    assert states(house.archive, dossier_id)["ban-sao"] not in ("verified", "away")
    assert states(house.archive, other)["ban-sao"] == "verified"
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    house.clock.advance(hours=7)
    assert audit(house).faults == 0


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "another-dossier's"])
def test_what_cannot_be_decrypted_is_kept_as_it_was_found(house: House, how: str) -> None:
    """Only the sealed bytes can still show what happened to them: a bit, a block of another file, zeroes."""
    dossier_id, other = keep(house, 1), keep(house, 2)
    path = sealed_file(house, dossier_id)
    DAMAGE[how](path, sealed_file(house, other))
    found = path.read_bytes()
    audit(house)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    store = house.archive.stores["ban-sao"]
    kept = {i.key.rpartition("/")[2]: i.key for i in store.list(evidence_of(dossier_id))}
    assert kept.keys() == {"faults.json", "000000.age"}
    with store.open(kept["000000.age"]) as stream:
        assert stream.read() == found
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)
    assert list(store.list(evidence_of(dossier_id))) == []


def test_where_not_even_sealed_bytes_can_be_read_the_repair_goes_on(house: House) -> None:
    dossier_id = keep(house)
    flip_bit(sealed_file(house, dossier_id), Path())
    audit(house)
    with patch.object(EncryptedStore, "open_sealed", side_effect=OSError(5, "bad sector")):
        restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert states(house.archive, dossier_id)["ban-sao"] == "verified"


def test_another_path_of_the_same_dossier_is_damage(house: House) -> None:
    dossier_id = keep(house)
    path = sealed_file(house, dossier_id)
    path.write_bytes(sealed_file(house, dossier_id, ORIGINAL.replace("001", "002")).read_bytes())
    audit(house)
    assert states(house.archive, dossier_id)["ban-sao"] == "unreadable"


def test_a_key_lost_in_both_places_is_a_lost_copy_and_is_made_anew(house: House) -> None:
    dossier_id = keep(house)
    for path in key_files(house, dossier_id):
        path.unlink()
    audit(house)
    assert states(house.archive, dossier_id) == {"kho-chinh": "verified", "ban-sao": "missing"}
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    house.clock.advance(hours=7)
    assert audit(house).faults == 0


def test_strays_and_system_objects_are_seen_through_the_cipher(house: House) -> None:
    keep(house)
    keep_system_objects(house.archive, now=True)
    strays_run(house.archive)
    assert audit(house).faults == 0
    words = [
        each.read_bytes()
        for each in house.archive.settings.data.glob("storage/2/ocfl/**/*")
        if each.is_file()
    ]
    assert not any("Sở Nội vụ".encode() in each for each in words)


def test_destruction_shreds_the_key_and_says_so(house: House) -> None:
    dossier_id, other = keep(house, 1), keep(house, 2)
    paths = key_files(house, dossier_id)
    copy = {each: each.read_bytes() for each in place(house, dossier_id).rglob("*") if each.is_file()}
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)
    assert not any(path.exists() for path in paths)
    with house.archive.look(THE_ARCHIVE) as work:
        receipt = work.session.get_one(ErasureReceipt, (dossier_id, KEY))
    assert receipt.gone_at is not None and receipt.detail == {"removed": 2}
    for path, data in copy.items():  # as from an image of the disk
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store = again(house).stores["ban-sao"]
    folder = f"{place(house, dossier_id).relative_to(house.archive.settings.data / 'storage/2')}"
    assert not any(info.regular for info in store.list(folder))
    audit(house)
    assert states(house.archive, other)["ban-sao"] == "verified"


def test_the_key_goes_even_where_the_copy_is_under_a_lock(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    paths = key_files(house, dossier_id)

    def locked(self: EncryptedStore, prefix: str) -> int:
        raise StillThere(self.describe(), prefix)

    monkeypatch.setattr(EncryptedStore, "purge", locked)
    assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
    assert not any(path.exists() for path in paths)


def test_what_keeps_a_copy_keeps_its_key(house: House) -> None:
    dossier_id = keep(house)
    paths = key_files(house, dossier_id)

    def held(_: Work) -> None:
        raise TryLater("Đang bị giữ.", "It is held.")

    assert not erase(house.archive, dossier_id, ground="expired", entry_id=None, before_copy=held)
    assert all(path.exists() for path in paths)


def test_while_a_place_of_the_keystore_is_away_the_key_is_owed(house: House, tmp_path: Path) -> None:
    dossier_id = keep(house)
    second = house.archive.settings.keystore.places[1]
    second.rename(tmp_path / "unplugged")
    assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
    with house.archive.look(THE_ARCHIVE) as work:
        assert dossier_of(house.archive, dossier_id).state is DossierState.destroyed
        owed = work.session.scalars(
            select(ErasureReceipt.place).where(ErasureReceipt.gone_at.is_(None))
        ).all()
    assert list(owed) == [KEY]
    (tmp_path / "unplugged").rename(second)
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)


def test_while_the_keystore_is_away_the_other_root_still_takes_dossiers(tmp_path: Path) -> None:
    house = make_house(tmp_path, storage=roots(tmp_path, False, True), required_copies=1)
    house.archive.settings.keystore.places[1].rename(tmp_path / "unplugged")
    dossier_id = keep(house)
    assert states(house.archive, dossier_id)["kho-chinh"] == "verified"
    assert not place(house, dossier_id).exists()


def test_evidence_of_damage_is_encrypted_too(house: House) -> None:
    dossier_id = keep(house)
    (place(house, dossier_id) / "la.txt").write_bytes(b"la")
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert any(house.archive.stores["ban-sao"].list(evidence_of(dossier_id)))
    folder = house.archive.settings.data / "storage/2" / evidence_of(dossier_id)
    assert not any(b"la.txt" in each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_the_plain_view_is_a_whole_ocfl_root(house: House, tmp_path: Path, ocfl_java: Judge) -> None:
    for number in (1, 2):
        keep(house, number)
    keep_system_objects(house.archive, now=True)
    found = export_plain(house.archive.stores["ban-sao"], tmp_path / "view")
    assert (found.faults, found.objects >= 3) == ({}, True)
    assert export_plain(house.archive.stores["ban-sao"], tmp_path / "view") == found
    plain = house.archive.settings.data / "storage/1/ocfl"
    assert tree(found.root) == tree(plain)
    verdict = ocfl_java(found.root)
    assert verdict.accepted and verdict.examined == found.objects, verdict


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_plain_view_names_what_it_cannot_give(house: House, tmp_path: Path) -> None:
    one, _ = keep(house, 1), keep(house, 2)
    flip_bit(sealed_file(house, one), Path())
    found = export_plain(house.archive.stores["ban-sao"], tmp_path / "view")
    assert (list(found.faults), found.objects) == ([dossier_of(house.archive, one).object_id], 1)


@pytest.mark.parametrize("changed", [(False, False), (True, False)])
def test_a_root_stays_what_it_was_begun_as(house: House, tmp_path: Path, changed: tuple[bool, bool]) -> None:
    settings = Settings(data=tmp_path / "var", storage=roots(tmp_path, *changed))
    for begin in (require_roots, initialise):
        with pytest.raises(NotPossible) as refused:
            begin(Archive(settings, MovableClock(MORNING)))
        assert refused.value.name == "encryption-changed"
