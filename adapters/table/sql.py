"""Tables of a database: a SQLite file or a PostgreSQL server, read in one read-only transaction. SELECT alone.

Nothing is ever written there: SQLite is opened read-only, on PostgreSQL the transaction is READ ONLY and of one
snapshot. A driver's own text is not repeated, a server quotes rows: only its code is. Values of PostgreSQL come as
``adapters.postgres_types`` tells them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from adapters.cells import TORONTO, decoded
from adapters.postgres_types import told
from adapters.table.delimited import ROWS_MAX
from adapters.table.rows import Row
from hub.errors import HubError, Unavailable
from hub.passwords import read_password

BUSY_TIMEOUT_MS = 2000  # [policy] how long a statement waits for somebody else's lock
CONNECT_S = 5  # [policy] to reach a server
SILENCE_MS = 15_000  # [policy] a connection on which nothing is confirmed any more is given up
STATEMENT_TIMEOUT_MS = 30_000  # [policy] one SELECT

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")  # of a table or view, its schema before it

Query = Callable[[str], tuple[list[str], list[Sequence[Any]]]]  # SELECT -> names of columns, rows
Opened = Callable[[], Any]  # a context in which a query may be asked


def read_tables(
    place: str, query: Query, names: Mapping[str, str], headers: Mapping[str, Sequence[str]]
) -> dict[str, list[Row]]:
    """The rows of several tables.

    Args:
        names: table to what it is called in the database; each of the form of :data:`NAME`.
        headers: table to the columns that are needed of it.

    Raises:
        Unavailable: the database cannot be read, or lacks a table or a column.
    """
    return {name: _rows(f"{place}, table {name}", query, names[name], columns) for name, columns in headers.items()}


def _rows(place: str, query: Query, table: str, headers: Sequence[str]) -> list[Row]:
    try:
        found, lines = query(_select(table, headers))
    except _Missing as error:
        lacking = _lacking(query, table, headers)
        got = f"no column {', '.join(lacking)}" if lacking else "no such table, or one that cannot be read"
        step = "grant SELECT on it, or say what it is called: --setting table.NAME=…; `column` in records.toml"
        raise Unavailable(place, f"{got} ({error})", "every column of records.toml", step) from None
    if len(lines) > ROWS_MAX:
        raise Unavailable(
            place, f"more than {ROWS_MAX} rows", f"{ROWS_MAX} at most", "name a view of those for the hub"
        )
    return [Row(number, dict(zip(found, line, strict=True))) for number, line in enumerate(lines, 1)]


def _select(table: str, headers: Sequence[str]) -> str:
    # with the table before it: SQLite takes a quoted name that is no column, standing alone, for a text
    columns = ", ".join(f"of_table.{_quoted(name)}" for name in headers)
    return " ".join(("SELECT", columns, "FROM", _named(table), "AS of_table LIMIT", str(ROWS_MAX + 1)))


def _lacking(query: Query, table: str, headers: Sequence[str]) -> list[str]:
    try:
        there, _ = query(" ".join(("SELECT * FROM", _named(table), "WHERE 1 = 0")))
    except _Missing:
        return []
    return [name for name in headers if name not in there]


def _named(table: str) -> str:
    return ".".join(_quoted(part) for part in table.split("."))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Missing(Exception):
    """A statement names what is not there. Its text is a driver's code."""


@contextmanager
def sqlite(place: str, path: Path) -> Iterator[Query]:
    """A SQLite file for as long as this lasts, in one transaction that cannot write.

    Raises:
        Unavailable: it cannot be opened, or read.
    """
    try:
        if not path.is_file():
            raise Unavailable(place, "no readable file at its path", "the database", "check the path of this system")
        uri = f"file:{quote(str(path))}?mode=ro"
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        ) as connection:
            connection.text_factory = decoded
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield lambda statement: _asked(connection, statement)
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorname", None) or type(error).__name__
        raise Unavailable(
            place, f"an error ({code})", "a database that answers", "check path, rights and locks"
        ) from None


def _asked(connection: sqlite3.Connection, statement: str) -> tuple[list[str], list[Sequence[Any]]]:
    try:
        cursor = connection.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        raise _Missing(error.sqlite_errorname) from None
    return [column[0] for column in cursor.description], cursor.fetchall()


@contextmanager
def postgres(place: str, address: Mapping[str, str], password_file: str) -> Iterator[Query]:
    """A database of PostgreSQL for as long as this lasts, in one READ ONLY transaction of one snapshot.

    Args:
        address: libpq's parameters, without a password.
        password_file: a file with the password, for its owner alone; "": libpq looks where it always does.

    Raises:
        Unavailable: it cannot be reached, or read.
    """
    try:
        password = {"password": read_password(Path(password_file))} if password_file else {}
    except HubError as error:
        raise Unavailable(place, error.got, error.expected, "see password_file of this system") from None
    options = " ".join((address.get("options", ""), f"-c statement_timeout={STATEMENT_TIMEOUT_MS}")).strip()
    noticed = {"tcp_user_timeout": str(SILENCE_MS), "keepalives_idle": str(SILENCE_MS // 1000)}
    asked = {"connect_timeout": str(CONNECT_S), **noticed, **address, **password, "options": options}
    try:
        with closing(psycopg.connect(make_conninfo(**asked), context=told())) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute(f"SET LOCAL TimeZone = '{TORONTO.key}'")
            connection.execute("SET LOCAL DateStyle = 'ISO, YMD'")
            yield lambda statement: _asked_there(connection, statement)
    except psycopg.Error as error:
        code = error.sqlstate or "no connection"
        step = "check url, password_file and the server; the hub's user needs CONNECT and SELECT"
        raise Unavailable(place, f"an error ({code})", "a database that answers", step) from None


def _asked_there(connection: psycopg.Connection, statement: str) -> tuple[list[str], list[Sequence[Any]]]:
    try:
        with connection.transaction():  # a savepoint: after a statement that fails, another one can be asked
            cursor = connection.execute(statement.encode())
            return [column.name for column in cursor.description or ()], list(cursor.fetchall())
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(("42", "3F")):
            raise
        raise _Missing(error.sqlstate) from None
