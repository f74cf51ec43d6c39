"""The stretch of time that is told of, and the 90 days before it, which it is held against. Months are of UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.errors import Refused

BEFORE = timedelta(days=90)  # consent rules 3.9: of which the median is taken
BLOCKS = 3  # of 30 days, of those 90


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open: from ``start``, over at ``end``."""

    start: datetime
    end: datetime

    @property
    def since(self) -> datetime:
        """Where the 90 days before it begin."""
        return self.start - BEFORE

    def block(self, at: datetime) -> int | None:
        """0: in it; 1 to 3: in one of the stretches of 30 days before it, the last first; None: in neither."""
        if self.start <= at < self.end:
            return 0
        return (
            1 + int((self.start - at - timedelta.resolution) / (BEFORE / BLOCKS))
            if self.since <= at < self.start
            else None
        )


def days(count: int, now: datetime) -> Window:
    """The last so many days, up to and with this instant."""
    return Window(now - timedelta(days=count), now + timedelta.resolution)


def month(text: str | None, now: datetime) -> Window:
    """A month that is over; None: the last one.

    Raises:
        Refused: it is no month, or not over.
    """
    this = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if text is None:
        start = (this - timedelta(days=1)).replace(day=1)
    else:
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
            raise Refused("--month", "no month", "YYYY-MM", "leave it out for the last month")
        start = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
    end = (start + timedelta(days=32)).replace(day=1)
    if end > this:
        raise Refused("--month", "a month that is not over", "one that is", "leave it out for the last month")
    return Window(start, end)
