"""Notices to senders, cursors of sources, leases of single workers, memories of adapters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from hub.model.rows import Notice
from hub.store import tables as t
from hub.store.scope import Scope, instant, text
from hub.store.sql import upsert


class NoticeTable:
    """See :class:`hub.ports.NoticeRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, row: Notice) -> None:
        """Queue a notice."""
        self._scope.add(
            t.notice,
            {
                "notice_id": row.notice_id,
                "system": row.system,
                "kind": row.kind,
                "code": row.code,
                "record_key": row.record_key,
                "place": row.place,
                "state": "sent" if row.sent else "waiting",
                "attempts": row.attempts,
                "due_at": text(row.due_at),
                "created_at": text(row.created_at),
            },
        )

    def due(self, system: str, now: datetime, limit: int) -> list[Notice]:
        """Notices to write into a system now."""
        c = t.notice.c
        where = (c.system == system, c.state == "waiting", c.due_at <= text(now))
        return [
            _notice(row) for row in self._scope.read(select(t.notice).where(*where).order_by(c.created_at).limit(limit))
        ]

    def get(self, notice_id: str, system: str, *, sent: bool = False) -> Notice | None:
        """One that waits for a system, or with ``sent`` one that it has too."""
        c = t.notice.c
        waits = () if sent else (c.state == "waiting", c.due_at <= text(self._scope.now))
        row = self._scope.one(select(t.notice).where(c.notice_id == notice_id, c.system == system, *waits), t.notice)
        return _notice(row) if row else None

    def sent(self, notice_id: str) -> bool:
        """The sender's system has it; whether nobody had noted that before."""
        c = t.notice.c
        waits = update(t.notice).where(c.notice_id == notice_id, c.state == "waiting")
        return self._scope.write(waits.values(state="sent"), None, t.notice) > 0

    def postpone(self, notice_id: str, due_at: datetime) -> None:
        """Try again at an instant."""
        c = t.notice.c
        statement = update(t.notice).where(c.notice_id == notice_id)
        self._scope.write(statement.values(due_at=text(due_at), attempts=c.attempts + 1))


class CursorTable:
    """See :class:`hub.ports.Cursors`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, system: str) -> str:
        """The stored cursor, or ""."""
        row = self._scope.one(select(t.adapter_cursor.c.cursor).where(t.adapter_cursor.c.system == system))
        return str(row.cursor) if row else ""

    def put(self, system: str, cursor: str) -> None:
        """Store a cursor."""
        statement = upsert(t.adapter_cursor).values(system=system, cursor=cursor)
        self._scope.write(statement.on_conflict_do_update(index_elements=["system"], set_={"cursor": cursor}))

    def let_go(self, holder: str) -> None:
        """Give back every lease of a holder."""
        self._scope.write(delete(t.lease).where(t.lease.c.holder == holder))

    def held(self, name: str) -> tuple[str, datetime] | None:
        """Who holds a lease, and until when."""
        row = self._scope.one(select(t.lease.c.holder, t.lease.c.until_at).where(t.lease.c.name == name))
        return (row.holder, instant(row.until_at)) if row else None

    def renew(self, name: str, holder: str, until: datetime) -> bool:
        """Prolong a lease of this holder."""
        mine = (t.lease.c.name == name, t.lease.c.holder == holder)
        return self._scope.write(update(t.lease).where(*mine).values(until_at=text(until))) == 1

    def lease(self, name: str, holder: str, until: datetime) -> bool:
        """Take or renew a lease unless another holds it."""
        values = {"holder": holder, "until_at": text(until)}
        ends = t.lease.c.until_at
        free = or_(t.lease.c.holder == holder, ends < text(self._scope.now), ends > text(until))
        statement = upsert(t.lease).values(name=name, **values)
        taken = statement.on_conflict_do_update(index_elements=["name"], set_=values, where=free)
        return self._scope.one(taken.returning(t.lease.c.name)) is not None  # in one statement: nobody comes between

    def remembered(self, system: str, key: str) -> str | None:
        """A text of an adapter's memory."""
        c = t.adapter_memory.c
        row = self._scope.one(select(c.value).where(c.system == system, c.key == key))
        return str(row.value) if row else None

    def remember(self, system: str, key: str, value: str | None) -> None:
        """Store or remove a text of an adapter's memory."""
        c = t.adapter_memory.c
        if value is None:
            self._scope.write(delete(t.adapter_memory).where(c.system == system, c.key == key))
        else:
            statement = upsert(t.adapter_memory).values(system=system, key=key, value=value)
            self._scope.write(statement.on_conflict_do_update(index_elements=["system", "key"], set_={"value": value}))


def _notice(row: Any) -> Notice:
    return Notice(
        notice_id=row.notice_id,
        system=row.system,
        kind=row.kind,
        code=row.code,
        record_key=row.record_key,
        created_at=instant(row.created_at),
        due_at=instant(row.due_at),
        place=row.place,
        attempts=row.attempts,
        sent=row.state == "sent",
    )
