"""What a person typed, as words to look for. Nothing that can be typed is an error.

A query is atoms, all of which must match. An atom is alternative phrases, one of which must match: a date is
written in several ways, and `qd15` is the number 15/QĐ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive_service.kernel.vietnamese import Word, fold, nfc, tokenise, word

MOST_CHARACTERS = 1_000
MOST_ATOMS = 30  # a pasted page is searched by its first words; more would pass an engine's limit of clauses

Phrase = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    alternatives: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """`blank`: nothing was typed, everything matches. Typed, but without any word: nothing matches."""

    atoms: tuple[Atom, ...]
    blank: bool

    @property
    def together(self) -> Phrase | None:
        """The whole query as one phrase, if it is several plain words."""
        if len(self.atoms) < 2 or any(len(atom.alternatives) > 1 for atom in self.atoms):
            return None
        return tuple(each for atom in self.atoms for each in atom.alternatives[0])


_DAY, _MONTH, _YEAR = word("ngày"), word("tháng"), word("năm")
# Matched on the folded text, which has the same length as the text. The dates must not be part of a longer number.
_PART = re.compile(
    r"""
    ["“”«»](?P<quoted>[^"“”«»]*)["“”«»]
  | (?<![\w/.-])(?:ngay\s+)?(?P<d1>\d{1,2})\s+thang\s+(?P<m1>\d{1,2})\s+nam\s+(?P<y1>\d{4})(?![\w/-])
  | (?<![\w/.-])(?:ngay\s+)?(?P<d2>\d{1,2})(?P<s>[/.-])(?P<m2>\d{1,2})(?P=s)(?P<y2>\d{4})(?![\w/-])
  | (?<![\w/.-])(?P<y3>\d{4})-(?P<m3>\d{1,2})-(?P<d3>\d{1,2})(?![\w/-])
  | (?<![\w/.-])thang\s+(?P<m4>\d{1,2})(?:\s*[/.-]\s*|\s+nam\s+|\s+)(?P<y4>\d{4})(?![\w/-])
  | (?<![\w/.-])(?P<m5>\d{1,2})/(?P<y5>\d{4})(?![\w/-])
  | (?<![\w/.-])nam\s+(?P<y6>\d{4})(?![\w/-])
  | (?P<run>[^\s,;:!?()\[\]{}<>|"“”«»…]+)
    """,
    re.VERBOSE | re.ASCII,
)


def parse(text: str) -> Asked:
    """
    >>> [[" ".join(w.blind for w in p) for p in a.alternatives] for a in parse("QĐ15 ubnd").atoms]
    [['15 qd', 'qd 15'], ['ubnd']]
    >>> [[" ".join(w.blind for w in p) for p in a.alternatives] for a in parse("tháng 7/2016").atoms]
    [['thang 7 nam 2016', '7 2016']]
    >>> parse('(((').atoms, parse(' ').blank
    ((), True)
    """
    text = nfc(text)[:MOST_CHARACTERS]
    atoms = tuple(atom for atom in _atoms(text) if atom.alternatives)[:MOST_ATOMS]
    return Asked(tuple(dict.fromkeys(atoms)), blank=not text.strip())


def _atoms(text: str) -> Iterator[Atom]:
    place, folded = 0, fold(text)
    while found := _PART.search(folded, place):
        part = found.group
        atom = _date(part) if part("quoted") is None and part("run") is None else None
        if atom:
            yield atom
        elif part("quoted") is not None:
            yield Atom(tuple(filter(None, (tuple(tokenise(text[slice(*found.span("quoted"))])),))))
        else:
            yield from (_glued(run) for run in text[slice(*found.span())].split())
        place = found.end()


def _number(found: Callable[[str], str | None], *names: str) -> int | None:
    return next((int(value) for name in names if (value := found(name))), None)


def _date(part: Callable[[str], str | None]) -> Atom | None:
    day, month = _number(part, "d1", "d2", "d3"), _number(part, "m1", "m2", "m3", "m4", "m5")
    year = _number(part, "y1", "y2", "y3", "y4", "y5", "y6")
    if (
        year is None
        or (month is not None and not 1 <= month <= 12)
        or (day is not None and not 1 <= day <= 31)
    ):
        return None
    y = word(str(year))
    if month is None:
        return Atom(((_YEAR, y),))
    m = word(str(month))
    if day is None:
        return Atom(((_MONTH, m, _YEAR, y), (m, y)))
    d = word(str(day))
    return Atom(((d, _MONTH, m, _YEAR, y), (d, m, y), (y, m, d)))


def _glued(run: str) -> Atom:
    """What is typed without a space stands together: 15/QĐ-UBND. Numbers are also typed letters first: qd15/ubnd."""
    pieces = tuple(tokenise(run))
    place = next((i for i, piece in enumerate(pieces) if piece.blind.isdigit()), 0)
    number_first = (pieces[place], *pieces[:place], *pieces[place + 1 :]) if pieces else ()
    return Atom(tuple(dict.fromkeys(filter(None, (number_first, pieces)))))
