"""A CMS database as its own agency sees it: made from ``schemas/records/cms.sql``, written, read back.

Nothing here knows the adapter: what the hub reads and writes is judged with this code.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.errors import Refused

Row = dict[str, Any]

SCHEMA = Path(__file__).parents[2] / "schemas" / "records" / "cms.sql"
BUSY_TIMEOUT_S = 10.0  # the hub may be writing to hub_inbox


def must_be_free(path: Path) -> None:
    """Nothing is overwritten.

    Raises:
        Refused: there is a file already.
    """
    if path.exists():
        raise Refused(path.name, "a file that is there already", "an empty folder", "name another folder")


def create(path: Path) -> sqlite3.Connection:
    """Make an empty CMS database and connect to it.

    Raises:
        Refused: there is a file already.
    """
    must_be_free(path)
    db = connect(path)
    db.execute("PRAGMA synchronous = OFF")  # for this connection: one that is half made is made anew
    db.executescript(SCHEMA.read_text(encoding="utf-8"))
    return db


def connect(path: Path) -> sqlite3.Connection:
    """The agency's own connection: every statement commits by itself, references are held, rows have names."""
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    return db


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is closed at the end of the block."""
    db = connect(path)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def saved(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction: all of the block or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any], at: str) -> int:
    """Insert a row, saved at a local time; its key.

    Args:
        at: ``YYYY-MM-DD HH:MM:SS``, Toronto.
    """
    whole = {**row, "created_at": at, "updated_at": at}
    marks = ", ".join("?" * len(whole))
    # table and columns are names of our own schema, never data
    cursor = db.execute(f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", tuple(whole.values()))  # noqa: S608
    return int(cursor.lastrowid or 0)


def update(db: sqlite3.Connection, table: str, key: tuple[str, int], row: Mapping[str, Any], at: str) -> None:
    """Change columns of one row; the database raises its row version."""
    whole = {**row, "updated_at": at}
    pairs = ", ".join(f"{name} = ?" for name in whole)
    db.execute(f"UPDATE {table} SET {pairs} WHERE {key[0]} = ?", (*whole.values(), key[1]))  # noqa: S608 (as above)


def select(db: sqlite3.Connection, query: str, parameters: Iterable[Any] = ()) -> list[Row]:
    """Rows of a query, by column name."""
    return [dict(row) for row in db.execute(query, tuple(parameters))]


def stamp_log(db: sqlite3.Connection, at: str) -> None:
    """Date the change log like the rows: the same seed and day give the same database."""
    db.execute("UPDATE change_log SET at = ?", (at,))


def texts(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every text in every table, with the name of its table."""
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in db.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 (a name out of the database's own schema)
            yield from ((table, cell) for cell in tuple(row) if isinstance(cell, str))
