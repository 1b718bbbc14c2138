"""Legal time of receipt (QĐ 15/2016 Sóc Trăng, Điều 12.2; Khánh Hòa 2021, Điều 10.2), and when an office is closed."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.setting_tables import OfficeHours
from archive_service.regulations import load
from ingest.calendar import due_after, is_working, legal_receipt
from ingest.lunar import solar

HOURS = load().office_hours


@pytest.mark.parametrize(
    ("received", "counts"),
    [
        ("2026-03-02 09:00", "2026-03-02 09:00"),
        ("2026-03-02 11:30", "2026-03-02 13:30"),
        ("2026-03-02 12:30", "2026-03-02 13:30"),
        ("2026-03-02 18:00", "2026-03-03 07:30"),
        ("2026-03-07 09:00", "2026-03-09 07:30"),
        ("2026-04-30 09:00", "2026-05-04 07:30"),
        ("2026-02-13 17:00", "2026-02-23 07:30"),
        ("2026-04-26 09:00", "2026-04-28 07:30"),
    ],
    ids=["open", "noon", "lunch", "evening", "saturday", "30-4", "tết", "giỗ-tổ-on-a-sunday"],
)
def test_receipt_counts_from_the_next_office_hour(received: str, counts: str) -> None:
    raw, wanted = (datetime.fromisoformat(each).replace(tzinfo=VIETNAM) for each in (received, counts))
    assert legal_receipt(raw, HOURS).astimezone(VIETNAM) == wanted


@pytest.mark.parametrize(
    "new_year",
    ["1985-01-21", "2007-02-17", "2024-02-10", "2025-01-29", "2026-02-17", "2030-02-02", "2034-02-19"],
)
def test_new_year_is_the_vietnamese_one_where_the_chinese_differs_too(new_year: str) -> None:
    wanted = date.fromisoformat(new_year)
    assert solar(1, 1, wanted.year) == wanted


def test_an_agency_sets_the_days_that_are_decided_anew_each_year() -> None:
    own = OfficeHours(closed_days=["01/09/2026"], working_days=["22/08/2026"], spans=[("08:00", "17:00")])
    hours = load().with_hours(**own.model_dump(exclude_none=True)).office_hours
    days = [is_working(date(2026, 8, 22), each) for each in (HOURS, hours)]
    assert days == [False, True]
    assert [is_working(date(2026, 9, 1), each) for each in (HOURS, hours)] == [True, False]
    assert legal_receipt(datetime(2026, 8, 24, 7, 45, tzinfo=VIETNAM), hours).astimezone(VIETNAM).hour == 8


def test_the_decision_is_due_at_the_close_of_a_working_day() -> None:
    friday = datetime(2026, 3, 6, 9, tzinfo=VIETNAM)
    due = due_after(friday, 3, HOURS).astimezone(VIETNAM)
    assert f"{due:%A %H:%M}" == "Wednesday 17:00"
