"""A clock that ran back stops destruction, whatever was logged since, until a person confirms it."""

from __future__ import annotations

from uuid import UUID

import pytest

from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from retention.clock import confirm_clock
from tests.archives import House
from tests.retention.shelf import Hands, shelve


def note(house: House) -> None:
    """Anything that is logged, as the sign-in of whoever comes to execute is."""
    with house.archive.work(house.actor("executor")) as work:
        work.record_of(Verb.password_given, "person", None)


def run_back(house: House, hands: Hands) -> UUID:
    """A list that is ready, and a clock that then ran back, with an entry on each side."""
    list_id = hands.decided(shelve(house))
    house.clock.advance(days=10)
    note(house)
    house.clock.advance(days=-1)
    note(house)
    return list_id


def test_an_entry_after_the_clock_ran_back_does_not_hide_it(house: House, hands: Hands) -> None:
    list_id = run_back(house, hands)
    with pytest.raises(Conflict) as refused:
        hands.start(list_id)
    assert refused.value.name == "clock-ran-back"


def test_a_confirmed_clock_lets_execution_go_on(house: House, hands: Hands) -> None:
    list_id = run_back(house, hands)
    with house.archive.work(house.actor("head")) as work:
        confirm_clock(work)
    hands.start(list_id)


def test_a_clock_that_stands_needs_no_confirming(house: House) -> None:
    with pytest.raises(Conflict, match="did not run back"), house.archive.work(house.actor("head")) as work:
        confirm_clock(work)
