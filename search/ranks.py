"""How good a hit is, as conditions that every engine can test. A hit's rank is the best condition that it meets.

Ranks instead of scores by frequency (ADR 0030): they say why a hit stands where it stands, they are the same on
both engines, they do not move when others write (a cursor stays good), and they cannot betray a closed record.
"""

from __future__ import annotations

from dataclasses import dataclass

from search.query import Asked, Phrase


@dataclass(frozen=True, slots=True)
class Stands:
    """These words stand side by side in this field of `terms.FIELDS`."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


Condition = Stands | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class Rank:
    """Higher is better; `exact`: with the very tones."""

    value: int
    exact: bool
    condition: Condition


def ranks(asked: Asked) -> tuple[Rank, ...]:
    """Best first: the exact spelling, then the blind one; in each all words in the title, all in the description,
    the query as one phrase, the words anywhere. The last one is the condition for being a hit at all."""
    steps = [(exact, condition) for exact in (True, False) for condition in _conditions(asked, exact)]
    return tuple(Rank(len(steps) - i, exact, condition) for i, (exact, condition) in enumerate(steps))


def anywhere(asked: Asked, exact: bool) -> Condition:
    return _every(asked, exact, "about", "text")


def _conditions(asked: Asked, exact: bool) -> list[Condition]:
    together = asked.together
    phrase = [_stands(together, exact, "about", "text")] if together else []
    return [_every(asked, exact, "title"), _every(asked, exact, "about"), *phrase, anywhere(asked, exact)]


def _every(asked: Asked, exact: bool, *fields: str) -> Condition:
    return AllOf(
        tuple(
            AnyOf(tuple(_stands(phrase, exact, *fields) for phrase in atom.alternatives))
            for atom in asked.atoms
        )
    )


def _stands(phrase: Phrase, exact: bool, *fields: str) -> Condition:
    spelling = "exact" if exact else "blind"
    words = tuple(word.exact if exact else word.blind for word in phrase)
    return AnyOf(tuple(Stands(f"{name}_{spelling}", words) for name in fields))
