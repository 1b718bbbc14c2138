"""Promises 6 and 7: a destruction interrupted anywhere leaves each dossier untouched or gone, and certifies last."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.events import Verb
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.keystore.entry import entry_name
from archive_service.kernel.log import LogDetail, LogEntry
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.aips.erase import KEY
from preservation.models import Copy, Document, Dossier, DossierState, ErasureReceipt
from retention.destruction.papers import load_paper, paper_of
from retention.models import DestructionEntry, DestructionList, EntryState, ListState
from tests.archives import House
from tests.faults.crashes import calls, killed_at
from tests.faults.dossiers import assert_whole, stored
from tests.faults.stacks import Embedded, Encrypted
from tests.faults.warm import WarmSandbox
from tests.retention.shelf import Hands, bytes_left

PLACES = {"copy:kho-chinh", "copy:ban-sao", "index", "database", "staging", "cache"}

pytestmark = pytest.mark.timeout(7200)  # every step, in `make test-deep`


@pytest.mark.parametrize("stack", ["embedded", "encrypted", "services"], indirect=True)
def test_killed_at_every_step_of_a_destruction_no_dossier_is_left_half(
    stack: Embedded, tmp_path: Path
) -> None:
    """Held ones are whole; all others are gone, and the list is certified, whenever the process died."""
    house = stack.build()
    dossiers = [stored(house, tmp_path / "sent", number) for number in (1, 2)]
    list_id = Hands(house).started(*dossiers)
    house.archive.close()
    for at in calls(every=31, stride=stack.stride):
        stack.copy(name := f"n{at}")
        killed = killed_at(stack.opening(name), drain, at)
        goes_on(stack, name, list_id, dossiers, hold=at % 2 == 1)
        stack.drop(name)
        if not killed:
            break
    assert at > 90, "the bomb counted too little to have been in the way"


def test_a_key_that_survives_in_one_place_is_noticed(tmp_path: Path, warm_sandbox: WarmSandbox) -> None:
    """The judge of the test above: it sees a key that came back to one of the two places."""
    stack = Encrypted(tmp_path, warm_sandbox)
    house = stack.build()
    dossier_id = stored(house, tmp_path / "sent")
    kept = key_files(house.archive, dossier_id)[1].read_bytes()
    list_id = Hands(house).started(dossier_id)
    house.archive.close()
    stack.copy("n")
    goes_on(stack, "n", list_id, [dossier_id], hold=False)
    archive = stack.open("n", hours=1)
    assert_key_gone_once(archive, dossier_id)
    archive.keystore.places[1].put(entry_name(f"urn:uuid:{dossier_id}"), kept)
    with pytest.raises(AssertionError):
        assert_key_gone_once(archive, dossier_id)
    archive.close()


def goes_on(stack: Embedded, name: str, list_id: UUID, dossiers: list[UUID], *, hold: bool) -> None:
    """Restarted after the lease's end; a hold may have come before the first job."""
    archive = stack.open(name, hours=1)
    try:
        house = stack.people_of(archive)
        assert_certified_last(archive, list_id, dossiers)
        kept = [each for each in dossiers if hold and not begun(archive, each)]
        for each in kept:
            Hands(house).hold(each)
        drain(archive)
        for each in dossiers:
            if each in kept:
                assert_untouched(archive, each)
            else:
                assert_gone(house, each)
        assert_certified_last(archive, list_id, dossiers)
        state = Hands(house).listed(list_id).state
        assert state is (ListState.stopped if kept == dossiers else ListState.certified)
        assert open_destructions(archive) == 0
    finally:
        archive.close()


def begun(archive: Archive, dossier_id: UUID) -> bool:
    return dossier_row(archive, dossier_id).state is DossierState.destroyed or entry_begun(
        archive, dossier_id
    )


