"""Hits are marked where a reader sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.kernel.vietnamese import nfc
from search.highlight import SNIPPET, highlight, pattern, snippet
from search.query import parse


def hits(text: str, typed: str, exact: bool = False) -> list[str]:
    asked = parse(typed)
    fragments = highlight(text, asked, pattern(asked), exact) or ()
    return [fragment.text for fragment in fragments if fragment.is_hit]


@pytest.mark.parametrize(
    ("text", "typed", "marked"),
    [
        ("Số 15/QĐ-UBND ngày 1", "qd15 ubnd", ["15/QĐ", "UBND"]),
        ("số 05/KH", "5/kh", ["05/KH"]),
        ("ngày 14 tháng 7 năm 2016", "14/7/2016", ["14 tháng 7 năm 2016"]),
        ("H43 và h 430", "43", ["43"]),
        ("đường, Đương, dưỡng", "duong", ["đường", "Đương", "dưỡng"]),
        ("băn khoăn", "an", []),
    ],
)
def test_what_was_typed_is_marked(text: str, typed: str, marked: list[str]) -> None:
    assert hits(text, typed) == marked


def test_an_exact_hit_marks_only_the_very_tones() -> None:
    assert hits("đường, Đương, hoà", "đường hòa", exact=True) == ["đường", "hoà"]


@given(st.text(max_size=60), st.text(max_size=20))
def test_fragments_joined_are_the_text(text: str, typed: str) -> None:
    asked = parse(typed)
    fragments = highlight(text, asked, pattern(asked), False)
    assert fragments is None or "".join(fragment.text for fragment in fragments) == nfc(text)


def test_a_snippet_is_short_whole_words_of_one_page() -> None:
    asked = parse("đất")
    found = snippet(
        "trang một " * 50 + "\f" + "lời " * 100 + "đất " + "sau " * 200, asked, pattern(asked), True
    )
    assert found is not None and found.page == 2 and found.further == 0
    shown = "".join(fragment.text for fragment in found.fragments)
    assert len(shown) < 2 * SNIPPET and set(shown.split()) == {"lời", "đất", "sau"}


def test_a_snippet_shows_the_densest_place() -> None:
    asked = parse("thanh tra")
    found = snippet("tra cứu. " + "x " * 400 + "đoàn thanh tra", asked, pattern(asked), True)
    assert found is not None and found.further == 1
    assert [fragment.text for fragment in found.fragments if fragment.is_hit] == ["thanh", "tra"]
