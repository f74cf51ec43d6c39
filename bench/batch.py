"""Batch end to end: from rows in the sender's CMS to rows in the recipient's ``hub_inbox``, all promises kept.

Reference: the very rows that this leaves behind (the hub's tables and the inbox), inserted with plain sqlite3 into
tables with the same indexes, one transaction for as many messages as the hub puts into a unit.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.figures import Figure, stopwatch
from bench.world import RECIPIENT, World, counting_sql, world

PAGE = 500  # messages between two looks at the memory
_TABLES = (
    "inbox decision handover handover_basis referral referral_event audit_entry audit_leaf bus_record consent_alias"
)


def batch(folder: Path, scale: float) -> Iterator[Figure]:
    """One process, as in the embedded shape; once with consents that are filed already, once with theirs to file."""
    count = int(1_000 * scale)
    yield _measured(folder / "filed", count, "batch, consents filed", filed=True)
    yield _measured(folder / "fresh", count, "batch, consents included", filed=False)


def memory(folder: Path, scale: float) -> Iterator[Figure]:
    """Resident memory at the end of ten thousand messages, beside that after a tenth of them."""
    with world(folder) as made:
        yield grown(made, int(10_000 * scale), "resident")


def grown(made: World, count: int, name: str) -> Figure:
    """The same of any world, for as many messages."""
    sizes: list[float] = []
    clients = made.add_clients(count)
    made.run()
    tenth = max(1, count // 10)
    page = min(PAGE, tenth)
    for start in range(0, count, page):
        made.refer(clients[start : start + page])
        made.run()
        if start < tenth <= start + page:
            sizes.append(resident_mb())
    sizes.append(resident_mb())
    beside = f"after {tenth:,}"
    return Figure(f"{name} after {made.arrived():,} messages", sizes[-1], "MB", sizes[0], beside, "flat, < 512 MB")


def _measured(folder: Path, count: int, name: str, *, filed: bool) -> Figure:
    with world(folder) as made:
        clients = made.add_clients(count)
        if filed:
            made.run()
        made.refer(clients)
        with counting_sql() as sql, stopwatch() as took_s:
            made.run()
        assert made.arrived() == count, "every message arrived"
        reference_s = _insert_plainly(made, count)
    note = f"{sql.total / count:.1f} SQL executions a message; target 700/s"
    return Figure(name, count / took_s(), "/s", count / reference_s, "inserting the same rows", note)


def _insert_plainly(made: World, count: int) -> float:
    """Seconds for the rows of a run, ``batch`` messages a transaction."""
    size = made.hub.house.limits.batch
    units = -(-count // size)
    plain = sqlite3.connect(made.dir / "plain.sqlite", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=FULL")
    work: list[tuple[str, list[Any]]] = []
    for path, names in (
        (made.hub.settings.database, _TABLES.split()),
        (made.dir / f"{RECIPIENT}.sqlite", ["hub_inbox"]),
    ):
        with closing(sqlite3.connect(path)) as db:
            for name in names:
                for (statement,) in db.execute(
                    "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql <> ''", (name,)
                ):
                    if statement.upper().startswith(("CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE")):
                        plain.execute(statement)
                work.append(_inserts(db, name))
    with stopwatch() as took_s:
        for unit in range(units):
            plain.execute("BEGIN IMMEDIATE")
            for statement, rows in work:
                plain.executemany(statement, rows[unit * len(rows) // units : (unit + 1) * len(rows) // units])
            plain.execute("COMMIT")
    plain.close()
    return took_s()


def _inserts(db: sqlite3.Connection, table: str) -> tuple[str, list[Any]]:
    rows: Sequence[Any] = db.execute(f"SELECT * FROM {table}").fetchall()
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", list(rows)


def resident_mb() -> float:
    """Of this process now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
