from __future__ import annotations

from archive_service.demo.people import make_passwords, organisation
from archive_service.kernel.permissions import Role


def test_every_role_has_somebody() -> None:
    assert all(organisation().who(role) for role in Role)


def test_destruction_passes_through_four_different_people() -> None:
    hands = (Role.records_manager, Role.council_member, Role.head, Role.executor)
    people = {organisation().who(role)[0].username for role in hands}
    assert len(people) == 4


def test_an_administrator_has_no_other_role() -> None:
    assert all(person.roles == (Role.administrator,) for person in organisation().who(Role.administrator))


def test_every_agency_has_a_producer_of_its_own() -> None:
    over = sorted(agency for person in organisation().who(Role.producer) for agency in person.over)
    assert over == sorted(agency.key for agency in organisation().agencies)


def test_scopes_and_units_name_what_exists() -> None:
    known = {agency.key for agency in organisation().agencies}
    known |= {f"{agency.key}/{unit.code}" for agency in organisation().agencies for unit in agency.units}
    named = {place for person in organisation().people for place in (*person.over, person.unit) if place}
    assert named <= known


def test_a_unit_lies_below_one_of_its_agency() -> None:
    for agency in organisation().agencies:
        codes = {unit.code for unit in agency.units}
        assert {unit.parent for unit in agency.units if unit.parent} <= codes


def test_no_two_runs_share_a_password() -> None:
    first, second = make_passwords(), make_passwords()
    assert not set(first.values()) & set(second.values())
    assert all(len(password) >= 16 for password in first.values())
