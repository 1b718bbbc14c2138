"""RFC 3339, section 5.6: date, time to the second, zone."""

from __future__ import annotations

import re
from calendar import monthrange

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,30})?(?:[Zz]|[+-](\d\d):(\d\d))", re.ASCII
)


def is_rfc3339(value: object) -> bool:
    """
    >>> [is_rfc3339(each) for each in ("2021-03-30T15:18:29.613693922-05:00", "2016-12-31T23:59:60Z")]
    [True, True]
    >>> [is_rfc3339(each) for each in ("2019-01-01T02:03:04", "2019-01-01T01:02Z", "2019-02-29T01:02:03Z", 3)]
    [False, False, False, False]
    """
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return False
    year, month, day, hour, minute, second, off_hour, off_minute = (int(each or 0) for each in match.groups())
    if not 1 <= month <= 12 or (year and not 1 <= day <= monthrange(year, month)[1]) or not 1 <= day <= 31:
        return False
    # A leap second is written as 60 (RFC 3339, appendix D).
    return hour <= 23 and minute <= 59 and second <= 60 and off_hour <= 23 and off_minute <= 59
