"""How long a withdrawal waits for its commit while a worker of the same process has more to do than it can.

Reference: the same withdrawals in a hub that has nothing to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.world import SENDER, World, world
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor

ACTOR = Actor("harbour-worker", "worker", SENDER)
WITHDRAWALS = 20
PAUSE_S = 0.05  # between two withdrawals, so that the worker is inside units of every kind


def withdrawal(folder: Path, scale: float) -> Iterator[Figure]:
    with world(folder) as made:
        clients = made.add_clients(2 * WITHDRAWALS + int(1_000 * scale))
        made.run()
        idle = _withdraw(made, clients[:WITHDRAWALS])
        made.refer(clients[2 * WITHDRAWALS :])
        stop = threading.Event()
        worker = threading.Thread(target=_work, args=(made, stop))
        worker.start()
        busy = _withdraw(made, clients[WITHDRAWALS : 2 * WITHDRAWALS])
        still_busy = made.arrived() < int(1_000 * scale)
        stop.set()
        worker.join()
    note = "at most 500" if still_busy else "the worker came to rest too early: use a larger --scale"
    yield Figure("withdrawal, wait for its commit, median", median(busy), "ms", median(idle), "an idle hub", note)
    yield Figure("withdrawal, wait for its commit, max", max(busy), "ms", max(idle), "an idle hub", note)


def _work(made: World, stop: threading.Event) -> None:
    while not stop.is_set():
        made.hub.step()


def _withdraw(made: World, clients: Sequence[int]) -> list[float]:
    """Milliseconds until the registry has committed, of each."""
    took = []
    for client in clients:
        with made.hub.store.peek() as rows:
            filed = rows.consents.of_source(f"{SENDER}-cms", f"consent:{client}")
        assert filed is not None
        began = time.perf_counter()
        withdraw_consent(
            made.hub.house, filed[0].consent_id, ACTOR, said_at=made.hub.house.clock.now(), how="TELEPHONE"
        )
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_S)
    return took
