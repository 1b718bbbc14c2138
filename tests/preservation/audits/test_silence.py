"""The dead man's switch: no audit in time is an alarm, whatever became of the timetable. A jumping clock stops audits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from archive_service import worker
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.jobs import Timetable
from archive_service.kernel.state import archive_state
from archive_service.worker import tick
from preservation.audits import pace
from preservation.models import CopyState
from tests.archives import House
from tests.preservation.dossiers import audit, content, flip, incidents, keep, states


def kinds(house: House) -> list[str]:
    return [each.kind for each in incidents(house.archive)]


def forget_timetables(house: House) -> None:
    with house.archive.work(THE_ARCHIVE) as work:
        work.session.execute(delete(Timetable))


def test_no_audit_for_a_day_and_a_half_is_an_alarm_though_the_timetable_is_gone(house: House) -> None:
    forget_timetables(house)
    audit(house)
    house.clock.advance(hours=35)
    tick(house.archive)
    assert kinds(house) == []
    house.clock.advance(hours=2)
    tick(house.archive)
    tick(house.archive)
    assert kinds(house) == ["audit-silent"]


def test_an_archive_that_was_never_audited_is_silent_too(house: House) -> None:
    forget_timetables(house)
    tick(house.archive)
    assert kinds(house) == []
    house.clock.advance(hours=40)
    tick(house.archive)
    assert kinds(house) == ["audit-silent"]


def test_the_switch_is_looked_at_though_the_timetables_fail(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("timetables")

    monkeypatch.setattr(worker.jobs, "due_timetables", failing)
    house.clock.advance(hours=40)
    with pytest.raises(RuntimeError):
        tick(house.archive)
    assert kinds(house) == ["audit-silent"]


def test_a_clock_that_ran_back_stops_the_audit(house: House) -> None:
    dossier_id = keep(house)
    flip(content(house, dossier_id))
    audit(house)
    house.clock.advance(days=-3)
    report = audit(house)
    assert (report.checked, set(report.stopped)) == (0, {"kho-chinh", "ban-sao"})
    (stopped,) = [each for each in incidents(house.archive) if each.kind == "audit-stopped"]
    assert (stopped.root_id, stopped.found.split(" ")[0]) == ("", "clock-ran-back")


def test_a_clock_that_a_person_confirmed_does_not_stop_it(house: House) -> None:
    keep(house)
    house.clock.advance(days=-3)
    with house.archive.work(THE_ARCHIVE) as work:
        archive_state(work.session).clock_confirmed_until = work.now() + timedelta(hours=1)
    assert audit(house).checked == 2


def test_a_clock_that_jumps_under_an_audit_stops_it_and_nothing_is_taken_for_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = keep(house)
    steady = iter(range(0, 1_000_000, 3600))
    monkeypatch.setattr(pace, "_steady", lambda: next(steady))
    flip(content(house, dossier_id))
    report = audit(house)
    assert (report.checked, report.faults) == (0, 0)
    assert states(house.archive, dossier_id)["ban-sao"] is CopyState.verified
    assert kinds(house) == ["audit-stopped"]
