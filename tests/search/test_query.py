"""What is typed becomes words, phrases, numbers and dates."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import highlight, query, terms
from search.query import MOST_ATOMS, Asked, parse
from search.ranks import ranks


def said(asked: Asked) -> list[list[str]]:
    return [[" ".join(word.blind for word in phrase) for phrase in atom.alternatives] for atom in asked.atoms]


@pytest.mark.parametrize("module", [query, terms, highlight])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted and not results.failed


@pytest.mark.parametrize(
    ("typed", "atoms"),
    [
        ("quyết định", [["quyet"], ["dinh"]]),
        ("“quyết định” số", [["quyet dinh"], ["so"]]),
        ('"bỏ ngỏ', [["bo"], ["ngo"]]),
        ("15/QĐ-UBND", [["15 qd ubnd"]]),
        ("qd15/ubnd", [["15 qd ubnd", "qd 15 ubnd"]]),
        ("QĐ15 ubnd", [["15 qd", "qd 15"], ["ubnd"]]),
        ("14.7.2016", [["14 thang 7 nam 2016", "14 7 2016", "2016 7 14"]]),
        ("ngày 14 tháng 7 năm 2016", [["14 thang 7 nam 2016", "14 7 2016", "2016 7 14"]]),
        ("ngay 1/2/2016", [["1 thang 2 nam 2016", "1 2 2016", "2016 2 1"]]),
        ("thang 07 nam 2016", [["thang 7 nam 2016", "7 2016"]]),
        ("năm 2016", [["nam 2016"]]),
        ("15/2016/QĐ-UBND", [["15 2016 qd ubnd"]]),  # a number, no month
        ("32/1/2016", [["32 1 2016"]]),  # no day
        ("13/2016", [["13 2016"]]),
        ("tháng 13 năm 2016", [["thang"], ["13"], ["nam"], ["2016"]]),
        ("Hà Nội,Huế", [["ha"], ["noi"], ["hue"]]),
        ("một một", [["mot"]]),
    ],
)
def test_what_is_typed_is_understood(typed: str, atoms: list[list[str]]) -> None:
    assert said(parse(typed)) == atoms


@given(st.text(max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    asked = parse(text)
    assert asked.blank == (not text.strip())
    assert all(phrase for atom in asked.atoms for phrase in atom.alternatives)


def test_a_date_is_exact_however_its_words_are_typed() -> None:
    assert parse("thang 7 nam 2016") == parse("tháng 7 năm 2016") == parse("tháng 7/2016")


def test_a_pasted_page_is_searched_by_its_first_words() -> None:
    assert len(parse(" ".join(f"w{chr(97 + i)}x{chr(97 + i)}" for i in range(26)) * 9).atoms) <= MOST_ATOMS


def test_ranks_go_down_and_exact_ones_stand_above() -> None:
    found = ranks(parse("thanh tra"))
    assert [rank.value for rank in found] == list(range(len(found), 0, -1))
    assert [rank.exact for rank in found] == sorted((rank.exact for rank in found), reverse=True)
