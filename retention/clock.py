"""The clock ran back behind the log: what cannot be undone waits until a person has looked at the clock."""

from __future__ import annotations

from datetime import datetime

from archive_service.kernel import log
from archive_service.kernel.errors import Conflict
from archive_service.kernel.events import Verb
from archive_service.kernel.permissions import Permission
from archive_service.kernel.state import archive_state
from archive_service.work import Work
from retention.reach import person


def confirm_clock(work: Work) -> datetime:
    """The clock is right and the log's latest time was wrong; returns until when this holds (that latest time).

    Raises `Conflict` (`clock-stands`) when it does not lie behind the log.
    """
    work.allow(Permission.release_destruction)
    work.pass_gate()
    latest = log.ahead_of(work.session, work.now())
    if latest is None:
        raise Conflict("Đồng hồ không chạy lùi.", "The clock did not run back.", name="clock-stands")
    state = archive_state(work.session)
    state.clock_confirmed_until = latest
    work.record(Verb.clock_confirmed, state, until=latest, by=person(work))
    return latest
