"""Where the words stand in a text, as plain fragments. Found here and not by the engines: both show the same."""

from __future__ import annotations

import re
from bisect import bisect_right

from archive_service.kernel.vietnamese import fold, nfc, tokenise
from search.index import Fragment, Fragments, Snippet
from search.query import Asked, Phrase

Span = tuple[int, int]
SNIPPET = 240  # characters
_LETTER = r"[^\W\d_]"
_SPACES = re.compile(r"\s+")


def pattern(asked: Asked) -> re.Pattern[str] | None:
    """Finds any phrase of the query in folded text; None when there is no word to find."""
    phrases = {phrase for atom in asked.atoms for phrase in atom.alternatives}
    longest_first = sorted(
        (tuple(word.blind for word in phrase) for phrase in phrases), key=len, reverse=True
    )
    found = "|".join(r"[\W_]*".join(_word(word) for word in words) for words in longest_first)
    return re.compile(found) if found else None


def _word(blind: str) -> str:
    if blind.isdigit():
        return rf"(?<!\d)0*{re.escape(blind)}(?!\d)"
    return rf"(?<!{_LETTER}){re.escape(blind)}(?!{_LETTER})"


def spans(text: str, asked: Asked, sought: re.Pattern[str], exact: bool) -> list[Span]:
    """Places of hits in NFC `text`, in order, without overlap. `exact`: only those with the tones of the query."""
    found = [match.span() for match in sought.finditer(fold(text))]
    if not exact:
        return found
    wanted: set[Phrase] = {phrase for atom in asked.atoms for phrase in atom.alternatives}
    spelt = {text[start:end] for start, end in found}  # few, however often each stands in the text
    right = {each for each in spelt if tuple(tokenise(each)) in wanted}
    return [(start, end) for start, end in found if text[start:end] in right]


def marked(text: str, places: list[Span]) -> Fragments:
    """
    >>> [(f.text, f.is_hit) for f in marked("số 15/QĐ", [(3, 8)])]
    [('số ', False), ('15/QĐ', True)]
    """
    fragments, done = [], 0
    for start, end in places:
        fragments += [Fragment(text[done:start], False), Fragment(text[start:end], True)]
        done = end
    fragments.append(Fragment(text[done:], False))
    return tuple(fragment for fragment in fragments if fragment.text)


def highlight(text: str, asked: Asked, sought: re.Pattern[str] | None, exact: bool) -> Fragments | None:
    """The whole text with its hits marked; None when it has none."""
    text = nfc(text)
    places = spans(text, asked, sought, exact) if sought else []
    return marked(text, places) if places else None


def snippet(text: str, asked: Asked, sought: re.Pattern[str] | None, exact: bool) -> Snippet | None:
    """The stretch of one page that holds most hits, the earliest of equals."""
    text = nfc(text)
    places = spans(text, asked, sought, exact) if sought else []
    if not places:
        return None
    start, end = _window(text, _densest(places))
    inside = [(a - start, b - start) for a, b in places if start <= a and b <= end]
    fragments = tuple(Fragment(_SPACES.sub(" ", f.text), f.is_hit) for f in marked(text[start:end], inside))
    return Snippet(fragments, page=text.count("\f", 0, start) + 1, further=len(places) - len(inside))


def _densest(places: list[Span]) -> Span:
    starts = [start for start, _ in places]
    counts = [bisect_right(starts, start + SNIPPET * 3 // 4) - i for i, start in enumerate(starts)]
    return places[counts.index(max(counts))]


def _window(text: str, first: Span) -> Span:
    """From some words before the first hit to `SNIPPET` characters on, not past the page, words kept whole."""
    page_start = text.rfind("\f", 0, first[0]) + 1
    page_end = text.find("\f", first[0])
    page_end = len(text) if page_end < 0 else page_end
    start = max(page_start, first[0] - SNIPPET // 4)
    end = min(page_end, max(first[1], start + SNIPPET))
    while start > page_start and first[0] - start < SNIPPET // 2 and not text[start - 1].isspace():
        start -= 1
    while end < page_end and end - start < SNIPPET * 2 and not text[end].isspace():
        end += 1
    return start, end
