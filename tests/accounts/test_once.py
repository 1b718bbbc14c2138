"""A form counts once, also when both clicks arrive before the first is answered."""

from __future__ import annotations

import threading

import pytest

from archive_service.accounts import once
from archive_service.accounts.once import Answered
from archive_service.kernel.errors import Conflict
from tests.archives import House

LEFT = Answered("/sips", "flash")


def begin(house: House, token: str = "a") -> str | Answered:
    return once.begin(house.archive, "session", token, house.people["officer"].id)


def test_the_second_post_waits_for_the_first_ones_answer(house: House) -> None:
    key = begin(house)
    assert isinstance(key, str)
    later = threading.Timer(0.3, lambda: once.keep(house.archive, key, LEFT))
    later.start()
    assert begin(house) == LEFT
    later.join()


def test_of_many_at_once_one_is_the_first(house: House) -> None:
    found: list[str | Answered] = []

    def click() -> None:
        begun = begin(house)
        if isinstance(begun, str):
            once.keep(house.archive, begun, LEFT)
        found.append(begun)

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert sum(isinstance(each, str) for each in found) == 1
    assert found.count(LEFT) == 5


def test_a_form_that_changed_nothing_may_be_sent_again(house: House) -> None:
    key = begin(house)
    assert isinstance(key, str)
    once.forget(house.archive, key)
    assert begin(house) == key


def test_an_act_whose_end_is_unknown_is_not_done_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.2)
    begin(house)
    with pytest.raises(Conflict):
        begin(house)


def test_forms_of_days_ago_are_forgotten(house: House) -> None:
    first = begin(house)
    assert isinstance(first, str)
    once.keep(house.archive, first, LEFT)
    house.clock.advance(days=3)
    second = begin(house, "b")
    assert isinstance(second, str)
    once.keep(house.archive, second, LEFT)
    assert begin(house) == first
