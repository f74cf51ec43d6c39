"""All SQL of the CMS adapter, and its driver: one connection to the agency's database.

Program systems 9.2. The database is a SQLite file, opened read-write and never created. Statements keep to standard
SQL; names in them come from the one table of columns in ``record``, values are always bound.

Driver errors become ours here. Their texts are not repeated (a trigger of the agency may say anything): only the
driver's error code is, and for a changed schema the view and the columns that are missing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adapters.cms.changes import Entry
from adapters.cms.record import SAFE_CHANNELS, VIEWS
from hub.errors import HubError, Unavailable

IN_MAX = 500  # values in one IN list: every engine takes them

KEY = {name: next(iter(columns)) for name, columns in VIEWS.items()}  # the first column of a view is its key
OWN_VERSION = ("v_hub_consent", "v_hub_referral_out", "v_hub_referral_in", "v_hub_client")
NEEDED: Mapping[str, tuple[str, ...]] = {
    **{view: (*columns, *(("row_version",) if view in OWN_VERSION else ())) for view, columns in VIEWS.items()},
    "change_log": ("seq", "table_name", "row_id", "op"),
    "hub_inbox": (
        "message_id", "kind", "hub_referral_no", "client_id", "base_row_version", "payload", "incomplete",
        "received_at",
    ),
    "hub_inbox_error": ("seq", "message_id", "code"),
}  # fmt: skip

_INSERT = (
    "INSERT INTO hub_inbox (message_id, kind, hub_referral_no, client_id, base_row_version, payload, incomplete,"
    " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING"
)
_NORMALISED = (
    "UPPER(REPLACE(REPLACE(value, '-', ''), ' ', ''))"  # as hub.model.identifiers.normalise; cms.sql indexes it
)

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


class Database:
    """The connection. Opened at first use, and again when the file was replaced (a restored backup)."""

    def __init__(self, path: str, busy_timeout_ms: int) -> None:
        self._path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    # -- transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent picture for everything that is read inside."""
        self._begin("BEGIN")
        try:
            yield
        finally:
            self.rollback()

    def begin(self) -> None:
        """Begin to write: locks first, so that nobody writes between our look and our insert."""
        self._begin("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit. When it raises, the outcome is looked up by the caller with :meth:`payloads`."""
        with self._ours("commit"):
            self._current().execute("COMMIT")

    def rollback(self) -> None:
        """Undo what is open, if anything is."""
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):  # a connection that cannot roll back is closed: that undoes it too
                self._connection.execute("ROLLBACK")
                return
            self.close()

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = None

    # -- the change log and the errors

    def log_range(self) -> tuple[int, int]:
        """Lowest and highest number in the change log; zeros where it is empty."""
        low, high = self._rows("change_log", "SELECT MIN(seq), MAX(seq) FROM change_log")[0]
        return int(low or 0), int(high or 0)

    def entries(self, after: int, limit: int) -> list[Entry]:
        """Entries behind a number, in order."""
        sql = "SELECT seq, table_name, row_id, op FROM change_log WHERE seq > ? ORDER BY seq LIMIT ?"
        return [Entry(*row) for row in self._rows("change_log", sql, (after, limit))]

    def entries_between(self, first: int, last: int) -> list[Entry]:
        """Entries from one number to another, both included, in order."""
        sql = "SELECT seq, table_name, row_id, op FROM change_log WHERE seq BETWEEN ? AND ? ORDER BY seq"
        return [Entry(*row) for row in self._rows("change_log", sql, (first, last))]

    def still_to_come(self, view: str, rows: Sequence[int], after: int) -> set[int]:
        """Which of these rows have an entry of their own further on."""
        sql = "SELECT DISTINCT row_id FROM change_log WHERE table_name = ? AND seq > ? AND row_id IN"
        return {row[0] for row in self._in("change_log", sql, rows, (view, after))}

    def errors(self, after: int, limit: int) -> list[tuple[int, Any, Any]]:
        """Rows of ``hub_inbox_error`` behind a number: seq, message id, code."""
        sql = "SELECT seq, message_id, code FROM hub_inbox_error WHERE seq > ? ORDER BY seq LIMIT ?"
        return self._rows("hub_inbox_error", sql, (after, limit))

    def last_error(self) -> int:
        """Highest number in ``hub_inbox_error``, or 0."""
        return int(self._rows("hub_inbox_error", "SELECT MAX(seq) FROM hub_inbox_error")[0][0] or 0)

    # -- the views

    def rows(self, view: str, by: str, values: Sequence[int]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows of a view by the values of one column, in order of key: row version and what is not NULL.

        A channel that is not marked safe is not even read (S11).
        """
        names = tuple(VIEWS[view])
        version = "row_version" if view in OWN_VERSION else "NULL"
        sql = " ".join(("SELECT", ", ".join((version, *map(_column, names))), "FROM", view, "WHERE", by, "IN"))
        for row in self._in(view, sql, values, order=KEY[view]):
            cells = zip(names, row[1:], strict=True)
            yield _version(row[0]), {name: cell(value) for name, value in cells if value is not None}

    def keys_of(self, view: str, column: str, keys: Sequence[int]) -> list[tuple[int, int]]:
        """Key and one column of rows by their keys."""
        sql = " ".join(("SELECT", KEY[view], ",", column, "FROM", view, "WHERE", KEY[view], "IN"))
        return [(row[0], row[1]) for row in self._in(view, sql, keys)]

    def keys(self, view: str, column: str, values: Sequence[int]) -> list[tuple[int, int]]:
        """Key and one column of the rows that hold one of the values in it."""
        sql = " ".join(("SELECT", KEY[view], ",", column, "FROM", view, "WHERE", column, "IN"))
        return [(row[0], row[1]) for row in self._in(view, sql, values, order=KEY[view])]

    def first_key(self, view: str, start: int) -> int | None:
        """The lowest key of a view from a number on."""
        key = KEY[view]
        sql = " ".join(("SELECT", key, "FROM", view, "WHERE", key, ">= ? ORDER BY", key, "LIMIT 1"))
        found = self._rows(view, sql, (start,))
        return int(found[0][0]) if found else None

    def versions(self, view: str, start: int, end: int) -> dict[int, str]:
        """Row version by key, for keys from ``start`` to before ``end``; "" where it is no version."""
        key = KEY[view]
        sql = " ".join(("SELECT", key, ", row_version FROM", view, "WHERE", key, ">= ? AND", key, "< ?"))
        return {row[0]: _version(row[1]) for row in self._rows(view, sql, (start, end))}

    # -- the inbox

    def insert(self, row: Sequence[Any]) -> bool | None:
        """Insert one message. True: it is there; False: its id was there before; None: the database refused the row.

        A refused row undoes itself alone; its neighbours stay.
        """
        connection = self._current()
        with self._ours("hub_inbox"):
            connection.execute("SAVEPOINT one")
            try:
                inserted = connection.execute(_INSERT, row).rowcount == 1
            except (sqlite3.IntegrityError, sqlite3.DataError):
                connection.execute("ROLLBACK TO one")
                inserted = None
            connection.execute("RELEASE one")
        return inserted

    def payloads(self, message_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Kind and payload of the messages that stand in the inbox, by id."""
        sql = "SELECT message_id, kind, payload FROM hub_inbox WHERE message_id IN"
        return {row[0]: (row[1], row[2]) for row in self._in("hub_inbox", sql, message_ids)}

    def clients_by_identifier(self, kind: str, values: Sequence[str]) -> list[tuple[str, int]]:
        """Normalised value and client id of the identifiers of one type that have one of these normalised values."""
        sql = " ".join(
            ("SELECT", _NORMALISED, ", client_id FROM v_hub_identifier WHERE type = ? AND", _NORMALISED, "IN")
        )
        return [(row[0], row[1]) for row in self._in("v_hub_identifier", sql, values, (kind,))]

    def clients(self, client_ids: Sequence[int]) -> dict[int, tuple[int, int | None, str | None]]:
        """Row version, survivor of a merge and birth date of clients, by id."""
        sql = "SELECT client_id, row_version, merged_into_client_id, birth_date FROM v_hub_client WHERE client_id IN"
        return {row[0]: (row[1], row[2], row[3]) for row in self._in("v_hub_client", sql, client_ids)}

    # -- looking at the connection

    def missing(self) -> dict[str, tuple[str, ...]]:
        """By view or table that is not as it must be: the columns it lacks; none named: it is not there at all."""
        lacking: dict[str, tuple[str, ...]] = {}
        for name, needed in NEEDED.items():
            have = self._shown(name)
            absent = tuple(column for column in needed if column not in have)
            if absent:
                lacking[name] = absent if have else ()
        return lacking

    def journal_mode(self) -> str:
        """How the engine keeps its journal (SQLite only)."""
        return str(self._rows("database", "PRAGMA journal_mode")[0][0])

    def clock(self) -> str:
        """The database's own time, UTC, ``YYYY-MM-DD HH:MM:SS``."""
        return str(self._rows("database", "SELECT CURRENT_TIMESTAMP")[0][0])

    # -- below

    def _shown(self, name: str) -> set[str]:
        """Columns of a view or table; none where it is not there, or is broken."""
        with self._ours(name):
            try:
                shown = self._current().execute(" ".join(("SELECT * FROM", name, "WHERE 1 = 0"))).description
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_ERROR":
                    raise
                return set()
        return {column[0] for column in shown}

    def _begin(self, statement: str) -> None:
        with self._ours("database"):
            self._open().execute(statement)

    def _rows(self, place: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._ours(place):
            return self._current().execute(sql, values).fetchall()

    def _in(
        self, place: str, sql: str, values: Sequence[Any], before: Sequence[Any] = (), order: str = ""
    ) -> Iterator[Any]:
        """Rows of a statement that ends in IN, asked in lists of bounded length."""
        for start in range(0, len(values), IN_MAX):
            part = values[start : start + IN_MAX]
            marks = ", ".join("?" * len(part))
            whole = " ".join((sql, "(", marks, ")", *(("ORDER BY", order) if order else ())))
            yield from self._rows(place, whole, (*before, *part))

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
            raise self._translated(place, error) from error

    def _translated(self, place: str, error: sqlite3.Error) -> HubError:
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        if name == "SQLITE_ERROR" and (lacking := self._lacking()):
            return lacking
        for code, (what, next_step) in _TROUBLE.items():
            if name.startswith(code):
                return Unavailable(f"cms {place}", f"{what} ({name})", "a database that answers", next_step)
        return Unavailable(f"cms {place}", name, "a database that answers", "run: hub systems check")

    def _lacking(self) -> HubError | None:
        """A changed schema, named: the first view or table that is not as it must be."""
        try:
            lacking = self.missing()
        except HubError:
            return None
        for name, columns in lacking.items():
            got = f"no column {', '.join(columns)}" if columns else "no such view or table, or a broken view"
            return Unavailable(f"cms {name}", got, "as in schemas/records/cms.sql", "restore it; it is tried again")
        return None


def decoded(data: bytes) -> str:
    """Text of a column: UTF-8, or the Windows-1252 that old columns still hold (program systems 5.2).

    Bytes that are neither keep a mark in them, by which the record is refused.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def cell(value: Any) -> Any:
    """A value of a column as JSON can say it.

    Bytes are text that some driver stored so. A number with a point is told as a text: no column of ours holds one, so
    the reader refuses it, while an infinity in JSON would be a silence.
    """
    if isinstance(value, bytes):
        return decoded(value)
    return repr(value) if isinstance(value, float) else value


def _version(value: Any) -> str:
    """A row version as the revision, which is stored in the clear: a whole number, or "" and the bytes decide."""
    return str(value) if type(value) is int else ""


def _column(name: str) -> str:
    mark = SAFE_CHANNELS.get(name)
    return " ".join(("CASE WHEN", mark, "= 1 THEN", name, "END")) if mark else name


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in order of first sight."""
    return list(dict.fromkeys(values))
