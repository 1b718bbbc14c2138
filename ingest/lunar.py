"""Days of the Vietnamese lunar calendar, reckoned at UTC+7: new moons and the sun's longitude.

Formulas: J. Meeus, Astronomical Algorithms (1998), shortened as by Hồ Ngọc Đức, "Computing the Vietnamese lunar calendar".
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from math import floor, pi, sin

_ZONE = 7 / 24
_MONTH = 29.530588853
_EPOCH = 2415021.076998695
_DAY_0 = date(2000, 1, 1).toordinal() - 2451545  # Julian day number → ordinal of Python
RAD = pi / 180


@cache
def solar(day: int, month: int, year: int) -> date:
    """The solar date of a day of the lunar year; day 0 is the last of the month before. Leap months are not asked for.

    >>> solar(1, 1, 2026).isoformat(), solar(0, 1, 2027).isoformat(), solar(10, 3, 2024).isoformat()
    ('2026-02-17', '2027-02-05', '2024-04-18')
    """
    begin, end = (
        (_eleventh(year - 1), _eleventh(year)) if month < 11 else (_eleventh(year), _eleventh(year + 1))
    )
    after = (month - 11) % 12
    if end - begin > 365 and after >= _leap_place(begin):
        after += 1
    first = _new_moon(floor(0.5 + (begin - _EPOCH) / _MONTH) + after)
    return date.fromordinal(first + _DAY_0) + timedelta(days=day - 1)


def _eleventh(year: int) -> int:
    """Julian day on which the 11th month begins: the month of the winter solstice."""
    number = floor((date(year, 12, 31).toordinal() - _DAY_0 - 2415021) / _MONTH)
    start = _new_moon(number)
    return start if _sun(start) < 9 else _new_moon(number - 1)


def _leap_place(eleventh: int) -> int:
    """Which month after the 11th has no principal term."""
    number = floor(0.5 + (eleventh - _EPOCH) / _MONTH)
    terms = [_sun(_new_moon(number + place)) for place in range(1, 15)]
    return next(place for place in range(1, 14) if terms[place] == terms[place - 1])


def _new_moon(number: int) -> int:
    """Julian day number of the `number`-th new moon since 1/1/1900."""
    t = number / 1236.85
    mean = 2415020.75933 + 29.53058868 * number + (0.0001178 - 0.000000155 * t) * t * t
    mean += 0.00033 * sin((166.56 + 132.87 * t - 0.009173 * t * t) * RAD)
    m = (359.2242 + 29.10535608 * number - (0.0000333 + 0.00000347 * t) * t * t) * RAD
    n = (306.0253 + 385.81691806 * number + (0.0107306 + 0.00001236 * t) * t * t) * RAD
    f = (21.2964 + 390.67050646 * number - (0.0016528 + 0.00000239 * t) * t * t) * RAD
    shift = (0.1734 - 0.000393 * t) * sin(m) + 0.0021 * sin(2 * m)
    shift += -0.4068 * sin(n) + 0.0161 * sin(2 * n) - 0.0004 * sin(3 * n)
    shift += 0.0104 * sin(2 * f) - 0.0051 * sin(m + n) - 0.0074 * sin(m - n) + 0.0004 * sin(2 * f + m)
    shift += -0.0004 * sin(2 * f - m) - 0.0006 * sin(2 * f + n) + 0.0010 * sin(2 * f - n)
    shift += 0.0005 * sin(2 * n + m)
    delta = -0.000278 + 0.000265 * t + 0.000262 * t * t
    return floor(mean + shift - delta + 0.5 + _ZONE)


def _sun(day: int) -> int:
    """The sign of the zodiac (0 to 11, from the March equinox) at the beginning of that Julian day."""
    t = (day - 0.5 - _ZONE - 2451545.0) / 36525
    m = (357.52910 + 35999.05030 * t - 0.0001559 * t * t - 0.00000048 * t**3) * RAD
    mean = 280.46645 + 36000.76983 * t + 0.0003032 * t * t
    centre = (1.914600 - 0.004817 * t - 0.000014 * t * t) * sin(m)
    centre += (0.019993 - 0.000101 * t) * sin(2 * m) + 0.000290 * sin(3 * m)
    return floor((mean + centre) % 360 / 30)
