"""The legal time of receipt: what arrives outside office hours counts from the next opening.

QĐ 15/2016/QĐ-UBND Sóc Trăng, Điều 12.2; Khánh Hòa 2021, Điều 10.2. The raw time is always kept beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta

from archive_service.kernel.clock import VIETNAM
from archive_service.regulations.tables import OfficeHours

LONGEST_CLOSING = 60
"""Days; no calendar closes an office for longer."""


def legal_receipt(raw: datetime, hours: OfficeHours, closed_days: Collection[str] = ()) -> datetime:
    """The instant itself within office hours, else the next opening. `closed_days`: more days off as DD/MM/YYYY."""
    local = raw.astimezone(VIETNAM)
    for ahead in range(LONGEST_CLOSING):
        day = (local + timedelta(days=ahead)).date()
        if not is_working(datetime.combine(day, time(), VIETNAM), hours, closed_days):
            continue
        for start, end in hours.spans:
            opens = datetime.combine(day, start, VIETNAM)
            closes = datetime.combine(day, end, VIETNAM)
            if local < opens:
                return opens.astimezone(raw.tzinfo)
            if local < closes:
                return raw
    raise ValueError(f"no office hours within {LONGEST_CLOSING} days of {raw}")


def is_working(day: datetime, hours: OfficeHours, closed_days: Collection[str] = ()) -> bool:
    off = f"{day:%d/%m}" in hours.holidays or f"{day:%d/%m/%Y}" in closed_days
    return day.isoweekday() in hours.days and not off


def due_after(
    start: datetime, working_days: int, hours: OfficeHours, closed_days: Collection[str] = ()
) -> datetime:
    """The close of business that many working days after `start`."""
    day = start.astimezone(VIETNAM)
    left = working_days
    while left > 0:
        day += timedelta(days=1)
        left -= is_working(day, hours, closed_days)
    return datetime.combine(day.date(), hours.spans[-1][1], VIETNAM).astimezone(start.tzinfo)
