"""An administrator runs the system and sees no content: not by a token, a system account or a role of their own."""

from __future__ import annotations

from uuid import uuid4

import pytest

from archive_service.accounts.actors import token_actor
from archive_service.accounts.people import (
    add_person,
    enter_person,
    give_role_at_start,
    lock_person,
    make_token,
    request_grant,
)
from archive_service.kernel.actors import THE_ARCHIVE, Actor, Granted
from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.kernel.people import PersonKind
from archive_service.kernel.permissions import BESIDE_ADMINISTRATOR, Permission, Role
from tests.archives import House


def test_an_administrator_makes_no_token_that_acts_for_another_person(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work, pytest.raises(Forbidden) as refused:
        make_token(work, house.people["records_manager"].id, "máy của tôi")
    assert refused.value.name == "own-token"


def test_a_token_of_a_system_acts_for_that_system(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work:
        system = add_person(work, "qlvb-so", "QLVB của Sở", kind=PersonKind.system, unit_id=house.unit.id)
        request_grant(work, system.id, Role.producer, unit_id=house.unit.id)
        secret = make_token(work, system.id, "QLVB")
        system_id = system.id
    assert token_actor(house.archive, secret).id == system_id


@pytest.mark.parametrize("role", [Role.reader, Role.auditor])
def test_a_system_gets_no_role_but_submitting(house: House, role: Role) -> None:
    with house.archive.work(house.actor("administrator")) as work:
        system = add_person(work, "qlvb-so", "QLVB của Sở", kind=PersonKind.system)
        with pytest.raises(NotPossible):
            request_grant(work, system.id, role)


@pytest.mark.parametrize("role", sorted(set(Role) - BESIDE_ADMINISTRATOR))
def test_an_administrator_gets_no_role_that_reads_or_decides(house: House, role: Role) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        other = enter_person(work, "quan-tri-hai", "Quản trị hai")
        give_role_at_start(work, other, Role.administrator)
    with house.archive.work(house.actor("administrator")) as work, pytest.raises(NotPossible) as refused:
        request_grant(work, other.id, role)
    assert refused.value.name == "administrator-apart"


def test_a_reader_is_not_made_administrator(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work, pytest.raises(NotPossible):
        request_grant(work, house.people["reader"].id, Role.administrator)


def test_a_second_role_gives_an_administrator_nothing_to_read() -> None:
    both = Actor(None, "Cả hai", "web", grants=(Granted(Role.administrator), Granted(Role.head)))
    assert both.may(Permission.manage_people) and not both.may(Permission.read_public)
    assert not both.may(Permission.decide_destruction) and both.roles == {Role.administrator}


def test_a_role_reaches_only_places_that_exist(house: House) -> None:
    for place in ({"unit_id": uuid4()}, {"fonds_id": uuid4()}):
        with house.archive.work(house.actor("administrator")) as work, pytest.raises(NotPossible):
            request_grant(work, house.people["auditor"].id, Role.reader, **place)


def test_a_locked_account_gets_no_role(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work:
        lock_person(work, house.people["auditor"].id, house.people["reader"].id)
        with pytest.raises(NotPossible, match="locked"):
            request_grant(work, house.people["auditor"].id, Role.reader)


def test_nobody_grants_a_role_to_themselves(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work, pytest.raises(Forbidden):
        request_grant(work, house.people["administrator"].id, Role.reader, unit_id=house.unit.id)
