"""The legal time of receipt: what arrives outside office hours counts from the next opening.

QĐ 15/2016/QĐ-UBND Sóc Trăng, Điều 12.2; Khánh Hòa 2021, Điều 10.2. The raw time is always kept beside it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from archive_service.kernel.clock import VIETNAM
from archive_service.regulations.tables import OfficeHours
from ingest.lunar import solar

LONGEST_CLOSING = 60
"""Days; no calendar closes an office for longer."""


def legal_receipt(raw: datetime, hours: OfficeHours) -> datetime:
    """The instant itself within office hours, else the next opening. Raises ValueError for an office that never opens."""
    local = raw.astimezone(VIETNAM)
    for ahead in range(LONGEST_CLOSING):
        day = local.date() + timedelta(days=ahead)
        for start, end in hours.spans if is_working(day, hours) else ():
            opens = datetime.combine(day, start, VIETNAM)
            closes = datetime.combine(day, end, VIETNAM)
            if local < opens:
                return opens.astimezone(raw.tzinfo)
            if local < closes:
                return raw
    raise ValueError(f"no office hours within {LONGEST_CLOSING} days of {raw}")


def due_after(start: datetime, working_days: int, hours: OfficeHours) -> datetime:
    """The close of business that many working days after `start`."""
    day = start.astimezone(VIETNAM).date()
    left = working_days
    while left > 0:
        day += timedelta(days=1)
        left -= is_working(day, hours)
    return datetime.combine(day, hours.spans[-1][1], VIETNAM).astimezone(start.tzinfo)


def is_working(day: date, hours: OfficeHours) -> bool:
    """Whether the office opens that day, days off in lieu counted."""
    written = f"{day:%d/%m/%Y}"
    if written in hours.working_days:
        return True
    return written not in hours.closed_days and day not in _days_off(day.year, hours)


@lru_cache(maxsize=16)
def _days_off(year: int, hours: OfficeHours) -> frozenset[date]:
    """Week-ends and holidays of a year; a holiday on a week-end moves to the next working day.

    Bộ luật Lao động 2019, Điều 111 khoản 3.
    """
    holidays = _holidays(year, hours) | _holidays(year - 1, hours)
    day, owed, off = date(year - 1, 12, 1), 0, set[date]()
    while day.year <= year:
        rest = day.isoweekday() not in hours.days
        owed += rest and day in holidays
        if rest or day in holidays:
            off.add(day)
        elif owed:
            off.add(day)
            owed -= 1
        day += timedelta(days=1)
    return frozenset(off)


def _holidays(year: int, hours: OfficeHours) -> set[date]:
    fixed = (_parts(each) for each in hours.holidays)
    moving = (_parts(each) for each in hours.lunar_holidays)
    return {date(year, month, day) for day, month in fixed} | {
        solar(day, month, year) for day, month in moving
    }


def _parts(day_of_year: str) -> tuple[int, int]:
    day, month = day_of_year.split("/")
    return int(day), int(month)
