"""Copies that agree with one another and not with the catalogue: told as that, and nothing is written by either side."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.worker import drain
from preservation.audits import fixity
from preservation.models import CopyState, Dossier, FileObject
from tests.archives import House
from tests.preservation.dossiers import ORIGINAL, audit, dossier_of, incidents, keep, place, states

LOST = {"kho-chinh": CopyState.lost, "ban-sao": CopyState.lost}


def change_row(house: House, dossier_id: UUID, which: str) -> None:
    """As a hand in the database does, or a disk below it."""
    with house.archive.work(THE_ARCHIVE) as work:
        if which == "inventory":
            changed = update(Dossier).where(Dossier.id == dossier_id).values(inventory_digest="ab" * 64)
        else:
            file = (FileObject.dossier_id == dossier_id) & (FileObject.path == ORIGINAL)
            changed = update(FileObject).where(file).values(sha256="cd" * 32)
        work.session.execute(changed)


def kinds(house: House) -> set[str]:
    return {each.kind for each in incidents(house.archive)}


@pytest.mark.parametrize("which", ["inventory", "file"])
def test_a_changed_row_is_told_as_that_and_not_as_a_loss(house: House, which: str) -> None:
    dossier_id = keep(house)
    before = {path: path.read_bytes() for path in place(house, dossier_id).rglob("*") if path.is_file()}
    good = dossier_of(house.archive, dossier_id).inventory_digest
    change_row(house, dossier_id, which)
    audit(house)
    drain(house.archive)  # the repairs that a fault asks for
    assert states(house.archive, dossier_id) == LOST
    assert "catalogue-differs" in kinds(house) and "lost" not in kinds(house)
    (told,) = (each for each in incidents(house.archive) if each.kind == "catalogue-differs")
    assert told.found == good
    assert before == {
        path: path.read_bytes() for path in place(house, dossier_id).rglob("*") if path.is_file()
    }


def test_whatever_an_audit_reads_keeps_to_its_share_of_the_disks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the day of mass damage every copy is read again for pieces and for agreement: that is when it counts."""
    heard: list[int] = []
    monkeypatch.setattr(fixity, "Pace", lambda _: heard.append)
    dossier_id = keep(house)
    audit(house)
    once = sum(heard)  # both copies
    heard.clear()
    change_row(house, dossier_id, "file")
    audit(house)
    # Each copy is judged; for each that is at fault both are read for pieces, then both for agreement.
    assert sum(heard) == 5 * once > 0


def test_the_row_put_right_the_copies_are_good_again(house: House) -> None:
    dossier_id = keep(house)
    good = dossier_of(house.archive, dossier_id).inventory_digest
    change_row(house, dossier_id, "inventory")
    audit(house)
    with house.archive.work(THE_ARCHIVE) as work:
        put_right = update(Dossier).where(Dossier.id == dossier_id).values(inventory_digest=good)
        work.session.execute(put_right)
    audit(house)
    audit(house)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.verified}


def test_the_same_damage_in_every_copy_is_a_loss(house: House) -> None:
    dossier_id = keep(house)
    for root in ("kho-chinh", "ban-sao"):
        (damaged,) = place(house, dossier_id, root).rglob(f"*/{ORIGINAL}")
        damaged.write_bytes(b"the same in both")
    audit(house)
    drain(house.archive)
    assert states(house.archive, dossier_id) == LOST
    assert "lost" in kinds(house) and "catalogue-differs" not in kinds(house)
