"""Damage is made good by itself within a limit a day; mass damage waits for a person; a loss is never repaired."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.kernel.jobs import Job
from archive_service.kernel.log import LogEntry
from archive_service.worker import drain
from preservation.aips.premis import PREMIS
from preservation.aips.repair import evidence_of
from preservation.audits.self_repair import RepairReport, let_repairs_go, repair_copies
from preservation.models import Copy, CopyState
from preservation.ocfl.store import content_key, read_inventory
from tests.archives import House
from tests.preservation.dossiers import audit, content, dossier_of, flip, incidents, keep, states


def damaged(house: House, count: int) -> list[UUID]:
    kept = [keep(house, number + 1) for number in range(count)]
    for each in kept:
        flip(content(house, each))
    audit(house)
    return kept


def bad(house: House) -> int:
    with house.archive.look(THE_ARCHIVE) as work:
        return len(work.session.scalars(select(Copy).where(Copy.state != CopyState.verified)).all())


def premis(house: House, dossier_id: UUID) -> str:
    store, object_id = house.archive.stores["ban-sao"], dossier_of(house.archive, dossier_id).object_id
    inventory = read_inventory(store, object_id)
    with store.open(content_key(inventory, inventory.files()[PREMIS])) as stream:
        return stream.read().decode()


def test_damage_is_made_good_with_evidence_and_a_premis_event(house: House) -> None:
    (dossier_id,) = damaged(house, 1)
    drain(house.archive)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.verified}
    assert list(house.archive.stores["ban-sao"].list(evidence_of(dossier_id)))
    assert "recovery" in premis(house, dossier_id)
    assert evidence_of(dossier_id) in premis(house, dossier_id)
    with house.archive.look(THE_ARCHIVE) as work:
        assert "copy.restored" in set(work.session.scalars(select(LogEntry.verb)))
    assert audit(house).faults == 0
    assert [each.kind for each in incidents(house.archive)] == ["changed"]  # for the auditor to see and close


def test_more_damage_than_the_limit_is_left_as_it_is_for_a_person(house: House) -> None:
    damaged(house, 6)
    assert repair_copies(house.archive) == RepairReport(waiting=6)
    assert bad(house) == 6
    assert [each.kind for each in incidents(house.archive)].count("repairs-wait") == 1


def test_what_was_repaired_today_counts_against_the_limit(house: House) -> None:
    house.archive.settings.repairs_a_day = 2
    kept = damaged(house, 2)
    assert repair_copies(house.archive).repaired == 2
    flip(content(house, kept[0]))
    audit(house)
    assert repair_copies(house.archive) == RepairReport(waiting=1)
    house.clock.advance(days=1)
    assert repair_copies(house.archive).repaired == 1


def test_with_a_limit_of_none_nothing_is_repaired_by_itself(house: House) -> None:
    house.archive.settings.repairs_a_day = 0
    damaged(house, 1)
    with house.archive.look(THE_ARCHIVE) as work:
        assert "repair_copies" not in set(work.session.scalars(select(Job.kind)))


def test_a_person_lets_mass_repairs_go(house: House) -> None:
    house.archive.settings.repairs_a_day = 1
    damaged(house, 2)
    drain(house.archive)
    assert bad(house) == 2
    with house.archive.work(house.actor("auditor")) as work:
        let_repairs_go(work, 2)
    drain(house.archive)
    assert bad(house) == 0


def test_only_who_handles_incidents_lets_them_go(house: House) -> None:
    with house.archive.work(house.actor("officer")) as work, pytest.raises(Forbidden):
        let_repairs_go(work, 6)
    with house.archive.work(house.actor("auditor")) as work, pytest.raises(NotPossible):
        let_repairs_go(work, 0)


def test_the_same_flip_in_both_copies_is_a_loss_and_nothing_is_written(house: House) -> None:
    dossier_id = keep(house)
    files = [content(house, dossier_id, root) for root in ("kho-chinh", "ban-sao")]
    for each in files:
        flip(each)
    before = [each.read_bytes() for each in files]
    audit(house)
    drain(house.archive)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}
    assert [each.read_bytes() for each in files] == before
    assert "lost" in {each.kind for each in incidents(house.archive)}


def test_a_source_that_only_its_row_calls_good_is_read_at_once(house: House) -> None:
    (dossier_id,) = damaged(house, 1)
    flip(content(house, dossier_id, "kho-chinh"))
    drain(house.archive)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}
