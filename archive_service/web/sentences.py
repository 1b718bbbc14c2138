"""The sentences of the pages: one table a language, keys equal in both, `str.format` fields.

`Sentences("vi")("inbox.waiting", n=14)` gives "Gói chờ quyết định: 14". Whole numbers are written in the
form of the language; what is a name and no count (a year, an ordinal) is passed as str. English sentences
may be a table {one, other}, chosen by the field `n`.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from archive_service.web.texts import number

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("vi", "en")
Sentence = str | dict[str, str]


@cache
def table(language: str) -> dict[str, Sentence]:
    """All sentences of a language by their dotted key, from its files (`vi.toml`, `reading.vi.toml`).

    A table {one, other} is one sentence.
    """
    files = sorted(LOCALE.glob(f"*{language}.toml"))
    return dict(pair for path in files for pair in _flat("", tomllib.loads(path.read_text("utf-8"))))


def _flat(prefix: str, tree: dict[str, Any]) -> list[tuple[str, Sentence]]:
    found: list[tuple[str, Sentence]] = []
    for name, value in tree.items():
        if isinstance(value, dict) and set(value) != {"one", "other"}:
            found += _flat(f"{prefix}{name}.", value)
        else:
            found.append((prefix + name, value))
    return found


class Sentences:
    """The sentences of one language. An unknown key raises KeyError: never a page with a raw key on it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.table = table(language)

    def __call__(self, key: str, **fields: object) -> str:
        """The sentence with its fields. When a field is markup the rest is escaped and the result is markup."""
        sentence = self.table[key]
        if isinstance(sentence, dict):
            sentence = sentence["one" if fields.get("n") == 1 else "other"]
        shown = {name: self._shown(value) for name, value in fields.items()}
        if any(isinstance(value, Markup) for value in shown.values()):
            # The sentence is ours; its other fields are escaped by Markup.format.
            return Markup(sentence).format(**shown)  # noqa: S704
        return sentence.format(**shown)

    def _shown(self, value: object) -> object:
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return number(value, language=self.language)
        return value
