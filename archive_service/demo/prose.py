"""Vietnamese administrative prose on a subject: long and varied enough that searching it is worth while."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from archive_service.demo.people import DATA


@dataclass(frozen=True, slots=True)
class Part:
    """One block of a document. kind: ground, order, heading, article (with `label`), paragraph or table (`rows`)."""

    kind: str
    text: str = ""
    label: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


class Writer:
    """Writes about one subject as of one day. The same `chance` writes the same words."""

    def __init__(self, subject: str, day: date, chance: Random) -> None:
        self._texts = texts()[subject]
        self._day = day
        self._chance = chance
        self._deck: list[str] = []

    @property
    def subject(self) -> str:
        title: str = self._texts["title"]
        return title

    def grounds(self) -> list[Part]:
        """The laws that were in force on the day, as "Căn cứ"."""
        return [
            Part("ground", row["text"])
            for row in self._texts["grounds"]
            if row["from"] <= self._day.year <= row["to"]
        ]

    def headings(self) -> list[str]:
        return list(self._texts["headings"])

    def paragraph(self, sentences: int = 3) -> Part:
        return Part("paragraph", self.text(sentences))

    def text(self, sentences: int) -> str:
        return " ".join(self._sentence() for _ in range(sentences))

    def person(self) -> str:
        return self._chance.choice((self.man, self.woman))()

    def man(self) -> str:
        return self._named("men")

    def woman(self) -> str:
        return self._named("women")

    def _named(self, middle: str) -> str:
        return " ".join(self._chance.choice(names()[part]) for part in ("family", middle, "given"))

    def place(self) -> str:
        return str(self._chance.choice(names()["places"]))

    def money(self) -> str:
        """
        >>> Writer("tai_chinh", date(2011, 1, 7), Random(1)).money().endswith(" đồng")
        True
        """
        return thousands(self._chance.randint(12, 9_800) * 1_000_000) + " đồng"

    def count(self, low: int = 3, high: int = 180) -> int:
        return self._chance.randint(low, high)

    def _sentence(self) -> str:
        if not self._deck:
            self._deck = list(self._texts["sentences"])
            self._chance.shuffle(self._deck)
        return self._filled(self._deck.pop())

    def _filled(self, template: str) -> str:
        """Each slot anew, so that two people in one sentence are two people."""
        words: dict[str, Callable[[], str]] = {
            "person": self.person,
            "man": self.man,
            "woman": self.woman,
            "place": self.place,
            "money": self.money,
            "count": lambda: str(self.count()),
            "percent": lambda: f"{self.count(31, 98)},{self.count(1, 9)}%",
            "area": lambda: thousands(self.count(120, 48_000)) + " m²",
            "day": self._near,
            "year": lambda: str(self._day.year - self.count(0, 4)),
            "agency": lambda: str(self._chance.choice(names()["agencies"])),
        }
        for slot, word in words.items():
            while "{" + slot + "}" in template:
                template = template.replace("{" + slot + "}", word(), 1)
        return template

    def _near(self) -> str:
        day = self._day + timedelta(days=self.count(-20, 40))
        return spelled(day) if self.count(0, 1) else f"{day:%d/%m/%Y}"


def thousands(number: int) -> str:
    """
    >>> thousands(1234567)
    '1.234.567'
    """
    return f"{number:,}".replace(",", ".")


def spelled(day: date) -> str:
    """Day and month below 10 (for months: below 3) with a nought, as NĐ 30/2020 writes them.

    >>> spelled(date(2015, 3, 4)), spelled(date(2015, 2, 14))
    ('04 tháng 3 năm 2015', '14 tháng 02 năm 2015')
    """
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{day.day:02} tháng {month} năm {day.year}"


@cache
def texts() -> dict[str, Any]:
    return tomllib.loads((DATA / "texts.toml").read_text(encoding="utf-8"))


@cache
def names() -> dict[str, Any]:
    return tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))
