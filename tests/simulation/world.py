"""The world of one run: a data folder, three agencies with a system each, one clock, one source of chance, a history.

One seed is one run (INV-11): everything that is chosen is chosen by ``World.dice``, everything that the hub draws comes
from ``World.ids``, and time passes only where ``World.clock`` is moved. All people are invented; each of their values
carries a mark by which it is found again.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from consent.model import Agreement, Category, Purpose
from hub.compose import compose, initialise
from hub.exchange.withdraw import Drain, Receipt
from hub.model import locks
from hub.model.directory import Agency, Service, System, Worker
from hub.settings import Settings
from tests import cms_builder as cms
from tests.fakes import SeededIds, StandingClock
from tests.network import AGREED, EVENTS

NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in the middle of the builder's consents
TORONTO = ZoneInfo("America/Toronto")
OFFERS = {"harbour": ("settlement",), "lakeside": ("employment", "language-training"), "pinewood": ("employment",)}
REQUIRED = {"pinewood": ("IDENT",)}  # instead of the profile's own list
AGENCIES = tuple(OFFERS)
PAIRS = (("harbour", "lakeside"), ("harbour", "pinewood"), ("lakeside", "pinewood"))
MARKS = re.compile(rb"Zq[A-Za-z]+xj|7712345\d{3}|416-?555-?0142|19[678]\d-0[1-9]-1[1-9]")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be a client of several agencies: a marked name, a birth date, a UCI."""

    family: str
    given: str
    birth_date: str
    uci: str


def person(number: int) -> Person:
    """The n-th person. Consonants differ, so that nobody resembles anybody by name."""
    one, two = "bdfgklmnprst"[number % 12], "bdfgklmnprst"[number // 12 % 12]
    born = f"19{60 + number % 29}-0{number % 9 + 1}-1{number % 9 + 1}"
    return Person(f"Zqa{one}a{two}ofamxj", f"Zqo{two}a{one}agivxj", born, f"7712345{number:03d}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row of a recipient's ``hub_inbox``, and when it was seen there."""

    tick: int
    system: str
    message_id: str
    kind: str
    late: bool  # its process was suspended between its last check and the recipient's commit


@dataclass
class Stopped:
    """A withdrawal, or a suspension, whose command has returned."""

    what: tuple[str, ...]  # basis names
    receipt: Receipt
    tick: int
    lifted_at: int | None = None  # tick from which it holds no longer (a suspension that was resumed)


@dataclass
class Draining:
    """A command that has not returned yet."""

    what: tuple[str, ...]
    drain: Drain
    began_s: float


@dataclass
class History:
    """What happened, for the oracles and for whoever reads a seed that failed."""

    tick: int = 0
    script: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # texts of errors
    checked: dict[str, list[int]] = field(default_factory=dict)  # envelope -> ticks of last checks that passed
    arrivals: list[Arrival] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    draining: list[Draining] = field(default_factory=list)
    salts: dict[str, str] = field(default_factory=dict)  # envelope -> salt, which only the content knows
    sent: dict[str, bytes] = field(default_factory=dict)  # envelope -> body as the recipient's row holds it
    foreign: int = 0  # records put on the bus that the hub had not published so
    has_jumped: bool = False  # the time of day was set ahead, so a lease may have looked over while it ran
    note: bytes | None = None  # a checkpoint from the middle of the run

    def moment(self) -> int:
        """The next tick: no two things happen at one."""
        self.tick += 1
        return self.tick

    def say(self, words: str) -> None:
        """Write down what is done next."""
        self.script.append(f"{self.moment():5d} {words}")


class World:
    """Everything outside the hub."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.dice = random.Random(seed)
        self.clock = StandingClock(NOON)
        self.ids = SeededIds(seed + 1)
        self.settings = Settings(dir=folder / "hub")
        self.history = History()
        self.latest = NOON  # the latest instant that the machine's clock has shown
        self.down: set[str] = set()  # systems that cannot be reached
        self.hidden: dict[str, list[tuple[object, ...]]] = {name: [] for name in AGENCIES}  # entries of the change log
        self.clients: dict[str, list[int]] = {name: [] for name in AGENCIES}
        self.suspended: dict[tuple[str, str], None] = {}  # in the order in which they were suspended
        self.calm = True  # no faults, no interruptions
        self._seen = dict.fromkeys(AGENCIES, 0)
        initialise(self.settings, self.ids)
        for name in AGENCIES:
            cms.make_cms(folder / f"{name}.sqlite")
        self.systems = {name: _connect(folder / f"{name}.sqlite") for name in AGENCIES}
        self._fill_directory()

    def local(self, at: datetime) -> str:
        """An instant as the systems write it."""
        return at.astimezone(TORONTO).strftime("%Y-%m-%d %H:%M:%S")

    def pass_time(self, by: timedelta) -> None:
        """Time passes, for both readings."""
        self.clock.advance(by)
        self.latest = max(self.latest, self.clock.now())

    def jump(self, by: timedelta) -> None:
        """Somebody sets the machine's clock."""
        self.clock.set(self.clock.now() + by)
        self.history.has_jumped |= by > timedelta()
        self.latest = max(self.latest, self.clock.now())

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """No fault and no interruption meanwhile."""
        before, self.calm = self.calm, True
        try:
            yield
        finally:
            self.calm = before

    def store(self) -> sqlite3.Connection:
        """The hub's database, read by somebody else than the hub."""
        db = sqlite3.connect(f"file:{self.settings.database}?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        return db

    def note_arrivals(self, *, late: bool = False) -> list[Arrival]:
        """Look into every ``hub_inbox`` for what is new."""
        new = []
        for name, db in self.systems.items():
            rows = db.execute(
                "SELECT rowid, message_id, kind, payload FROM hub_inbox WHERE rowid > ? ORDER BY rowid",
                (self._seen[name],),
            )
            for rowid, message_id, kind, payload in rows.fetchall():
                self._seen[name] = rowid
                self.history.sent[message_id] = payload.encode()
                new.append(Arrival(self.history.moment(), f"{name}-cms", message_id, kind, late))
        self.history.arrivals += new
        return new

    def close(self) -> None:
        for db in self.systems.values():
            db.close()

    def _fill_directory(self) -> None:
        hub = compose(self.settings, clock=self.clock, ids=self.ids)
        with hub.store.unit(own=[locks.CONFIG]) as unit:
            put = unit.directory.put
            for name, offers in OFFERS.items():
                put(Agency(name, f"{name.title()} Services", "general", "ca-on", f"delivery.{name.upper()[:6]:A<12}"))
                settings = {"path": str(self.folder / f"{name}.sqlite"), "busy_timeout_ms": 0}
                put(System(f"{name}-cms", name, "cms", "active", settings))
                put(Worker(f"{name}-worker", name, "worker"))
                for wanted in offers:
                    put(
                        Service(
                            f"{name}-{wanted}", name, wanted, wanted, f"{name}-cms", required=REQUIRED.get(name, ())
                        )
                    )
            put(Worker("steward", "hub", "steward"))
            for one, other in PAIRS:
                put(_agreement(one, other))
        hub.close()


def _agreement(one: str, other: str) -> Agreement:
    return Agreement(
        agreement_id=f"{one}-{other}",
        version=1,
        parties=(one, other),
        purposes=(Purpose.REFERRAL,),
        categories=tuple(Category(word) for word in AGREED.split()),
        events=EVENTS,
        status="active",
        valid_from=NOON - timedelta(days=400),
    )


def _connect(path: Path) -> sqlite3.Connection:
    """An agency's own connection. It waits for nobody: one thread plays everybody here."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = OFF")
    return db
