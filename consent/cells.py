"""The cells of a consent row: text in, value out, and a list of what cannot be read. Keeps and reports no text.

A function for a kind of value gives None where the text is not of that kind; :class:`Cells` notes it with its shape.
Days and times are local in the pack's zone and become UTC instants, half-open (I-05): a day begins at its first local
instant and is over at that of the next. Only ASCII digits count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from hub.errors import shape

_T = TypeVar("_T")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")  # BCP 47: language-Script-REGION
_WORKER = re.compile(r"[A-Za-z0-9._-]{1,40}")
_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9._:/-]{1,64}")  # an id of ours or of a system; a name has no digit
YEARS = range(1900, 2200)
_FLAGS = {"1": True, "true": True, "0": False, "false": False}


class Effect(Enum):
    """What a fault does to the record."""

    DRAFT = "a mandatory field is not there: it stays DRAFT and answers DN_PENDING"
    BROAD = "it names what is on no list: it is filed and answers DN_OVERBROAD (V-05, C-54, C-55)"
    LISTED = "no grant rests on it: it is said, and the rest of the row counts"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one column.

    Args:
        got: ``nothing`` or the shape of the value, never the value.
        unreadable: there was a value, and it is not kept.
    """

    column: str
    got: str
    expected: str
    effect: Effect = Effect.DRAFT
    unreadable: bool = False


class Cells:
    """The cells of one row, and a list of what is wrong with them. Blank means absent."""

    def __init__(self, row: Mapping[str, str]) -> None:
        self._row = row
        self.faults: list[Fault] = []

    def text(self, column: str) -> str:
        """The text of a cell, or nothing."""
        return self._row.get(column, "").strip()

    def fault(self, column: str, got: str, expected: str) -> None:
        """Note that a mandatory field is not there."""
        self.faults.append(Fault(column, got, expected))

    def one(
        self,
        column: str,
        expected: str,
        parse: Callable[[str], _T | None],
        *,
        required: bool = True,
        unread: Effect = Effect.DRAFT,
    ) -> _T | None:
        """The value of a cell, or None.

        Args:
            expected: what the column may hold, for people.
            parse: gives None for what it may not.
            required: blank is a fault.
            unread: what a value that cannot be read does to the record.
        """
        text = self.text(column)
        value = parse(text) if text else None
        if value is None and text:
            self.faults.append(Fault(column, f"`{shape(text)}`", expected, unread, unreadable=True))
        elif value is None and required:
            self.fault(column, "nothing", expected)
        return value

    def listed(self, column: str, expected: str, parse: Callable[[str], _T | None]) -> _T | None:
        """The value of a cell on which nothing rests, or None."""
        return self.one(column, expected, parse, required=False, unread=Effect.LISTED)

    def several(
        self,
        column: str,
        expected: str,
        parse: Callable[[str], _T | None],
        *,
        required: bool = True,
        unread: Effect = Effect.DRAFT,
    ) -> tuple[_T, ...]:
        """The words of a cell that can be read, each once; one that cannot makes the column unreadable."""
        words = self.text(column).split()
        values = [parse(word) for word in words]
        if None in values:
            bad = words[values.index(None)]
            self.faults.append(Fault(column, f"`{shape(bad)}`", expected, unread, unreadable=True))
        elif required and not words:
            self.fault(column, "nothing", expected)
        return tuple(dict.fromkeys(value for value in values if value is not None))


def flag(text: str) -> bool | None:
    """``1`` or ``0``, as CMS and its CSV write them; ``true`` and ``false`` are taken too."""
    return _FLAGS.get(text.lower())


def day(text: str) -> date | None:
    """``YYYY-MM-DD`` in a year that a consent can be about: 0202 is a slip, and 9999 says that there is no end."""
    try:
        on = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return on if on and on.year in YEARS else None


def day_start(text: str, zone: ZoneInfo) -> datetime | None:
    """The first instant of a local day."""
    return _start(on, zone) if (on := day(text)) else None


def day_end(text: str, zone: ZoneInfo) -> datetime | None:
    """The instant at which a local day is over."""
    return _start(on + timedelta(days=1), zone) if (on := day(text)) else None


def instant(text: str, zone: ZoneInfo) -> datetime | None:
    """``YYYY-MM-DD HH:MM:SS``, local. An hour that comes twice is read as the first: limits then end earlier."""
    if _TIME.fullmatch(text) is None or day(text[:10]) is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def instant_or_day(text: str, zone: ZoneInfo) -> datetime | None:
    """A local time, or the first instant of a local day."""
    return instant(text, zone) or day_start(text, zone)


def tag(text: str) -> str | None:
    """A BCP 47 tag in its usual letters: ``fr-CA``."""
    if (parts := _TAG.fullmatch(text)) is None:
        return None
    language, script, region = parts.groups()
    spelled = (language.lower(), (script or "").title(), (region or "").upper())
    return "-".join(part for part in spelled if part)


def worker(text: str) -> str | None:
    """A worker's id: letters, digits and ``-_.``, up to 40."""
    return text if _WORKER.fullmatch(text) else None


def named_id(text: str) -> str | None:
    """An id of a consent or directive, up to 64 characters with at least one digit."""
    return text if _ID.fullmatch(text) else None


def _start(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), tzinfo=zone).astimezone(UTC)
