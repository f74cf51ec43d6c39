"""Entries of the log, added in the unit that does what they tell. The integrator gives them their place later."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from sqlalchemy import select

from hub.model.audit import AuditEvent, Entry
from hub.store import tables as t
from hub.store.scope import Scope


class AuditTable:
    """See :class:`hub.ports.AuditRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._count = 0
        self._at = stamp(scope.now)

    def append(self, entry: Entry) -> str:
        """Add an entry; its id sorts by time, then by place in the unit, and ends in random characters."""
        self._count += 1
        entry_id = f"{self._at}-{self._count:05d}-{self._scope.ids.number()}"
        self._scope.add(t.audit_entry, {"id": entry_id, "body": entry.body(entry_id), "entry_index": None})
        self._scope.add(t.audit_pending, {"id": entry_id})
        return entry_id

    def opened(self, envelope_id: str, at: datetime) -> tuple[str, bytes] | None:
        """The entry of the open that released a message at an instant, with which the id of that entry begins."""
        c, first = t.audit_entry.c, stamp(at)
        statement = select(c.id, c.body).where(c.id >= f"{first}-", c.id < f"{first}.").order_by(c.id)
        for row in self._scope.read(statement, t.audit_entry):
            said = orjson.loads(row.body)
            ours = said["event_type"] == AuditEvent.DELIVERY and said.get("envelope_id") == envelope_id
            if ours and said.get("payload_digest"):
                return row.id, row.body
        return None


def stamp(at: datetime) -> str:
    """An instant in UTC, as the id of an entry begins: it sorts."""
    return f"{at:%Y%m%dT%H%M%S%f}"


def instant_of(entry_id: str | None) -> datetime | None:
    """The instant that the id of an audit entry begins with; None where it is no such id."""
    try:
        return datetime.strptime(entry_id[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC) if entry_id else None
    except ValueError:
        return None
