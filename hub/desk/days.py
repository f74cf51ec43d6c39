"""Days as officers type them: an agency's local days, each until its end."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.exchange.house import House
from hub.ports import Directory

HOME_PACK = "ca-on"  # whose zone days of the directory are in; an agency's own pack governs its consents
_LAST_DAY = date(9998, 12, 31)  # what is later is too late in any zone


def zone_of(house: House, directory: Directory, agency: str | None) -> ZoneInfo:
    """Where an agency's days begin; None: the hub's."""
    return ZoneInfo(house.packs.facts(directory.agencies[agency].pack if agency else HOME_PACK).zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day is over."""
    return datetime.combine(min(day, _LAST_DAY) + timedelta(days=1), time(), zone)
