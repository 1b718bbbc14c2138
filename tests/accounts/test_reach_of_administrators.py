"""An administrator runs the system and sees no content: not by a token, a system account or a role of their own."""

from __future__ import annotations

import pytest

from archive_service.accounts.actors import token_actor
from archive_service.accounts.people import add_person, make_token, request_grant
from archive_service.kernel.errors import Forbidden, NotPossible
from archive_service.kernel.people import PersonKind
from archive_service.kernel.permissions import Role
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


def test_nobody_grants_a_role_to_themselves(house: House) -> None:
    with house.archive.work(house.actor("administrator")) as work, pytest.raises(Forbidden):
        request_grant(work, house.people["administrator"].id, Role.reader, unit_id=house.unit.id)
