"""Lists are looked at page by page, by those who may, with what each place reported."""

from __future__ import annotations

import pytest

from archive_service.accounts.people import give_role_at_start
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Missing
from archive_service.kernel.permissions import Role
from retention.destruction.lists import (
    checks_of,
    destruction_lists,
    destruction_of,
    list_entries,
    totals,
    visible_list,
)
from retention.models import Answer, EntryState, ListState
from tests.archives import House
from tests.retention.shelf import Hands, shelve


def test_lists_come_newest_first_and_by_state(house: House, hands: Hands) -> None:
    older, newer = hands.propose(shelve(house)), hands.decided(shelve(house))
    with house.archive.look(house.actor("head")) as work:
        first = destruction_lists(work, house.archive, limit=1)
        second = destruction_lists(work, house.archive, limit=1, cursor=first.next)
        waiting = destruction_lists(work, house.archive, states=[ListState.waiting])
    assert [each.id for each in (*first.items, *second.items)] == [newer, older]
    assert [each.id for each in waiting.items] == [newer]


def test_entries_show_what_each_place_reported(house: House, hands: Hands) -> None:
    list_id = hands.started(shelve(house), shelve(house))
    hands.execute(list_id)
    with house.archive.look(house.actor("executor")) as work:
        first = list_entries(work, house.archive, list_id, limit=1)
        second = list_entries(work, house.archive, list_id, limit=1, cursor=first.next)
    assert second.next is None and first.items[0].entry_id != second.items[0].entry_id
    assert set(first.items[0].receipts) >= {"copy:kho-chinh", "copy:ban-sao", "index", "database"}
    assert all(first.items[0].receipts.values())


def test_totals_add_up_by_answer_and_state(house: House, hands: Hands) -> None:
    kept, other = shelve(house), shelve(house)
    list_id = hands.decided(kept, other)
    hands.hold(kept)
    with house.archive.look(house.actor("head")) as work:
        found = {(each.answer, each.state): (each.dossiers, each.size) for each in totals(work, list_id)}
    assert found == {
        (Answer.destroy, EntryState.listed): (1, 1000),
        (Answer.held, EntryState.withdrawn): (1, 1000),
    }


def test_the_page_sees_the_same_checks_as_the_execution(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    with house.archive.look(house.actor("executor")) as work:
        assert [check.code for check in checks_of(work, list_id) if not check.holds] == ["waiting"]
    house.clock.advance(days=8)
    with house.archive.look(house.actor("head")) as work:
        assert all(check.holds for check in checks_of(work, list_id))


def test_a_destroyed_dossier_says_by_which_list(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.started(key)
    hands.execute(list_id)
    with house.archive.look(house.actor("head")) as work:
        found = destruction_of(work, key)
    assert found is not None and (found.listed.id, found.entry.dossier_id) == (list_id, key)


def test_a_list_of_another_unit_is_missing(house: House, hands: Hands) -> None:
    list_id = hands.propose(shelve(house))
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["reader"], Role.records_manager, unit_id=house.unit.id)
    house.clock.advance(seconds=1)
    with pytest.raises(Missing), house.archive.look(house.actor("reader")) as work:
        visible_list(work, list_id)
