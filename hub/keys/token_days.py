"""When a key of tokens is over, and its end. Apart from ``tokens.py``: workers look for it, and need no JOSE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from hub.keys.files import destroy, unavailable

KEPT = timedelta(days=2)  # [policy] after the end of its day; a token lives five minutes
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.key(\..*)?")


def destroy_over(folder: Path, now: datetime) -> Sequence[date]:
    """Destroy the keys whose time is over; their days. The instant itself, two days after the day's end, is over.

    Raises:
        Unavailable: the folder cannot be read, or a file of it not removed.
    """
    try:
        names = [entry.name for entry in folder.iterdir()] if folder.exists() else []
    except OSError as error:
        raise unavailable(folder, error) from None
    days = {day for name in names if (form := _FILE.fullmatch(name)) and (day := day_of(form[1]))}
    over = [day for day in sorted(days) if now >= datetime.combine(day + timedelta(days=1), time(), UTC) + KEPT]
    return [day for day in over if destroy(folder, f"{day.isoformat()}.key")]


def day_of(text: str) -> date | None:
    """A day as it stands in a name; None: none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
