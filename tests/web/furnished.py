"""An archive with realistic dossiers on its shelves and people who can sign in, for journeys and for the eye.

python -m tests.web.furnished       serves it at http://127.0.0.1:8601, password as in tests/archives.py
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive_service.accounts import people
from archive_service.accounts.signin import set_password
from archive_service.app import create_app
from archive_service.demo.dossiers import make_package
from archive_service.demo.folders import DemoDossier, demo_dossiers
from archive_service.demo.people import DemoAgency
from archive_service.demo.seals import make_seals
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.people import Person
from archive_service.kernel.permissions import Role
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain
from ingest.accept import accept_sip
from ingest.containers import ZIP
from ingest.models import Sip, SipFinding
from ingest.receive import receive_sip
from tests.archives import PASSWORD, House, make_house

#: Public and long expired; restricted with a closed document in it; not public at all.
SHELVED = ("CPXD", "TCCB", "NV1")
NAMES = {
    "officer": "Trần Thị Ánh",
    "reader": "Ngô Thu Hà",
    "unit_reader": "Đặng Văn Lâm",
    "auditor": "Phạm Thị Dung",
    "records_manager": "Lê Văn Bình",
    "council_member": "Hoàng Minh Tú",
    "head": "Lê Thị Hoa",
    "executor": "Vũ Đức Ỷ",
}


def furnish(folder: Path, units: Sequence[str] = SHELVED, **settings: Any) -> House:
    """A house below `folder` with one stored dossier for each of these demo units; everyone's password is set."""
    seals = make_seals()
    (folder / "root.pem").write_bytes(seals.root)
    house = make_house(folder, trust=[folder / "root.pem"], secure_cookies=False, **settings)
    _admit(house)
    for dossier in demo_dossiers():
        if dossier.unit in units and not dossier.fault:
            package = make_package(folder, dossier, seals, seed=7)
            _store(house, dossier, package.path)
    drain(house.archive)
    _admit_unit_reader(house)
    return house


def _admit_unit_reader(house: House) -> None:
    """The reader of one unit reads what is restricted there."""
    with house.archive.work(THE_ARCHIVE) as work:
        unit = work.session.scalars(select(Unit).where(Unit.code == "TCCB").order_by(Unit.id.desc())).first()
        person = house.people["unit_reader"]
        people.give_role_at_start(work, person, Role.reader, unit_id=unit.id if unit else None)
        people.give_role_at_start(work, person, Role.reader)


def reopened(made: House, kept: Path, folder: Path) -> House:
    """The same house from a copy of its folder: furnishing takes long, copying does not."""
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    settings = Settings(data=folder / "var", trust=[folder / "root.pem"], secure_cookies=False)
    clock = type(made.clock)(made.clock.instant)
    return replace(made, archive=Archive(settings, clock), clock=clock)


def _admit(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        for role, person in house.people.items():
            row = work.get(Person, person.id)
            row.name = NAMES.get(role, row.name)


def _store(house: House, dossier: DemoDossier, path: Path) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        sender_id = _sender(work, dossier.agency, dossier.unit)
    sender = people_actor(house, sender_id)
    with path.open("rb") as stream:
        receipt = receive_sip(house.archive, sender, stream, name=path.name, media_type=ZIP)
    drain(house.archive)
    with house.archive.work(house.actor("officer")) as work:
        sip = work.get(Sip, receipt.sip_id)
        seen = work.session.scalars(select(SipFinding.number).where(SipFinding.sip_id == sip.id)).all()
        accept_sip(work, sip.id, seen=seen, version=sip.row_version)
    drain(house.archive)


def people_actor(house: House, person_id: Any) -> Any:
    from archive_service.kernel.people import actor_of

    with house.archive.look(THE_ARCHIVE) as work:
        return actor_of(work.session, work.session.get_one(Person, person_id), "web", work.now())


def _sender(work: Any, demo: DemoAgency, unit_code: str) -> Any:
    """The agency, its unit and fonds, and a person of the unit who submits for it."""
    agency = Agency(identifier=demo.identifier + unit_code, name=demo.name, created_at=work.now())
    known = work.session.scalars(select(Fonds).where(Fonds.organ_id == demo.identifier)).first()
    if known is None:
        work.session.add(agency)
        work.session.flush()
        known = Fonds(agency_id=agency.id, organ_id=demo.identifier, name=demo.fonds_name)
        work.session.add(known)
    work.session.flush()
    name = next(each.name for each in demo.units if each.code == unit_code)
    unit = Unit(agency_id=known.agency_id, code=unit_code, name=name)
    work.session.add(unit)
    work.session.flush()
    person = people.enter_person(work, f"nop-{unit_code.lower()}", f"Người nộp {unit_code}", unit_id=unit.id)
    people.give_role_at_start(work, person, Role.producer, unit_id=unit.id)
    return person.id


if __name__ == "__main__":
    import uvicorn

    made = furnish(Path(tempfile.mkdtemp()))
    with made.archive.work(THE_ARCHIVE) as work:
        for each in made.people.values():
            set_password(work, each.id, PASSWORD)
    uvicorn.run(create_app(made.archive), port=8601)
