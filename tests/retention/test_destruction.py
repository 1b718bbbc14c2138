"""A list from proposal to decision: what may be listed, what must be answered, what the decision stands on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import Conflict, Forbidden, Missing, NotPossible
from preservation.models import DossierState
from preservation.papers import PaperDamaged
from retention.assess import assess_owed
from retention.destruction.decide import decline_destruction
from retention.destruction.papers import read_paper
from retention.destruction.review import send_on
from retention.models import Answer, Assessment, EntryState, ListState, TermKind
from tests.archives import House
from tests.retention.shelf import MINUTES, Hands, shelve


def test_lists_are_numbered_by_the_year_in_vietnam(house: House, hands: Hands) -> None:
    first, second = hands.propose(shelve(house)), hands.propose(shelve(house))
    assert [hands.listed(each).number for each in (first, second)] == ["01/2026", "02/2026"]
    house.clock.set(house.clock.now().replace(month=12, day=31, hour=17, minute=1))
    assert hands.listed(hands.propose(shelve(house))).number == "01/2027"


def test_a_listed_dossier_is_under_review_with_its_reason_in_words(house: House, hands: Hands) -> None:
    key = shelve(house)
    entry = hands.entry(hands.propose(key))
    assert hands.dossier(key).state is DossierState.destruction_review
    assert entry.reason == "Hết thời hạn bảo quản 10 năm, tính từ hết năm 2010: hết hạn ngày 31/12/2020."


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"end_date": date(2016, 1, 1)}, "not-due"),
        ({"maintenance": "Vĩnh viễn"}, "not-due"),
        ({"maintenance": "01"}, "not-due"),
        ({"end_date": None}, "not-due"),
        ({"state": DossierState.destroyed}, "not-stored"),
        ({"state": DossierState.destruction_review}, "not-stored"),
    ],
)
def test_only_what_is_due_and_stored_is_listed(
    house: House, hands: Hands, changes: dict[str, Any], fault: str
) -> None:
    key = shelve(house, **changes)
    with pytest.raises(NotPossible) as refused:
        hands.propose(shelve(house), key)
    assert refused.value.extra["refused"] == {str(key): fault}


def test_what_is_held_is_not_listed(house: House, hands: Hands) -> None:
    key = shelve(house)
    hands.hold(key)
    with pytest.raises(NotPossible) as refused:
        hands.propose(key)
    assert refused.value.extra["refused"] == {str(key): "held"}


def test_a_list_is_not_sent_on_while_an_entry_is_unanswered(house: House, hands: Hands) -> None:
    list_id = hands.propose(shelve(house))
    hands.send(list_id)
    with pytest.raises(Conflict) as refused, house.archive.work(house.actor("council_member")) as work:
        send_on(work, list_id)
    assert refused.value.name == "unanswered"


@pytest.mark.parametrize("answer", [Answer.permanent, Answer.taken_out])
def test_keeping_needs_a_reason(house: House, hands: Hands, answer: Answer) -> None:
    list_id = hands.propose(shelve(house))
    hands.send(list_id)
    with pytest.raises(NotPossible) as refused:
        hands.answer(list_id, answer, reason="  ")
    assert refused.value.name == "field-missing"


def test_an_extended_dossier_goes_back_to_the_shelf_with_its_longer_term(house: House, hands: Hands) -> None:
    key = shelve(house)
    assess_owed(house.archive)
    list_id = hands.propose(key)
    hands.send(list_id)
    hands.answer(list_id, Answer.extend, reason="Còn dùng", extend_to=date(2030, 12, 31))
    hands.send_on(list_id)
    with house.archive.look(THE_ARCHIVE) as work:
        term = work.session.get_one(Assessment, key)
    assert (hands.dossier(key).state, term.ends_on) == (DossierState.stored, date(2030, 12, 31))
    assert hands.listed(list_id).state is ListState.declined


@pytest.mark.parametrize("to", [date(2020, 12, 31), date(2026, 3, 2)])
def test_an_extension_into_the_past_is_refused(house: House, hands: Hands, to: date) -> None:
    list_id = hands.propose(shelve(house))
    hands.send(list_id)
    with pytest.raises(NotPossible) as refused:
        hands.answer(list_id, Answer.extend, reason="Còn dùng", extend_to=to)
    assert refused.value.name == "extension-too-short"


def test_what_is_made_permanent_is_never_due_again(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.propose(key)
    hands.send(list_id)
    hands.answer(list_id, Answer.permanent, reason="Giá trị lịch sử")
    hands.send_on(list_id)
    with house.archive.look(THE_ARCHIVE) as work:
        assert work.session.get_one(Assessment, key).kind is TermKind.permanent
    with pytest.raises(NotPossible):
        hands.propose(key)


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"number": " "}, "field-missing"),
        ({"content": b""}, "minutes-missing"),
        ({"on": date(2026, 3, 9)}, "date-ahead"),
    ],
)
def test_nothing_is_decided_without_the_council_s_minutes(
    house: House, hands: Hands, missing: dict[str, Any], name: str
) -> None:
    list_id = hands.reviewed(shelve(house))
    with pytest.raises(NotPossible) as refused:
        hands.decide(list_id, replace(MINUTES, **missing))
    assert refused.value.name == name
    assert hands.listed(list_id).state is ListState.awaiting_decision


def test_a_decision_starts_the_waiting_period(house: House, hands: Hands) -> None:
    listed = hands.listed(hands.decided(shelve(house)))
    assert listed.decided_at is not None and listed.state is ListState.waiting
    assert listed.not_before == listed.decided_at + timedelta(days=house.archive.settings.waiting_days)


def test_the_minutes_are_read_back_as_they_were_given(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    paper, content = read_paper(house.archive, house.actor("executor"), list_id, "minutes")
    assert (content, paper.sha256) == (MINUTES.content, hands.listed(list_id).minutes_sha256)


def test_an_altered_paper_is_not_given_out(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    house.archive.staging.put(hands.listed(list_id).minutes_key, b"%PDF other minutes")
    with pytest.raises(PaperDamaged):
        read_paper(house.archive, house.actor("executor"), list_id, "minutes")


def test_a_reader_does_not_get_the_papers(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    with pytest.raises(Forbidden):
        read_paper(house.archive, house.actor("reader"), list_id, "minutes")


def test_a_list_without_certificate_has_none_to_read(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    with pytest.raises(Missing):
        read_paper(house.archive, house.actor("executor"), list_id, "certificate")


def test_a_declined_list_returns_its_dossiers(house: House, hands: Hands) -> None:
    key = shelve(house)
    list_id = hands.reviewed(key)
    with house.archive.work(house.actor("head")) as work:
        assert decline_destruction(work, list_id, "Chưa đủ căn cứ").state is ListState.declined
    assert hands.dossier(key).state is DossierState.stored


@pytest.mark.parametrize("who", ["records_manager", "council_member", "head", "executor"])
def test_anyone_entitled_stops_a_list_with_a_reason_alone(house: House, hands: Hands, who: str) -> None:
    key = shelve(house)
    list_id = hands.decided(key)
    hands.stop(list_id, who)
    assert (hands.listed(list_id).state, hands.entry(list_id).state) == (
        ListState.stopped,
        EntryState.withdrawn,
    )
    assert hands.dossier(key).state is DossierState.stored


def test_stopping_wants_a_reason(house: House, hands: Hands) -> None:
    list_id = hands.decided(shelve(house))
    with pytest.raises(NotPossible):
        hands.stop(list_id, reason="")


def test_a_dossier_comes_back_after_a_stopped_list(house: House, hands: Hands) -> None:
    key = shelve(house)
    hands.stop(hands.decided(key))
    assert hands.entry(hands.propose(key)).state is EntryState.listed
