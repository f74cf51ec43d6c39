"""What a unit or a peek knows while it runs: its connection, its locks, its instant, and rows not yet written.

Inserts are collected and written together (``executemany``). A read writes first what is pending in the tables that its
caller names, and in no others: what is not named is read as it stood. At its end the unit writes all that is left.
What a room has read for a whole batch it keeps in a :class:`Memo` of this unit: a gate that judges a hundred messages
asks the database once, not once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select, Table, insert
from sqlalchemy.sql import Executable

from hub.ports import Ids
from hub.store.sql import Database, Upsert

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def text(at: datetime) -> str:
    """An instant as text that sorts."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def optional_text(at: datetime | None) -> str | None:
    """The same, or None."""
    return None if at is None else text(at)


def instant(value: str) -> datetime:
    """The instant behind a text."""
    return datetime.fromisoformat(value)


def optional_instant(value: str | None) -> datetime | None:
    """The same, or None."""
    return None if value is None else datetime.fromisoformat(value)


class Memo(Generic[K, V]):
    """What one unit has read by key, also that there was nothing. It dies with its unit, so it serves nothing stale.

    Whoever writes what it holds sets it anew or forgets it.
    """

    def __init__(self) -> None:
        self._known: dict[K, V | None] = {}

    def read(self, keys: Iterable[K], load: Callable[[list[K]], Mapping[K, V]]) -> dict[K, V]:
        """What there is of these keys; those not read before are loaded together."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._known]
        if missing:
            found = load(missing)
            self._known.update({key: found.get(key) for key in missing})
        return {key: value for key in wanted if (value := self._known[key]) is not None}

    def set(self, key: K, value: V | None) -> None:
        """This unit has written it; None: there is nothing any more, or not yet."""
        self._known[key] = value

    def forget(self) -> None:
        """This unit has written what may change any of it."""
        self._known.clear()


class Scope:
    """Shared by all rooms of one unit.

    Args:
        held: locks that are shared or owned; None for a peek, which may read anything and write nothing.
        as_of: of a peek at how things stood: the directory, people and what they said are read as of then.
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        now: datetime,
        ids: Ids,
        *,
        held: Iterable[str] | None,
        owned: Iterable[str] = (),
        as_of: datetime | None = None,
    ) -> None:
        self.as_of = as_of
        self._database, self._connection, self.now, self.ids = database, connection, now, ids
        self.held: set[str] | None = None if held is None else set(held) | set(owned)
        self.owned = set(owned)
        self.dirty: set[str] = set()  # locks under which something changed: no cache for them
        self._pending: dict[Table, tuple[Executable, list[dict[str, Any]]]] = {}

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
        self._database.own(self._connection, lock)
        self.held.add(lock)
        self.owned.add(lock)

    def claim(self, names: Sequence[str]) -> list[str]:
        """Those that no other worker is about to handle; they are ours until this unit or peek ends."""
        return self._database.claim(self._connection, names)

    def add(self, table: Table, row: dict[str, Any], upsert: Upsert | None = None) -> None:
        """Insert a row, at the latest when the unit ends.

        Args:
            upsert: the insert that also replaces, where a table is written so; always the same for one table.
        """
        assert self.held is not None, "a peek writes nothing"
        if table not in self._pending:
            self._pending[table] = (insert(table) if upsert is None else upsert, [])
        self._pending[table][1].append(row)

    def read(self, statement: Executable, *tables: Table, given: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """All rows of a query, after writing what is pending in these tables.

        Args:
            given: its parameters. A query that is asked for every message is built once, with them in it by name: to
                build it anew costs as much as to ask it.
        """
        self.flush(*tables)
        return self._connection.execute(statement, given).all()

    def read_locked(self, statement: Select[Any], *tables: Table, of: Table, skip: bool = False) -> Sequence[Row[Any]]:
        """The same of rows that this unit may go on to change: nobody else changes them before it has ended.

        A peek changes nothing and locks nothing. Units lock in the order of the query, so that none waits in a ring.

        Args:
            skip: rows that another unit holds are left to it.
        """
        locking = statement if self.held is None else statement.with_for_update(of=of, skip_locked=skip)
        return self.read(locking, *tables)

    def write(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None, *tables: Table) -> int:
        """Execute a statement (for each row of parameters); how many rows it touched."""
        assert self.held is not None, "a peek writes nothing"
        self.flush(*tables)
        if rows is None:
            return self._connection.execute(statement).rowcount
        return self._connection.execute(statement, list(rows)).rowcount if rows else 0

    def one(self, statement: Executable, *tables: Table, given: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The first row of a query, or None."""
        self.flush(*tables)
        return self._connection.execute(statement, given).first()

    def flush(self, *tables: Table) -> None:
        """Write what is pending in these tables."""
        for table in tables:
            if pending := self._pending.pop(table, None):
                statement, rows = pending
                self._connection.execute(statement, rows)

    def flush_all(self) -> None:
        """Write all that is pending."""
        self.flush(*list(self._pending))
