"""Vietnamese text: one spelling, folding without tones, words, and the order of a list. Pure functions.

Everything that searches or sorts comes here, so that every engine gets the same terms: FTS5 does not fold đ,
an engine fed with decomposed letters makes "du", "o", "ng" of "Đường", and each collation is a little different.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
LONGEST_WORD = 60  # longer runs of letters are encoded data; engines drop or split them, each in its own way

# The order of the tones in dictionaries: level, huyền, hỏi, ngã, sắc, nặng.
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_WORD = re.compile(r"[^\W\d_]+|\d+")


class Word(NamedTuple):
    """A word in both spellings that are indexed: with its tones, and without any mark."""

    exact: str
    blind: str


def _lowered(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


def _folded(letter: str) -> str:
    if letter in "đĐ":
        return "d"
    bare = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
    return _lowered(bare) if len(bare) == 1 else _lowered(letter)


# Tables keep the length: a place in the folded text is the same place in the text.
_LOWER = {code: _lowered(chr(code)) for code in range(0x2000)}
_FOLD = {code: _folded(chr(code)) for code in range(0x2000)}
_RANK = {ord(letter): chr(0x2000 + place) for place, letter in enumerate(ALPHABET)}


def nfc(text: str) -> str:
    """One code point a letter, however it was typed.

    >>> len("Đường".encode()), len(nfc("Đu\u031bo\u031b\u0300ng"))
    (9, 5)
    """
    return unicodedata.normalize("NFC", text)


def lower(text: str) -> str:
    """Small letters in NFC; as many characters as `nfc(text)` has.

    >>> lower("ĐẶNG Thị Ơn")
    'đặng thị ơn'
    """
    text = nfc(text)
    small = text.lower()  # ten times as fast as the table, but İ grows
    return small if len(small) == len(text) else text.translate(_LOWER)


def fold(text: str) -> str:
    """Small letters without tones and marks, đ as d; as many characters as `nfc(text)` has.

    >>> fold("Quyết định số 15/QĐ-UBND về Đường Nguyễn Huệ")
    'quyet dinh so 15/qd-ubnd ve duong nguyen hue'
    """
    return nfc(text).translate(_FOLD)


@lru_cache(maxsize=100_000)
def word(run: str) -> Word:
    """Both spellings of one run of letters or digits. The tone is written behind the letters, so that the old
    and the new place of the mark (hoà, hòa) are one word; leading zeros of a number do not count.

    >>> word("hoà") == word("hòa"), word("đường"), word("05")
    (True, Word(exact='đương1', blind='duong'), Word(exact='5', blind='5'))
    """
    run = lower(run)[:LONGEST_WORD]
    if run.isdigit():
        bare = run.lstrip("0") or "0"
        return Word(bare, bare)
    parts = unicodedata.normalize("NFD", run)
    letters = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
    return Word(letters + "".join(_TONES.get(c, "") for c in parts), fold(run))


def tokenise(text: str) -> Iterator[Word]:
    """The words of a text in order: runs of letters and runs of digits, so 15/QĐ-UBND and QĐ15 come apart.

    >>> [w.blind for w in tokenise("Số 15/QĐ-UBND, H43")]
    ['so', '15', 'qd', 'ubnd', 'h', '43']
    """
    return map(word, _WORD.findall(lower(text)))


def _tone_of(text: str) -> str:
    return "".join(_TONES.get(c, "") for c in unicodedata.normalize("NFD", text)) or "0"


def _without_tones(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFD", text) if c not in _TONES)
    return unicodedata.normalize("NFC", "".join(kept))


def sort_key(text: str) -> tuple[str, str, str]:
    """Orders as a Vietnamese dictionary does: a ă â b c d đ e ê …, and only between equal letters by tone,
    word for word: level, huyền, hỏi, ngã, sắc, nặng. Capitals do not matter.

    >>> sorted(["đa", "da", "ân", "ăn", "an"], key=sort_key)
    ['an', 'ăn', 'ân', 'da', 'đa']
    >>> sorted(["mạ", "má", "mã", "mả", "mà", "ma"], key=sort_key)
    ['ma', 'mà', 'mả', 'mã', 'má', 'mạ']
    >>> sorted(["Bà Rịa", "ba vì", "Ba Đình"], key=sort_key)
    ['Ba Đình', 'Bà Rịa', 'ba vì']
    """
    small = lower(text)
    runs = ("".join(run) for letters, run in groupby(small, str.isalpha) if letters)
    return _without_tones(small).translate(_RANK), "".join(_tone_of(run) for run in runs), text
