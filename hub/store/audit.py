"""Entries of the log, added in the unit that does what they tell. The integrator gives them their place later.

The one whom an entry is about (``subject_ref``) stands beside it (``audit_about``), so that what was disclosed of a
person is found without reading the log. A look at a page of people lists them (``subjects``) and stands beside none: no
accounting tells of looks. That table proves nothing, and its loss breaks no proof: an entry says by itself whom it is
about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select

from hub.model.audit import AuditEvent, Entry
from hub.store import tables as t
from hub.store.scope import Scope

PAGE = 500  # entries read at once


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
        if subject_ref := entry.details.get("subject_ref"):
            self._scope.add(t.audit_about, {"subject_ref": subject_ref, "entry_id": entry_id})
        return entry_id

    def opened(self, envelope_id: str, at: datetime) -> tuple[str, bytes] | None:
        """The entry of the open that released a message at an instant, with which the id of that entry begins."""
        c, first = t.audit_entry.c, stamp(at)
        statement = select(c.id, c.body).where(c.id >= f"{first}-", c.id < f"{first}.").order_by(c.id)
        for row in self._scope.read(statement, t.audit_entry):
            said = orjson.loads(row.body or b'{"event_type":""}')  # one that has ended says nothing
            ours = said["event_type"] == AuditEvent.DELIVERY and said.get("envelope_id") == envelope_id
            if ours and said.get("payload_digest"):
                return row.id, row.body
        return None

    def about(self, refs: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The entries about these people, oldest first, a page at a time."""
        about, entry, wanted, after = t.audit_about.c, t.audit_entry.c, sorted(set(refs)), ""
        while True:
            statement = (
                select(entry.id, entry.body)
                .join(t.audit_about, about.entry_id == entry.id)
                .where(about.subject_ref.in_(wanted), about.entry_id > after)
                .order_by(about.entry_id)
                .limit(PAGE)
            )
            page = self._scope.read(statement, t.audit_entry, t.audit_about)
            yield from (orjson.loads(row.body) for row in page)
            if len(page) < PAGE:
                return
            after = page[-1].id

    def subject_of(self, entry_id: str) -> str | None:
        """Whom an entry is about."""
        c = t.audit_entry.c
        found = self._scope.one(select(c.body).where(c.id == entry_id), t.audit_entry)
        said = orjson.loads(found.body) if found and found.body else {}  # one that has ended says nothing
        return said.get("subject_ref")


def stamp(at: datetime) -> str:
    """An instant in UTC, as the id of an entry begins: it sorts."""
    return f"{at:%Y%m%dT%H%M%S%f}"


def instant_of(entry_id: str | None) -> datetime | None:
    """The instant that the id of an audit entry begins with; None where it is no such id."""
    try:
        return datetime.strptime(entry_id[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC) if entry_id else None
    except ValueError:
        return None
