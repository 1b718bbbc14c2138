"""A hold always wins, at any stage: also over an execution that is under way, between two copies of one dossier."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from archive_service.kernel.errors import Conflict
from preservation.models import DossierState
from retention.destruction.execute import _claim_next
from retention.destruction.lists import list_entries
from retention.holds import HoldOrder, PlacedHold, place_hold
from retention.lifting import lift_hold, request_lift
from retention.models import EntryState, ListState
from tests.archives import House
from tests.retention.shelf import Hands, bytes_left, shelve


def hold(house: House, dossier_id: UUID) -> PlacedHold:
    order = HoldOrder("44/CV-TTr", date(2026, 3, 1), "Phục vụ thanh tra", dossier_id=dossier_id)
    with house.archive.work(house.actor("records_manager")) as work:
        return place_hold(work, order)


def lift(house: House, placed: PlacedHold) -> None:
    with house.archive.work(house.actor("records_manager")) as work:
        request_lift(work, placed.hold.id, "Thanh tra đã kết luận.")
    with house.archive.work(house.actor("head")) as work:
        lift_hold(work, placed.hold.id)


def begun_and_held(house: House, hands: Hands, key: UUID, monkeypatch: pytest.MonkeyPatch) -> PlacedHold:
    """The hold comes when the first copy is gone and the second is not."""
    placed: list[PlacedHold] = []
    store = house.archive.stores["ban-sao"]  # copies go in the order of their names
    purge = store.purge

    def purge_and_hold(prefix: str) -> int:
        removed = purge(prefix)
        if not placed:
            placed.append(hold(house, key))
        return removed

    list_id = hands.started(key)
    with monkeypatch.context() as patch:
        patch.setattr(store, "purge", purge_and_hold)
        hands.execute(list_id)
    return placed[0]


def test_nothing_lies_between_the_last_question_and_the_beginning(house: House, hands: Hands) -> None:
    """Claimed and vanished in one transaction: a crash between them would let a later hold come too late."""
    key = shelve(house)
    assert _claim_next(house.archive, hands.started(key)) is not None
    assert hands.dossier(key).state is DossierState.destroyed
    assert [each.dossier_id for each in hold(house, key).too_late] == [key]


def test_a_hold_between_two_copies_keeps_the_second(
    house: House, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = shelve(house)
    placed = begun_and_held(house, hands, key, monkeypatch)
    list_id = placed.too_late[0].list_id
    hands.execute(list_id)
    assert bytes_left(house, key) == ["kho-chinh"]
    assert hands.listed(list_id).state is ListState.copies_owed
    with house.archive.look(house.actor("head")) as work:
        assert [line.held_by for line in list_entries(work, house.archive, list_id).items] == ["44/CV-TTr"]


def test_what_a_hold_kept_goes_when_it_is_lifted(
    house: House, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = shelve(house)
    placed = begun_and_held(house, hands, key, monkeypatch)
    lift(house, placed)
    hands.execute(placed.too_late[0].list_id)
    assert bytes_left(house, key) == []
    assert hands.entry(placed.too_late[0].list_id).state is EntryState.gone


def test_what_is_gone_everywhere_cannot_be_held(house: House, hands: Hands) -> None:
    key = shelve(house)
    hands.execute(hands.started(key))
    with pytest.raises(Conflict) as refused:
        hold(house, key)
    assert refused.value.name == "already-destroyed"
