"""A hold wins at every stage, reaches what its words say, and is lifted by two people."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden, NotPossible, PasswordNeeded
from preservation.models import DossierState
from retention.assess import assess_owed
from retention.holds import HoldOrder, PlacedHold, count_held, held, list_holds, place_hold
from retention.lifting import lift_hold, request_lift
from retention.models import Answer, EntryState
from retention.schedule import due_by_unit, due_dossiers, pick_due
from tests.archives import House
from tests.retention.shelf import Hands, shelve


def hold(house: House, who: str = "records_manager", **reach: Any) -> PlacedHold:
    order = HoldOrder("44/CV-TTr", date(2026, 3, 1), "Phục vụ thanh tra", **reach)
    with house.archive.work(house.actor(who)) as work:
        return place_hold(work, order)


def is_held(house: House, dossier_id: UUID) -> bool:
    with house.archive.look(THE_ARCHIVE) as work:
        return dossier_id in held(work.session, [dossier_id])


def test_a_hold_on_a_dossier_reaches_that_dossier_alone(house: House) -> None:
    one, other = shelve(house), shelve(house)
    hold(house, dossier_id=one)
    assert is_held(house, one) and not is_held(house, other)


def test_a_hold_on_a_unit_reaches_what_is_stored_later(house: House) -> None:
    hold(house, unit_id=house.unit.id)
    assert is_held(house, shelve(house))
    assert not is_held(house, shelve(house, unit_id=house.other_unit.id))


def test_a_hold_on_a_fonds_reaches_all_of_it(house: House) -> None:
    placed = hold(house, fonds_id=house.fonds.id)
    assert is_held(house, shelve(house))
    with house.archive.look(THE_ARCHIVE) as work:
        assert count_held(work.session, placed.hold) == 1


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        ("tuyen dung", True),
        ("công chức 2010", True),
        ("tuyển dụng 2011", False),
        ("dung tuyen", True),
        ("tuyen du", False),
    ],
)
def test_title_words_are_whole_words_without_their_tones(house: House, words: str, reached: bool) -> None:
    hold(house, title_words=words)
    assert is_held(house, shelve(house)) is reached


def test_words_narrow_a_unit(house: House) -> None:
    hold(house, unit_id=house.unit.id, title_words="đất đai")
    assert not is_held(house, shelve(house))
    assert is_held(house, shelve(house, title="Hồ sơ đất đai xã Hòa Bình"))


def test_a_hold_that_reaches_nothing_is_refused(house: House) -> None:
    with pytest.raises(NotPossible) as refused:
        hold(house, title_words=" – ")
    assert refused.value.name == "hold-reaches-nothing"


@pytest.mark.parametrize("who", ["head", "council_member", "executor", "administrator", "reader"])
def test_only_a_records_manager_places_holds(house: House, who: str) -> None:
    with pytest.raises(Forbidden):
        hold(house, who, dossier_id=shelve(house))


@pytest.mark.parametrize("stage", ["propose", "send", "answer", "send_on", "decide"])
def test_a_hold_takes_its_dossier_off_the_list_at_every_stage(house: House, hands: Hands, stage: str) -> None:
    key = shelve(house)
    list_id = hands.propose(key)
    for step in ("send", "answer", "send_on", "decide"):
        if stage == "propose":
            break
        getattr(hands, step)(list_id)
        if step == stage:
            break
    placed = hold(house, dossier_id=key)
    assert [each.dossier_id for each in placed.withdrawn] == [key]
    entry = hands.entry(list_id)
    assert (entry.state, entry.answer) == (EntryState.withdrawn, Answer.held)
    assert hands.dossier(key).state is DossierState.stored


def test_a_hold_goes_on_holding_while_its_lifting_is_only_asked_for(house: House) -> None:
    key = shelve(house)
    placed = hold(house, dossier_id=key)
    with house.archive.work(house.actor("records_manager")) as work:
        request_lift(work, placed.hold.id, "Thanh tra đã xong")
    assert is_held(house, key)


def test_another_person_lifts_a_hold(house: House) -> None:
    key = shelve(house)
    placed = hold(house, dossier_id=key)
    with house.archive.work(house.actor("records_manager")) as work:
        request_lift(work, placed.hold.id, "Thanh tra đã xong")
    with house.archive.work(house.actor("head")) as work:
        lift_hold(work, placed.hold.id)
    assert not is_held(house, key)


def test_nobody_lifts_what_they_asked_to_lift(house: House) -> None:
    placed = hold(house, dossier_id=shelve(house))
    with house.archive.work(house.actor("records_manager")) as work:
        request_lift(work, placed.hold.id, "Thanh tra đã xong")
    with pytest.raises(Forbidden) as refused, house.archive.work(house.actor("records_manager")) as work:
        lift_hold(work, placed.hold.id)
    assert refused.value.name == "second-person-needed"


def test_lifting_needs_the_password_at_the_act(house: House) -> None:
    placed = hold(house, dossier_id=shelve(house))
    with house.archive.work(house.actor("records_manager")) as work:
        request_lift(work, placed.hold.id, "Thanh tra đã xong")
    with pytest.raises(PasswordNeeded), house.archive.work(house.actor("head", password=False)) as work:
        lift_hold(work, placed.hold.id)


def test_what_nobody_asked_to_lift_is_not_lifted(house: House) -> None:
    placed = hold(house, dossier_id=shelve(house))
    with pytest.raises(Conflict) as refused, house.archive.work(house.actor("head")) as work:
        lift_hold(work, placed.hold.id)
    assert refused.value.name == "lift-not-requested"


def test_the_due_list_shows_holds_and_cannot_choose_them(house: House) -> None:
    free, kept, later = shelve(house), shelve(house), shelve(house, end_date=date(2016, 1, 1))
    hold(house, dossier_id=kept)
    assess_owed(house.archive)
    with house.archive.look(house.actor("records_manager")) as work:
        first = due_dossiers(work, house.archive, date(2027, 1, 1), limit=2)
        rest = due_dossiers(work, house.archive, date(2027, 1, 1), limit=2, cursor=first.next)
        chosen = pick_due(work, date(2026, 3, 2))
        counts = due_by_unit(work, date(2027, 1, 1))
    listable = {row.dossier_id: row.listable(date(2026, 3, 2)) for row in (*first.items, *rest.items)}
    assert listable == {free: True, kept: False, later: False}
    assert (chosen, counts, rest.next) == ([free], {house.unit.id: 3}, None)


def test_holds_are_listed_newest_first(house: House) -> None:
    older = hold(house, dossier_id=shelve(house)).hold.id
    newer = hold(house, dossier_id=shelve(house)).hold.id
    with house.archive.look(house.actor("head")) as work:
        page = list_holds(work, house.archive, limit=1)
        rest = list_holds(work, house.archive, limit=1, cursor=page.next)
    assert [row.id for row in (*page.items, *rest.items)] == [newer, older]
