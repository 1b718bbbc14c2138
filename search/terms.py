"""What an entry is found by, folded and split here so that every engine gets the same terms (ADR 0031).

Three fields, each in two spellings: `title`, `about` (all that describes the entry, its title included) and
`text` (the full text). A phrase never runs from one part into the next: a bar stands between them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, timedelta

from archive_service.kernel.vietnamese import tokenise
from search.index import TEXT_LIMIT, IndexEntry

SPELLINGS = ("exact", "blind")
FIELDS = tuple(f"{name}_{spelling}" for name in ("title", "about", "text") for spelling in SPELLINGS)
LONGEST_FACET = 200
ERASED = "erased"  # the kind and access of a tombstone: no filter lets it through
_BAR = " | "
_FIRST_DAY = date(1700, 1, 1)


def parts(entry: IndexEntry) -> dict[str, str]:
    """The parts of a description as people read them, in reading order."""
    return {
        "title": entry.title,
        "numbers": "; ".join(f"số {number}" for number in entry.numbers),
        "type_name": entry.type_name,
        "agency": entry.agency,
        "signer": entry.signer,
        "dates": dates_in_words(entry.date_from, entry.date_to),
        "place": entry.place,
        "place_held": entry.place_held,
        "dossier_code": entry.dossier_code,
        "abstract": entry.abstract,
    }


def terms(entry: IndexEntry) -> dict[str, str]:
    """Field of `FIELDS` → its words, parted by spaces."""
    return {
        **_spelt("title", (entry.title,)),
        **_spelt("about", parts(entry).values()),
        **_spelt("text", entry.text[:TEXT_LIMIT].split("\f")),
    }


def _spelt(name: str, texts: Iterable[str]) -> dict[str, str]:
    words = [tuple(zip(*tokenise(text), strict=True)) or ((), ()) for text in texts]
    return {
        f"{name}_{spelling}": _BAR.join(" ".join(each[place]) for each in words)
        for place, spelling in enumerate(SPELLINGS)
    }


def dates_in_words(earliest: str | None, latest: str | None) -> str:
    """A day, a month, a year or a range, so that a date is found as any other words.

    >>> dates_in_words("2016-07-14", "2016-07-14"), dates_in_words("2016-07-01", "2016-07-31")
    ('ngày 14 tháng 7 năm 2016', 'tháng 7 năm 2016')
    >>> dates_in_words("2014-01-01", "2014-12-31"), dates_in_words(None, None)
    ('năm 2014', '')
    >>> dates_in_words("2014-03-01", "2016-05-02")
    'từ ngày 1 tháng 3 năm 2014 đến ngày 2 tháng 5 năm 2016, năm 2015'
    """
    days = [date.fromisoformat(day) for day in (earliest, latest) if day]
    if not days:
        return ""
    start, end = days[0], days[-1]
    if start == end:
        return _day_in_words(start)
    if start.day == 1 and (end + timedelta(days=1)).day == 1 and start.year == end.year:
        if (start.month, end.month) == (1, 12):
            return f"năm {start.year}"
        if start.month == end.month:
            return f"tháng {start.month} năm {start.year}"
    between = "".join(f", năm {year}" for year in range(start.year + 1, min(end.year, start.year + 150)))
    return f"từ {_day_in_words(start)} đến {_day_in_words(end)}{between}"


def _day_in_words(day: date) -> str:
    return f"ngày {day.day} tháng {day.month} năm {day.year}"


def facet_values(entry: IndexEntry) -> dict[str, str]:
    """What is filtered and counted by, by the names of `index.FILTERS`; an empty value is no value."""
    values = {
        "fonds": entry.fonds_id,
        "agency": entry.agency[:LONGEST_FACET],
        "year": str(entry.year or ""),
        "type": entry.type_name[:LONGEST_FACET],
        "kind": entry.kind,
        "access": entry.access,
        "unit": entry.unit_id,
        "dossier": entry.dossier_id,
    }
    return {name: value for name, value in values.items() if value}


def days(entry: IndexEntry) -> dict[str, int]:
    """The day range as day numbers; nothing for an entry without a date."""
    known = [day_number(day) for day in (entry.date_from, entry.date_to) if day]
    return {"day_from": known[0], "day_to": known[-1]} if known else {}


def day_number(day: str) -> int:
    """
    >>> day_number("0001-01-01"), day_number("2016-07-14")
    (1, 736159)
    """
    return date.fromisoformat(day).toordinal()


def order(entry: IndexEntry) -> int:
    """Where the entry stands among equals: by its first day, then by chance but always the same. Fits 63 bits, so
    every engine can sort by it; two entries of one day and one number are parted by their ids."""
    day = entry.date_from or entry.date_to
    since = max(0, (date.fromisoformat(day) - _FIRST_DAY).days + 1) if day else 0
    chance = int.from_bytes(hashlib.sha256(entry.id.encode()).digest()[:5])
    return (since << 40) | chance


_NAMES = tuple(each.name for each in fields(IndexEntry))


def stored(entry: IndexEntry) -> bytes:
    """The entry itself, to show its hits and to make an index anew without asking the catalogue."""
    # Not `asdict`: it copies each value, which took a tenth of all indexing.
    kept = {name: getattr(entry, name) for name in _NAMES}
    kept |= {"text": entry.text[:TEXT_LIMIT], "cut": len(entry.text) > TEXT_LIMIT}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def restored(raw: bytes | str) -> tuple[IndexEntry, bool]:
    """The entry, and whether its text had been cut."""
    kept = json.loads(raw)
    cut = bool(kept.pop("cut"))
    return IndexEntry(**{**kept, "numbers": tuple(kept["numbers"])}), cut


def tombstone_id(dossier_id: str) -> str:
    return f"{ERASED}:{dossier_id}"
