"""Vietnamese text behaves as its readers expect."""

from __future__ import annotations

import doctest
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from archive_service.kernel import vietnamese
from archive_service.kernel.vietnamese import ALPHABET, fold, nfc, sort_key, tokenise, word

letters = st.text(alphabet=st.sampled_from("aăâđĐêôơưếệữòỏã ỹ019/-QUẢNG"), max_size=30)
texts = st.text(alphabet=st.sampled_from("aăâđĐêôơưếệữòỏã ỹ019/-QUẢNG\u0301\u0323\u0309"), max_size=30)


def test_the_examples_in_the_docstrings_hold() -> None:
    results = doctest.testmod(vietnamese)
    assert results.attempted > 5 and results.failed == 0


@given(st.text(max_size=40))
def test_folding_keeps_every_place_of_the_text(text: str) -> None:
    assert len(fold(text)) == len(nfc(text))


@given(letters)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_words_do_not_depend_on_how_the_letters_were_composed(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert list(tokenise(decomposed)) == list(tokenise(text))


def test_words_that_differ_by_tone_only_differ_exactly_and_agree_blindly() -> None:
    assert word("dương").blind == word("đường").blind
    assert word("dương").exact != word("đường").exact


def test_a_word_without_tone_is_not_the_same_as_one_with_tone() -> None:
    assert word("ban").exact != word("bản").exact


def test_a_very_long_run_of_letters_is_cut_for_every_engine_alike() -> None:
    assert len(word("x" * 500).blind) == vietnamese.LONGEST_WORD


def test_the_alphabet_sorts_as_the_alphabet() -> None:
    assert sorted(set(ALPHABET), key=sort_key) == list(ALPHABET)


def test_the_place_of_the_tone_mark_does_not_change_the_order() -> None:
    assert sort_key("hoà")[:2] == sort_key("hòa")[:2]
    assert sort_key("hoà") < sort_key("hoá") and sort_key("hòa") < sort_key("hoá")
