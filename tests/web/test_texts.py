"""Numbers, times and names as people read them; dates and numbers as people type them."""

from __future__ import annotations

import doctest
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.web import preferences, texts, typed


@pytest.mark.parametrize("module", [texts, typed, preferences])
def test_examples_in_the_documentation_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_only_the_whole_is_called_hundred_percent(part: int, rest: int) -> None:
    assert texts.percent(part, part + rest) != "100%"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        texts.when(datetime(2026, 11, 21))


def test_an_evening_in_utc_is_the_next_day_in_vietnam() -> None:
    shown = texts.when(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert '<time datetime="2027-01-01T00:00:00+07:00"' in shown
    assert ">01/01/2027 00:00</time>" in shown


@given(st.text(alphabet="aăâẲẫ ệđ\u0301\u0323", max_size=60), st.integers(5, 40))
def test_shortening_never_leaves_a_lone_mark_or_half_a_word(text: str, limit: int) -> None:
    short = texts.shorten(text, limit)
    words = unicodedata.normalize("NFC", text).split(" ")
    assert all(
        word.removesuffix("…").rstrip(" ,.;:–-") in words or word in words for word in short.split(" ")
    )


def test_a_name_with_hidden_direction_is_isolated_and_named() -> None:
    assert "[U+202E]" in texts.visible_name("anh\u202egpj.exe")
    assert texts.visible_name("anh\u202egpj.exe").startswith("<bdi>")


def test_a_decomposed_name_says_so() -> None:
    assert "[NFD]" in texts.visible_name(unicodedata.normalize("NFD", "Quyết định.pdf"))


def test_a_name_with_markup_is_escaped() -> None:
    assert texts.visible_name("<b>.pdf") == "&lt;b&gt;.pdf"


@pytest.mark.parametrize(
    "wrong", ["31/02/2021", "5/3", "2021", "3/2021", "05/13/2021", "hôm nay", "", "0/1/2020"]
)
def test_what_is_no_day_is_refused(wrong: str) -> None:
    with pytest.raises(typed.NotReadable):
        typed.typed_date(wrong)


@pytest.mark.parametrize("wrong", ["1.23", "1,2,3", "1.2345", "abc", ""])
def test_what_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(typed.NotReadable):
        typed.typed_number(wrong)
