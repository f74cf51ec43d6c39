"""Entries of the log, added in the unit that does what they tell. The integrator gives them their place later."""

from __future__ import annotations

from hub.model.audit import Entry
from hub.store import tables as t
from hub.store.scope import Scope


class AuditTable:
    """See :class:`hub.ports.AuditRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._count = 0
        self._at = f"{scope.now:%Y%m%dT%H%M%S%f}"

    def append(self, entry: Entry) -> str:
        """Add an entry; its id sorts by time, then by place in the unit, and ends in random characters."""
        self._count += 1
        entry_id = f"{self._at}-{self._count:05d}-{self._scope.ids.number()}"
        self._scope.add(t.audit_entry, {"id": entry_id, "body": entry.body(entry_id), "entry_index": None})
        self._scope.add(t.audit_pending, {"id": entry_id})
        return entry_id
