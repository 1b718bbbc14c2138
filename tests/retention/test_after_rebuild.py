"""Retention's rows survive a rebuild unchanged, and destruction stays locked until two people release it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete

from archive_service.accounts.people import give_role_at_start
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden
from archive_service.kernel.permissions import GRANTED, Permission
from archive_service.kernel.state import ArchiveState
from retention.after_rebuild import KEPT, export_rows, release_destruction, restore
from retention.assess import assess_owed
from tests.archives import House
from tests.retention.shelf import Hands, shelve


def exported(house: House) -> dict[str, list[dict[str, object]]]:
    with house.archive.look(THE_ARCHIVE) as work:
        return {table: list(export_rows(work.session, table)) for table in KEPT}


def test_every_row_comes_back_as_it_was(house: House, hands: Hands) -> None:
    held, gone = shelve(house), shelve(house)
    list_id = hands.started(held, gone)
    hands.hold(held)
    hands.execute(list_id)
    assess_owed(house.archive)
    before = exported(house)
    assert all(before.values())
    with house.archive.work(THE_ARCHIVE) as work:
        for model in reversed(KEPT.values()):
            work.session.execute(delete(model))
        restore(work, json.loads(json.dumps(before)))
    assert exported(house) == before


@pytest.fixture
def locked(house: House) -> House:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.get_one(ArchiveState, 1).destruction_locked = True
    return house


def test_after_a_rebuild_nothing_is_executed(locked: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(locked))
    locked.clock.advance(days=8)
    with pytest.raises(Conflict) as refused:
        hands.start(list_id)
    assert refused.value.name == "destruction-locked"


def releasers(house: House) -> list[str]:
    """Two people with the right to release, whichever roles have it."""
    role = next(role for role, allowed in GRANTED.items() if Permission.release_destruction in allowed)
    with house.archive.work(THE_ARCHIVE) as work:
        for who in ("reader", "auditor"):
            give_role_at_start(work, house.people[who], role)
    house.clock.advance(seconds=1)
    return ["reader", "auditor"]


def release(house: House, who: str) -> bool:
    with house.archive.work(house.actor(who)) as work:
        return release_destruction(work).destruction_locked


def test_two_people_release_destruction(locked: House) -> None:
    first, second = releasers(locked)
    assert release(locked, first) is True
    assert release(locked, second) is False


def test_one_person_does_not_release_twice(locked: House) -> None:
    first, _ = releasers(locked)
    release(locked, first)
    with pytest.raises(Conflict) as refused:
        release(locked, first)
    assert refused.value.name == "second-person-needed"


def test_an_administrator_releases_nothing(locked: House) -> None:
    with pytest.raises(Forbidden):
        release(locked, "administrator")
