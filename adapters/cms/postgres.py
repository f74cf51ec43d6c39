"""A CMS in a database of PostgreSQL 13 or newer: another's server, on which the hub is a guest.

Program systems 9.2. Reading is one REPEATABLE READ, READ ONLY transaction, so that a row and what is nested in it are
of one snapshot. Writing is READ COMMITTED: a message that somebody else has just written is seen.

- Whoever waits here waits for an agency: every wait has an end, and a transaction that stands still is ended by the
  server. A connection that was lost is opened anew at next use; what was under way on it is not tried again here.
- A commit whose answer did not come may still be under way: the server is asked by the transaction's own number.
  Without that number, "not there" would be a guess.
- Values come as the SQLite engine tells them (``postgres_types``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from adapters.cells import TORONTO
from adapters.cms.engine import About, Changed, RowRefused, Untold, unavailable
from adapters.postgres_types import told
from hub.errors import HubError, Refused, Unavailable
from hub.passwords import read_password

R = TypeVar("R")

CONNECT_S = 5  # [policy] to reach the server
SILENCE_MS = 15_000  # [policy] a connection on which nothing is confirmed any more is given up
STATEMENT_TIMEOUT_MS = 15_000  # [policy] one statement
ANSWER_S = 20.0  # [policy] longer than any statement may take: after it, a server that stands still is given up
IDLE_MS = 30_000  # [policy] a hub that stands still inside a transaction loses it: it would hold up the agency's vacuum
OLDEST = 130_000  # PostgreSQL 13: the number of a transaction by which its commit is found again

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# a row that a deferred constraint refuses is refused by itself, not with the commit of all
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET CONSTRAINTS ALL IMMEDIATE"
_SESSION = (
    "SET TimeZone = '{zone}'; SET DateStyle = 'ISO, YMD';"
    " SET statement_timeout = {statement}; SET lock_timeout = {lock};"
    " SET idle_in_transaction_session_timeout = {idle};"
    # what has been acknowledged must have been kept; stronger settings than "on" stay as they are
    " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
_NOTICED = {"tcp_user_timeout": SILENCE_MS, "keepalives_idle": SILENCE_MS // 1000, "keepalives_interval": 5}
_REFUSED_ROW = ("22", "23", "27", "44", "P0")  # classes of SQLSTATE: a value, a constraint, a trigger, a view's check
_UNTOLD = ("21", "22", "38", "39", "P0")  # classes of what a view, or a function in it, fails over: one row's fault
_LOST = ("08", "57P", "25P03")  # after these there is no connection any more, whatever the driver has noticed of it
_CHANGED = ("42", "3F")  # what a statement names is not there, or not so; 42501 is a right
_GRANT = "see docs/administrator.md for the rights that the hub's user needs"

# SQLSTATE, or its beginning -> what it is, what to do
_TROUBLE: Mapping[str, tuple[str, str]] = {
    "08": ("a connection that broke off", "it is tried again; look at the server and the network"),
    "0A": ("a server that may only be read", "name the primary server, or the one that is writable"),
    "22": ("a value that cannot be told", "look at the encoding of the database and at what its views compute"),
    "25": ("a transaction that may not write, or was ended", "it is tried again; name a server that may be written"),
    "28": ("a user whom the server does not let in", "check user, password_file and the server's pg_hba.conf"),
    "3D": ("no such database", "check the url of this system"),
    "40": ("a transaction that another one stood in the way of", "it is tried again"),
    "42501": ("a right that the hub's user has not", _GRANT),
    "53": ("a server without room or connections", "make room; it is tried again"),
    "55P03": ("a table or row that somebody else has locked", "it is tried again; look for a long transaction"),
    "57014": ("a statement that took too long", "it is tried again; look for a lock or a missing index"),
    "57P": ("a server that stops or starts", "it is tried again"),
    "58": ("an input or output error", "check the server's disk; it is tried again"),
    "P0": ("an error that a view or function of the agency's raises", "SELECT * FROM it as the hub's user, mend it"),
    "XX": ("a damaged database, or a fault of the server", "look at the server's log"),
}
# what the driver's text holds where it cannot connect -> the same: it has no code, and may repeat parts of the url
_CANNOT_CONNECT: Mapping[str, tuple[str, str]] = {
    "password authentication failed": ("another password than the user's", "check password_file, or the passfile"),
    "no password supplied": ("no password", "name its file: --setting password_file=FILE"),
    "no pg_hba.conf entry": ("a server that does not let this user in from here", "add a line to its pg_hba.conf"),
    "not currently accepting connections": ("a database that takes no connections", "it is tried again"),
    "does not exist": ("no such database or user", "check the url of this system"),
    "not permitted to log in": ("a user who may not log in", "ALTER ROLE … LOGIN"),
    "permission denied for database": ("a database that this user may not connect to", "GRANT CONNECT"),
    "too many clients": ("a server with no connection left", "it is tried again"),
    "too many connections": ("a server with no connection left", "it is tried again"),
    "starting up": ("a server that is starting", "it is tried again"),
    "shutting down": ("a server that is stopping", "it is tried again"),
    "could not translate host name": ("a host name that nobody knows", "check the url of this system"),
    "Name or service not known": ("a host name that nobody knows", "check the url of this system"),
    "not support SSL": ("a server without TLS", "set up TLS there, or another sslmode"),
    "certificate verify failed": ("a certificate that is not trusted", "check sslrootcert and the server's name"),
    "root certificate": ("no root certificate", "name it in the url: sslrootcert=FILE"),
    "Connection refused": ("nobody who listens there", "start the server, or check the url of this system"),
    "timeout expired": ("no answer in time", "it is tried again; look at the server and the network"),
}


class _Bounded(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose server answers or is given up, also one that stands still and keeps the line open."""

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Wait for an answer."""
        try:
            return super().wait(gen, interval, ANSWER_S if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # what still comes on it would be the answer to something else
            raise


class PostgresEngine:
    """See :class:`adapters.cms.engine.Engine`.

    Args:
        address: libpq's parameters, without a password.
        password_file: a file with the password, for its owner alone; "": libpq looks where it always does.
        busy_timeout_ms: how long a statement waits for somebody else's lock.
    """

    schema = "schemas/records/cms.postgres.sql"

    def __init__(self, address: Mapping[str, str], password_file: str, busy_timeout_ms: int) -> None:
        self._address = address
        self._password_file = password_file
        self._busy_timeout_ms = busy_timeout_ms
        self._connection: psycopg.Connection | None = None
        self._under_way = False
        self._number = ""  # of the transaction, once it has written

    def begin(self, *, write: bool) -> None:
        """Begin. A server that was started again since last time is noticed here, where nothing can be lost yet."""
        self.rollback()  # what somebody left open is not gone on with
        statement = _WRITE if write else _READ
        kept = self._connection is not None
        try:
            self._run("database", statement)
        except Unavailable:
            if not kept or self._connection is not None:
                raise
            self._run("database", statement)
        self._under_way, self._number = True, ""

    def commit(self) -> None:
        """Commit. A server that has rolled back instead says so without an error."""
        done = self._run("commit", "COMMIT").statusmessage
        self._under_way = False
        if done != "COMMIT":
            raise Unavailable("cms commit", "a transaction that was rolled back", next_step="it is tried again")

    def ended(self) -> bool:
        """Ask what became of the transaction that wrote last."""
        if not self._number:
            return True
        (status,) = self.rows("commit", "SELECT pg_xact_status(CAST(? AS xid8))", (self._number,))[0]
        return status in ("committed", "aborted")

    def rollback(self) -> None:
        """Undo what is open, if anything is."""
        self._under_way = False
        connection = self._connection
        if connection is not None and connection.info.transaction_status != TransactionStatus.IDLE:
            try:
                connection.execute("ROLLBACK")
            except psycopg.Error:  # closing undoes it too
                self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def rows(self, place: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        return self._run(place, sql, values).fetchall()

    def execute(self, place: str, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it wrote. Values go as text, so that each takes the type of its column."""
        texts = [None if value is None else str(value) for value in values]
        written = self._run(place, sql, texts, one_row=bool(values)).rowcount
        if written > 0 and not self._number:
            (number,) = self.rows(place, "SELECT pg_current_xact_id_if_assigned()")[0]
            self._number = number or ""
        return written

    def columns(self, name: str) -> set[str]:
        """Columns of a view or table; none where it is not there, or stands in a schema that is closed to us."""
        self._leave_broken()
        sql = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
        return {row[0] for row in self.rows(name, sql, (name,))}

    def denied(self, rights: Mapping[str, tuple[str, tuple[str, ...]]]) -> Mapping[str, str]:
        """Ask for each column: a right may be given for the whole, or for columns."""
        sql = (
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ANY (?)"
            " AND NOT has_column_privilege(attrelid, attnum, ?)"
        )
        lacking: dict[str, str] = {}
        for name, (wanted, columns) in rights.items():
            for right in wanted.split():
                if self.rows(name, sql, (name, list(columns), right)):
                    lacking.setdefault(name, right)
        return lacking

    def about(self) -> About:
        """Its version, and whether others on the network can read along."""
        self.begin(write=False)  # on a connection that lives
        self.rollback()
        connection = self._current()
        version, secret = connection.info.server_version, connection.pgconn.ssl_in_use
        text = f"answers; PostgreSQL {version // 10_000}, {'TLS' if secret else 'no TLS'}"
        if version < OLDEST:
            return About(False, text, "PostgreSQL 13 or newer is needed")
        return About(True, text, "" if secret else "with sslmode=verify-full nobody on the way can read along")

    def clock(self) -> datetime:
        """The server's time."""
        return datetime.fromtimestamp(
            self.rows("database", "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)")[0][0], UTC
        )

    # -- below

    def _run(
        self, place: str, sql: str, values: Sequence[Any] = (), *, one_row: bool = False
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        try:
            return self._current().execute(sql.replace("?", "%s").encode(), values or None)
        except psycopg.Error as error:
            ours = self._ours(place, error, one_row=one_row)
        raise ours  # here, so that the driver's error, which may quote a row, does not even hang on it as its context

    def _ours(self, place: str, error: psycopg.Error, *, one_row: bool = False) -> HubError | Changed | RowRefused:
        """What a driver's error is here. A connection that it has broken is let go."""
        state = error.sqlstate or ""
        if self._connection is not None and (self._connection.closed or state.startswith(_LOST)):
            self.close()
        elif one_row and (state.startswith(_REFUSED_ROW) or isinstance(error, psycopg.DataError)):
            return RowRefused()
        elif state.startswith(_CHANGED) and state != "42501":
            return Changed(place, state)
        kind = Untold if state.startswith(_UNTOLD) else Unavailable
        return unavailable(place, state or ("08" if self._connection is None else type(error).__name__), _TROUBLE, kind)

    def _leave_broken(self) -> None:
        """After an error, a transaction answers nothing more: leave it, to ask what is wrong. Nothing of it counts."""
        if self._connection and self._connection.info.transaction_status == TransactionStatus.INERROR:
            with suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")

    def _current(self) -> psycopg.Connection:
        if self._connection is None:
            if self._under_way:  # on a new connection, the rest would be no part of it
                raise Unavailable("cms database", "a connection that broke off", next_step="it is tried again")
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection:
        own: dict[str, str | int] = {"connect_timeout": CONNECT_S, "application_name": "hub", **_NOTICED}
        password = {"password": _password(self._password_file)} if self._password_file else {}
        wanted = make_conninfo("", **{**own, **self._address, **password, "client_encoding": "UTF8"})
        session = _SESSION.format(
            zone=TORONTO.key, statement=STATEMENT_TIMEOUT_MS, lock=max(self._busy_timeout_ms, 1), idle=IDLE_MS
        )
        found = _opened(wanted, session)
        if isinstance(found, Unavailable):
            raise found
        return found


def _opened(wanted: str, session: str) -> psycopg.Connection | Unavailable:
    """A connection that is set up, or why there is none: returned, so that no text of the driver's hangs on it."""
    try:
        # statements are not prepared: behind a pool, the next one may meet another session
        connection = _Bounded.connect(wanted, autocommit=True, context=told(), prepare_threshold=None)
    except psycopg.Error as error:
        return _not_connected(error)
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        # it holds what its programs wrote: bytes that it can only refuse to tell as UTF-8, and that we can read
        session += "; SET client_encoding = 'SQL_ASCII'"
    try:
        connection.execute(session.encode())
    except psycopg.Error as error:
        connection.close()
        return unavailable("database", error.sqlstate or "08", _TROUBLE)
    return connection


def _password(path: str) -> str:
    """The password in a file. Until it is mended, the system is out of reach and asked again."""
    try:
        return read_password(Path(path))
    except Refused as error:
        step = "chmod 0600, and change it" if error.expected == "mode 0600" else "write the password into the file"
        raise Unavailable("cms password_file", error.got, "a file with the password, mode 0600", step) from None


def _not_connected(error: psycopg.Error) -> Unavailable:
    said = str(error)
    known = next((words for theirs, words in _CANNOT_CONNECT.items() if theirs in said), None)
    what, next_step = known or (type(error).__name__, "check the url of this system, the server and its log")
    return Unavailable("cms database", what, "a server that answers", next_step)
