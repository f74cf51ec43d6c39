"""All rows of all tables, out of one snapshot and back into an empty store; the same text on SQLite and PostgreSQL.

They are read through the database itself, so what stands in a write-ahead log cannot be missed. A row is a line: a JSON
array in the order of the columns of ``tables.py``, bytes as base64, null where there is nothing. Rows stand in the
order of their keys, entries of the log in that of their places; so equal stores give equal lines, whichever database
holds them. Nothing is held but a page. In what file the lines stand is ``archive.py``'s.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Select, Table, delete, func, insert, select

from hub.errors import IntegrityBroken, Refused
from hub.model import locks
from hub.store import tables as t
from hub.store.sql import Database
from hub.store.unit import SqlStore, SqlUnit

PAGE = 200  # rows read or written at once: some megabytes, also where they hold sealed bodies
_INT_MAX = 2**63 - 1  # of a column
DIRECTORY = (t.agency, t.system, t.site, t.service, t.agreement, t.worker)
EVERY: Sequence[Table] = tuple(t.metadata.tables[name] for name in sorted(t.metadata.tables))

Row = dict[str, Any]


def columns_of(table: Table) -> tuple[str, ...]:
    """The names of a table's columns, in the order of a line."""
    return tuple(column.name for column in table.columns)


def dump(where: str, connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row of a table as a line. All tables of one ``database.reading()`` are of one moment.

    Args:
        where: the database, as errors name it.

    Raises:
        IntegrityBroken: a value is not of its column's kind: somebody has changed the file by hand.
    """
    kinds = [(column.name, _kind(column), bool(column.nullable)) for column in table.columns]
    for statement in _in_order(table):
        for row in connection.execute(statement, execution_options={"yield_per": PAGE}):
            values = []
            for (name, kind, optional), value in zip(kinds, row, strict=True):
                if type(value) is not kind and not (value is None and optional):
                    got, step = f"a {type(value).__name__} in column {name}", "stop the hub and run `hub doctor`"
                    raise IntegrityBroken(f"{where}: table {table.name}", got, kind.__name__, step)
                values.append(base64.b64encode(value).decode() if isinstance(value, bytes) else value)
            yield orjson.dumps(values) + b"\n"


def parse(table: Table, line: bytes) -> Row:
    """The row of a line, its values by column.

    Raises:
        ValueError: it is none of this table.
    """
    values = orjson.loads(line)
    if not isinstance(values, list) or len(values) != len(table.columns):
        raise ValueError("another number of columns")
    return {column.name: _value(column, value) for column, value in zip(table.columns, values, strict=True)}


def _value(column: Column[Any], value: object) -> object:
    kind = _kind(column)
    if value is None and column.nullable:
        return None
    if kind is bytes and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if type(value) is not kind or (isinstance(value, int) and not -_INT_MAX - 1 <= value <= _INT_MAX):
        raise ValueError("another kind of value")
    return value


def _kind(column: Column[Any]) -> type[str | int | bytes]:
    if isinstance(column.type, LargeBinary):
        return bytes
    return int if isinstance(column.type, BigInteger) else str


def _in_order(table: Table) -> Iterable[Select[Any]]:
    """By the key, which has an index everywhere: SQLite sorts in memory what has none."""
    if table is t.audit_entry:
        place = table.c.entry_index
        return [
            select(table).where(place.is_not(None)).order_by(place),
            select(table).where(place.is_(None)).order_by(table.c.id),
        ]
    return [select(table).order_by(*table.primary_key.columns)]


@dataclass(frozen=True, slots=True)
class Restoring:
    """A store that is being filled: nobody sees a row of it before the transaction has ended.

    Args:
        unit: on the same transaction, for what is added to the rows.
    """

    connection: Connection
    unit: SqlUnit

    def fill(self, table: Table, rows: Iterable[Row]) -> None:
        """Write the rows of a table, a page at a time."""
        page: list[Row] = []
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                self.connection.execute(insert(table), page)
                page = []
        if page:
            self.connection.execute(insert(table), page)


@contextmanager
def restoring(store: SqlStore, *, own: Sequence[str], started: str) -> Iterator[Restoring]:
    """Fill an empty store in one transaction: all of it is there afterwards, or nothing.

    Nobody else writes meanwhile, so no worker can slip in between; whoever reads sees an empty store until the end.

    Args:
        own: locks of the unit, beside a share of ``config``.
        started: what a hub remembers under this name at its first start is no row that could be lost.

    Raises:
        Refused: rows are in it.
        Unavailable: another process holds it, or it cannot be written; nothing was.
    """
    with store.database.writing(share=[locks.CONFIG], own=own) as connection:
        store.database.alone(connection, [table.name for table in EVERY])
        _require_empty(store.database, connection, started)
        for table in (t.registry_head, t.adapter_memory, t.lease):
            connection.execute(delete(table))
        with store.within(connection, share=[locks.CONFIG], own=own) as unit:
            yield Restoring(connection, unit)


def _require_empty(database: Database, connection: Connection, started: str) -> None:
    at_start: dict[Table, Callable[[], Select[Any]]] = {
        t.registry_head: lambda: select(t.registry_head.c.id).where(t.registry_head.c.seq != 0),
        t.adapter_memory: lambda: select(t.adapter_memory.c.key).where(t.adapter_memory.c.system != started),
    }
    for table in EVERY:
        if table is t.lease:  # a worker that waits for something to do
            continue
        rows = at_start[table]() if table in at_start else select(*table.primary_key.columns)
        if connection.execute(rows.limit(1)).first() is not None:
            step = "nothing is overwritten: move the old store aside, or name an empty one (docs/operator.md, Restore)"
            raise Refused(database.where, f"rows in table {table.name}", "an empty store", step)


def entries_since(connection: Connection, size: int, limit: int) -> tuple[int, list[bytes]]:
    """How many entries there are in all, and the bodies of those without a place below ``size``."""
    c = t.audit_entry.c
    count = connection.execute(select(func.count()).select_from(t.audit_entry)).scalar_one()
    after = select(c.body).where(c.entry_index.is_(None) | (c.entry_index >= size)).order_by(c.id.desc()).limit(limit)
    return int(count), [bytes(body) for body in connection.execute(after).scalars()]
