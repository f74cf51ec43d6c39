"""The store on PostgreSQL 15 or newer: many processes write at once, under advisory locks by name (design §6) ◆.

- A write transaction is READ COMMITTED and begins with one statement that takes all its locks, ascending, and reads no
  table; the snapshot of each later statement is newer than the locks. At REPEATABLE READ or SERIALIZABLE the snapshot
  could be older than the withdrawal that was waited for, and the race gets through.
- Who shares waits in line behind an owner who came first, so that busy workers starve no withdrawal. Row locks do not
  promise that: FOR SHARE is nowhere.
- A read is one snapshot, read-only: what is decided on it is provisional anyway (docs/decisions/postgres.md).
- Locks end with the transaction, also of a process that was killed or stands still: the server ends its session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Engine, bindparam, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hub.errors import HubError, IntegrityBroken, Refused, Unavailable, Unexpected

SCHEME = "postgresql"
CONNECT_S = 5  # [policy] to reach the server, before the store is away
SILENCE_MS = 15_000  # [policy] a connection whose server no longer confirms what is sent is given up
LOCK_TIMEOUT_MS = 5_000  # a unit lasts 50 ms (design §6): whoever waits so long waits for something that is wrong
STATEMENT_TIMEOUT_MS = 15_000  # [policy] of one statement of a unit
IDLE_UNIT_MS = 5_000  # design §6: a process that stands still inside a unit loses it, and its locks
READ_TIMEOUT_MS = 60_000  # [policy] of one statement of a read, and between two: it holds up nobody
CONNECTIONS = 8  # kept by a process, for writing and for reading each
CONNECTIONS_MORE = 16  # and opened beyond these for a moment

_AGAIN = ("08", "25", "40", "42", "53", "55", "57", "58")  # classes of SQLSTATE: away, raced, full, or not migrated
_NO_RIGHT = "42501"
_RACED = "23505"  # unique: another transaction has made the same row at the same moment
_CANNOT_CONNECT = {  # what the driver's text holds when it cannot connect, and what we say instead of it
    "password authentication failed": "another password than the user's",
    "Connection refused": "Connection refused",
    "timeout expired": "no answer in time",
    "does not exist": "no such database or user",
    "no pg_hba.conf entry": "a server that does not let this user in from here",
    "too many clients": "a server with no connection left",
    "too many connections": "a server with no connection left",
    "could not translate host name": "a host name that nobody knows",
    "Name or service not known": "a host name that nobody knows",
    "starting up": "a server that is starting",
    "shutting down": "a server that is stopping",
    "not support SSL": "a server without TLS",
    "certificate verify failed": "a certificate that is not trusted",
}
_LOCK = text(
    "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END"
    " FROM unnest(:keys, :alone) WITH ORDINALITY AS wanted(key, alone, place) ORDER BY place"
).bindparams(bindparam("keys", type_=ARRAY(BigInteger)), bindparam("alone", type_=ARRAY(Boolean)))
_CLAIM = text("SELECT key FROM unnest(:keys) AS wanted(key) WHERE pg_try_advisory_xact_lock(key)").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)


def with_password(url: str, password: str) -> str:
    """The same URL with a password in it.

    Raises:
        Refused: it is no URL. The text does not repeat it.
    """
    assert database_name(url), "a database without a name is refused"
    return make_url(url).set(password=password).render_as_string(hide_password=False)


class PostgresDatabase:
    """One database of a server, the hub's alone; see :class:`hub.store.sql.Database`.

    Args:
        url: ``postgresql://user:password@host:port/database``, with libpq's parameters behind ``?``.

    Raises:
        Refused: it is no such URL. The text does not repeat it, since it may hold a password.
    """

    def __init__(self, url: str) -> None:
        self.where = f"store {database_name(url)}"
        self._writer = _engine(url, "READ COMMITTED", read_only=False)
        self._reader = _engine(url, "REPEATABLE READ", read_only=True)

    def make(self) -> None:
        """The database is made by the server's administrator (docs/operator.md)."""

    @contextmanager
    def writing(self, *, share: Iterable[str] = (), own: Iterable[str] = ()) -> Iterator[Connection]:
        """One write transaction; all of its locks are held before the block begins."""
        wanted = {lock_key(name): False for name in share} | {lock_key(name): True for name in own}
        with self._translated(), self._writer.begin() as connection:
            if wanted:
                keys = sorted(wanted)
                connection.execute(_LOCK, {"keys": keys, "alone": [wanted[key] for key in keys]})
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot, in a transaction that refuses to write."""
        with self._translated(), self._reader.begin() as connection:
            yield connection

    def own(self, connection: Connection, name: str) -> None:
        """Nobody can know of it yet, so this waits for nobody and stands in no order."""
        connection.execute(_LOCK, {"keys": [lock_key(name)], "alone": [True]})

    def alone(self, connection: Connection, tables: Sequence[str]) -> None:
        """By locks on the tables: who reads goes on, who writes waits. Timeouts are those of a long read."""
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {READ_TIMEOUT_MS}"))
        names = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in tables)
        connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))

    def claim(self, connection: Connection, names: Sequence[str]) -> list[str]:
        """By advisory locks that are tried and not waited for; they end with the transaction."""
        keys = {lock_key(f"claim:{name}"): name for name in names}
        taken = connection.execute(_CLAIM, {"keys": list(keys)}).scalars().all() if keys else ()
        ours = {keys[key] for key in taken}
        return [name for name in names if name in ours]

    def close(self) -> None:
        """Let go of all connections."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Driver errors become ours. Their text may hold parameters, so only the kind of error goes on."""
        try:
            yield
        except PoolTimeoutError:
            got = "no free connection"
            raise Unavailable(
                self.where, got, next_step="too much at once; what was under way is tried again"
            ) from None
        except DBAPIError as error:
            raise translated(self.where, error) from None


