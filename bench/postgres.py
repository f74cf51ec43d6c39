"""The store on PostgreSQL beside the store on a file: a batch end to end, a unit, a peek; all in one run.

The server is one of the bench's own, with ``fsync`` on, on the same cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, stopwatch
from bench.stores import kept_at
from bench.world import counting_sql, world
from hub.compose import Hub
from hub.model import locks
from tests.services.postgres import Postgres

UNITS = 200  # of each kind
FILE = "the same on a file"


def postgres(folder: Path, scale: float) -> Iterator[Figure]:
    """One process, consents filed before."""
    count = int(1_000 * scale)
    with Postgres({"fsync": "on", "shared_buffers": "128MB"}) as server:
        on_file = _measured(folder / "file", count, None)
        on_server = _measured(folder / "server", count, server.database())
    per_s, unit_ms, peek_ms, sql = on_server
    note = f"{sql:.1f} SQL executions a message; target 400/s with Kafka"
    yield Figure("batch on PostgreSQL, consents filed", per_s, "/s", on_file[0], FILE, note)
    yield Figure("unit on PostgreSQL: share, read, write", unit_ms, "ms", on_file[1], FILE)
    yield Figure("peek on PostgreSQL: read", peek_ms, "ms", on_file[2], FILE)


def _measured(folder: Path, count: int, url: str | None) -> tuple[float, float, float, float]:
    """Messages a second, milliseconds of a unit and of a peek, executions a message."""

    with world(folder, prepare=kept_at(url or "")) as made:
        clients = made.add_clients(count)
        made.run()
        made.refer(clients)
        with counting_sql() as sql, stopwatch() as took_s:
            made.run()
        assert made.arrived() == count, "every message arrived"
        return (count / took_s(), *_units(made.hub), sql.total / count)


def _units(hub: Hub) -> tuple[float, float]:
    with hub.store.unit() as unit:
        ref = unit.subjects.mint()
    with stopwatch() as units_s:
        for number in range(UNITS):
            with hub.store.unit(share=[locks.CONFIG, locks.subject(ref)]) as unit:
                unit.subjects.facts([ref])
                unit.cursors.put("bench", str(number))
    with stopwatch() as peeks_s:
        for _ in range(UNITS):
            with hub.store.peek() as rows:
                rows.subjects.facts([ref])
    return units_s() / UNITS * 1_000, peeks_s() / UNITS * 1_000
