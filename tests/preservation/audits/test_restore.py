"""A damaged copy is made good from a proven one, what was found is kept, and nobody writes either meanwhile."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

import preservation.audits.restore
import preservation.copies
from archive_service.kernel.errors import Conflict, Forbidden, TryLater
from archive_service.worker import drain
from preservation.aips.amend import amend, event_of
from preservation.aips.erase import erase
from preservation.aips.repair import evidence_of
from preservation.audits.restore import restore_copy
from preservation.copies import claim_copy, holding
from preservation.models import CopyState
from tests.archives import House
from tests.preservation.dossiers import audit, content, flip, keep, place, states, unplug


def test_a_damaged_copy_is_restored_and_the_bad_bytes_are_kept(house: House) -> None:
    dossier_id = keep(house)
    bad = content(house, dossier_id)
    good = bad.read_bytes()
    flip(bad)
    damaged = bad.read_bytes()
    audit(house)
    kept = restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert bad.read_bytes() == good
    with house.archive.stores["ban-sao"].open(f"{kept}/0/000000") as stream:
        assert stream.read() == damaged
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


@pytest.mark.parametrize("what", ["object", "inventory", "extra", "link"])
def test_whatever_is_wrong_with_a_copy_is_made_good(house: House, what: str) -> None:
    dossier_id = keep(house)
    folder = place(house, dossier_id)
    if what == "object":
        shutil.rmtree(folder)
    elif what == "inventory":
        flip(folder / "inventory.json")
        flip(content(house, dossier_id))
    elif what == "extra":
        (folder / "v1/content/la.txt").write_bytes(b"la")
    else:
        os.symlink("/etc/hostname", folder / "v1/link")
    audit(house)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert audit(house).faults == 0


def test_nothing_is_restored_from_a_copy_that_is_bad_itself(house: House) -> None:
    dossier_id = keep(house)
    for root in ("kho-chinh", "ban-sao"):
        flip(content(house, dossier_id, root))
    with pytest.raises(Conflict) as refused:  # the rows say verified still; the bytes decide
        restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert refused.value.name == "no-good-copy"


def test_a_source_in_other_hands_is_not_called_bad(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An amendment that writes it would pass for damage, and the record for one without a good copy."""
    monkeypatch.setattr(preservation.copies, "PATIENCE_SECONDS", 0.1)
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    with holding(house.archive, dossier_id, "kho-chinh"), pytest.raises(TryLater):
        restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")


def test_no_writer_gets_at_the_source_of_a_repair(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    repair, taken = preservation.audits.restore.repair_object, []

    def watched(*given: Any) -> list[str]:
        taken.append(claim_copy(house.archive, dossier_id, "kho-chinh"))
        return repair(*given)

    monkeypatch.setattr(preservation.audits.restore, "repair_object", watched)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert taken == [None]
    assert claim_copy(house.archive, dossier_id, "kho-chinh")  # given back


def test_a_disk_that_vanished_under_the_repair_is_not_told_as_repaired(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    audit(house)
    repair = preservation.audits.restore.repair_object

    def then_unplugged(*given: Any) -> list[str]:
        faults = repair(*given)
        unplug(house)
        return faults

    monkeypatch.setattr(preservation.audits.restore, "repair_object", then_unplugged)
    with pytest.raises(TryLater):
        restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.changed


def test_a_restored_copy_stays_though_the_lease_ended_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    monkeypatch.setattr(preservation.audits.restore, "held_copy", lambda *_: None)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    house.clock.advance(hours=7)
    assert audit(house).faults == 0


def test_a_copy_restored_while_its_dossier_was_amended_is_owed_the_new_version(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called good, the older version would be told as damage by the next audit."""
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    audit(house)
    enter = preservation.audits.restore._enter

    def stalled(*given: Any) -> bool:
        assert amend(house.archive, dossier_id, lambda now: {**now, "events": [event]}, "Ghi sự kiện")
        return enter(*given)

    event = event_of("recovery", house.clock.now(), "test")
    monkeypatch.setattr(preservation.audits.restore, "_enter", stalled)
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.owed
    drain(house.archive)
    assert audit(house).faults == 0
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified


def test_a_dossier_destroyed_under_its_repair_is_gone_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preservation.copies, "PATIENCE_SECONDS", 0.1)
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    repair = preservation.audits.restore.repair_object

    def then_destroyed(*given: Any) -> list[str]:
        faults = repair(*given)
        assert not erase(house.archive, dossier_id, ground="expired", entry_id=None)
        return faults

    monkeypatch.setattr(preservation.audits.restore, "repair_object", then_destroyed)
    with pytest.raises(Conflict):
        restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert erase(house.archive, dossier_id, ground="expired", entry_id=None)  # no dead lease to wait for
    assert not place(house, dossier_id).exists()


def test_only_who_handles_incidents_restores(house: House) -> None:
    dossier_id = keep(house)
    with pytest.raises(Forbidden):
        restore_copy(house.archive, house.actor("officer"), dossier_id, "ban-sao")


def test_evidence_is_destroyed_with_its_dossier(house: House) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    restore_copy(house.archive, house.actor("auditor"), dossier_id, "ban-sao")
    assert any(house.archive.stores["ban-sao"].list(evidence_of(dossier_id)))
    erase(house.archive, dossier_id, ground="expired", entry_id=None)
    assert not any(house.archive.stores["ban-sao"].list(evidence_of(dossier_id)))
