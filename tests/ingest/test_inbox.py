"""Lists of submissions: whose turn, in whose reach, page by page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.errors import Forbidden
from ingest.inbox import (
    Group,
    Place,
    Result,
    Wanted,
    clean_ids,
    count_own_sips,
    count_sips,
    list_sips,
    officers_for,
    own_sips,
    week,
)
from ingest.models import Sip, SipState
from tests.archives import House


def put(house: House, number: int, **values: object) -> UUID:
    with house.archive.work(THE_ARCHIVE) as work:
        now = work.now()
        facts = {
            "state": SipState.awaiting_decision,
            "submitted_by": house.people["producer"].id,
            "unit_id": house.unit.id,
            "dossier_code": f"2020.{number}.TTr",
            "title": f"Hồ sơ {number}",
            "container_name": f"goi-{number}.zip",
            "media_type": "application/zip",
            "container_size": 1,
            "container_sha256": f"{number:064}",
            "staged_key": "",
            "received_raw": now,
            "received_legal": now,
            "due_at": now + timedelta(days=number),
            "checked_at": now,
        }
        sip = Sip(**{**facts, **values})  # type: ignore[arg-type]
        work.session.add(sip)
    return sip.id


def listed(house: House, wanted: Wanted, who: str = "officer", **more: object) -> list[UUID]:
    with house.archive.look(house.actor(who)) as work:
        return [sip.id for sip in list_sips(work, wanted, **more)]  # type: ignore[arg-type]


def test_the_nearest_due_comes_first_and_pages_join_without_gap(house: House) -> None:
    ids = [put(house, number) for number in range(1, 6)]
    first = listed(house, Wanted(), limit=2)
    with house.archive.look(THE_ARCHIVE) as work:
        edge = work.session.get_one(Sip, first[-1])
    assert edge.due_at is not None
    rest = listed(house, Wanted(), beyond=Place(edge.due_at, edge.id))
    assert first + rest == ids
    assert listed(house, Wanted(), beyond=Place(edge.due_at, edge.id, backwards=True)) == ids[:1]


def test_equal_times_are_told_apart_by_id(house: House) -> None:
    at = house.clock.now()
    ids = sorted(put(house, number, due_at=at) for number in range(1, 4))
    assert listed(house, Wanted(), beyond=Place(at, ids[0])) == ids[1:]
    assert listed(house, Wanted(), descending=True, beyond=Place(at, ids[2])) == ids[1::-1]


def test_groups_are_by_whose_turn_it_is(house: House) -> None:
    clean, faulty = put(house, 1), put(house, 2, errors=1)
    returned = put(house, 3, state=SipState.returned)
    assert listed(house, Wanted(Group.waiting)) == [clean]
    assert listed(house, Wanted(Group.with_errors)) == [faulty]
    assert listed(house, Wanted(Group.sent_back)) == [returned]
    assert listed(house, Wanted(Group.our_fault)) == []


def test_filters_narrow_by_unit_result_handler_day_and_words(house: House) -> None:
    me = house.people["officer"].id
    one, two = put(house, 1, warnings=2, assigned_to=me), put(house, 2, unit_id=house.other_unit.id)
    today = vietnam_date(house.clock.now())
    assert listed(house, Wanted(unit_id=house.other_unit.id)) == [two]
    assert listed(house, Wanted(result=Result.warnings)) == listed(house, Wanted(handler=me)) == [one]
    assert listed(house, Wanted(handler="nobody")) == listed(house, Wanted(words="2020.2.")) == [two]
    assert listed(house, Wanted(received_from=today, received_to=today)) == [one, two]
    assert listed(house, Wanted(received_from=today + timedelta(days=1))) == []


def test_percent_signs_are_searched_for_as_typed(house: House) -> None:
    put(house, 1)
    assert listed(house, Wanted(words="%")) == []


def test_of_other_units_nothing_is_listed_or_counted(house: House) -> None:
    put(house, 1)
    put(house, 2, unit_id=None)
    assert listed(house, Wanted(), "other_officer") == []
    with house.archive.look(house.actor("other_officer")) as work:
        assert count_sips(work, Wanted()) == week(work).received == 0


def test_only_officers_have_an_inbox_and_only_senders_submissions(house: House) -> None:
    for who in ("administrator", "auditor", "reader", "producer"):
        with house.archive.look(house.actor(who)) as work, pytest.raises(Forbidden):
            list_sips(work, Wanted())
    with house.archive.look(house.actor("officer")) as work, pytest.raises(Forbidden):
        own_sips(work, Wanted())


def test_a_sender_sees_what_that_account_sent_newest_first(house: House) -> None:
    ids = [put(house, 1), put(house, 2)]
    put(house, 3, submitted_by=house.people["officer"].id)
    with house.archive.look(house.actor("producer")) as work:
        assert [sip.id for sip in own_sips(work, Wanted())] == ids[::-1]
        assert count_own_sips(work, Wanted(Group.in_work)) == 2


def test_counts_stop_at_their_bound(house: House) -> None:
    for number in range(1, 5):
        put(house, number)
    with house.archive.look(house.actor("officer")) as work:
        assert count_sips(work, Wanted(), most=2) == 3


def test_the_week_tells_what_presses(house: House) -> None:
    now = house.clock.now()
    put(house, 1, due_at=now - timedelta(hours=1))
    put(house, 2, due_at=now + timedelta(hours=1))
    put(house, 3, state=SipState.returned, decided_at=now)
    with house.archive.look(house.actor("officer")) as work:
        found = week(work)
    assert (found.received, found.sent_back, found.overdue, found.due_today) == (3, 1, 1, 1)


def test_only_clean_packages_are_offered_together(house: House) -> None:
    clean = put(house, 1)
    put(house, 2, warnings=1)
    put(house, 3, errors=1)
    with house.archive.look(house.actor("officer")) as work:
        assert [sip.id for sip in clean_ids(work, Wanted())] == [clean]


def test_work_goes_only_to_those_who_may_decide(house: House) -> None:
    sip_id = put(house, 1)
    with house.archive.look(house.actor("officer")) as work:
        names = [person.name for person in officers_for(work, work.session.get_one(Sip, sip_id))]
    assert names == ["Người officer"]
