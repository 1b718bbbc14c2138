"""The one clock. Everything that asks for the time asks `Archive.clock`, never the operating system."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """For tests and the demo: stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.instant = start.astimezone(UTC)

    def now(self) -> datetime:
        # Two acts never share an instant, as on a real clock.
        self.instant += timedelta(microseconds=1)
        return self.instant

    def advance(self, **delta: float) -> None:
        self.instant += timedelta(**delta)

    def set(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)


def vietnam_date(instant: datetime) -> date:
    """The calendar day in Vietnam: the law's years end at 24:00 on 31/12 there, not in UTC."""
    return instant.astimezone(VIETNAM).date()
