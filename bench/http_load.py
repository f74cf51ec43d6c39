"""Load over HTTP on loopback: so many clients, each with one connection that is kept. Every loop has a bound.

Closed: each client sends when it has its answer. Open: a message at each tick, whatever the others do; its time counts
from when it should have gone, so that one who waits behind a slow answer is slow too (no coordinated omission).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Lock, Thread

from bench.figures import percentile

ANSWER_S = 30.0  # how long one answer may take


@dataclass(slots=True)
class Took:
    """What a round took.

    Args:
        each_s: seconds of each message that was answered as it should be.
        wrong: answers of another status, by status; 0: none came.
        cpu_s: seconds of the processor that the server took meanwhile, as far as it was asked.
    """

    all_s: float = 0.0
    each_s: list[float] = field(default_factory=list)
    wrong: dict[int, int] = field(default_factory=dict)
    cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.each_s) / self.all_s

    def ms(self, share: float) -> float:
        return 1_000 * percentile(self.each_s, share)

    @property
    def cpu_ms(self) -> float:
        """Of the server, a message."""
        return 1_000 * self.cpu_s / len(self.each_s)

    def percentiles(self) -> str:
        return f"p50 {self.ms(0.5):.1f}, p95 {self.ms(0.95):.1f}, p99 {self.ms(0.99):.1f} ms"


@dataclass(frozen=True, slots=True)
class Door:
    """Where to, and with what."""

    port: int
    path: str
    headers: Mapping[str, str]


def closed(door: Door, bodies: Sequence[bytes], clients: int, bound_s: float) -> Took:
    """As fast as so many clients get answers."""
    over_at = time.monotonic() + bound_s

    def due(_: int) -> float | None:
        now = time.monotonic()
        return now if now < over_at else None

    return _round(door, bodies, clients, due)


def at_a_rate(door: Door, bodies: Sequence[bytes], clients: int, per_s: float) -> Took:
    """One message every ``1 / per_s``; ``clients``: how many may be under way at once."""
    began = time.monotonic() + 0.1

    def due(number: int) -> float | None:
        at = began + number / per_s
        time.sleep(max(0.0, at - time.monotonic()))
        return at

    return _round(door, bodies, clients, due)


def _round(door: Door, bodies: Sequence[bytes], clients: int, due: Callable[[int], float | None]) -> Took:
    took, lock, turns = Took(), Lock(), iter(enumerate(bodies))
    threads = [Thread(target=_client, args=(door, turns, lock, due, took), daemon=True) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.all_s = time.monotonic() - began
    return took


def _client(
    door: Door, turns: Iterator[tuple[int, bytes]], lock: Lock, due: Callable[[int], float | None], took: Took
) -> None:
    with closing(HTTPConnection("127.0.0.1", door.port, timeout=ANSWER_S)) as connection:
        while True:
            with lock:
                number, body = next(turns, (-1, b""))
            if number < 0 or (since := due(number)) is None:
                return
            status = _post(connection, door, body)
            if status == 200:
                took.each_s.append(time.monotonic() - since)
            else:
                with lock:
                    took.wrong[status] = took.wrong.get(status, 0) + 1


def _post(connection: HTTPConnection, door: Door, body: bytes) -> int:
    try:
        connection.request("POST", door.path, body, dict(door.headers))
        answer = connection.getresponse()
        answer.read()
    except OSError:
        connection.close()
        return 0
    return answer.status
