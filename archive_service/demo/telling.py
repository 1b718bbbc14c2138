"""What the demo says while it runs: headings, lines, progress bars, tables; kept, so that its page can say it again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unicodedata import normalize

import typer


@dataclass(slots=True)
class Bar:
    """Progress over work that grows while it is done. Fed by one thread only."""

    shown: Any
    expected: int = 0

    def expect(self, more: int) -> None:
        self.expected += more
        self.shown.length = self.expected
        self.shown.update(0)

    def advance(self) -> None:
        self.shown.update(1)

    def at(self, done: int, of: int) -> None:
        self.shown.length = of
        self.shown.update(done - self.shown.pos)


@dataclass(slots=True)
class Act:
    """One part of the story in both languages, with what came of it and where to look at that."""

    vi: str
    en: str
    results: list[tuple[str, str]] = field(default_factory=list)
    link: str = ""


@dataclass(slots=True)
class Teller:
    """Prints to the terminal in `language` ("vi" or "en")."""

    language: str
    acts: list[Act] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def act(self, vi: str, en: str, link: str = "") -> None:
        self.acts.append(Act(vi, en, link=link))
        seconds = time.monotonic() - self.started
        typer.secho(f"\n[{seconds:4.0f} s] {self.chosen(vi, en)}", bold=True)

    def result(self, vi: str, en: str) -> None:
        """Digests of SHA-512 are cut: they fill two lines and nobody reads them."""
        vi, en = (re.sub(r"\b([0-9a-f]{8})[0-9a-f]{120}\b", r"\1…", each) for each in (vi, en))
        self.acts[-1].results.append((vi, en))
        typer.echo(f"  {self.chosen(vi, en)}")

    def chosen(self, vi: str, en: str) -> str:
        return en if self.language == "en" else vi

    @contextmanager
    def bar(self, vi: str, en: str) -> Iterator[Bar]:
        """A progress bar; where the output is no terminal, its label alone."""
        label = f"  {self.chosen(vi, en):<40}"
        with typer.progressbar(length=1, label=label, width=30, show_pos=True, show_eta=False) as shown:
            yield Bar(shown)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell; the last one as long as it is."""
    rows = [[normalize("NFC", cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
