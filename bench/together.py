"""Batch end to end on PostgreSQL and Kafka, by one worker process and by several; servers and workers on these cores.

Reference: in the same run, the very rows that one worker left behind inserted with plain psycopg, a transaction for as
many messages as the hub puts into a unit; then the very records of the bus published and read with the driver alone.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.batch import grown
from bench.bus import BATCH, plainly
from bench.figures import Figure, stopwatch
from bench.stores import kept_at
from bench.world import RECIPIENT, RunningClock, World, world
from hub.commands.loop import Failures, loop
from hub.compose import compose
from hub.desk.bus import topics
from hub.ids import RandomIds
from hub.log import Log
from hub.outside import open_office
from hub.ports import Outgoing
from hub.settings import read_settings
from tests.kafka_network import records, write_settings
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres
from tests.services.process import children

WORKERS = (1, 2, 4)
LOOK_S = 0.02
BOUND_S = 3_600
_TABLES = "inbox decision handover handover_basis referral referral_event audit_entry audit_leaf consent_alias"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Servers:
    """Both, ours alone."""

    postgres: Postgres
    kafka: Kafka

    def cpu_s(self) -> tuple[float, float]:
        """Processor seconds of PostgreSQL and of Kafka so far."""
        found = [_cpu_s(server._server.pid or 0) for server in (self.postgres, self.kafka)]
        return found[0], found[1]


def together(folder: Path, scale: float) -> Iterator[Figure]:
    """As many messages for each number of workers; the consents are filed before."""
    count = max(BATCH, int(1_000 * scale))
    with ExitStack() as ours:
        servers = _servers(ours)
        url = servers.postgres.database()
        with _network(folder, servers, url) as made:
            clients = made.add_clients(count * len(WORKERS))
            made.run()
            for turn, workers in enumerate(WORKERS):
                mine = clients[turn * count : (turn + 1) * count]
                yield _measured(made, servers, mine, workers, lambda: _reference_s(made, servers, url))


def memory(folder: Path, scale: float) -> Iterator[Figure]:
    """Resident memory of one worker at the end of ten thousand messages, beside that after a tenth of them."""
    with ExitStack() as ours:
        servers = _servers(ours)
        with _network(folder, servers, servers.postgres.database()) as made:
            yield grown(made, int(10_000 * scale), "on PostgreSQL + Kafka: resident")


def _servers(ours: ExitStack) -> Servers:
    """Both, for as long as ``ours`` lasts."""
    postgres = ours.enter_context(Postgres({"fsync": "on", "shared_buffers": "128MB"}))
    return Servers(postgres, ours.enter_context(Kafka()))


@contextmanager
def _network(folder: Path, servers: Servers, url: str) -> Iterator[World]:
    def settled(data: Path) -> None:
        kept_at(url)(data)
        write_settings(data, servers.kafka)

    with world(folder, prepare=settled) as made:
        with made.hub.store.peek() as rows:
            agencies = rows.directory.all().agencies
        open_office(made.hub.settings).provision(topics(agencies))
        yield made


def _measured(
    made: World, servers: Servers, clients: Sequence[int], workers: int, reference_s: Callable[[], float]
) -> Figure:
    """Messages a second by so many workers; who had the processor meanwhile; how much memory the largest needed."""
    count, before = len(clients), made.arrived()
    context = multiprocessing.get_context("spawn")
    stop = made.dir / f"stop-{workers}"
    said = [made.dir / f"used-{workers}-{number}" for number in range(workers)]
    running = [context.Process(target=_work, args=(made.dir, stop, said[n], time.monotonic())) for n in range(workers)]
    for process in running:
        process.start()
    while not all(path.exists() for path in said):
        time.sleep(LOOK_S)
    made.refer(clients)
    began, over_at = servers.cpu_s(), time.monotonic() + BOUND_S
    with stopwatch() as took_s:
        while made.arrived() < before + count:
            assert time.monotonic() < over_at, "not every message arrived"
            time.sleep(0.05)
    ended = servers.cpu_s()
    stop.touch()
    for process in running:
        process.join(60)
    used = [[float(word) for word in path.read_text().split()] for path in said]
    split = (sum(cpu_s for cpu_s, _ in used), ended[0] - began[0], ended[1] - began[1])
    share = ", ".join(
        f"{name} {1_000 * each / count:.1f}" for name, each in zip(("hub", "postgres", "kafka"), split, strict=True)
    )
    note = f"CPU ms a message: {share}; largest worker {max(mb for _, mb in used):.0f} MB; target 400/s"
    name = f"batch on PostgreSQL + Kafka, {workers} worker{'s' if workers > 1 else ''}"
    per_s = count / took_s()
    reference = count / reference_s() if workers == 1 else None
    return Figure(name, per_s, "/s", reference, "psycopg and the driver alone" if reference else "", note)


class _Stop:
    """Whether the file that ends all workers is there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def asked(self) -> bool:
        return self._file.exists()


def _work(folder: Path, stop: Path, said: Path, began_s: float) -> None:
    """A worker process, in the loop of `hub work`. What it used since it was ready stands in ``said`` at its end."""
    hub = compose(read_settings(folder / "hub"), clock=RunningClock(began_s), ids=RandomIds())
    hub.step()
    gc.freeze()
    said.touch()
    at_first_s = time.process_time()
    loop(hub, Failures(Log()), _Stop(stop), time.sleep)
    used_s = time.process_time() - at_first_s
    hub.close()
    said.write_text(f"{used_s} {_peak_mb()}")


def _reference_s(made: World, servers: Servers, url: str) -> float:
    """Seconds for the rows and the records that are there, with the drivers alone."""
    found = records(made, servers.kafka, RECIPIENT)  # type: ignore[arg-type]
    batch = [Outgoing("", each.key, each.headers, each.body) for each in found]
    assert len(batch) == made.arrived()
    return _insert_plainly(made, url) + plainly(servers.kafka, batch)


def _insert_plainly(made: World, url: str) -> float:
    units = -(-made.arrived() // made.hub.house.limits.batch)
    work: list[tuple[sql.Composed, list[Any]]] = []
    with psycopg.connect(url) as connection:
        for name in _TABLES.split():
            plain, table = sql.Identifier(f"plain_{name}"), sql.Identifier(name)
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(plain, table))
            rows = connection.execute(sql.SQL("SELECT * FROM {}").format(table)).fetchall()
            marks = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
            work.append((sql.SQL("INSERT INTO {} VALUES ({})").format(plain, marks), rows))
        connection.commit()
        with stopwatch() as took_s, connection.cursor() as cursor:
            for unit in range(units):
                for statement, rows in work:
                    cursor.executemany(statement, rows[unit * len(rows) // units : (unit + 1) * len(rows) // units])
                connection.commit()
    return took_s()


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process, of its children that live, and of those that have ended (Linux)."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = sum(int(word) for word in words[11:15])
    living = 0
    for child in children(pid):
        try:
            living += sum(int(w) for w in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:15])
        except OSError:  # it has ended meanwhile, and its parent has its time
            continue
    return (ended + living) / _TICKS


def _peak_mb() -> float:
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
