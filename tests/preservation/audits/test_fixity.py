"""The audit finds every kind of fault, names copy and file, and tells each once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden, NotPossible
from archive_service.kernel.log import LogEntry
from archive_service.kernel.objects import StoreAway
from archive_service.kernel.objects.folder import FolderStore
from archive_service.web.incident_words import stop_words
from archive_service.web.sentences import Sentences
from archive_service.worker import drain
from preservation.aips.erase import erase
from preservation.audits import fixity
from preservation.audits.coverage import coverage
from preservation.audits.fixity import fixity_run
from preservation.audits.strays import stray_objects, strays_run
from preservation.copies import claim_copy
from preservation.incidents.register import close_incident, list_incidents
from preservation.models import Copy, CopyState, DossierState
from preservation.roots.markers import MARKER, check_roots
from preservation.watch_models import AuditRun, IncidentState
from tests.archives import House
from tests.preservation.dossiers import audit, content, dossier_of, flip, incidents, keep, place, states


def add_file(folder: Path) -> None:
    (folder / "v1/content/la.txt").write_bytes(b"la")


FAULTS: dict[str, Callable[[Path], None]] = {
    "changed": lambda folder: flip(next((folder / "v1/content").rglob("*001.pdf"))),
    "missing": lambda folder: next((folder / "v1/content").rglob("*001.pdf")).unlink(),
    "extra": add_file,
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_fault_is_found_in_its_copy_and_file(house: House, kind: str) -> None:
    dossier_id = keep(house)
    FAULTS[kind](place(house, dossier_id))
    audit(house)
    assert states(house.archive, dossier_id) == {"kho-chinh": "verified", "ban-sao": kind}
    (incident,) = incidents(house.archive)
    assert (incident.kind, incident.root_id) == (kind, "ban-sao")
    assert incident.path.endswith("la.txt" if kind == "extra" else "001.pdf")


def test_a_file_that_cannot_be_read_is_a_fault_of_its_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    bad = str(content(house, dossier_id))
    opened = FolderStore.open

    def failing(store: FolderStore, key: str, *, fresh: bool = False) -> object:
        if str(store.base / key) == bad:
            raise StoreAway("disk", "Input/output error")
        return opened(store, key, fresh=fresh)

    monkeypatch.setattr(FolderStore, "open", failing)
    audit(house)
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.unreadable


def test_a_copy_without_fault_raises_no_alarm(house: House) -> None:
    dossier_id = keep(house)
    report = audit(house)
    assert (report.checked, report.faults, incidents(house.archive)) == (2, 0, [])
    assert set(states(house.archive, dossier_id).values()) == {CopyState.verified}


def test_what_differs_from_the_senders_manifest_is_found_though_our_inventory_agrees(house: House) -> None:
    dossier_id = keep(house)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.connection().exec_driver_sql(
            "UPDATE file_object SET sha256 = ? WHERE path LIKE '%001.pdf'", ("0" * 64,)
        )
    assert audit(house).faults == 2
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}


def test_the_same_fault_is_told_once(house: House) -> None:
    flip(content(house, keep(house)))
    audit(house)
    audit(house)
    assert len(incidents(house.archive)) == 1


def test_a_fault_is_in_the_log(house: House) -> None:
    flip(content(house, keep(house)))
    audit(house)
    with house.archive.look(THE_ARCHIVE) as work:
        verbs = set(work.session.scalars(select(LogEntry.verb)))
    assert {"copy.failed", "incident.opened", "fixity.finished"} <= verbs


def test_a_record_whose_every_copy_is_bad_is_lost(house: House) -> None:
    dossier_id = keep(house)
    for root in ("kho-chinh", "ban-sao"):
        flip(content(house, dossier_id, root))
    audit(house)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}
    assert "lost" in {each.kind for each in incidents(house.archive)}


def test_a_copy_that_was_healed_is_verified_again(house: House) -> None:
    dossier_id = keep(house)
    for _ in range(2):
        flip(content(house, dossier_id))  # twice is as it was
        audit(house)
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_an_empty_mount_stops_the_audit_of_its_root_and_blames_no_copy(house: House) -> None:
    dossier_id = keep(house)
    base = house.archive.settings.data / "storage/2"
    shutil.move(base, base.with_name("away"))
    base.mkdir()
    assert audit(house).stopped == {"ban-sao": "marker-missing"}
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified
    assert [each.kind for each in incidents(house.archive)] == ["audit-stopped"]


def test_a_root_that_is_away_stops_its_audit_for_a_reason_that_has_words(house: House) -> None:
    keep(house)
    base = house.archive.settings.data / "storage/2"
    shutil.move(base, base.with_name("away"))
    found = audit(house).stopped
    assert found == {"ban-sao": "store-away"}
    assert stop_words(found["ban-sao"], Sentences("vi")) == "kho không phản hồi"


def test_a_root_that_vanishes_during_the_run_blames_no_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    checked = check_roots(house.archive)
    monkeypatch.setattr(fixity, "check_roots", lambda _: checked)  # all was well when the run began
    shutil.rmtree(house.archive.settings.data / "storage/2")
    (house.archive.settings.data / "storage/2").mkdir()
    assert audit(house).stopped == {"ban-sao": "marker-missing"}
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_a_foreign_marker_stops_the_audit(house: House) -> None:
    keep(house)
    base = house.archive.settings.data / "storage"
    shutil.copy(base / "1" / MARKER, base / "2" / MARKER)
    assert audit(house).stopped == {"ban-sao": "foreign-marker"}


def test_a_bounded_run_takes_the_oldest_and_the_next_one_goes_on(house: House) -> None:
    first = keep(house, 1)
    house.clock.advance(days=1)
    second = keep(house, 2)
    house.clock.advance(days=100)
    at = house.clock.now()
    assert fixity_run(house.archive, limit=2).more
    assert (checked_since(house, first, at), checked_since(house, second, at)) == (2, 0)
    fixity_run(house.archive, limit=2)
    assert checked_since(house, second, at) == 2


def checked_since(house: House, dossier_id: UUID, moment: datetime) -> int:
    with house.archive.look(THE_ARCHIVE) as work:
        copies = select(Copy).where(Copy.dossier_id == dossier_id, Copy.verified_at >= moment)
        return len(work.session.scalars(copies).all())


def test_a_run_that_was_cut_off_is_resumed_where_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        keep(house, number)
    house.clock.advance(days=100)
    settled = fixity._settle
    calls = iter(range(100))

    def cut_off(*args: object, whole: bool, agreed: str | None) -> None:
        if next(calls) >= 2:
            raise KeyboardInterrupt
        settled(*args, whole=whole, agreed=agreed)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fixity, "_settle", cut_off)
        fixity_run(house.archive)
    house.clock.advance(hours=7)  # the lease of the copies in hand has ended
    assert fixity_run(house.archive).checked == 4


def test_nothing_is_audited_before_its_time(house: House) -> None:
    keep(house)
    assert fixity_run(house.archive).checked == 0


def test_a_copy_in_other_hands_is_left_alone(house: House) -> None:
    dossier_id = keep(house)
    assert claim_copy(house.archive, dossier_id, "ban-sao")
    assert claim_copy(house.archive, dossier_id, "ban-sao") is None
    assert audit(house).checked == 1


def test_coverage_counts_what_was_checked_within_the_period(house: House) -> None:
    keep(house, 1)
    house.clock.advance(days=91)
    keep(house, 2)
    with house.archive.look(house.actor("auditor")) as work:
        found = coverage(work)
    assert (found.copies, found.checked, found.owed, len(found.roots)) == (4, 2, 0, 2)
    assert found.oldest is not None and (house.clock.now() - found.oldest).days == 91


def test_a_reader_does_not_see_the_audit(house: House) -> None:
    with house.archive.look(house.actor("reader")) as work, pytest.raises(Forbidden):
        coverage(work)


def test_an_incident_is_closed_with_a_sentence_and_only_once(house: House) -> None:
    flip(content(house, keep(house)))
    audit(house)
    (incident,) = incidents(house.archive)
    with house.archive.work(house.actor("auditor")) as work:
        with pytest.raises(NotPossible):
            close_incident(work, incident.id, "xong")
        close_incident(work, incident.id, "Đã thay đĩa và khôi phục bản sao.")
        with pytest.raises(Conflict):
            close_incident(work, incident.id, "Đã thay đĩa và khôi phục bản sao.")
        assert list_incidents(work, house.archive, state=IncidentState.open).items == []


def test_incidents_are_listed_newest_first_page_by_page(house: House) -> None:
    flip(content(house, keep(house, 1)))
    audit(house)
    house.clock.advance(hours=1)
    flip(content(house, keep(house, 2)))
    audit(house)
    with house.archive.look(house.actor("auditor")) as work:
        first = list_incidents(work, house.archive, limit=1)
        second = list_incidents(work, house.archive, limit=1, cursor=first.next)
    assert first.items[0].opened_at > second.items[0].opened_at
    assert second.next is None


def test_an_object_that_no_row_knows_is_a_stray(house: House) -> None:
    dossier_id = keep(house)
    with house.archive.work(THE_ARCHIVE) as work:
        for row in work.session.scalars(select(Copy).where(Copy.dossier_id == dossier_id)):
            work.session.delete(row)
    assert list(stray_objects(house.archive, "ban-sao")) == [], "its row may only be late"
    house.clock.advance(days=2)
    assert list(stray_objects(house.archive, "ban-sao")) == [f"urn:uuid:{dossier_id}"]
    assert strays_run(house.archive) == 2
    assert {each.kind for each in incidents(house.archive)} == {"extra"}


def test_a_destroyed_dossier_that_comes_back_from_an_old_disk_is_told_as_such(
    house: House, tmp_path: Path
) -> None:
    """Nor is it copied, found or restored."""
    dossier_id = keep(house)
    folder = place(house, dossier_id)
    shutil.copytree(folder, tmp_path / "old disk")
    erase(house.archive, dossier_id, ground="expired", entry_id=None)
    shutil.copytree(tmp_path / "old disk", folder)
    house.clock.advance(days=2)
    strays_run(house.archive)
    drain(house.archive)
    (incident,) = incidents(house.archive)
    assert (incident.kind, incident.dossier_id, incident.root_id) == ("reappeared", dossier_id, "ban-sao")
    assert dossier_of(house.archive, dossier_id).state is DossierState.destroyed
    assert (states(house.archive, dossier_id), house.archive.index.count()) == ({}, 0)


def test_what_the_catalogue_knows_is_no_stray(house: House) -> None:
    keep(house)
    house.clock.advance(days=2)
    assert strays_run(house.archive) == 0


def test_each_run_leaves_its_figures(house: House) -> None:
    flip(content(house, keep(house)))
    audit(house)
    with house.archive.look(THE_ARCHIVE) as work:
        run = work.session.scalars(select(AuditRun)).one()
    assert (run.checked, run.faults, run.finished_at is None) == (2, 1, False)
