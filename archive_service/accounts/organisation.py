"""Entering agencies, their units and their fonds. An account that manages people does it; it sees no record by that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from archive_service.kernel.errors import Conflict, NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.organisation import Agency, Fonds, Unit
from archive_service.kernel.permissions import Permission
from archive_service.work import Work

LONGEST_NAME, LONGEST_CODE = 200, 60


@dataclass(frozen=True, slots=True)
class AgencyCard:
    agency: Agency
    units: Sequence[Unit]
    fonds: Sequence[Fonds]


def list_agencies(work: Work, limit: int = 500) -> Sequence[AgencyCard]:
    """Every agency with its units and fonds, by name."""
    work.allow(Permission.manage_people)
    agencies = work.session.scalars(select(Agency).order_by(Agency.name, Agency.id).limit(limit)).all()
    return [
        AgencyCard(
            agency,
            work.session.scalars(select(Unit).where(Unit.agency_id == agency.id).order_by(Unit.name)).all(),
            work.session.scalars(
                select(Fonds).where(Fonds.agency_id == agency.id).order_by(Fonds.name)
            ).all(),
        )
        for agency in agencies
    ]


def add_agency(work: Work, identifier: str, name: str) -> Agency:
    """`identifier` as QĐ 28/2018 or QĐ 20/2020 gives it; one agency an identifier."""
    work.allow(Permission.manage_people)
    identifier, name = _code(identifier), _name(name)
    if work.session.scalars(select(Agency.id).where(Agency.identifier == identifier)).first():
        raise Conflict("Mã định danh này đã có.", "This identifier is taken.", name="identifier-taken")
    agency = Agency(identifier=identifier, name=name, created_at=work.now())
    work.session.add(agency)
    work.session.flush()
    work.record(Verb.agency_added, agency, identifier=identifier, name=name)
    work.owe("write_system_objects")
    return agency


def add_unit(work: Work, agency_id: UUID, code: str, name: str, parent_id: UUID | None = None) -> Unit:
    """A unit of the agency, below another of the same agency or right below it."""
    work.allow(Permission.manage_people)
    agency: Agency = work.get(Agency, agency_id)
    parent: Unit | None = work.get(Unit, parent_id) if parent_id else None
    if parent is not None and parent.agency_id != agency.id:
        raise NotPossible(
            "Đơn vị cấp trên phải thuộc cùng cơ quan.", "The unit above must belong to the same agency."
        )
    unit = Unit(agency_id=agency.id, code=_code(code), name=_name(name), parent_id=parent_id)
    work.session.add(unit)
    work.session.flush()
    work.record(Verb.unit_added, unit, code=unit.code, name=unit.name, agency=agency.identifier)
    work.owe("write_system_objects")
    return unit


def add_fonds(work: Work, agency_id: UUID, organ_id: str, name: str) -> Fonds:
    """`organ_id`: what OrganId says in the packages of this fonds."""
    work.allow(Permission.manage_people)
    agency: Agency = work.get(Agency, agency_id)
    organ_id = _code(organ_id)
    if work.session.scalars(select(Fonds.id).where(Fonds.organ_id == organ_id)).first():
        # A package names its fonds by OrganId alone.
        raise Conflict(
            "Đã có phông với OrganId này.", "A fonds has this OrganId already.", name="fonds-taken"
        )
    fonds = Fonds(agency_id=agency.id, organ_id=organ_id, name=_name(name))
    work.session.add(fonds)
    work.session.flush()
    work.record(Verb.fonds_added, fonds, organ_id=organ_id, name=fonds.name)
    work.owe("write_system_objects")
    return fonds


def _name(text: str) -> str:
    return _short(text, LONGEST_NAME, "tên", "name")


def _code(text: str) -> str:
    return _short(text, LONGEST_CODE, "mã", "code")


def _short(text: str, most: int, vi: str, en: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= most:
        raise NotPossible(
            f"Nhập {vi}, từ 1 đến {most} ký tự.",
            f"Enter the {en}, 1 to {most} characters.",
            name="wrong-length",
        )
    return text
