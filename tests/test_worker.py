"""The timetables and the jobs that they queue belong together."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.initialise import TIMETABLES
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Job, JobState
from archive_service.worker import HANDLERS, drain, tick
from tests.archives import House


def test_every_timetable_has_a_handler() -> None:
    assert TIMETABLES.keys() <= HANDLERS.keys()


def test_an_idle_archive_gets_through_all_its_timetables(house: House) -> None:
    tick(house.archive)
    drain(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        left = work.session.scalars(select(Job).where(Job.state != JobState.done)).all()
    assert [(job.kind, job.fault) for job in left] == []
