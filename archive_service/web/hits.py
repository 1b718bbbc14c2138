"""The words that somebody searched for, marked in the text of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive_service.kernel.vietnamese import nfc
from search.highlight import marked, pattern, spans
from search.index import Fragment, Fragments
from search.query import parse


@dataclass(frozen=True)
class HitsInText:
    """`fragments`: the page's text. Pages count from 1; `before` and `after` are the nearest ones with a hit."""

    fragments: Fragments
    total: int
    here: int
    before: int | None
    after: int | None


def find_hits(texts: Sequence[str], words: str, page: int) -> HitsInText:
    """With the very tones where some page has them, else without, as the search itself ranks.

    >>> found = find_hits(["quyết định", "", "Quyết định"], "quyet dinh", 1)
    >>> found.total, found.here, found.before, found.after
    (4, 2, None, 3)
    """
    shown = nfc(texts[page - 1]) if page <= len(texts) else ""
    asked = parse(words)
    sought = pattern(asked) if words else None
    if sought is None:
        return HitsInText((Fragment(shown, False),) if shown else (), 0, 0, None, None)
    exact = any(spans(nfc(text), asked, sought, True) for text in texts)
    counts = [len(spans(nfc(text), asked, sought, exact)) for text in texts]
    pages = [number for number, count in enumerate(counts, start=1) if count]
    return HitsInText(
        marked(shown, spans(shown, asked, sought, exact)),
        sum(counts),
        counts[page - 1] if page <= len(counts) else 0,
        max((number for number in pages if number < page), default=None),
        min((number for number in pages if number > page), default=None),
    )
