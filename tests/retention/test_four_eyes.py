"""Four different people, at each step and again at execution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from archive_service.accounts.people import give_role_at_start, lock_person
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden, Missing, NotPossible, PasswordNeeded
from archive_service.kernel.permissions import Role
from retention.destruction.decide import decide_destruction
from retention.destruction.propose import hand_over_drafts, propose_destruction
from retention.destruction.turns import waiting_for
from retention.models import DestructionList, ListState
from tests.archives import House
from tests.retention.shelf import MINUTES, Hands, shelve


def also(house: House, who: str, role: Role) -> None:
    """Gives somebody a second role: grants alone must not be what keeps the four apart."""
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people[who], role)
    house.clock.advance(seconds=1)


def test_the_proposer_does_not_review(house: House, hands: Hands) -> None:
    also(house, "records_manager", Role.council_member)
    list_id = hands.propose(shelve(house))
    hands.send(list_id)
    with pytest.raises(Forbidden) as refused:
        hands.answer(list_id, who="records_manager")
    assert refused.value.name == "same-person"
    assert "Người council_member" in refused.value.vi


@pytest.mark.parametrize("who", ["records_manager", "council_member"])
def test_who_proposed_or_answered_does_not_decide(house: House, hands: Hands, who: str) -> None:
    also(house, who, Role.head)
    list_id = hands.reviewed(shelve(house))
    with pytest.raises(Forbidden) as refused:
        hands.decide(list_id, who=who)
    assert refused.value.name == "same-person"


@pytest.mark.parametrize("who", ["records_manager", "council_member", "head"])
def test_who_acted_before_does_not_execute(house: House, hands: Hands, who: str) -> None:
    also(house, who, Role.executor)
    list_id = hands.decided(shelve(house))
    house.clock.advance(days=8)
    with pytest.raises(Forbidden) as refused:
        hands.start(list_id, who)
    assert refused.value.name == "same-person"


def test_whoever_answered_a_single_entry_has_had_a_part(house: House, hands: Hands) -> None:
    also(house, "executor", Role.council_member)
    list_id = hands.propose(shelve(house))
    hands.send(list_id)
    hands.answer(list_id, who="executor")
    hands.send_on(list_id, who="council_member")
    hands.decide(list_id)
    house.clock.advance(days=8)
    with pytest.raises(Forbidden) as refused:
        hands.start(list_id)
    assert refused.value.name == "same-person"


def test_execution_compares_the_four_again_whatever_the_rows_say(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    with house.archive.work(THE_ARCHIVE) as work:
        listed = work.session.get_one(DestructionList, list_id)
        listed.decided_by = listed.proposed_by
    house.clock.advance(days=8)
    with pytest.raises(Conflict) as refused:
        hands.start(list_id)
    assert refused.value.name == "refused-four-people"


STEPS: dict[str, Callable[[Hands, UUID, str], object]] = {
    "answer": lambda hands, list_id, who: hands.answer(list_id, who=who),
    "decide": lambda hands, list_id, who: hands.decide(list_id, who=who),
    "execute": lambda hands, list_id, who: hands.start(list_id, who),
}


@pytest.mark.parametrize(
    ("step", "who"),
    [
        ("answer", "executor"),
        ("answer", "administrator"),
        ("decide", "council_member"),
        ("decide", "administrator"),
        ("execute", "head"),
        ("execute", "administrator"),
    ],
)
def test_the_wrong_role_is_refused(house: House, hands: Hands, step: str, who: str) -> None:
    list_id = hands.propose(shelve(house))
    with pytest.raises(Forbidden):
        STEPS[step](hands, list_id, who)


def test_the_decision_needs_the_password_at_the_act(house: House, hands: Hands) -> None:
    list_id = hands.reviewed(shelve(house))
    actor = house.actor("head", password=False)
    with pytest.raises(PasswordNeeded):
        decide_destruction(house.archive, actor, list_id, MINUTES, decision_number="12/QĐ-SNV")


def test_a_manager_of_a_unit_draws_up_lists_of_that_unit_only(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["reader"], Role.records_manager, unit_id=house.unit.id)
    house.clock.advance(seconds=1)
    elsewhere = shelve(house, unit_id=house.other_unit.id)
    with pytest.raises(Missing), house.archive.work(house.actor("reader")) as work:
        propose_destruction(work, [elsewhere], explanation="x")
    with pytest.raises(NotPossible) as refused, house.archive.work(house.actor("reader")) as work:
        propose_destruction(work, [elsewhere], explanation="x", unit_id=house.unit.id)
    assert refused.value.extra["refused"] == {str(elsewhere): "missing"}


def test_nobody_is_named_who_would_be_refused_too(house: House, hands: Hands) -> None:
    """Neither whoever had a part nor whose right lies elsewhere."""
    list_id = hands.reviewed(shelve(house))
    for name in ("council_member", "records_manager", "unit_reader"):
        also(house, name, Role.head)
    with house.archive.work(THE_ARCHIVE) as work:
        give_role_at_start(work, house.people["other_officer"], Role.head, unit_id=house.other_unit.id)
    with house.archive.look(house.actor("records_manager")) as work:
        listed = work.session.get_one(DestructionList, list_id)
        assert waiting_for(work, listed) == ["Độc giả của phòng", "Đứng Đầu", "Người head"]
    with pytest.raises(Forbidden, match=r"Độc giả của phòng, Đứng Đầu, Người head\."):
        hands.decide(list_id, who="council_member")


@pytest.mark.parametrize("door", ["api", "cli", "job"])
def test_neither_a_token_nor_the_command_line_takes_a_part(
    house: House, hands: Hands, monkeypatch: pytest.MonkeyPatch, door: Any
) -> None:
    draft, reviewed, decided = (
        hands.propose(shelve(house)),
        hands.reviewed(shelve(house)),
        hands.decided(shelve(house)),
    )
    hands.send(draft)
    house.clock.advance(days=8)
    at_a_browser = House.actor
    monkeypatch.setattr(House, "actor", lambda house, who: replace(at_a_browser(house, who), door=door))
    for part in (
        lambda: hands.answer(draft),
        lambda: hands.decide(reviewed),
        lambda: hands.start(decided),
    ):
        with pytest.raises(Forbidden, match="page only"):
            part()


def test_a_draft_of_somebody_who_leaves_is_sent_on_by_the_successor(house: House, hands: Hands) -> None:
    """Tuyên Quang Điều 9.2: open work is handed over, or the list would wait for ever."""
    also(house, "other_officer", Role.records_manager)
    list_id, heir = hands.propose(shelve(house)), house.people["other_officer"].id
    with house.archive.work(house.actor("administrator")) as work:
        lock_person(work, house.people["records_manager"].id, heir)
        assert hand_over_drafts(work, house.people["records_manager"].id, heir) == 1
    hands.send(list_id, who="other_officer")
    assert hands.listed(list_id).state is ListState.reviewing
