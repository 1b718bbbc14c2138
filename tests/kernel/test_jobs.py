"""The ledger of jobs: leases, fences, attempts; two workers never both write. And cursors, which are bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from archive_service.kernel import jobs
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.cursors import limit_of, make_cursor, read_cursor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.jobs import STUCK_AFTER, Claim, Job, JobState, LeaseLost, Timetable
from archive_service.worker import HANDLERS, run_job, tick
from tests.archives import House, make_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


def queued(house: House, kind: str = "sweep_staging", *args: str) -> UUID:
    with house.archive.work(THE_ARCHIVE) as work:
        return work.later(kind, *args)


def claimed(house: House, job_id: UUID) -> Claim | None:
    with house.archive.work(THE_ARCHIVE) as work:
        return jobs.claim(work.session, job_id, work.now())


def job_of(house: House, job_id: UUID) -> Job:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Job, job_id)


def test_a_job_is_claimed_by_one_worker(house: House) -> None:
    job_id = queued(house)
    assert claimed(house, job_id) is not None
    assert claimed(house, job_id) is None


def test_a_lease_that_ran_out_gives_the_job_to_another_with_a_higher_fence(house: House) -> None:
    job_id = queued(house)
    first = claimed(house, job_id)
    house.clock.advance(seconds=91)
    second = claimed(house, job_id)
    assert first and second and second.fence == first.fence + 1


def test_a_heartbeat_keeps_the_lease(house: House) -> None:
    job_id = queued(house)
    claim = claimed(house, job_id)
    assert claim is not None
    house.clock.advance(seconds=80)
    with house.archive.work(THE_ARCHIVE) as work:
        assert jobs.heartbeat(work.session, claim, work.now())
    house.clock.advance(seconds=80)
    assert claimed(house, job_id) is None


def test_who_lost_the_lease_cannot_commit(house: House) -> None:
    job_id = queued(house)
    late = claimed(house, job_id)
    house.clock.advance(seconds=91)
    assert claimed(house, job_id)
    token = jobs.current_claim.set(late)
    try:
        with pytest.raises(LeaseLost), house.archive.work(THE_ARCHIVE) as work:
            work.session.get_one(Job, job_id).progress = {"written": "too late"}
    finally:
        jobs.current_claim.reset(token)
    assert job_of(house, job_id).progress == {}


def test_who_lost_the_lease_can_neither_beat_nor_finish(house: House) -> None:
    job_id = queued(house)
    late = claimed(house, job_id)
    house.clock.advance(seconds=91)
    assert late and claimed(house, job_id)
    with house.archive.work(THE_ARCHIVE) as work:
        assert not jobs.heartbeat(work.session, late, work.now())
        assert not jobs.finish(work.session, late, work.now())


def test_a_fault_is_noted_and_tried_again_later_and_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("disk died")

    monkeypatch.setitem(HANDLERS, "sweep_staging", fails)
    job_id, pauses = queued(house), []
    for _ in range(STUCK_AFTER):
        run_job(house.archive, job_id)
        row = job_of(house, job_id)
        pauses.append(row.run_after - house.clock.now())
        assert not run_job(house.archive, job_id), "not due yet"
        house.clock.set(row.run_after + timedelta(seconds=1))
    assert pauses == sorted(pauses) and pauses[-1] <= timedelta(hours=1)
    assert (row.state, row.fault) == (JobState.stuck, "OSError: disk died")
    monkeypatch.undo()
    run_job(house.archive, job_id)
    done = job_of(house, job_id)
    assert (done.state, done.fault, done.attempts) == (JobState.done, "", STUCK_AFTER + 1)


def test_one_waiting_job_covers_all_that_is_owed(house: House) -> None:
    for _ in range(3):
        with house.archive.work(THE_ARCHIVE) as work:
            work.owe("check_roots")
    with house.archive.look(THE_ARCHIVE) as work:
        waiting = select(Job).where(Job.kind == "check_roots", Job.state == JobState.queued)
        assert len(work.session.scalars(waiting).all()) == 1


def test_a_timetable_is_due_once_however_often_it_is_looked_at(house: House) -> None:
    house.clock.advance(days=2)
    for _ in range(2):
        tick(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        waiting = work.session.scalars(select(Job.kind).where(Job.state == JobState.queued)).all()
        kinds = work.session.scalars(select(Timetable.kind)).all()
    assert [waiting.count(kind) for kind in kinds] == [1] * len(kinds)


@pytest.fixture
def years_ahead(house: House) -> Iterator[Callable[[], None]]:
    """The clock runs ahead by years; calling it puts the clock right."""
    right = house.clock.now()
    house.clock.advance(days=3_650)
    yield lambda: house.clock.set(right + timedelta(minutes=5))
    house.clock.set(right + timedelta(minutes=10))


def test_what_was_queued_while_the_clock_ran_ahead_is_done_when_it_is_right(
    house: House, years_ahead: Callable[[], None]
) -> None:
    waiting, held = queued(house), queued(house)
    assert claimed(house, held)
    years_ahead()
    with house.archive.look(THE_ARCHIVE) as work:
        assert {waiting, held} <= set(jobs.due(work.session, work.now()))
    assert claimed(house, waiting) and claimed(house, held)


def test_a_fault_of_the_time_when_the_clock_ran_ahead_is_tried_again(
    house: House, years_ahead: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("away")

    monkeypatch.setitem(HANDLERS, "sweep_staging", fails)
    job_id = queued(house)
    run_job(house.archive, job_id)
    years_ahead()
    assert run_job(house.archive, job_id)
    assert not run_job(house.archive, job_id), "now it waits as any other"


def test_timetables_go_on_after_the_clock_ran_ahead(house: House, years_ahead: Callable[[], None]) -> None:
    tick(house.archive)
    years_ahead()
    tick(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        ahead = [
            row.kind
            for row in work.session.scalars(select(Timetable))
            if row.next_at > work.now() + timedelta(days=8)
        ]
    assert ahead == []


SECRET = b"secret"


def test_a_cursor_gives_back_its_position() -> None:
    assert read_cursor(SECRET, "q", make_cursor(SECRET, "q", ["a", 7])) == ["a", 7]


@pytest.mark.parametrize("cursor", ["", "AAAA", "không phải", make_cursor(b"other", "q", [1])])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(NotPossible):
        read_cursor(SECRET, "q", cursor)


def test_a_cursor_of_another_query_is_refused() -> None:
    with pytest.raises(NotPossible):
        read_cursor(SECRET, "other", make_cursor(SECRET, "q", [1]))


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_limit_beyond_200_is_refused(limit: int) -> None:
    with pytest.raises(NotPossible):
        limit_of(limit)
