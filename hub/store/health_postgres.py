"""Look at the store's server without the store: reachable, new enough, whole, writable, durable, and in time.

Changes nothing: what is written to see whether it can be is rolled back. Its counterpart for a file is ``health.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, inspect, select, text

from hub.errors import HubError, Unavailable
from hub.store import tables as t
from hub.store.audit import instant_of
from hub.store.health import Seen, lacking_tables, standing_version
from hub.store.postgres import PostgresDatabase, server_time

SERVER_MIN = 15  # the major version that the hub is tested on; an older one was not tried
SERVER_SKEW_MAX = timedelta(minutes=2)  # [policy] between the server's clock and this machine's
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
_CANNOT_CONNECT = "see that the server runs and lets this user in; `store` in docs/operator.md"


def look_at_server(url: str, now: datetime) -> list[Seen]:
    """Look at a server and the hub's database on it.

    Args:
        now: by this machine's clock.

    Raises:
        Refused: the URL is none.
    """
    seen: list[Seen] = []
    with closing(PostgresDatabase(url)) as database:
        try:
            with database.writing() as connection:
                seen.append(Seen(True, "can be reached"))
                seen += _looks(connection, now)
        except Unavailable as error:
            seen.append(Seen(False, error.got, "see the server's own log" if seen else _CANNOT_CONNECT))
        except HubError as error:
            seen.append(Seen(False, error.got, error.next_step))
    return seen


def newest_entry_of(url: str) -> datetime | None:
    """When the newest audit entry was written, by the clock of that moment."""
    try:
        with closing(PostgresDatabase(url)) as database, database.reading() as connection:
            return instant_of(connection.execute(select(func.max(t.audit_entry.c.id))).scalar())
    except HubError:
        return None


def _looks(connection: Connection, now: datetime) -> Iterator[Seen]:
    yield _server(connection)
    yield _encoding(connection)
    tables = set(inspect(connection).get_table_names())
    found = text("SELECT version_num FROM alembic_version")
    yield standing_version(connection.execute(found).scalar() if "alembic_version" in tables else None)
    yield lacking_tables(tables)
    rights = _rights(connection, sorted(set(t.metadata.tables) & tables))
    yield rights
    if rights.ok and t.lease.name in tables:
        yield _writable(connection)
    yield from (_durable(connection, name) for name in _DURABLE)
    yield _clock(connection, now)


def _server(connection: Connection) -> Seen:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    step = "" if number >= SERVER_MIN * 10_000 else f"move the database to version {SERVER_MIN} or newer"
    return Seen(not step, f"PostgreSQL {number // 10_000}.{number % 10_000}", step)


def _encoding(connection: Connection) -> Seen:
    found = connection.execute(text("SHOW server_encoding")).scalar_one()
    step = "" if found == "UTF8" else "make the database anew with ENCODING 'UTF8': names of people need it"
    return Seen(not step, f"encoding {found}", step)


def _rights(connection: Connection, tables: list[str]) -> Seen:
    asked = text("SELECT has_table_privilege(CAST(:name AS text), CAST(:right AS text))")
    lacking = [
        name
        for name in tables
        if not all(
            connection.execute(asked, {"name": f'"{name}"', "right": right}).scalar() for right in _RIGHTS.split(", ")
        )
    ]
    if lacking:
        return Seen(False, f"lacks rights on {', '.join(lacking[:5])}", f"give this user {_RIGHTS} on every table")
    return Seen(True, "may read and write every table")


def _writable(connection: Connection) -> Seen:
    """A row that is taken back at once: a server may be a standby, read-only, or full."""
    with connection.begin_nested() as tried:
        connection.execute(insert(t.lease).values(name="doctor", holder="doctor", until_at=""))
        tried.rollback()
    return Seen(True, "can be written")


def _durable(connection: Connection, name: str) -> Seen:
    found = connection.execute(text(f"SHOW {name}")).scalar_one()
    if found == "off":
        return Seen(False, f"{name} is off", f"set {name} = on: after a power cut, what was answered would be gone")
    return Seen(True, f"{name} is {found}")


def _clock(connection: Connection, now: datetime) -> Seen:
    apart = server_time(connection) - now
    if abs(apart) > SERVER_SKEW_MAX:
        way = "ahead of" if apart > timedelta() else "behind"
        told = f"its clock is {int(abs(apart).total_seconds())} s {way} this machine's"
        return Seen(False, told, "set both by NTP; units go by the server's")
    return Seen(True, "its clock is this machine's, nearly")
