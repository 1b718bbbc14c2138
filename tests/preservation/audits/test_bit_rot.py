"""Single bits that turn over in one copy: each is found and named, the copy made what it was, the evidence kept."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from archive_service.kernel.actors import THE_ARCHIVE
from preservation.aips.repair import evidence_of
from preservation.audits.self_repair import RepairReport, repair_copies
from preservation.models import CopyState
from preservation.ocfl.inventory import SIDECAR
from preservation.watch_models import Incident, IncidentState
from tests.archives import House
from tests.preservation.dossiers import audit, keep, place, states

DOSSIERS = 12
KINDS = ("content/", "inventory.json", SIDECAR, "0=ocfl_object_1.1")

Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rot(folder: Path, chance: random.Random) -> tuple[str, bytes]:
    """Turns one bit over; returns the file and what it holds now."""
    kind = chance.choice(KINDS)
    file = chance.choice(
        sorted(p for p in folder.rglob("*") if p.is_file() and (p.name == kind or kind in str(p)))
    )
    return turn(file, chance.randrange(file.stat().st_size), 1 << chance.randrange(8), folder)


def turn(file: Path, byte: int, bit: int, folder: Path) -> tuple[str, bytes]:
    data = bytearray(file.read_bytes())
    data[byte] ^= bit
    file.write_bytes(data)
    return str(file.relative_to(folder)), bytes(data)


def to_capital(folder: Path) -> tuple[str, bytes]:
    """One bit of a sidecar: `a` becomes `A`, the same number to whoever is careless."""
    data = (folder / SIDECAR).read_bytes()
    return turn(folder / SIDECAR, next(n for n, c in enumerate(data) if c in b"abcdef"), 0x20, folder)


def new_incidents(house: House) -> Iterator[tuple[UUID | None, str, str]]:
    """Which the round before did not leave."""
    with house.archive.work(THE_ARCHIVE) as work:
        for each in work.session.scalars(select(Incident).where(Incident.state == IncidentState.open)):
            yield each.dossier_id, each.root_id, each.path
        work.session.execute(update(Incident).values(state=IncidentState.closed))


DEEP = (pytest.mark.deep, pytest.mark.timeout(1800))


@pytest.mark.parametrize("rounds", [5, pytest.param(84, marks=DEEP)])
def test_every_bit_that_turns_over_is_found_named_and_repaired(house: House, rounds: int) -> None:
    chance = random.Random(4)
    kept = [keep(house, number + 1) for number in range(DOSSIERS)]
    folders = {each: place(house, each) for each in kept}
    whole = {each: tree(folder) for each, folder in folders.items()}
    for number in range(rounds):
        turned = {each: rot(folder, chance) for each, folder in folders.items()}
        if number == 0:
            shutil.rmtree(folders[kept[0]])
            shutil.copytree(place(house, kept[0], "kho-chinh"), folders[kept[0]])
            turned[kept[0]] = to_capital(folders[kept[0]])
        house.clock.advance(minutes=1)
        assert audit(house).faults == DOSSIERS
        assert set(new_incidents(house)) == {(each, "ban-sao", path) for each, (path, _) in turned.items()}
        assert repair_copies(house.archive, "100") == RepairReport(repaired=DOSSIERS)
        for each, folder in folders.items():
            assert tree(folder) == whole[each]
            assert turned[each][1] in kept_as_evidence(house, each)
    assert audit(house).faults == 0


def kept_as_evidence(house: House, dossier_id: UUID) -> set[bytes]:
    folder = house.archive.settings.data / "storage/2" / evidence_of(dossier_id)
    return set(tree(folder).values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bit_in_both_copies_is_a_loss_that_nothing_repairs(house: House, kind: str) -> None:
    dossier_id = keep(house)
    folders = [place(house, dossier_id, root) for root in ("kho-chinh", "ban-sao")]
    for folder in folders:
        file = sorted(p for p in folder.rglob("*") if p.is_file() and (p.name == kind or kind in str(p)))[0]
        turn(file, file.stat().st_size // 2, 1, folder)
    before = [tree(folder) for folder in folders]
    audit(house)
    assert set(states(house.archive, dossier_id).values()) == {CopyState.lost}
    assert repair_copies(house.archive, "100") == RepairReport()
    assert [tree(folder) for folder in folders] == before