def database_name(url: str) -> str:
    """The name of the database in a URL: all of it that errors show.

    Raises:
        Refused: it is no URL of PostgreSQL, or names no database.
    """
    try:
        parsed = make_url(url)
        parsed.set(drivername=f"{SCHEME}+psycopg").get_dialect()().create_connect_args(parsed)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername != SCHEME or not parsed.database:
        expected = f"{SCHEME}://user:password@host:port/database"
        raise Refused("store", "something that is no such URL", expected, "see `store` in docs/operator.md")
    return parsed.database


def server_time(connection: Connection) -> datetime:
    """The server's present instant: one clock for all processes, read on the connection that holds the locks."""
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found.astimezone(UTC)


def lock_key(name: str) -> int:
    """A lock's name as the 64 bits that PostgreSQL keeps. Two names of one key would only wait for each other."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def translated(where: str, error: DBAPIError) -> HubError:
    """What a driver's error means here, without a value."""
    state = getattr(error.orig, "sqlstate", None) or ""
    kind = type(error.orig).__name__
    away = error.connection_invalidated or (isinstance(error, OperationalError) and not state)
    if state == _NO_RIGHT:
        step = "grant it to the hub's user (docs/operator.md, On PostgreSQL); `hub doctor` names the table"
        return Refused(where, "a right that the hub's user does not have", "the owner's", step)
    if isinstance(error, ProgrammingError) and error.statement is None:  # it could not even try to connect
        return Refused(
            where, "a URL that the driver does not take", "libpq's parameters", "see `store` in docs/operator.md"
        )
    if away or state.startswith(_AGAIN) or state == _RACED:
        step = "run `hub doctor`; what was under way is tried again"
        return Unavailable(where, reason(error) if away else kind, next_step=step)
    if isinstance(error, DataError):
        return Unexpected(where, kind, next_step="tell the maintainers; the rest goes on")
    return IntegrityBroken(where, got=kind, next_step="stop the hub and run `hub doctor`")


def reason(error: DBAPIError) -> str:
    """Why a server cannot be reached, in known words: the driver's text may repeat parts of the URL."""
    told = str(error.orig)
    return next((ours for theirs, ours in _CANNOT_CONNECT.items() if theirs in told), type(error.orig).__name__)


def _engine(url: str, isolation: str, *, read_only: bool) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername=f"{SCHEME}+psycopg"),
        isolation_level=isolation,  # said always: the server's default may be another
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS_MORE,
        pool_pre_ping=True,  # a server that was started again is noticed before a unit begins, not within it
        connect_args={"connect_timeout": CONNECT_S, "tcp_user_timeout": SILENCE_MS, "application_name": "hub"},
    )
    statement_ms, idle_ms = (READ_TIMEOUT_MS, READ_TIMEOUT_MS) if read_only else (STATEMENT_TIMEOUT_MS, IDLE_UNIT_MS)

    @event.listens_for(engine, "connect")
    def connected(dbapi: Any, _: object) -> None:
        before, dbapi.autocommit = dbapi.autocommit, True
        dbapi.execute(
            f"SET lock_timeout = {LOCK_TIMEOUT_MS}; SET statement_timeout = {statement_ms};"
            f" SET idle_in_transaction_session_timeout = {idle_ms};"
            " SET jit = off;"  # every statement is short: to compile one takes a hundred times as long as to run it
        )
        # what has been answered must have been kept; stronger settings than "on" stay as they are
        dbapi.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        dbapi.autocommit = before
        dbapi.read_only = read_only

    return engine
