"""What each breach means and what to do, in Vietnamese and English: data, one table a code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Words:
    wrong_vi: str
    wrong_en: str
    todo_vi: str
    todo_en: str

    def wrong(self, language: str) -> str:
        return self.wrong_en if language == "en" else self.wrong_vi

    def todo(self, language: str) -> str:
        return self.todo_en if language == "en" else self.todo_vi


@cache
def every_code() -> dict[str, Words]:
    with Path(__file__).with_name("words.toml").open("rb") as stream:
        return {code: Words(**told) for code, told in tomllib.load(stream).items()}


def words_of(code: str) -> Words:
    return every_code()[code]
