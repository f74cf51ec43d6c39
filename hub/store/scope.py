"""What a unit or a peek knows while it runs: its connection, its locks, its instant, and rows not yet written.

Inserts are collected and written together (``executemany``); a read of a table writes what is pending there first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, insert
from sqlalchemy.sql import Executable

from hub.ports import Ids


def text(at: datetime) -> str:
    """An instant as text that sorts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def optional_text(at: datetime | None) -> str | None:
    """The same, or None."""
    return None if at is None else text(at)


def instant(value: str) -> datetime:
    """The instant behind a text."""
    return datetime.fromisoformat(value)


def optional_instant(value: str | None) -> datetime | None:
    """The same, or None."""
    return None if value is None else datetime.fromisoformat(value)


class Scope:
    """Shared by all rooms of one unit.

    Args:
        held: locks that are shared or owned; None for a peek, which may read anything and write nothing.
    """

    def __init__(
        self, connection: Connection, now: datetime, ids: Ids, *, held: Iterable[str] | None, owned: Iterable[str] = ()
    ) -> None:
        self._connection, self.now, self.ids = connection, now, ids
        self.held: set[str] | None = None if held is None else set(held) | set(owned)
        self.owned = set(owned)
        self.dirty: set[str] = set()  # locks under which something changed: no cache for them
        self._pending: dict[Table, list[dict[str, Any]]] = {}

    def must_hold(self, lock: str) -> None:
        """Reading what was not locked is a programming error."""
        assert self.held is None or lock in self.held, "this unit does not hold the lock of what it reads"

    def must_own(self, lock: str) -> None:
        """Changing what is not owned is a programming error."""
        assert lock in self.owned, "this unit does not own what it changes"
        self.dirty.add(lock)

    def own_new(self, lock: str) -> None:
        """Own something that this unit has just made."""
        assert self.held is not None, "a peek writes nothing"
        self.held.add(lock)
        self.owned.add(lock)

    def add(self, table: Table, row: dict[str, Any]) -> None:
        """Insert a row, at the latest when the unit ends."""
        self._pending.setdefault(table, []).append(row)

    def read(self, statement: Executable, *tables: Table) -> Sequence[Row[Any]]:
        """All rows of a query, after writing what is pending in these tables."""
        self.flush(*tables)
        return self._connection.execute(statement).all()

    def write(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None, *tables: Table) -> int:
        """Execute a statement (for each row of parameters); how many rows it touched."""
        assert self.held is not None, "a peek writes nothing"
        self.flush(*tables)
        if rows is None:
            return self._connection.execute(statement).rowcount
        return self._connection.execute(statement, list(rows)).rowcount if rows else 0

    def one(self, statement: Executable, *tables: Table) -> Row[Any] | None:
        """The first row of a query, or None."""
        self.flush(*tables)
        return self._connection.execute(statement).first()

    def flush(self, *tables: Table) -> None:
        """Write what is pending in these tables."""
        for table in tables:
            if rows := self._pending.pop(table, None):
                self._connection.execute(insert(table), rows)

    def flush_all(self) -> None:
        """Write all that is pending."""
        self.flush(*list(self._pending))
