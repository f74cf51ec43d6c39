"""The world that is measured: a hub folder, two agencies' databases, running time, and a count of SQL executions."""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, event

from hub.compose import Hub, bring_up_to_date, compose, initialise
from hub.ids import RandomIds
from hub.model.directory import System
from hub.ports.rows import Directory
from hub.settings import Settings, read_settings
from tests import cms_builder as cms
from tests.network import NOON, fill_directory

ROUNDS_MAX = 100_000
RECIPIENT = "lakeside"
SENDER = "harbour"


class RunningClock:
    """Time that runs from an instant at which the builders' consents are in force."""

    def __init__(self, began_s: float | None = None) -> None:
        """Processes that began at one moment of the machine's clock have one time."""
        self._began_s = time.monotonic() if began_s is None else began_s

    def now(self) -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - self._began_s)

    def monotonic_s(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class World:
    """Harbour refers, Lakeside receives."""

    dir: Path
    hub: Hub

    def db(self, agency: str) -> sqlite3.Connection:
        return cms.connect(self.dir / f"{agency}.sqlite")

    def system(self, agency: str) -> System:
        return self.directory().systems[f"{agency}-cms"]

    def directory(self) -> Directory:
        """As it is now; what helpers of the tests ask a network for."""
        with self.hub.store.peek() as rows:
            return rows.directory.all()

    def run(self) -> None:
        """Let the hub work until nothing moves."""
        for _ in range(ROUNDS_MAX):
            if not self.hub.step():
                return
        raise AssertionError("the hub never comes to rest")

    def add_clients(self, count: int) -> list[int]:
        """Clients with a UCI, a language result, a case and a consent; in one transaction of the agency's."""
        with self._saving() as db:
            numbers = [cms.add_client(db, birth_date=birth_date(n), last_name=family_name(n)) for n in range(count)]
            for number in numbers:
                cms.add_identifier(db, number)
                cms.add_language(db, number)
                cms.add_consent(db, number)
                cms.add_case(db, number)
        return numbers

    def refer(self, clients: Sequence[int]) -> None:
        """One referral of each."""
        with self._saving() as db:
            for number in clients:
                cms.add_referral(db, number)

    def arrived(self) -> int:
        """Rows in the recipient's own inbox."""
        db = self.db(RECIPIENT)
        count = db.execute("SELECT COUNT(*) FROM hub_inbox").fetchone()[0]
        db.close()
        return int(count)

    @contextmanager
    def _saving(self) -> Iterator[sqlite3.Connection]:
        db = self.db(SENDER)
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
        db.close()


@contextmanager
def world(folder: Path, *, prepare: Callable[[Path], None] = lambda _: None) -> Iterator[World]:
    """A fresh hub with its two agencies, closed at the end.

    Args:
        prepare: told the data folder when its keys are there: it may write where the store is, and the bus.
    """
    folder.mkdir(parents=True, exist_ok=True)
    initialise(Settings(dir=folder / "hub"))
    prepare(folder / "hub")
    settings = read_settings(folder / "hub")
    bring_up_to_date(settings)
    hub = compose(settings, clock=RunningClock(), ids=RandomIds())
    for agency in (SENDER, RECIPIENT):
        cms.make_cms(folder / f"{agency}.sqlite")
    fill_directory(hub, folder, hub.house.clock.now())
    gc.freeze()  # as `hub work` does
    try:
        yield World(folder, hub)
    finally:  # a bench that fails leaves nothing to the next one
        hub.close()
        gc.unfreeze()


@dataclass(slots=True)
class Count:
    """Statements that the hub's own store executed; ``executemany`` is one."""

    total: int = 0

    def __call__(self, *_: object) -> None:
        self.total += 1


@contextmanager
def counting_sql() -> Iterator[Count]:
    """Count executions of all engines inside the block."""
    count = Count()
    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def birth_date(number: int) -> str:
    """Different for each of 20,000 people, so that nobody resembles anybody."""
    return (date(1950, 1, 1) + timedelta(days=number % 20_000)).isoformat()


def family_name(number: int) -> str:
    """An invented family name, consonants and vowels in turn."""
    syllables = ("ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu")
    return "".join(syllables[int(digit)] for digit in f"{number:05d}").capitalize()