def entry_begun(archive: Archive, dossier_id: UUID) -> bool:
    with archive.look(THE_ARCHIVE) as work:
        query = select(DestructionEntry.state).where(DestructionEntry.dossier_id == dossier_id)
        return work.session.scalars(query).one() is not EntryState.listed


def dossier_row(archive: Archive, dossier_id: UUID) -> Dossier:
    with archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Dossier, dossier_id)


def assert_untouched(archive: Archive, dossier_id: UUID) -> None:
    assert dossier_row(archive, dossier_id).state is DossierState.stored
    assert_whole(archive, dossier_id)
    assert all(path.is_file() for path in key_files(archive, dossier_id))


def assert_gone(house: House, dossier_id: UUID) -> None:
    """A tombstone in the catalogue, a receipt from every place, and nothing in any of them."""
    archive = house.archive
    assert dossier_row(archive, dossier_id).state is DossierState.destroyed
    with archive.look(THE_ARCHIVE) as work:
        receipts = work.session.scalars(
            select(ErasureReceipt).where(ErasureReceipt.dossier_id == dossier_id)
        ).all()
        rows = [
            work.session.scalar(select(func.count()).select_from(table).where(table.dossier_id == dossier_id))
            for table in (Document, Copy)
        ]
    sealed = any(root.sealed for root in archive.settings.storage)
    assert {receipt.place for receipt in receipts if receipt.gone_at} == PLACES | ({KEY} if sealed else set())
    assert_key_gone_once(archive, dossier_id)
    assert rows == [0, 0]
    assert bytes_left(house, dossier_id) == []
    assert str(dossier_id) not in dict(archive.index.revisions())


def key_files(archive: Archive, dossier_id: UUID) -> list[Path]:
    """Where the dossier's key lies; nowhere on a stack without an encrypted root."""
    sealed = any(root.sealed for root in archive.settings.storage)
    name = entry_name(f"urn:uuid:{dossier_id}")
    return [place / name for place in archive.settings.keystore.places] if sealed else []


def assert_key_gone_once(archive: Archive, dossier_id: UUID) -> None:
    """Gone from both places of the keystore, and told once by each log: the keystore's own two, and the archive's."""
    files = key_files(archive, dossier_id)
    assert [path for path in files if path.exists()] == []
    for place in archive.keystore.places if files else ():
        assert [each.owner for each in archive.keystore.log_of(place)].count(f"urn:uuid:{dossier_id}") == 1
    with archive.look(THE_ARCHIVE) as work:
        entries = select(LogDetail.detail).join(LogEntry, LogEntry.number == LogDetail.number)
        query = entries.where(LogEntry.verb == Verb.copy_erased, LogEntry.subject_id == str(dossier_id))
        told = [json.loads(detail)["place"] for detail in work.session.scalars(query)]
    assert sorted(told) == sorted(PLACES | ({KEY} if files else set()))


def assert_certified_last(archive: Archive, list_id: UUID, dossiers: list[UUID]) -> None:
    """A certificate says that nothing is left: at no moment may there be one while something is."""
    with archive.look(THE_ARCHIVE) as work:
        listed = work.session.get_one(DestructionList, list_id)
        owed = work.session.scalars(select(ErasureReceipt).where(ErasureReceipt.gone_at.is_(None))).all()
        left = work.session.scalars(select(Copy.root_id).where(Copy.dossier_id.in_(dossiers))).all()
    if listed.state is ListState.certified:
        assert owed == []
        assert load_paper(archive, paper_of(listed, "certificate")).startswith(b"%PDF")
        destroyed = [dossier_row(archive, each).state is DossierState.destroyed for each in dossiers]
        assert all(destroyed) is (not left)
    else:
        assert listed.certificate_key == ""


def open_destructions(archive: Archive) -> int:
    with archive.look(THE_ARCHIVE) as work:
        query = select(func.count()).select_from(Job).where(Job.kind == "execute_destruction")
        return work.session.scalar(query.where(Job.state != JobState.done)) or 0
