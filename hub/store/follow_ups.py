"""Follow-ups of which their systems have been told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from hub.model.rows import FollowUpDue
from hub.store import tables as t
from hub.store.scope import Scope
from hub.store.sql import upsert

_INSERT = upsert(t.follow_up)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["system", "record_key"],
    set_={"due_on": _INSERT.excluded.due_on, "missed": _INSERT.excluded.missed},
)


# of a system that is not asked any more nobody knows
MISSED = (
    t.follow_up.c.missed == 1,
    t.follow_up.c.system.in_(select(t.system.c.id).where(t.system.c.status == "active")),
)
AT_ONCE = 1_000  # keys in one statement


class FollowUpTable:
    """See :class:`hub.ports.FollowUpRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def of(self, system: str) -> dict[str, FollowUpDue]:
        """All of a system, by record key."""
        rows = self._scope.read(select(t.follow_up).where(t.follow_up.c.system == system), t.follow_up)
        return {row.record_key: _due(row) for row in rows}

    def put(self, row: FollowUpDue) -> None:
        """Add or replace."""
        values = {"system": row.system, "record_key": row.record_key, "due_on": row.due_on.isoformat()}
        self._scope.add(t.follow_up, {**values, "missed": int(row.missed)}, _PUT)

    def forget(self, system: str, keys: Iterable[str]) -> None:
        """These have been made, or are to be made no more."""
        c = t.follow_up.c
        every = list(keys)
        for start in range(0, len(every), AT_ONCE):  # a server takes 32,767 values in one statement
            some = every[start : start + AT_ONCE]
            self._scope.write(delete(t.follow_up).where(c.system == system, c.record_key.in_(some)))

    def missed(self, limit: int) -> list[FollowUpDue]:
        """Those whose window is over, the earliest first."""
        c = t.follow_up.c
        over = select(t.follow_up).where(*MISSED).order_by(c.due_on, c.system, c.record_key)
        return [_due(row) for row in self._scope.read(over.limit(limit), t.follow_up)]


def _due(row: Any) -> FollowUpDue:
    return FollowUpDue(row.system, row.record_key, date.fromisoformat(row.due_on), bool(row.missed))
