"""All queries of the CMS adapter, in one text for every engine.

Program systems 9.2. Statements keep to standard SQL; names in them come from the one table of columns in ``record``,
values are always bound. What engines do differently stands in ``sqlite`` and ``postgres``.

A statement that an engine finds no table or column for is told as what the database lacks: view and columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.cells import decoded
from adapters.cms.changes import Entry
from adapters.cms.engine import About, Changed, Engine, RowRefused, Untold
from adapters.cms.views import KEYS, SAFE_CHANNELS, VIEWS
from hub.errors import HubError, Unavailable

IN_MAX = 500  # values in one IN list: every engine takes them

KEY = {name: next(iter(columns)) for name, columns in VIEWS.items()}  # the first column of a view is its key
OWN_VERSION = (*(keyed.view for keyed in KEYS.values()), "v_hub_client")
NEEDED: Mapping[str, tuple[str, ...]] = {
    **{view: (*columns, *(("row_version",) if view in OWN_VERSION else ())) for view, columns in VIEWS.items()},
    "change_log": ("seq", "table_name", "row_id", "op"),
    "hub_inbox": (
        "message_id", "kind", "hub_referral_no", "client_id", "base_row_version", "payload", "incomplete",
        "received_at",
    ),
    "hub_inbox_error": ("seq", "message_id", "code"),
}  # fmt: skip
RIGHTS = {name: ("SELECT INSERT" if name == "hub_inbox" else "SELECT", columns) for name, columns in NEEDED.items()}

_INSERT = (
    "INSERT INTO hub_inbox (message_id, kind, hub_referral_no, client_id, base_row_version, payload, incomplete,"
    " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING"
)
_NORMALISED = (
    "UPPER(REPLACE(REPLACE(value, '-', ''), ' ', ''))"  # as hub.model.identifiers.normalise; cms.sql indexes it
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of ``hub_inbox_error``, as it stands there."""

    seq: int
    message_id: Any
    code: Any


