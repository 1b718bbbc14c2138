"""How numbers, times, sizes, names and digests are written for people, in Vietnamese and in English.

Every function is pure and takes the language last ("vi" or "en"). Times are shown in Vietnam time, whatever
the language; dates are DD/MM/YYYY in both, because the papers beside the screen are written so.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from markupsafe import Markup, escape

from archive_service.kernel.clock import VIETNAM

UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
PERIODS = {
    "vi": (("ngày", "ngày"), ("giờ", "giờ"), ("phút", "phút"), ("giây", "giây")),
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes"), ("second", "seconds")),
}
GROUP = 8
SHORT_DIGEST = 12


def number(value: float | Decimal, digits: int | None = None, language: str = "vi") -> str:
    """Group thousands; `digits` fixes the decimals, otherwise a whole number shows none and others up to 2.

    >>> number(1204869), number(1234.5), number(1234.5, language="en"), number(2, digits=1)
    ('1.204.869', '1.234,5', '1,234.5', '2,0')
    """
    if digits is None:
        english = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
    else:
        english = f"{value:,.{digits}f}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def size(octets: int, language: str = "vi") -> str:
    """A size in decimal units, as disks are sold and as the law's tables count.

    >>> size(812_000), size(48_200_000), size(6_250_000_000, "en"), size(999), size(999_999)
    ('812 kB', '48,2 MB', '6.2 GB', '999 byte', '999 kB')
    """
    for name, unit in UNITS:
        if octets >= unit:
            digits = "1" if name == "kB" else "0.1"
            shown = (Decimal(octets) / unit).quantize(Decimal(digits), ROUND_DOWN)
            return f"{number(shown, language=language)} {name}"
    return f"{octets} byte" if language == "vi" or octets == 1 else f"{octets} bytes"


def percent(part: int, whole: int, language: str = "vi") -> str:
    """Rounded down, so that 99.996 % is never "100%"; nothing of nothing has no percentage.

    >>> percent(99_996, 100_000), percent(5, 5), percent(602_313, 602_544, "en"), percent(0, 0)
    ('99,99%', '100%', '99.96%', '–')
    """
    if whole == 0:
        return "–"
    shown = (Decimal(part) * 100 / whole).quantize(Decimal("0.01"), ROUND_DOWN)
    return number(shown, language=language) + "%"


def share(part: int, whole: int, language: str = "vi") -> str:
    """Part, whole and percentage: a percentage never stands without its two numbers.

    >>> share(1_204_869, 1_205_100)
    '1.204.869/1.205.100 (99,98%)'
    """
    return f"{number(part, language=language)}/{number(whole, language=language)} ({percent(part, whole, language)})"


def duration(length: timedelta, language: str = "vi") -> str:
    """The two largest units that matter, rounded down.

    >>> duration(timedelta(days=5, hours=21, minutes=9)), duration(timedelta(seconds=125), "en")
    ('5 ngày 21 giờ', '2 minutes 5 seconds')
    >>> duration(timedelta(days=3, minutes=4)), duration(timedelta(milliseconds=3))
    ('3 ngày', '0 giây')
    """
    seconds = max(0, int(length.total_seconds()))
    counts = (seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    first = next((place for place, count in enumerate(counts) if count), len(counts) - 1)
    words = [
        f"{number(counts[place], language=language)} {PERIODS[language][place][counts[place] != 1]}"
        for place in range(first, min(first + 2, len(counts)))
        if counts[place] or place == first
    ]
    return " ".join(words)


def day_text(day: date) -> str:
    """DD/MM/YYYY.

    >>> day_text(date(2021, 3, 5))
    '05/03/2021'
    """
    return f"{day:%d/%m/%Y}"


def when_text(instant: datetime, seconds: bool = False) -> str:
    """An aware instant in Vietnam time, without markup (for sheets and plain sentences).

    >>> from datetime import UTC
    >>> when_text(datetime(2026, 11, 20, 18, 0, 7, tzinfo=UTC), seconds=True)
    '21/11/2026 01:00:07'
    """
    local = vietnam(instant)
    return f"{local:%d/%m/%Y %H:%M:%S}" if seconds else f"{local:%d/%m/%Y %H:%M}"


def when(instant: datetime, seconds: bool = False) -> Markup:
    """The `<time>` element of an instant: Vietnam time, the exact instant for machines and on hover."""
    exact = vietnam(instant).isoformat(timespec="seconds")
    text = when_text(instant, seconds)
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exact, text)


def day(value: date) -> Markup:
    """The `<time>` element of a calendar day."""
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day_text(value))


def vietnam(instant: datetime) -> datetime:
    """The same instant in Vietnam. Raises ValueError for a naive time: nobody knows which one it means."""
    if instant.tzinfo is None:
        raise ValueError(f"a time without time zone cannot be shown: {instant}")
    return instant.astimezone(VIETNAM)


def digest_groups(digest: str) -> tuple[str, ...]:
    """A digest in groups of 8, so that two of them can be compared by eye.

    >>> digest_groups("3f9ac21e9c0477b1")
    ('3f9ac21e', '9c0477b1')
    """
    return tuple(digest[start : start + GROUP] for start in range(0, len(digest), GROUP))


def first_difference(one: str, other: str) -> int | None:
    """The number (from 0) of the first group in which two digests differ, or None when they are equal.

    >>> first_difference("3f9ac21e9c0477b1", "3f9ac21e9c0477b2"), first_difference("ab", "ab")
    (1, None)
    """
    pairs = zip(digest_groups(one.ljust(len(other))), digest_groups(other.ljust(len(one))), strict=True)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), None)


def digest_short(digest: str) -> str:
    """The first 12 characters: enough to recognise, never enough to prove."""
    return digest[:SHORT_DIGEST] + "…" if len(digest) > SHORT_DIGEST else digest


def shorten(text: str, limit: int) -> str:
    """NFC, cut at the last space before `limit` characters, then "…".

    Never inside a word or between a letter and its mark: a first word longer than the limit stays whole.
    Not for codes, numbers, names, dates or clauses: those are never cut.

    >>> shorten("Hồ sơ thanh tra chuyên ngành", 15), shorten("Hồ sơ", 15)
    ('Hồ sơ thanh tra…', 'Hồ sơ')
    """
    composed = unicodedata.normalize("NFC", text)
    if len(composed) <= limit:
        return composed
    cut = composed.rfind(" ", 0, limit + 1)
    if cut <= 0:
        cut = composed.find(" ")
    return composed if cut <= 0 else composed[:cut].rstrip(" ,.;:–-") + "…"


def visible_name(name: str) -> Markup:
    """A file name that cannot deceive: isolated in `<bdi>`, controls and right-to-left letters named.

    "gpj.exe" written after U+202E would be read as "exe.jpg". A name that is not NFC ends with [NFD]: two
    names may look equal and be different bytes.

    >>> visible_name("anh\\u202egpj.exe")
    Markup('<bdi>anh<span class="control" title="RIGHT-TO-LEFT OVERRIDE">[U+202E]</span>gpj.exe</bdi>')
    >>> visible_name("Quyết định.pdf")
    Markup('Quyết định.pdf')
    """
    composed = unicodedata.normalize("NFC", name)
    shown = Markup("").join(_named(letter) if _deceives(letter) else escape(letter) for letter in composed)
    if composed != name:
        shown += Markup('<span class="control" title="not NFC">[NFD]</span>')
    elif "<" not in shown:
        return shown
    return Markup("<bdi>{}</bdi>").format(shown)


def _deceives(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"} or (
        unicodedata.bidirectional(letter) in {"R", "AL"}
    )


def _named(letter: str) -> Markup:
    name = unicodedata.name(letter, "control character")
    return Markup('<span class="control" title="{}">[U+{:04X}]</span>').format(name, ord(letter))
