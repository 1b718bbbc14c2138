"""The term of a dossier: when it ends, why, and what is never due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import vietnam_date
from archive_service.regulations import load
from retention.assess import Reappraisal, assess_owed, list_unknown, reckon
from retention.models import Answer, Assessment, TermKind
from tests.archives import House
from tests.retention.shelf import shelve

RULES = load()
DAYS = st.dates(date(1945, 9, 2), date(2100, 12, 31))


def codes(steps: object) -> list[str]:
    return [code for code, _ in steps]  # type: ignore[attr-defined]


@given(end=DAYS, years=st.integers(1, 150))
def test_a_term_ends_on_the_last_day_of_the_end_year_plus_its_years(end: date, years: int) -> None:
    term = reckon(RULES, f"{years} năm", end)
    assert term.ends_on == date(end.year + years, 12, 31)
    assert not term.over(term.ends_on)
    assert term.over(term.ends_on + timedelta(days=1))


@given(end=DAYS, years=st.integers(1, 149))
def test_a_longer_term_is_never_due_sooner(end: date, years: int) -> None:
    shorter, longer = (reckon(RULES, f"{n} năm", end).ends_on for n in (years, years + 1))
    assert shorter is not None and longer is not None and shorter < longer


@given(end=st.none() | DAYS, words=st.text(max_size=30).filter(lambda w: not any(c.isdigit() for c in w)))
def test_words_without_a_number_are_never_due(end: date | None, words: str) -> None:
    assert reckon(RULES, words, end).ends_on is None


@pytest.mark.parametrize("raw", ["Vĩnh viễn", "VĨNH VIỄN", "vĩnh  viễn"])
def test_permanent_is_never_due(raw: str) -> None:
    term = reckon(RULES, raw, date(1950, 1, 1))
    assert (term.kind, term.ends_on) == (TermKind.permanent, None)


@pytest.mark.parametrize(
    "raw", ["", "01", "20", "5 năm kể từ khi hợp đồng hết hạn", "-5 năm", "đến khi có văn bản thay thế"]
)
def test_what_nobody_can_compute_waits_for_a_person(raw: str) -> None:
    assert reckon(RULES, raw, date(1950, 1, 1)).kind is TermKind.unknown


def test_without_an_end_date_no_term_is_counted() -> None:
    term = reckon(RULES, "10 năm", None)
    assert (term.kind, term.ends_on, codes(term.steps)[-1]) == (TermKind.unknown, None, "no-end-date")


def test_a_term_beyond_the_calendar_is_never_due() -> None:
    assert reckon(RULES, "150 năm", date(9900, 1, 1)).ends_on is None


def test_the_steps_tell_the_chain_of_reasons() -> None:
    term = reckon(RULES, "10 năm", date(2010, 5, 3))
    assert term.steps == (
        ["maintenance", {"raw": "10 năm"}],
        ["years", {"years": 10}],
        ["ended", {"on": "2010-05-03", "year": 2010}],
        ["ends", {"on": "2020-12-31"}],
    )


def test_the_year_ends_at_midnight_in_vietnam_not_in_utc() -> None:
    term = reckon(RULES, "10 năm", date(2010, 5, 3))
    last_second = datetime(2020, 12, 31, 16, 59, 59, tzinfo=UTC)
    assert not term.over(vietnam_date(last_second))
    assert term.over(vietnam_date(last_second + timedelta(seconds=1)))


@given(to=DAYS)
def test_a_reappraisal_never_shortens_a_term(to: date) -> None:
    before = reckon(RULES, "10 năm", date(2010, 5, 3))
    after = reckon(RULES, "10 năm", date(2010, 5, 3), [Reappraisal("01/2026", Answer.extend, "còn dùng", to)])
    assert before.ends_on is not None and after.ends_on == max(before.ends_on, to)


def test_a_reappraisal_may_make_a_term_permanent() -> None:
    made = [Reappraisal("01/2026", Answer.permanent, "giá trị lịch sử")]
    term = reckon(RULES, "10 năm", date(2010, 5, 3), made)
    assert (term.kind, term.ends_on, codes(term.steps)[-1]) == (TermKind.permanent, None, "made-permanent")


def test_every_dossier_without_an_assessment_is_owed_one(house: House) -> None:
    key = shelve(house)
    assess_owed(house.archive)
    assess_owed(house.archive)
    with house.archive.look(THE_ARCHIVE) as work:
        row = work.session.get_one(Assessment, key)
        assert (row.ends_on, work.session.scalar(select(func.count(Assessment.dossier_id)))) == (
            date(2020, 12, 31),
            1,
        )


def test_unclear_terms_are_listed_for_a_person_page_by_page(house: House) -> None:
    unclear = {shelve(house, maintenance="01") for _ in range(3)}
    shelve(house)
    assess_owed(house.archive)
    with house.archive.look(house.actor("records_manager")) as work:
        first = list_unknown(work, house.archive, limit=2)
        second = list_unknown(work, house.archive, limit=2, cursor=first.next)
    assert {row.dossier_id for row in (*first.items, *second.items)} == unclear
    assert second.next is None
