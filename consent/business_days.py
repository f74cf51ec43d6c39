"""Business days (settled S40): the deadlines of reviews and notices. Pure; which days are holidays a library says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SATURDAY = 5


def after(at: datetime, days: int, *, zone: str, holidays: str) -> datetime:
    """The end of the last of some business days that follow an instant, local to a zone, in UTC.

    Args:
        at: aware; its own local day does not count.
        days: at least 1.
        holidays: country and province as ISO 3166-2 writes them, ``CA-ON``.
    """
    local = ZoneInfo(zone)
    day = at.astimezone(local).date()
    while days:
        day += timedelta(days=1)
        days -= is_business_day(day, holidays)
    return datetime.combine(day + timedelta(days=1), time(), local).astimezone(UTC)


def is_business_day(day: date, holidays: str) -> bool:
    """Whether people are at work on a day."""
    return day.weekday() < SATURDAY and day not in _holidays(holidays, day.year)


@lru_cache(maxsize=64)
def _holidays(place: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - it knows every country, and takes a moment to say so

    country, _, province = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=province or None, years=year))
