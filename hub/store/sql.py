"""What the store asks of a database, the same of SQLite and of PostgreSQL: there is one copy of tables and queries.

A dialect is a file of its own (``sqlite.py``, ``postgres.py``) and says how a transaction begins, how locks are held
and what the driver's errors mean. What SQL spells differently stands here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, Text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.types import TypeDecorator, TypeEngine

upsert = insert
"""An insert that may meet its row: ``on_conflict_do_update``, ``on_conflict_do_nothing``. SQLite took the words over
from PostgreSQL, so what is built in PostgreSQL's is compiled for both; ``tests/contract/store.py`` runs it on both.
"""

Upsert = Insert


class Words(TypeDecorator[str]):
    """A text column: any text of an agency's system, compared and sorted by its code points.

    PostgreSQL's texts hold no NUL, and SQLite's do: there it is written as two characters (``SUB``, ``0``), and ``SUB``
    as two as well, so that no two texts become one. By code points, since a language's order changes with the machine.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL is told how to sort."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None] | None:
        """On the way in. SQLite needs none, and thousands of texts go in."""
        return _without_nul if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None] | None:
        """On the way out."""
        del coltype
        return _with_nul if dialect.name == "postgresql" else None


def _without_nul(value: str | None) -> str | None:
    if value is None or ("\0" not in value and "\x1a" not in value):
        return value
    return value.replace("\x1a", "\x1a1").replace("\0", "\x1a0")


def _with_nul(value: str | None) -> str | None:
    if value is None or "\x1a" not in value:
        return value
    return value.replace("\x1a0", "\0").replace("\x1a1", "\x1a")


class Database(Protocol):
    """One database. ``writing`` and ``reading`` are the only ways in.

    Promise: two transactions that name the same lock, at least one as its owner, are one after the other: whatever the
    first has written stands before the second reads anything. An owner is not starved by those that share.
    """

    @property
    def where(self) -> str:
        """As errors name it: never its address, which may hold a password."""
        ...

    def make(self) -> None:
        """Make what a first migration needs; what is there already is left as it is."""

    def writing(self, *, share: Iterable[str] = (), own: Iterable[str] = ()) -> AbstractContextManager[Connection]:
        """One write transaction under its locks: committed at the end of the block, rolled back by an exception.

        Raises:
            Unavailable: locked, full or unreachable, or what another wrote at the same moment was in the way. Nothing
                was written, save where the connection broke at the commit itself: then nobody knows.
        """
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent read, on a connection that refuses to write."""
        ...

    def own(self, connection: Connection, name: str) -> None:
        """Own the lock of something that this transaction has just made, and nobody else can know of yet."""

    def alone(self, connection: Connection, tables: Sequence[str]) -> None:
        """Nobody else writes these tables before this transaction ends, which may take longer than a unit does."""

    def claim(self, connection: Connection, names: Sequence[str]) -> list[str]:
        """Those of the names that no other worker has claimed; they are ours until the transaction ends."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
