"""An archive with a past: dossiers of every state, a hold, a list in review and one executed, a changed record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive_service.kernel.clock import MovableClock
from archive_service.kernel.organisation import Unit
from archive_service.kernel.settings import Settings
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.work import Archive
from archive_service.worker import drain
from preservation.aips.amend import amend
from preservation.system.objects import anchor
from retention.assess import assess_owed
from tests.archives import House, make_house
from tests.preservation.dossiers import keep
from tests.retention.shelf import Hands

SIGNATURE = {"verdict": "indeterminate", "sub_indication": "NO_POE", "signer": "Trần Thị Bình"}


@dataclass(slots=True)
class Past:
    house: House
    hands: Hands
    plain: UUID
    amended: UUID
    listed: UUID
    destroyed: UUID


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """The past, lived once; copies of its folder are opened."""
    past = live(make_house(tmp_path_factory.mktemp("lived")))
    past.house.archive.close()
    return past


@pytest.fixture
def past(lived: Past, tmp_path: Path) -> Iterator[Past]:
    shutil.copytree(lived.house.archive.settings.data, tmp_path / "var")
    clock = MovableClock(lived.house.clock.now())
    clock.advance(seconds=1)
    archive = Archive(Settings(data=tmp_path / "var"), clock)
    house = replace(lived.house, archive=archive, clock=clock)
    yield replace(lived, house=house, hands=Hands(house))
    archive.close()


def live(house: House) -> Past:
    """A mix of acts, all of them in the roots when it ends."""
    due: dict[str, Any] = {"Maintenance": "1 năm"}
    signed = {"data/000.00.12.H43.2020.31.TTr.001.pdf": (SIGNATURE,)}
    hands = Hands(house)
    plain = keep(house, 1, signed=signed)
    amended, listed, destroyed = (keep(house, n, dossier=code(n) | due) for n in (2, 3, 4))
    assess_owed(house.archive)
    amend(house.archive, amended, retitle, "Sửa tiêu đề")
    with house.archive.work(house.actor("administrator")) as work:
        later = Unit(agency_id=house.agency.id, code="MOI", name="Phòng mới")
        work.session.add(later)
        work.session.flush()
        work.session.get_one(Unit, house.other_unit.id).successor_id = later.id
    drain(house.archive)
    hands.execute(hands.started(destroyed))
    hands.hold(plain)
    hands.propose(listed)
    drain(house.archive)
    house.clock.advance(days=1)
    drain(house.archive)
    keep_system_objects(house.archive, now=True)
    anchor(house.archive)
    return Past(house, hands, plain, amended, listed, destroyed)


def code(number: int) -> dict[str, str]:
    return {"FileCode": f"000.00.12.H43.2020.{number}.TTr", "FileNotation": f"{number}.TTr"}


def retitle(description: dict[str, Any]) -> dict[str, Any]:
    description["dossier"]["title"] = "Tập lưu tờ trình, đã sửa tiêu đề"
    return description
