"""A slice a night: within its hours and its bandwidth, every copy within the period, none twice."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.jobs import Job, JobState
from archive_service.worker import drain
from preservation.audits import fixity, pace
from preservation.audits.fixity import fixity_run, nightly_audit
from preservation.audits.pace import Pace, closing, next_opening
from preservation.copies import claim_copy, give_back
from preservation.models import Copy
from tests.archives import House
from tests.preservation.dossiers import audit, keep

NIGHT = (time(22), time(5))


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=VIETNAM)


def test_outside_its_hours_an_audit_waits_until_they_begin(house: House) -> None:
    house.archive.settings.fixity_hours = NIGHT
    house.clock.set(local(3, 9))
    assert nightly_audit(house.archive) is None
    assert nightly_audit(house.archive) is None
    with house.archive.look(THE_ARCHIVE) as work:
        waiting = select(Job.run_after).where(Job.kind == "fixity_run", Job.state == JobState.queued)
        assert work.session.scalars(waiting).all() == [local(3, 22)]
    house.clock.set(local(3, 23))
    assert nightly_audit(house.archive) is not None


@pytest.mark.parametrize(
    ("now", "ends", "opens"),
    [
        (local(3, 22), local(4, 5), local(4, 22)),
        (local(4, 4), local(4, 5), local(4, 22)),
        (local(4, 5), None, local(4, 22)),
    ],
)
def test_hours_reach_over_midnight(now: datetime, ends: datetime | None, opens: datetime) -> None:
    assert (closing(NIGHT, now), next_opening(NIGHT, now)) == (ends, opens)


def test_when_its_hours_end_the_rest_is_for_the_next_night(house: House) -> None:
    keep(house)
    house.clock.advance(days=91)
    report = fixity_run(house.archive, until=house.clock.now())
    assert (report.checked, report.more) == (0, True)
    drain(house.archive)
    assert fixity_run(house.archive).checked == 0


def test_reading_keeps_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(pace.clocks, "monotonic", lambda: 0.0)
    monkeypatch.setattr(pace.clocks, "sleep", waited.append)
    limited = Pace(2)
    for _ in range(3):
        limited(1 << 20)
    Pace(0)(1 << 20)
    assert waited == [0.5, 1.0, 1.5]


def test_an_audit_tells_its_pace_of_every_byte_it_reads(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(house)
    told: list[int] = []
    monkeypatch.setattr(fixity, "Pace", lambda _: told.append)
    audit(house)
    roots = house.archive.settings.data / "storage"
    stored = sum(
        p.stat().st_size for p in roots.rglob("v1/content/**/*") if p.is_file() and "canaries" not in p.parts
    )
    assert sum(told) == stored


def test_many_copies_of_one_week_are_spread_over_the_period(house: House) -> None:
    house.archive.settings.fixity_days = 10
    for number in range(8):
        keep(house, number + 1)
    nights = []
    for _ in range(8):
        house.clock.advance(days=1)
        nights.append(fixity_run(house.archive).checked)
    assert nights == [0, 0, 0, 0, 2, 2, 2, 2]


def test_a_copy_that_another_worker_has_just_read_is_not_read_again(house: House) -> None:
    dossier_id = keep(house)
    seen = next_check(house, dossier_id)
    audit(house)
    assert claim_copy(house.archive, dossier_id, "ban-sao", seen=seen) is None
    lease = claim_copy(house.archive, dossier_id, "ban-sao", seen=next_check(house, dossier_id))
    assert lease is not None
    give_back(house.archive, dossier_id, "ban-sao", lease)


def next_check(house: House, dossier_id: UUID) -> datetime:
    with house.archive.look(THE_ARCHIVE) as work:
        return work.session.get_one(Copy, (dossier_id, "ban-sao")).next_check


def test_what_is_overdue_is_read_whatever_tonights_share_is(house: House) -> None:
    for number in range(3):
        keep(house, number + 1)
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(update(Copy).values(next_check=work.now() - timedelta(days=1)))
    assert fixity_run(house.archive).checked == 6
