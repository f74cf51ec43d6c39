"""The store in one SQLite file: short write transactions, and reads that cannot write.

SQLite in WAL mode with ``synchronous=FULL`` and ``secure_delete``. The driver's own transaction control is off: by
default SQLAlchemy's driver begins only at the first write, so a decision would be read outside the transaction that
releases it (``tests/race`` holds a test of that). Every write transaction is ``BEGIN IMMEDIATE`` behind the turnstile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from hub.errors import IntegrityBroken, Unavailable
from hub.model import locks
from hub.store.turnstile import Turnstile

BUSY_TIMEOUT_MS = 5_000  # only writers from outside the turnstile can make us wait here
CONNECTIONS = 48  # kept, if so many threads of `hub serve` ask at once: to open one anew takes as long as four reads
CACHE_KB = 8_192  # pages kept by a connection: the indexes' inner pages of a million clients fit
_UNREADABLE = "Could not decode to UTF-8"  # what follows in the driver's words is the value itself
CHECKPOINT_PAGES = 4_000  # of WAL, 16 MB: fewer copies of the same hot pages back into the file


class SqliteDatabase:
    """One SQLite file; see :class:`hub.store.sql.Database`. One transaction writes at a time, so locks are names alone.

    Args:
        path: the database file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, f"store {path.name}"
        self._turnstile = Turnstile(path)
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", query_only=False)
        self._reader = _engine(path, begin="BEGIN", query_only=True)

    def make(self) -> None:
        """Make the file, readable by its owner alone."""
        self.path.touch(mode=0o600, exist_ok=True)

    @contextmanager
    def writing(self, *, share: Iterable[str] = (), own: Iterable[str] = ()) -> Iterator[Connection]:
        """One write transaction. Who owns what answers rest on goes before others (a withdrawal before the workers);
        a digest, which only keeps two from doing the same at once, gives no such place.
        """
        del share  # whoever writes is alone
        owner = any(not name.startswith(locks.DIGEST) for name in own)
        with self._translated(), self._turnstile.turn(owner=owner), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent read, on a connection that refuses to write."""
        with self._translated(), self._reader.begin() as connection:
            yield connection

    def own(self, connection: Connection, name: str) -> None:
        """Whoever writes is alone."""

    def alone(self, connection: Connection, tables: Sequence[str]) -> None:
        """Whoever writes is alone."""

    def claim(self, connection: Connection, names: Sequence[str]) -> list[str]:
        """All of them: one worker at a time gains nothing by leaving some to another."""
        del connection
        return list(names)

    def close(self) -> None:
        """Let go of all connections."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Driver errors become ours. Their text may hold parameters, so only the kind of error goes on."""
        try:
            yield
        except OperationalError as error:
            reason = _UNREADABLE if _UNREADABLE in str(error.orig) else str(error.orig).split(":")[0]
            raise Unavailable(
                self.where, got=reason, next_step="run `hub doctor`; what was under way is tried again"
            ) from None
        except DBAPIError as error:
            raise IntegrityBroken(
                self.where, got=type(error.orig).__name__, next_step="stop the hub and run `hub doctor`"
            ) from None


def _engine(path: Path, *, begin: str, query_only: bool) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=CONNECTIONS, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def connected(dbapi: Any, _: object) -> None:
        dbapi.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "temp_store=MEMORY",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            f"cache_size=-{CACHE_KB}",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        ):
            dbapi.execute(f"PRAGMA {pragma}")
        if query_only:
            dbapi.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
