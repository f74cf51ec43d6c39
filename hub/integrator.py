"""Gives entries of the audit log their place beside the steps of the hub, in a thread of its own.

A step may take longer than the second within which an entry has its place (design §5): a file with thousands of rows, a
recipient's system that does not answer. What is done here is a step of the log, which every step of the hub takes too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from hub.audit.log import AuditLog
from hub.errors import IntegrityBroken

INTEGRATES_EVERY_S = 0.05  # design §7: a place within 100 ms
AFTER_FAILURE_S = 1.0  # [policy]


@contextmanager
def integrating(log: AuditLog) -> Iterator[None]:
    """Do so as long as this lasts.

    Whatever fails here the hub's own steps meet too, and it is they that tell; broken bytes end this thread at once.
    """
    over = Event()

    def run() -> None:
        while not over.wait(INTEGRATES_EVERY_S):
            try:
                while log.step() and not over.is_set():
                    pass
            except IntegrityBroken:
                return
            except Exception:  # noqa: BLE001 - told by the loop; a thread that ends would break every later promise
                over.wait(AFTER_FAILURE_S)

    thread = Thread(target=run, name="integrator")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
