"""What the processes of a race do. Each composes its own hub on the same folder; nothing is shared but the files."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.contract import Commit, Parcel, Sent, SentState, Source
from adapters.mailbox import Folder
from hub.compose import Hub, compose
from hub.errors import HubError, Unavailable
from hub.exchange import Exchange, handover, retry
from hub.exchange.house import Connections
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from hub.model.directory import System
from hub.settings import read_settings
from hub.store.postgres import PostgresDatabase
from hub.store.scope import Scope
from tests.fakes import FastClock

RECIPIENT = "lakeside-cms"


class Leaving:
    """A recipient that is never satisfied: it writes down when it was allowed to take a parcel, and wants it again.

    So one message races with its withdrawal many times, each time through prepare, open and the lease.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)

    def reach(self) -> None:
        """Always there."""

    def close(self) -> None:
        self._log.close()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        time.sleep(random.random() * 0.004)  # the recipient's own pace; the lease runs
        commit()
        passed_at = time.monotonic_ns()
        self._log.writelines(f"{passed_at} {parcel.envelope_id}\n" for parcel in parcels)
        return [Sent(parcel.envelope_id, SentState.FAILED, "AGAIN") for parcel in parcels]


class OneRecipient:
    """Connections in which the recipient is replaced."""

    def __init__(self, real: Connections, recipient: Any) -> None:
        self._real, self._recipient = real, recipient

    def source(self, system: System) -> Source:
        found: Source = self._recipient if system.id == RECIPIENT else self._real.source(system)
        return found


def open_hub(folder: Path, clock: FastClock) -> Hub:
    return compose(read_settings(folder / "hub"), clock=clock)


def hand_over(folder: Path, clock: FastClock, number: int, until_s: float) -> None:
    """A worker that hands over as fast as it can until a moment of the machine's clock."""
    retry.LONGEST_S = 1.0  # backoff is not what races here
    hub = open_hub(folder, clock)
    leaving = Leaving(folder / f"left-{number}.log")
    house = replace(
        hub.house, connections=OneRecipient(hub.connections, leaving), limits=replace(hub.house.limits, batch=8)
    )
    with hub.store.peek() as rows:
        system = rows.directory.all().systems[RECIPIENT]
    while time.monotonic() < until_s and not (folder / "stop").exists():
        try:
            if not handover.step(house, system):
                time.sleep(0.002)
        except Unavailable:  # two units were in each other's way: as the worker loop, it tries again
            time.sleep(0.002)
    leaving.close()
    hub.close()


def hand_over_without(what: str, folder: Path, clock: FastClock, number: int, until_s: float) -> None:
    """The same with a mistake in the store."""
    forget(what)
    hand_over(folder, clock, number, until_s)


def withdraw_without(what: str, folder: Path, clock: FastClock, consents: Sequence[str], pause_s: float) -> None:
    """The same with a mistake in the store."""
    forget(what)
    withdraw_all(folder, clock, consents, pause_s)


def forget(what: str) -> None:
    """Of this process, for good: units on PostgreSQL take no ``locks``, neither by name nor of rows; "": they do."""
    if what == "locks":
        begin = PostgresDatabase.writing
        PostgresDatabase.writing = lambda self, **_: begin(self)  # type: ignore[method-assign,misc,assignment]
        Scope.read_locked = lambda self, query, *also, **_: self.read(query, *also)  # type: ignore[method-assign]


def withdraw_all(folder: Path, clock: FastClock, consents: Sequence[str], pause_s: float) -> None:
    """Withdraw one consent after another at random moments; write down when each call had returned."""
    hub = open_hub(folder, clock)
    actor = Actor("harbour-worker", "worker", "harbour")
    with (folder / "withdrawn.log").open("w", buffering=1) as log:
        for consent_id in consents:
            time.sleep(random.random() * 2 * pause_s)
            drain = withdraw_consent(hub.house, consent_id, actor, said_at=clock.now(), how="TELEPHONE")
            while drain.step() is None:
                time.sleep(0.001)
            log.write(f"{time.monotonic_ns()} {consent_id}\n")
    hub.close()


def work(folder: Path, clock: FastClock, told: str = "") -> None:
    """The whole hub, until it is killed: idle moments are short, so that a kill meets work.

    Args:
        told: the file of the folder for what could not be done, a line each.
    """
    hub = open_hub(folder, clock)
    if told:
        log = (folder / told).open("a", buffering=1)

        def report(place: str, error: HubError) -> None:
            log.write(f"{place}: {type(error).__name__}: {error}\n")

        hub = replace(hub, exchange=Exchange(hub.house, report))
    while not (folder / "stop").exists():
        try:
            if not hub.step():
                time.sleep(0.005)
        except Unavailable:
            time.sleep(0.01)
    hub.close()


def work_and_die(folder: Path, clock: FastClock, moment: str, nth: int) -> None:
    """The whole hub, until it kills itself at a moment of its n-th file."""
    MOMENTS[moment](nth)
    work(folder, clock)


def _before_rename(nth: int) -> None:
    """A file is spooled, its slip is written, the lease was asked: then nothing."""
    show, left = Folder.show, [nth]

    def dying(self: Folder, name: str) -> None:
        if name.endswith(".DAT"):
            _count(left)
        show(self, name)

    Folder.show = dying  # type: ignore[method-assign]  # of this process, which ends by it


def _after_rename(nth: int) -> None:
    """A file is out, and nobody has written down that it is."""
    show, left = Folder.show, [nth]

    def dying(self: Folder, name: str) -> None:
        show(self, name)
        if name.endswith(".DAT"):
            _count(left)

    Folder.show = dying  # type: ignore[method-assign]


def _in_an_ack(nth: int) -> None:
    """Half of an answer is on the disk."""
    spool, left = Folder.spool, [nth]

    def dying(self: Folder, name: str, data: bytes) -> None:
        if name.endswith(".ACK") and left == [1]:
            spool(self, name, data[: len(data) // 2])
        if name.endswith(".ACK"):
            _count(left)
        spool(self, name, data)

    Folder.spool = dying  # type: ignore[method-assign]


def _count(left: list[int]) -> None:
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


MOMENTS = {"before-rename": _before_rename, "after-rename": _after_rename, "in-an-ack": _in_an_ack}
