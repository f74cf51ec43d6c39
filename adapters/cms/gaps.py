"""When holes of a log were first seen: kept in the adapter's memory, so that the wait survives a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from adapters.cms.changes import Hole, N, Taken, first_seen, take
from adapters.contract import Memory
from hub.model.canonical import canonical


class Waiting:
    """The holes of one log. ``key``: of the memory."""

    def __init__(self, memory: Memory, key: str) -> None:
        self._memory, self._key = memory, key

    def take(self, entries: Sequence[N], after: int, now: datetime) -> Taken[N]:
        """Take what may be taken of a page that stands behind a number."""
        known = self._known()
        seen = first_seen(entries, after, known, now)
        if seen != known:
            rows = [[first, last, at.isoformat()] for (first, last), at in seen.items()]
            self._memory.put(self._key, canonical(rows).decode())
        return take(entries, after, seen, now)

    def _known(self) -> dict[Hole, datetime]:
        rows = orjson.loads(self._memory.get(self._key) or "[]")
        return {(first, last): datetime.fromisoformat(at) for first, last, at in rows}
