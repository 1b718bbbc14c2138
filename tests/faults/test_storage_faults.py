"""Disks that lie, mounts that vanish, roots that are not ours: found, told, and never written to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.jobs import JobState
from archive_service.kernel.objects import ObjectStore, Source
from archive_service.kernel.sandbox import FailureKind, SandboxFailure
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain, tick
from ingest.models import SipState
from preservation.aips.erase import erase
from preservation.copies import holding
from preservation.models import Copy, CopyState, ErasureReceipt
from preservation.roots.markers import MARKER, anchor_log, check_roots, require_roots
from tests.archives import House, make_house
from tests.faults.dossiers import (
    accepted,
    assert_waiting,
    assert_whole,
    job_of,
    jobs_of,
    sip_of,
    stored,
)
from tests.faults.warm import WarmSandbox


def later(house: House, **time: float) -> None:
    house.clock.advance(**(time or {"hours": 1}))
    drain(house.archive)


def alter_next_tree(store: ObjectStore) -> None:
    """The disk changes one byte of the next tree after it took it."""
    real = store.put_tree

    def put_tree(prefix: str, entries: Iterable[tuple[str, Source]]) -> None:
        store.put_tree = real  # type: ignore[method-assign]
        real(prefix, entries)
        key = next(info.key for info in store.list(prefix) if info.key.endswith("metadata.xml"))
        with store.open(key) as stream:
            data = stream.read()
        store.put(key, bytes([data[0] ^ 1]) + data[1:])

    store.put_tree = put_tree  # type: ignore[method-assign]


def test_a_byte_altered_between_write_and_read_back_is_found_and_written_again(
    house: House, tmp_path: Path
) -> None:
    sip_id = accepted(house, tmp_path / "sent")
    alter_next_tree(house.archive.stores["ban-sao"])
    drain(house.archive)
    assert sip_of(house.archive, sip_id).state is SipState.accepted
    assert_waiting(house, "store_sip", "changed v1/content/submission/data/metadata.xml")
    later(house)
    assert_whole(house.archive, dossier_of(house, sip_id))


def test_a_byte_altered_in_a_copy_that_was_owed_is_mended(house: House, tmp_path: Path) -> None:
    dossier_id = stored(house, tmp_path / "sent")
    with house.archive.work(THE_ARCHIVE) as work:
        copy = work.session.get_one(Copy, (dossier_id, "ban-sao"))
        copy.state, copy.version = CopyState.owed, 0
        work.later("make_copy", dossier_id, "ban-sao")
    store = house.archive.stores["ban-sao"]
    store.purge(object_place(store))
    alter_next_tree(store)
    drain(house.archive)
    assert_whole(house.archive, dossier_id)


def object_place(store: ObjectStore) -> str:
    key = next(info.key for info in store.list() if info.key.endswith("metadata.xml"))
    return key.partition("/v1/")[0]


def test_a_container_altered_while_it_waits_is_our_fault_and_stores_nothing(
    house: House, tmp_path: Path
) -> None:
    sip_id = accepted(house, tmp_path / "sent")
    key = sip_of(house.archive, sip_id).staged_key
    with house.archive.staging.open(key) as stream:
        good = stream.read()
    house.archive.staging.put(key, good[:-1] + bytes([good[-1] ^ 1]))
    drain(house.archive)
    assert_waiting(house, "store_sip", "StagingDamaged")
    assert sip_of(house.archive, sip_id).state is SipState.accepted
    house.archive.staging.put(key, good)
    later(house)
    assert_whole(house.archive, dossier_of(house, sip_id))


def test_an_empty_mount_is_never_written_to(house: House, tmp_path: Path) -> None:
    root, aside = tmp_path / "var/storage/2", tmp_path / "unplugged"
    sip_id = accepted(house, tmp_path / "sent")
    root.rename(aside)
    root.mkdir()
    drain(house.archive)
    assert_waiting(house, "store_sip", "marker-missing")
    assert list(root.iterdir()) == []
    assert check_roots(house.archive)["ban-sao"] == ("stopped", "marker-missing")
    root.rmdir()
    aside.rename(root)
    later(house)
    assert_whole(house.archive, dossier_of(house, sip_id))


def test_a_root_of_another_archive_stops_the_start_and_is_never_written_to(
    house: House, tmp_path: Path
) -> None:
    other = make_house(tmp_path / "other")
    other.archive.close()
    root, theirs = tmp_path / "var/storage/2", tmp_path / "other/var/storage/2"
    sip_id = accepted(house, tmp_path / "sent")
    root.rename(tmp_path / "aside")
    shutil.copytree(theirs, root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(NotPossible) as refused:
        require_roots(house.archive)
    assert refused.value.name == "foreign-root"
    drain(house.archive)
    assert_waiting(house, "store_sip", "foreign-marker")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert sip_of(house.archive, sip_id).state is SipState.accepted


def test_a_marker_that_cannot_be_read_stops_its_root_alone(house: House, tmp_path: Path) -> None:
    marker = tmp_path / "var/storage/2" / MARKER
    whole = marker.read_bytes()
    marker.write_bytes(whole[:40])
    sip_id = accepted(house, tmp_path / "sent")
    drain(house.archive)
    assert check_roots(house.archive) == {
        "kho-chinh": ("online", ""),
        "ban-sao": ("stopped", "marker-broken"),
    }
    assert_waiting(house, "store_sip", "marker-broken")
    marker.write_bytes(whole)
    later(house)
    assert_whole(house.archive, dossier_of(house, sip_id))


def test_an_old_database_beside_newer_storage_stops_the_start(house: House, tmp_path: Path) -> None:
    anchor_log(house.archive)
    house.archive.close()
    database = tmp_path / "var/archive.db"
    shutil.copy(database, tmp_path / "backup.db")
    reopened = Archive(Settings(data=tmp_path / "var"), house.clock)
    anchor_log(reopened)
    reopened.close()
    shutil.copy(tmp_path / "backup.db", database)
    old = Archive(Settings(data=tmp_path / "var"), house.clock)
    with pytest.raises(NotPossible) as refused:
        require_roots(old)
    assert refused.value.name == "old-database"
    old.close()


class NoTexts(WarmSandbox):
    """A machine on which text extraction is killed, as by a lack of memory."""

    def run(self, function: str, *args: object, **limits: object) -> object:
        if function.startswith("preservation.text:"):
            raise SandboxFailure(FailureKind.crashed, "killed")
        return super().run(function, *args)


def test_a_try_that_was_planned_otherwise_gives_way_to_the_next(house: House, tmp_path: Path) -> None:
    """Interrupted between two roots, then repeated by software that reads more text: the bytes differ."""
    root, aside = tmp_path / "var/storage/2", tmp_path / "unplugged"
    sip_id = accepted(house, tmp_path / "sent")
    sandbox = house.archive.__dict__["sandbox"]
    root.rename(aside)
    house.archive.__dict__["sandbox"] = poor = NoTexts()
    drain(house.archive)
    assert_waiting(house, "store_sip", "Fewer than 2 copies")
    aside.rename(root)
    house.archive.__dict__["sandbox"] = sandbox
    poor.end()
    later(house)
    assert_whole(house.archive, dossier_of(house, sip_id))


def test_no_receipt_while_somebody_still_writes_that_copy(house: House, tmp_path: Path) -> None:
    """A copier that began before the destruction could finish after the certificate."""
    dossier_id = stored(house, tmp_path / "sent")
    with holding(house.archive, dossier_id, "ban-sao"):
        assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
        with house.archive.look(THE_ARCHIVE) as work:
            owed = work.session.scalars(select(ErasureReceipt.place).where(ErasureReceipt.gone_at.is_(None)))
            assert owed.all() == ["copy:ban-sao"]
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)


def test_a_root_that_is_away_for_hours_does_not_pile_up_jobs(house: House, tmp_path: Path) -> None:
    dossier_id = stored(house, tmp_path / "sent")
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(Copy, (dossier_id, "ban-sao")).state = CopyState.owed
    root, aside = tmp_path / "var/storage/2", tmp_path / "unplugged"
    root.rename(aside)
    for _ in range(10):
        house.clock.advance(hours=1)
        tick(house.archive)
        drain(house.archive)
    assert job_of(house.archive, "make_copy").state is JobState.stuck
    open_jobs = [job for job in jobs_of(house.archive, "check_roots") if job.state is not JobState.done]
    assert len(open_jobs) <= 1
    aside.rename(root)
    later(house)
    assert_whole(house.archive, dossier_id)


def dossier_of(house: House, sip_id: UUID) -> UUID:
    sip = sip_of(house.archive, sip_id)
    assert sip.state is SipState.stored and sip.dossier_id
    return sip.dossier_id