class Database:
    """What the adapter asks of an agency's database, and tells it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent picture for everything that is read inside."""
        with self._named():
            self._engine.begin(write=False)
        try:
            yield
        finally:
            self.rollback()

    def begin(self) -> None:
        """Begin to write."""
        with self._named():
            self._engine.begin(write=True)

    def commit(self) -> None:
        """Commit. When it raises, the outcome is looked up by the caller with :meth:`ended` and :meth:`payloads`."""
        with self._named():  # a deferred trigger of the agency may name anything
            self._engine.commit()

    def ended(self) -> bool:
        """After a commit that raised: whether its transaction is certainly over."""
        with self._named():
            return self._engine.ended()

    def rollback(self) -> None:
        """Undo what is open, if anything is."""
        self._engine.rollback()

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        self._engine.close()

    # -- the change log and the errors

    def log_range(self) -> tuple[int, int]:
        """Lowest and highest number in the change log; zeros where it is empty."""
        low, high = self._rows("change_log", "SELECT MIN(seq), MAX(seq) FROM change_log")[0]
        return int(low or 0), int(high or 0)

    def entries(self, after: int, limit: int) -> list[Entry]:
        """Entries behind a number, in order."""
        sql = "SELECT seq, table_name, row_id, op FROM change_log WHERE seq > ? ORDER BY seq LIMIT ?"
        return [Entry(*row) for row in self._rows("change_log", sql, (after, limit))]

    def entries_between(self, first: int, last: int, limit: int) -> list[Entry]:
        """Entries from one number to another, both included, in order."""
        sql = "SELECT seq, table_name, row_id, op FROM change_log WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return [Entry(*row) for row in self._rows("change_log", sql, (first, last, limit))]

    def still_to_come(self, view: str, rows: Sequence[int], after: int) -> set[int]:
        """Which of these rows have an entry of their own further on."""
        sql = "SELECT DISTINCT row_id FROM change_log WHERE table_name = ? AND seq > ? AND row_id IN"
        return {row[0] for row in self._in("change_log", sql, rows, (view, after))}

    def error_range(self) -> tuple[int, int]:
        """Lowest and highest number in ``hub_inbox_error``; zeros where it is empty."""
        low, high = self._rows("hub_inbox_error", "SELECT MIN(seq), MAX(seq) FROM hub_inbox_error")[0]
        return int(low or 0), int(high or 0)

    def errors(self, after: int, limit: int) -> list[Failure]:
        """Rows of ``hub_inbox_error`` behind a number, in order."""
        sql = "SELECT seq, message_id, code FROM hub_inbox_error WHERE seq > ? ORDER BY seq LIMIT ?"
        return [Failure(*row) for row in self._rows("hub_inbox_error", sql, (after, limit))]

    def errors_between(self, first: int, last: int, limit: int) -> list[Failure]:
        """Rows of ``hub_inbox_error`` from one number to another, both included, in order."""
        sql = "SELECT seq, message_id, code FROM hub_inbox_error WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return [Failure(*row) for row in self._rows("hub_inbox_error", sql, (first, last, limit))]

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

    def keys_of(self, view: str, column: str, keys: Sequence[int]) -> list[tuple[int, Any]]:
        """Key and one column of rows by their keys."""
        sql = " ".join(("SELECT", KEY[view], ",", column, "FROM", view, "WHERE", KEY[view], "IN"))
        return [(row[0], row[1]) for row in self._in(view, sql, keys)]

    def keys(self, view: str, column: str, values: Sequence[int]) -> list[tuple[int, int]]:
        """Key and one column of the rows that hold one of the values in it."""
        sql = " ".join(("SELECT", KEY[view], ",", column, "FROM", view, "WHERE", column, "IN"))
        return [(row[0], row[1]) for row in self._in(view, sql, values, order=KEY[view])]

    def between(self, view: str, column: str, start: int, end: int) -> list[tuple[int, Any]]:
        """Key and one column of the rows whose key is from ``start`` to before ``end``."""
        key = KEY[view]
        sql = " ".join(("SELECT", key, ",", column, "FROM", view, "WHERE", key, ">= ? AND", key, "< ?"))
        return [(row[0], row[1]) for row in self._rows(view, sql, (start, end))]

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
        self._execute("SAVEPOINT one")
        try:
            inserted = self._execute(_INSERT, row) == 1
        except RowRefused:
            self._execute("ROLLBACK TO SAVEPOINT one")
            inserted = None
        self._execute("RELEASE SAVEPOINT one")
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

    def follow_ups(self) -> list[tuple[int, Any]]:
        """Key and day of the follow-ups that have not been made, of clients who are alive."""
        sql = (
            "SELECT f.follow_up_id, f.due_on FROM v_hub_follow_up f JOIN v_hub_client c ON c.client_id = f.client_id"
            " WHERE COALESCE(CAST(f.done_on AS VARCHAR(30)), '') = ''"
            " AND COALESCE(CAST(c.deceased_date AS VARCHAR(30)), '') = '' ORDER BY f.follow_up_id"
        )
        return [(row[0], cell(row[1])) for row in self._rows("v_hub_follow_up", sql)]

    # -- looking at the connection

    @property
    def schema(self) -> str:
        """The file that says what the database must show."""
        return self._engine.schema

    def missing(self) -> dict[str, tuple[str, ...]]:
        """By view or table that is not as it must be: the columns it lacks; none named: it is not there at all."""
        with self._named():
            return self._absent()

    def denied(self) -> Mapping[str, str]:
        """By view or table, the first right that the hub's user needs and has not."""
        with self._named():
            return self._engine.denied(RIGHTS)

    def about(self) -> About:
        """How the database is set up."""
        with self._named():
            return self._engine.about()

    def clock(self) -> datetime:
        """The database's own time, aware."""
        with self._named():
            return self._engine.clock()

    # -- below

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        with self._named():
            return self._engine.execute("hub_inbox", sql, values)

    def _rows(self, place: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._named():
            return self._engine.rows(place, sql, values)

    def _in(
        self, place: str, sql: str, values: Sequence[Any], before: Sequence[Any] = (), order: str = ""
    ) -> Iterator[Any]:
        """Rows of a statement that ends in IN, asked in lists of bounded length."""
        for start in range(0, len(values), IN_MAX):
            part = values[start : start + IN_MAX]
            marks = ", ".join("?" * len(part))
            whole = " ".join((sql, "(", marks, ")", *(("ORDER BY", order) if order else ())))
            yield from self._rows(place, whole, (*before, *part))

    def _absent(self) -> dict[str, tuple[str, ...]]:
        lacking: dict[str, tuple[str, ...]] = {}
        for name, needed in NEEDED.items():
            have = self._engine.columns(name)
            absent = tuple(column for column in needed if column not in have)
            if absent:
                lacking[name] = absent if have else ()
        return lacking

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Changed as changed:
            raise self._lacking(changed) from changed

    def _lacking(self, changed: Changed) -> HubError:
        """A changed schema, named: the first view or table that is not as it must be."""
        lacking: dict[str, tuple[str, ...]] = {}
        with suppress(HubError, Changed):
            lacking = self._absent()
        for name, columns in lacking.items():
            got = f"no column {', '.join(columns)}" if columns else "no such view or table, or a broken view"
            return Unavailable(f"cms {name}", got, f"as in {self.schema}", "restore it; it is tried again")
        kind = Untold if changed.code == "SQLITE_ERROR" else Unavailable  # SQLite has no other word for a row's fault
        return kind(f"cms {changed.place}", changed.code, f"as in {self.schema}", "run: hub systems check")


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
    """A column as it is read: a channel only where it is marked safe, in whatever type the view says so."""
    mark = SAFE_CHANNELS.get(name)
    return " ".join(("CASE WHEN CAST(", mark, "AS VARCHAR(5)) IN ('1', 'true') THEN", name, "END")) if mark else name


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in order of first sight."""
    return list(dict.fromkeys(values))
