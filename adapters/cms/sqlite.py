"""A CMS in a SQLite file, opened read-write and never created.

Program systems 9.2: booleans are 0 and 1, times are texts already. A connection belongs to the file that stands at its
path: when that was replaced (a restored backup), it is opened anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adapters.cells import decoded
from adapters.cms.engine import About, Changed, RowRefused, unavailable
from adapters.cms.values import TIMESTAMP_FORMAT
from hub.errors import Unavailable

# driver code -> what it is, what to do
_TROUBLE: Mapping[str, tuple[str, str]] = {
    "SQLITE_BUSY": ("a database that somebody else has locked", "it is tried again; look for a long transaction"),
    "SQLITE_LOCKED": ("a table that somebody else has locked", "it is tried again; look for a long transaction"),
    "SQLITE_FULL": ("a full disk or a full database", "make room; it is tried again"),
    "SQLITE_CANTOPEN": ("a file that cannot be opened", "check the path, its folder and their permissions"),
    "SQLITE_READONLY": ("a database that cannot be written", "give the hub's user write permission on file and folder"),
    "SQLITE_PERM": ("a file without permission", "give the hub's user permission on file and folder"),
    "SQLITE_NOTADB": ("a file that is no database", "check the path, or restore the file"),
    "SQLITE_CORRUPT": ("a damaged database", "restore the agency's database"),
    "SQLITE_IOERR": ("an input or output error", "check disk and file system; it is tried again"),
}


class SqliteEngine:
    """See :class:`adapters.cms.engine.Engine`."""

    schema = "schemas/records/cms.sql"

    def __init__(self, path: str, busy_timeout_ms: int) -> None:
        self._path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def begin(self, *, write: bool) -> None:
        """To write, it locks first, so that nobody writes between our look and our insert."""
        with self._ours("database"):
            self._open().execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self) -> None:
        """Commit what is open."""
        with self._ours("commit"):
            self._current().execute("COMMIT")

    def ended(self) -> bool:
        """Always: the file is written by this process, or not at all."""
        return True

    def rollback(self) -> None:
        """Undo what is open, if anything is."""
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):  # a connection that cannot roll back is closed: that undoes it too
                self._connection.execute("ROLLBACK")
                return
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = None

    def rows(self, place: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._ours(place):
            return self._current().execute(sql, values).fetchall()

    def execute(self, place: str, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it wrote."""
        with self._ours(place):
            try:
                return self._current().execute(sql, values).rowcount
            except (sqlite3.IntegrityError, sqlite3.DataError) as error:
                raise RowRefused from error

    def columns(self, name: str) -> set[str]:
        """Columns of a view or table; none where it is not there, or is broken."""
        with self._ours(name):
            try:
                shown = self._current().execute(" ".join(("SELECT * FROM", name, "WHERE 1 = 0"))).description
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_ERROR":
                    raise
                return set()
        return {column[0] for column in shown}

    def denied(self, rights: Mapping[str, tuple[str, tuple[str, ...]]]) -> Mapping[str, str]:  # noqa: ARG002
        """None: a file knows no rights but its own."""
        return {}

    def about(self) -> About:
        """How it keeps its journal."""
        mode = str(self.rows("database", "PRAGMA journal_mode")[0][0])
        advice = "" if mode == "wal" else "with WAL, readers and writers do not wait for each other"
        return About(True, f"opens; journal mode {mode}", advice)

    def clock(self) -> datetime:
        """The machine's time."""
        text = str(self.rows("database", "SELECT CURRENT_TIMESTAMP")[0][0])
        return datetime.strptime(text, TIMESTAMP_FORMAT).replace(tzinfo=UTC)

    def _current(self) -> sqlite3.Connection:
        """The connection of the transaction that is open; else of the file that stands at the path now."""
        if self._connection is not None and self._connection.in_transaction:
            return self._connection
        return self._open()

    def _open(self) -> sqlite3.Connection:
        """The connection to the file that stands at the path now."""
        try:
            status = os.stat(self._path)
        except OSError as error:
            self.close()
            raise Unavailable(
                "cms database", "no readable file at its path", "the agency's database", "check the path of this system"
            ) from error
        if self._connection is None or self._file != (status.st_dev, status.st_ino):
            self.close()
            self._connection = self._connect()
            self._file = (status.st_dev, status.st_ino)
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        uri = "file:" + quote(str(Path(self._path).absolute())) + "?mode=rw"  # rw: never created here
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._busy_timeout_ms / 1000, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = decoded
        return connection

    @contextmanager
    def _ours(self, place: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", None) or type(error).__name__
            if name == "SQLITE_ERROR":
                raise Changed(place, name) from error
            raise unavailable(place, name, _TROUBLE) from error
