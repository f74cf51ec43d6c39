"""What a unit or a peek reads and writes of what is old; see ``unit.py``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from hub.model.keeping import OldPage, Person, Room


class KeepingRows(Protocol):
    """What is old, and its end. Whether something ends is not known here."""

    def old(self, room: Room, before: datetime, after: str, limit: int) -> OldPage:
        """What of a room tells of a time before an instant, a page behind a key."""

    def people(self, refs: Iterable[str]) -> dict[str, Person]:
        """Of those people that there are, what the rules of keeping look at."""

    def end(self, room: Room, keys: Iterable[str]) -> None:
        """Delete what these are with all that belongs to it; of a line of the log, what it says."""
