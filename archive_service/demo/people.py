"""The demo's invented agencies, their units, and the people who act, as plain values."""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from archive_service.kernel.permissions import Role

DATA = Path(__file__).with_name("data")
#: Letters and digits that nobody mistakes for one another when reading a password from the screen.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz"
_CAPITALS, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A unit below its agency, or below the unit whose code is `parent`."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class DemoAgency:
    """`identifier`: 13 characters as QĐ 28/2018 composes them; also the fonds' OrganId.

    `heading`, `superior`, `symbol`, `place`, `capacity`, `position`, `signer` are what its letterhead says.
    """

    key: str
    identifier: str
    name: str
    heading: str
    superior: str
    symbol: str
    place: str
    position: str
    signer: str
    history: str
    units: tuple[DemoUnit, ...]
    capacity: str = ""

    @property
    def fonds_name(self) -> str:
        return f"Phông {self.name}"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as. `over`: agency keys or "agency/UNIT"; empty: the whole archive."""

    username: str
    name: str
    roles: tuple[Role, ...]
    try_vi: str
    try_en: str
    unit: str = ""
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    archive_identifier: str
    archive_name: str
    agencies: tuple[DemoAgency, ...]
    people: tuple[DemoPerson, ...]

    def agency(self, key: str) -> DemoAgency:
        return next(agency for agency in self.agencies if agency.key == key)

    def who(self, role: Role) -> tuple[DemoPerson, ...]:
        return tuple(person for person in self.people if role in person.roles)


@cache
def organisation() -> Organisation:
    """Read once from data/organisation.toml; an unknown key there is an error."""
    raw = tomllib.loads((DATA / "organisation.toml").read_text(encoding="utf-8"))
    return Organisation(
        archive_identifier=raw["archive_identifier"],
        archive_name=raw["archive_name"],
        agencies=tuple(_agency(row) for row in raw["agency"]),
        people=tuple(_person(row) for row in raw["person"]),
    )


def make_passwords() -> dict[str, str]:
    """A fresh password for every demo person by user name: no run's password opens another's archive."""
    return {person.username: _password() for person in organisation().people}


def _password() -> str:
    """Strong enough for `set_password`: a capital, a digit and hyphens beside small letters."""
    words = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join((secrets.choice(_CAPITALS) + secrets.choice(_DIGITS), *words))


def _agency(row: dict[str, Any]) -> DemoAgency:
    return DemoAgency(**{**row, "units": tuple(DemoUnit(**unit) for unit in row["units"])})


def _person(row: dict[str, Any]) -> DemoPerson:
    roles = tuple(Role(name) for name in row["roles"])
    return DemoPerson(**{**row, "roles": roles, "over": tuple(row.get("over", ()))})
