"""Archives for tests: the embedded default below a temporary folder, a clock that tests move, people by role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive_service.accounts import people
from archive_service.initialise import initialise
from archive_service.kernel.actors import THE_ARCHIVE, Actor
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.people import Person, actor_of
from archive_service.kernel.permissions import Role
from archive_service.kernel.settings import Settings
from archive_service.work import Archive

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 09:00 in Vietnam
PASSWORD = "Mat-khau-1"


@dataclass(slots=True)
class House:
    """An archive with one agency (two units, one fonds) and a person for every role."""

    archive: Archive
    clock: MovableClock
    agency: Agency
    unit: Unit
    other_unit: Unit
    fonds: Fonds
    people: dict[str, Person]

    def actor(self, name: str, *, password: bool = True) -> Actor:
        """The person signed in at a browser, the password given now or long ago."""
        with self.archive.look(THE_ARCHIVE) as work:
            person = work.session.get_one(Person, self.people[name].id)
            actor = actor_of(work.session, person, "web", work.now())
        return replace(actor, password_now=password)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One furnished archive, made once and closed; copies of its folder are opened."""
    house = make_house(tmp_path_factory.mktemp("furnished"))
    house.archive.close()
    return house


@pytest.fixture
def house(furnished: House, tmp_path: Path) -> Iterator[House]:
    """An archive of this test's own: making the schema anew each time would take longer than most tests."""
    shutil.copytree(furnished.archive.settings.data, tmp_path / "var")
    clock = MovableClock(MORNING)
    clock.advance(seconds=1)
    archive = Archive(Settings(data=tmp_path / "var"), clock)
    yield replace(furnished, archive=archive, clock=clock)
    archive.close()


def make_archive(folder: Path, clock: MovableClock | None = None, **settings: Any) -> Archive:
    archive = Archive(Settings(data=folder / "var", **settings), clock or MovableClock(MORNING))
    initialise(
        archive, administrator=("quantri", "Quản Trị", PASSWORD), head=("dungdau", "Đứng Đầu", PASSWORD)
    )
    return archive


def make_house(folder: Path, clock: MovableClock | None = None, **settings: Any) -> House:
    clock = clock or MovableClock(MORNING)
    archive = make_archive(folder, clock, **settings)
    with archive.work(THE_ARCHIVE) as work:
        agency = Agency(identifier="000.00.12.H43", name="Sở Nội vụ tỉnh Hải Vân", created_at=work.now())
        work.session.add(agency)
        work.session.flush()
        unit = Unit(agency_id=agency.id, code="TCCB", name="Phòng Tổ chức cán bộ")
        other = Unit(agency_id=agency.id, code="VP", name="Văn phòng")
        fonds = Fonds(agency_id=agency.id, organ_id="000.00.12.H43", name="Phông Sở Nội vụ")
        work.session.add_all([unit, other, fonds])
        work.session.flush()
        found = {}
        for role in Role:
            person = people.enter_person(
                work, role.value.replace("_", "-"), f"Người {role.value}", unit_id=unit.id
            )
            people.give_role_at_start(work, person, role)
            found[role.value] = person
        scoped = people.enter_person(work, "doc-gia-phong", "Độc giả của phòng", unit_id=unit.id)
        people.give_role_at_start(work, scoped, Role.reader, unit_id=unit.id)
        found["unit_reader"] = scoped
        stranger = people.enter_person(work, "nguoi-la", "Người lạ", unit_id=other.id)
        people.give_role_at_start(work, stranger, Role.officer, unit_id=other.id)
        found["other_officer"] = stranger
    return House(archive, clock, agency, unit, other, fonds, found)
