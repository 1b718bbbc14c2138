"""How an audit keeps to its hours and its share of the disks, and notices a clock that jumps under it."""

from __future__ import annotations

import threading
import time as clocks
from datetime import datetime, time, timedelta

from archive_service.kernel.clock import VIETNAM, Clock

JUMP = timedelta(minutes=5)
"""More than any slewing of a clock within one audit."""
Hours = tuple[time, time]


class Pace:
    """Called with each block read, from any thread; waits when that was more than the limit allows by now."""

    def __init__(self, mib_per_second: int) -> None:
        self._rate = mib_per_second << 20
        self._ready = 0.0
        self._lock = threading.Lock()

    def __call__(self, size: int) -> None:
        if not self._rate:
            return
        with self._lock:
            now = clocks.monotonic()
            self._ready = max(self._ready, now) + size / self._rate
            wait = self._ready - now
        clocks.sleep(wait)


def _steady() -> float:
    """Seconds that go on while the machine sleeps and that nobody sets."""
    return clocks.clock_gettime(clocks.CLOCK_BOOTTIME)


class ClockWatch:
    """Compares the archive's clock with one that nobody can set, from when it was made."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._wall, self._begun = clock, clock.now(), _steady()

    def jumped(self) -> str:
        """By how much the clock jumped, "" when it did not."""
        drift = self._clock.now() - self._wall - timedelta(seconds=_steady() - self._begun)
        return f"clock-jumped {drift.total_seconds():+.0f} s" if abs(drift) > JUMP else ""


def closing(hours: Hours, now: datetime) -> datetime | None:
    """When the hours that we are in end; None outside them.

    >>> from datetime import UTC
    >>> night = (time(22), time(5))
    >>> closing(night, datetime(2026, 3, 1, 16, 0, tzinfo=UTC)).isoformat()
    '2026-03-02T05:00:00+07:00'
    >>> closing(night, datetime(2026, 3, 1, 3, 0, tzinfo=UTC)) is None
    True
    """
    for day in (-1, 0):
        opened = _opening(hours, now, day)
        end = datetime.combine(opened.date(), hours[1], VIETNAM)
        if hours[1] <= hours[0]:
            end += timedelta(days=1)
        if opened <= now < end:
            return end
    return None


def next_opening(hours: Hours, now: datetime) -> datetime:
    """When the hours begin next."""
    return next(at for day in (0, 1) if (at := _opening(hours, now, day)) > now)


def _opening(hours: Hours, now: datetime, day: int) -> datetime:
    return datetime.combine(now.astimezone(VIETNAM).date() + timedelta(days=day), hours[0], VIETNAM)
