"""Dates and times of FHIR as the stretch that each covers, and as a search asks for them (FHIR R4 search). Pure."""

from __future__ import annotations

import calendar
import re
from datetime import MAXYEAR, UTC, datetime, timedelta

Span = tuple[datetime, datetime]

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_CLOCK = r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
_DATE = re.compile(rf"[0-9]{{4}}(-[0-9]{{2}}(-[0-9]{{2}}({_CLOCK})?)?)?")


def asked_span(value: str) -> tuple[str, Span] | None:
    """Prefix and span of a date in a search; None: it is no date."""
    prefix, day = (value[:2], value[2:]) if value[:2] in PREFIXES else ("eq", value)
    span = span_of(day)
    return None if span is None else (prefix, span)


def span_of(text: str) -> Span | None:
    """What a date of FHIR covers, in UTC, half-open; one without an offset is in UTC. None: it is no date, or at an
    end of time, where nothing can be reckoned.
    """
    text = text.replace(" ", "+")  # a + of an offset, where somebody has not encoded it
    if not _DATE.fullmatch(text):
        return None
    try:
        low, high = _covered(text)
        return None if low.year == MAXYEAR else (low, high)
    except (ValueError, OverflowError):
        return None


def _covered(text: str) -> Span:
    match len(text):
        case 4:
            return utc(int(text), 1), utc(int(text) + 1, 1)
        case 7:
            year, month = int(text[:4]), int(text[5:])
            return utc(year, month), utc(year, month) + timedelta(days=calendar.monthrange(year, month)[1])
        case 10:
            low = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return low, low + timedelta(days=1)
    low = datetime.fromisoformat(text)
    low = low.astimezone(UTC) if low.tzinfo else low.replace(tzinfo=UTC)
    clock = text[11:].rstrip("Z").partition("+")[0].partition("-")[0]
    fine = timedelta(milliseconds=1) if "." in clock else timedelta(seconds=1)
    return low, low + (timedelta(minutes=1) if len(clock) == len("09:00") else fine)


def utc(year: int, month: int) -> datetime:
    """The first instant of a month."""
    return datetime(year, month, 1, tzinfo=UTC)
