"""What people type into a field: dates as they write them, numbers in Vietnamese form, text made NFC.

Input methods compose Vietnamese letter by letter, so nothing is masked or corrected while typing; the
server reads what arrives and says in one sentence what it could not read.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

_CONTROLS = {code: None for code in range(0x20) if chr(code) not in "\t\n\r"}
_FULL = (
    re.compile(r"(?P<day>\d{1,2})\s*[/.\-]\s*(?P<month>\d{1,2})\s*[/.\-]\s*(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
)
_PARTIAL = (
    re.compile(r"(?P<month>\d{1,2})\s*[/.\-]\s*(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})"),
)


class NotReadable(ValueError):
    """What was typed is no date or number in any form that we accept."""


@dataclass(frozen=True)
class TypedDate:
    """A date as typed, with the range of days that it may mean (one day when it is complete)."""

    raw: str
    earliest: date
    latest: date


def typed_text(text: str) -> str:
    """NFC, without the spaces around: two spellings of one letter must compare equal in the database.

    Without control characters, which nobody types: PostgreSQL takes no NUL.

    >>> typed_text(" quye\\u0302\\u0301t\\0 ")
    'quyết'
    """
    return unicodedata.normalize("NFC", text).translate(_CONTROLS).strip()


def typed_date(text: str, partial: bool = False) -> TypedDate:
    """Read 5/3/2021, 05-03-2021, 05.03.2021, 05032021 or 2021-03-05; with `partial` also 3/2021 and 2021.

    Raises NotReadable, also for a day that the month does not have.

    >>> typed_date("5/3/2021").earliest, typed_date("05032021").latest
    (datetime.date(2021, 3, 5), datetime.date(2021, 3, 5))
    >>> typed_date("2/2020", partial=True).latest
    datetime.date(2020, 2, 29)
    """
    raw = typed_text(text)
    for pattern in _FULL + (_PARTIAL if partial else ()):
        if found := pattern.fullmatch(raw):
            return _range(raw, {name: int(value) for name, value in found.groupdict().items()})
    raise NotReadable(raw)


def _range(raw: str, parts: dict[str, int]) -> TypedDate:
    year, month, day = parts["year"], parts.get("month"), parts.get("day")
    try:
        first_month, last_month = (1, 12) if month is None else (month, month)
        earliest = date(year, first_month, 1 if day is None else day)
        latest = date(year, last_month, monthrange(year, last_month)[1] if day is None else day)
    except ValueError as wrong:
        raise NotReadable(raw) from wrong
    return TypedDate(raw, earliest, latest)


def typed_number(text: str, language: str = "vi") -> Decimal:
    """Read 1.234,5 (in English 1,234.5). Raises NotReadable; a grouping in the wrong place is refused.

    >>> typed_number("1.234,5"), typed_number("1,234.5", "en"), typed_number("12")
    (Decimal('1234.5'), Decimal('1234.5'), Decimal('12'))
    """
    raw = typed_text(text)
    group, point = (",", ".") if language == "en" else (".", ",")
    whole = rf"-?(\d+|\d{{1,3}}({re.escape(group)}\d{{3}})+)({re.escape(point)}\d+)?"
    if not re.fullmatch(whole, raw):
        raise NotReadable(raw)
    try:
        return Decimal(raw.replace(group, "").replace(point, "."))
    except InvalidOperation as wrong:
        raise NotReadable(raw) from wrong
