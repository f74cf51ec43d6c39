"""Days, months and years in the calendar (I-05): months end on the same day number, or on the last day of the month."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def months_after(day: date, months: int) -> date:
    """The day so many months later.

    Raises:
        ValueError: it lies beyond the calendar.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not 1 <= year <= MAXYEAR:
        raise ValueError("beyond the calendar")
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def days_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time so many days later: a zone's own clock counts days, not hours; the last instant there is
    where it lies beyond the calendar.
    """
    try:
        return (at.astimezone(zone) + timedelta(days=days)).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def years_after(at: datetime, years: int) -> datetime:
    """The instant so many years later, at the same time of day; the last instant there is where it lies beyond."""
    try:
        return datetime.combine(months_after(at.date(), 12 * years), at.timetz())
    except ValueError:
        return datetime.max.replace(tzinfo=at.tzinfo)
