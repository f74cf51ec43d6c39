"""Days as officers type them: an agency's local days, each until its end."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.ports import Directory

HOME_PACK = "ca-on"  # whose zone days of the directory are in; an agency's own pack governs its consents
_LAST_DAY = date(9998, 12, 31)  # what is later is too late in any zone


def zone_of(house: House, directory: Directory, agency: str | None) -> ZoneInfo:
    """Where an agency's days begin; None: the hub's."""
    return ZoneInfo(house.packs.facts(directory.agencies[agency].pack if agency else HOME_PACK).zone)


def as_of(said: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The end of a local day that is over.

    Raises:
        Refused: it is no day, or not over yet.
    """
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise Refused("--as-of", shape(said), "a day", "YYYY-MM-DD") from None
    if (at := end_of(day, zone)) > now:
        raise Refused("--as-of", "a day that is not over", "a day before today", "leave it out: then it is as of now")
    return at


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day is over."""
    return datetime.combine(min(day, _LAST_DAY) + timedelta(days=1), time(), zone)
