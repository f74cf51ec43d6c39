"""One value of a CMS column: from what the database holds to text, or to "this is no such value".

Program systems 5.3 (types); what other kinds read in the same way is in ``adapters.cells``. Pure. It does not know
which column it reads and keeps no value in an error.

Every reader returns the value as text, ``""`` for a blank, or None where the value is not of the type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from adapters.cells import TORONTO, anything, flag, own_number, prose, text, toronto

TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def whole_number(value: Any) -> str | None:
    """A whole number. Not a text that looks like one, and not a yes or no."""
    return str(value) if type(value) is int else None


def day(value: Any) -> str | None:
    """A calendar day, ``YYYY-MM-DD``."""
    return _instant(value, _DATE, date.fromisoformat)


def timestamp(value: Any) -> str | None:
    """A local Toronto time, ``YYYY-MM-DD HH:MM:SS``, that exists: not in the hour skipped in spring (case 62)."""
    return _instant(value, _TIMESTAMP, toronto)


def local_time(now: datetime) -> str:
    """An instant as the system writes it: local Toronto time, no zone.

    Args:
        now: aware.
    """
    return now.astimezone(TORONTO).strftime(TIMESTAMP_FORMAT)


READERS: Mapping[str, Callable[[Any], str | None]] = {
    "int": whole_number,
    "text": text,
    "id": own_number,
    "prose": prose,
    "flag": flag,
    "date": day,
    "timestamp": timestamp,
    "anything": anything,
}

EXPECTED: Mapping[str, str] = {
    "int": "a whole number",
    "text": "text in UTF-8 without control characters",
    "id": "a number of the agency's own: letters, digits and . _ / -, 20 at most, no spaces",
    "prose": "text in UTF-8 without control characters",
    "flag": "1 or 0, or blank",
    "date": "a day as YYYY-MM-DD",
    "timestamp": "a Toronto time that exists, as YYYY-MM-DD HH:MM:SS",
    "anything": "anything",
}


def _instant(value: Any, form: re.Pattern[str], check: Callable[[str], object]) -> str | None:
    if not isinstance(value, str):
        return None
    stripped = value.strip()
    if stripped and not form.fullmatch(stripped):
        return None
    try:
        return stripped if not stripped or check(stripped) is not None else None
    except (ValueError, OverflowError):  # the 30th of February; the last evening of the year 9999
        return None
