"""A dossier's next version is in every root or will be, is the same in each, and survives a crash anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

import preservation.aips.amend
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.errors import Conflict, TryLater
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.aips.amend import amend, finish_amendment, propose_amendment, proven_description
from preservation.aips.erase import erase
from preservation.audits.restore import restore_copy
from preservation.models import AccessMode, Amendment, CopyState, Document, ErasureReceipt, Indexed
from preservation.ocfl.layout import object_path
from preservation.ocfl.state import object_state
from preservation.ocfl.validate import check
from preservation.verify import CopyFault
from tests.archives import MORNING, House
from tests.faults.crashes import killed_at
from tests.preservation.dossiers import audit, content, dossier_of, flip, keep, place, states, unplug

NEW = "Tập lưu tờ trình, đã sửa tiêu đề"


def retitle(description: dict[str, Any]) -> dict[str, Any]:
    description["dossier"]["title"] = NEW
    return description


def heads(archive: Archive, object_id: str) -> dict[str, bytes]:
    return {root: object_state(store, object_id).data for root, store in archive.stores.items()}


def test_an_amendment_is_the_next_version_in_every_root(house: House) -> None:
    dossier_id = keep(house)
    assert amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    dossier = dossier_of(house.archive, dossier_id)
    assert (dossier.title, dossier.version, dossier.revision) == (NEW, 2, 2)
    assert len(set(heads(house.archive, dossier.object_id).values())) == 1
    assert all(not list(check(store)) for store in house.archive.stores.values())
    assert audit(house).faults == 0


def test_a_change_that_changes_nothing_makes_no_version(house: House) -> None:
    dossier_id = keep(house)
    assert not amend(house.archive, dossier_id, lambda same: same, "Không đổi")
    assert dossier_of(house.archive, dossier_id).version == 1


def test_a_copy_called_good_while_the_version_was_written_is_owed_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    audit(house)
    flip(content(house, dossier_id))  # somebody made it good by hand
    proof = preservation.aips.amend.faults_against

    def beside_an_audit(*given: Any) -> Iterator[CopyFault]:
        assert audit(house).faults == 0
        return proof(*given)

    monkeypatch.setattr(preservation.aips.amend, "faults_against", beside_an_audit)
    assert amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.owed
    drain(house.archive)
    assert audit(house).faults == 0
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_a_disk_that_vanished_under_an_amendment_is_owed_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    house.archive.settings.required_copies = 1
    proof = preservation.aips.amend.faults_against

    def then_unplugged(store: ObjectStore, *given: Any) -> Iterator[CopyFault]:
        yield from proof(store, *given)
        if store is house.archive.stores["ban-sao"]:
            unplug(house)

    monkeypatch.setattr(preservation.aips.amend, "faults_against", then_unplugged)
    assert amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.owed


def test_the_originals_are_never_written_again(house: House) -> None:
    dossier_id = keep(house)
    amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    names = [path.name for path in (place(house, dossier_id) / "v2").rglob("*") if path.is_file()]
    assert sorted(names) == ["dossier.json", "inventory.json", "inventory.json.sha512"]


def test_while_a_root_is_away_the_amendment_waits_and_is_then_finished(house: House) -> None:
    dossier_id = keep(house)
    base = house.archive.settings.data / "storage/2"
    base.rename(base.with_name("away"))
    with pytest.raises(TryLater):
        amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    assert dossier_of(house.archive, dossier_id).version == 1
    base.with_name("away").rename(base)
    drain(house.archive)
    assert dossier_of(house.archive, dossier_id).version == 2
    assert len(set(heads(house.archive, f"urn:uuid:{dossier_id}").values())) == 1


def test_a_damaged_copy_gets_the_version_when_it_is_restored(house: House) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    audit(house)
    amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.changed
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert len(set(heads(house.archive, f"urn:uuid:{dossier_id}").values())) == 1


def test_a_description_that_was_altered_in_storage_is_not_taken_over(house: House) -> None:
    dossier_id = keep(house)
    for root in ("kho-chinh", "ban-sao"):
        path = next(place(house, dossier_id, root).rglob("dossier.json"))
        path.write_bytes(path.read_bytes().replace(b"2020", b"2021"))
    with pytest.raises(Exception, match="damaged"):
        amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")


def test_two_amendments_at_once_do_not_overwrite_each_other(house: House) -> None:
    dossier_id = keep(house)
    before = proven_description(house.archive, dossier_of(house.archive, dossier_id))
    amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    with house.archive.work(THE_ARCHIVE) as work, pytest.raises(Conflict):
        propose_amendment(work, dossier_id, before, "Sửa theo bản cũ")


def test_a_dossier_destroyed_while_it_is_amended_stays_destroyed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    write = preservation.aips.amend._write

    def write_and_destroy(*args: Any) -> preservation.aips.amend.Outcome:
        outcome = write(*args)
        house.clock.advance(minutes=3)  # we stood still for so long that our lease ended
        erase(house.archive, dossier_id, ground="expired", entry_id=None)
        return outcome

    monkeypatch.setattr(preservation.aips.amend, "_write", write_and_destroy)
    amend(house.archive, dossier_id, retitle, "Sửa tiêu đề")
    path = object_path(f"urn:uuid:{dossier_id}")
    assert not any(any(store.list(path)) for store in house.archive.stores.values())
    assert dossier_of(house.archive, dossier_id).version == 1
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.scalars(select(Amendment)).all() == []


def test_what_a_writer_that_died_left_of_a_destroyed_dossier_goes_with_its_job(house: House) -> None:
    dossier_id = keep(house)
    back = {root: place(house, dossier_id, root) for root in ("kho-chinh", "ban-sao")}
    erase(house.archive, dossier_id, ground="expired", entry_id=None)
    for folder in back.values():
        folder.mkdir(parents=True)
        (folder / "torn").write_bytes(b"half a version")
    with house.archive.work(THE_ARCHIVE) as work:
        receipt = work.session.get_one(ErasureReceipt, (dossier_id, "copy:ban-sao"))
        receipt.gone_at = None  # its own turn comes, or a hold keeps it
    finish_amendment(house.archive, str(dossier_id))
    assert [root for root, folder in back.items() if folder.exists()] == ["ban-sao"]


def test_closing_a_dossier_hides_it_at_once(house: House) -> None:
    dossier_id = keep(house, access="public")

    def close(description: dict[str, Any]) -> dict[str, Any]:
        description["dossier"]["access"] = "closed"
        return description

    amend(house.archive, dossier_id, close, "Đóng hồ sơ")
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Indexed, dossier_id).blocked
        assert set(work.session.scalars(select(Document.access))) == {AccessMode.closed}


def test_closing_one_document_hides_its_dossier_until_the_index_knows(house: House) -> None:
    dossier_id = keep(house, access="public")

    def close(description: dict[str, Any]) -> dict[str, Any]:
        description["documents"][1]["access"] = "closed"
        return description

    amend(house.archive, dossier_id, close, "Đóng một văn bản")
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Indexed, dossier_id).blocked


def test_opening_a_dossier_hides_nothing(house: House) -> None:
    dossier_id = keep(house, access="closed")

    def open_(description: dict[str, Any]) -> dict[str, Any]:
        description["dossier"]["access"] = "public"
        return description

    amend(house.archive, dossier_id, open_, "Mở hồ sơ")
    with house.archive.look(THE_ARCHIVE) as work:
        indexed = work.session.get(Indexed, dossier_id)
        assert indexed is None or not indexed.blocked


def reopen(folder: Path, hours: int = 0) -> Archive:
    clock = MovableClock(MORNING)
    clock.advance(hours=1 + hours)
    return Archive(Settings(data=folder / "var"), clock)


def amend_it(dossier_id: UUID, archive: Archive) -> None:
    amend(archive, dossier_id, retitle, "Sửa tiêu đề")


def test_killed_at_every_step_of_an_amendment_every_root_ends_with_the_same_version(
    house: House, tmp_path: Path
) -> None:
    dossier_id = keep(house)
    house.archive.close()
    for at in range(1, 100, 4):
        folder = tmp_path / f"n{at}"
        shutil.copytree(house.archive.settings.data, folder / "var")
        killed = killed_at(partial(reopen, folder), partial(amend_it, dossier_id), at)
        assert_whole(folder, dossier_id, finished=not killed)
        shutil.rmtree(folder)
        if not killed:
            break
    assert at > 8, "the bomb counted too little to have been in the way"


def assert_whole(folder: Path, dossier_id: UUID, *, finished: bool) -> None:
    archive = reopen(folder, hours=2)
    try:
        drain(archive)
        dossier = dossier_of(archive, dossier_id)
        assert (dossier.title == NEW) is (dossier.version == 2)
        assert dossier.version == 2 or not finished
        assert set(states(archive, dossier_id).values()) == {CopyState.verified}
        assert len(set(heads(archive, dossier.object_id).values())) == 1
    finally:
        archive.close()
