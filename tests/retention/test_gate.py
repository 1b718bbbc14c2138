"""A hold and an execution at the same moment: two connections, one gate, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archive_service.kernel.errors import Conflict
from retention.destruction.execute import _claim_next, start_execution
from retention.holds import HoldOrder, place_hold
from retention.models import Answer, EntryState, ListState
from tests.archives import House, make_house
from tests.retention.shelf import Hands, bytes_left, shelve

ORDER = HoldOrder("44/CV-TTr", date(2026, 3, 1), "Phục vụ thanh tra")


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        yield request.getfixturevalue("house")
        return
    made = make_house(tmp_path, database=request.getfixturevalue("fresh_postgres"))
    yield made
    made.archive.close()


def race(first: Callable[[Any], None], house: House, who: str, second: Callable[[], Any]) -> Any:
    """`second` begins on its own connection while `first` has acted and not yet committed; returns what it met."""
    met: list[Any] = []

    def run() -> None:
        try:
            met.append(second())
        except Conflict as error:
            met.append(error.name)

    thread = threading.Thread(target=run)
    with house.archive.work(house.actor(who)) as work:
        first(work)
        thread.start()
        thread.join(timeout=0.7)
        assert thread.is_alive(), "the second did not wait at the gate"
    thread.join(timeout=30)
    return met[0]


def test_an_execution_that_meets_a_hold_being_placed_waits_and_finds_nothing_left(both: House) -> None:
    hands, key = Hands(both), shelve(both)
    list_id = hands.decided(key)
    both.clock.advance(days=8)
    order = HoldOrder(ORDER.number, ORDER.on, ORDER.reason, dossier_id=key)
    met = race(lambda work: place_hold(work, order), both, "records_manager", lambda: hands.start(list_id))
    assert met == "nothing-left"
    assert (hands.entry(list_id).answer, hands.listed(list_id).state) == (Answer.held, ListState.waiting)


def test_a_hold_that_meets_an_execution_being_started_waits_and_takes_the_entry_out(both: House) -> None:
    hands, key = Hands(both), shelve(both)
    list_id = hands.decided(key)
    both.clock.advance(days=8)
    race(lambda work: start_execution(work, list_id, "01/2026"), both, "executor", lambda: hands.hold(key))
    hands.execute(list_id)
    assert (hands.entry(list_id).state, len(bytes_left(both, key))) == (EntryState.withdrawn, 2)


def test_a_claim_that_meets_a_hold_being_placed_waits_and_claims_nothing(both: House) -> None:
    hands, key = Hands(both), shelve(both)
    list_id = hands.started(key)
    order = HoldOrder(ORDER.number, ORDER.on, ORDER.reason, dossier_id=key)
    met = race(
        lambda work: place_hold(work, order),
        both,
        "records_manager",
        lambda: _claim_next(both.archive, list_id),
    )
    assert met is None
    assert hands.entry(list_id).state is EntryState.withdrawn
