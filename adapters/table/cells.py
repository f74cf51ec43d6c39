"""One typed cell of a table: from what its file or database gave to text, or to why it is no such value.

Program systems §10, cases 6, 7, 11, 12, 20, 29, 30, 33, 62, 63. Pure. The form of dates and times is the connection's,
fixed and never guessed (case 12); what is read here has one form whatever it came from, so that equal values are equal
bytes.

==========  ==================================================================  ===========================
type        takes                                                               as text
==========  ==================================================================  ===========================
``id``      letters, digits and ``. _ / -``, 20 at most, the first a letter or  as it is
            a digit; a whole number
``text``    one line of text; a whole number                                    cleaned, accents composed
``code``    the same                                                            the same
``prose``   several lines of text                                               each line cleaned
``number``  digits with a point or the comma of French; a number                ``12``, ``0.25``
``flag``    yes or no, y or n, true or false, oui or non, 1 or 0                ``1``, ``0``
``date``    a text of the connection's form; a date, or a day number of a       ``2026-03-01``
            workbook
``time``    the same with ``HH:MM`` or ``HH:MM:SS`` behind it, Toronto time     ``2026-03-01 09:30:00``
``any``     anything: for a column that counts as soon as it is filled          stripped
==========  ==================================================================  ===========================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from adapters import cells
from hub.errors import shape

DAY, STAMP = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
DATES = ("YYYY-MM-DD", "YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "DD.MM.YYYY", "YYYYMMDD")

_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{2})", "DD": r"(?P<day>\d{2})"}
_CLOCK = re.compile(r"(?P<rest>.*?)[ T](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0+)?)?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(?:[.,]\d{1,9})?", re.ASCII)
_SERIAL_MAX = 2_958_465  # the last day of the year 9999 in a workbook
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_DAYS_LATER = (_EPOCH_1904 - _EPOCH).days  # 1,462


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that is no value of its type. ``got`` is a shape or a few words of ours, never the value."""

    got: str


@dataclass(frozen=True, slots=True)
class Forms:
    """How a connection writes days.

    Args:
        dates: one of :data:`DATES`.
        since_1904: the workbook counts days from 1904 (case 11).
        serial: a plain number in a column of days is a day number, as in a workbook.
    """

    dates: str = DATES[0]
    since_1904: bool = False
    serial: bool = False


Cell = str | Unread
Raw = str | int | float | bool | date | datetime | time | timedelta | bytes | Unread | None


def typed(kind: str, value: Raw, forms: Forms) -> Cell:
    """A cell as text; ``""`` where it is blank.

    Args:
        kind: a type of the table above.
        value: as the file or the database gave it.
    """
    if value is None or isinstance(value, Unread):
        return "" if value is None else value
    found = _READERS[kind](value, forms)
    if found is not None:
        return found
    return Unread(shape(value) if isinstance(value, str) else f"a {type(value).__name__}")


def _text(value: Any, _: Forms) -> str | None:
    return cells.text(_as_text(value))


def _id(value: Any, _: Forms) -> str | None:
    return cells.own_number(_as_text(value))


def _prose(value: Any, _: Forms) -> str | None:
    return cells.prose(_as_text(value))


def _any(value: Any, _: Forms) -> str | None:
    return cells.anything(value)


def _as_text(value: Any) -> Any:
    """A whole number is its digits (case 30); another number never becomes an identifier (case 20)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return str(int(value)) if value == value // 1 and abs(value) < 10**15 else None
    return str(value) if isinstance(value, int) else value


def _number(value: Any, _: Forms) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = _plain(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text and not _NUMBER.fullmatch(text):
        return None
    whole, point, rest = text.replace(",", ".").partition(".")
    rest = rest.rstrip("0")
    return f"{whole}.{rest}" if point and rest else whole


def _plain(value: int | float) -> str:
    """A number in digits; ``1e-05`` too. What is none is ``?``."""
    if not abs(value) < 10**15:  # nor is what is no number at all
        return "?"
    return str(value) if isinstance(value, int) else f"{value:.9f}".rstrip("0").rstrip(".")


def _flag(value: Any, _: Forms) -> str | None:
    if isinstance(value, float):
        value = int(value) if value in (0, 1) else "?"
    return cells.flag(value)


def _date(value: Any, forms: Forms) -> str | None:
    if isinstance(value, datetime):
        return value.strftime(DAY) if value.time() == time() and value.year >= 1000 else None
    if isinstance(value, date):
        return value.isoformat() if value.year >= 1000 else None
    if isinstance(value, int | float):
        return _serial(value, forms)
    if not isinstance(value, str):
        return None
    text = value.strip()
    return _day(text, forms.dates) if text else ""


def _serial(value: Any, forms: Forms) -> str | None:
    """A day number of a workbook that lost the look of a date (case 11). The year 1900 had no 29 February there."""
    epoch, last = (_EPOCH_1904, _SERIAL_MAX - _DAYS_LATER) if forms.since_1904 else (_EPOCH, _SERIAL_MAX)
    if isinstance(value, bool) or not forms.serial or value != value // 1 or not 61 <= value <= last:
        return None
    return (epoch + timedelta(days=int(value))).isoformat()


def _time(value: Any, forms: Forms) -> str | None:
    if isinstance(value, datetime):
        try:
            local = value.astimezone(cells.TORONTO) if value.tzinfo else value
        except OverflowError:  # an instant that is before the first day in Toronto, or after the last
            return None
        return _existing(local.replace(tzinfo=None, microsecond=0).isoformat(" "))
    if not isinstance(value, str):
        return None
    text = value.strip()
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None if text else ""
    day = _day(found["rest"], forms.dates)
    return _existing(f"{day} {found['hour']}:{found['minute']}:{found['second'] or '00'}") if day else None


def _existing(stamp: str) -> str | None:
    """A Toronto time that the clock did not skip (case 62)."""
    try:
        return stamp if cells.toronto(stamp) is not None else None
    except (ValueError, OverflowError):
        return None


def _day(text: str, form: str) -> str | None:
    found = _pattern(form).fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
    except ValueError:  # the 30th of February
        return None


def _pattern(form: str) -> re.Pattern[str]:
    text = re.escape(form)
    for word, part in _PARTS.items():
        text = text.replace(word, part)
    return re.compile(text, re.ASCII)


_READERS: Mapping[str, Callable[[Any, Forms], str | None]] = {
    "id": _id,
    "text": _text,
    "code": _text,
    "prose": _prose,
    "number": _number,
    "flag": _flag,
    "date": _date,
    "time": _time,
    "any": _any,
}
TYPES = tuple(_READERS)
EXPECTED: Mapping[str, str] = {
    "id": "a number of the agency's own: letters, digits and . _ / -, 20 at most, no spaces",
    "text": "text without control characters",
    "code": "a word of its list",
    "prose": "text without control characters",
    "number": "a number",
    "flag": "yes or no, or blank",
    "date": "a day that exists, in the form of the setting `dates`",
    "time": "a Toronto time that exists, the day in the form of the setting `dates`",
    "any": "anything",
}
