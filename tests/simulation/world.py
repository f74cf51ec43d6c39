"""The world of one run: a data folder, agencies with a system each, one clock, one source of chance, a history.

Three agencies have a CMS, one is a HARTS site.

One seed is one run (INV-11): everything that is chosen is chosen by ``World.dice``, everything that the hub draws comes
from ``World.ids``, and time passes only where ``World.clock`` is moved. All people are invented; each of their values
carries a mark by which it is found again.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.contract import Parcel
from consent.model import Agreement
from consent.model.words import Category, Purpose
from hub.compose import compose, initialise
from hub.exchange.withdraw import Drain, Receipt
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.settings import Settings
from tests import cms_builder as cms
from tests.fakes import SeededIds, StandingClock
from tests.network import AGREED, EVENTS
from tests.simulation.harts_site import HartsSite
from tests.simulation.mailboxes import Files, Mailbox, Rows

NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in the middle of the builder's consents
TORONTO = ZoneInfo("America/Toronto")
OFFERS = {
    "harbour": ("settlement",),
    "lakeside": ("employment", "language-training"),
    "pinewood": ("employment",),
    "maple": ("language-training", "language-assessment"),
}
REQUIRED = {"pinewood": ("IDENT",)}  # instead of the profile's own list
AGENCIES = tuple(OFFERS)
SITES = {"harbour": "T00002", "lakeside": "T00003", "pinewood": "T00004", "maple": "T00001"}  # HARTS' codes of them
KINDS = {"harbour": "cms", "lakeside": "cms", "pinewood": "cms", "maple": "harts"}
PAIRS = (
    ("harbour", "lakeside"), ("harbour", "pinewood"), ("lakeside", "pinewood"),
    ("harbour", "maple"), ("lakeside", "maple"), ("pinewood", "maple"),
)  # fmt: skip
PEOPLE = 60
BATCHES_S = (0, 900, 14_400)  # how often a file to HARTS is closed
MARKS = re.compile(
    rb"Zq[A-Za-z]+xj|ZQCODEXJ|7712345\d{3}|416-?555-?0142|19[678]\d-0[1-9]-1[1-9]"
    rb"|(?<![0-9a-f])(881234\d\d|19[678]\d0[1-9]1[1-9])(?![0-9a-f])"
)


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


def system_of(agency: str) -> str:
    """The id of an agency's system."""
    return f"{agency}-{KINDS[agency]}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message in a recipient's system (a row of a ``hub_inbox``, lines of a file), and when it was seen there."""

    tick: int
    system: str
    message_id: str
    kind: str
    late: bool  # its process was suspended between its last check and the recipient's commit, or the rename


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
    sent: dict[str, bytes] = field(default_factory=dict)  # envelope -> body as the recipient has it
    broken: list[str] = field(default_factory=list)  # promises that were seen broken in the middle of a step
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
        self.bustle = {name: self.dice.choice([0.3, 1, 1, 3]) for name in AGENCIES}  # how busy they are
        self.latest = NOON  # the latest instant that the machine's clock has shown
        self.down: set[str] = set()  # systems that cannot be reached
        self.hidden: dict[str, list[tuple[object, ...]]] = {name: [] for name in AGENCIES}  # entries of the change log
        self.clients: dict[str, list[int]] = {name: [] for name in AGENCIES}  # of those with a CMS
        self.suspended: dict[tuple[str, str], None] = {}  # in the order in which they were suspended
        self.calm = True  # no faults, no interruptions
        self.alone = 0  # how often the journal is held: nobody else takes a turn then
        initialise(self.settings, self.ids)
        self.systems = {name: _cms(folder / f"{name}.sqlite") for name in AGENCIES if KINDS[name] == "cms"}
        self.sites = {name: HartsSite(folder / name, name, SITES) for name in AGENCIES if KINDS[name] == "harts"}
        self._mailboxes: dict[str, Mailbox] = {system_of(name): Rows(db) for name, db in self.systems.items()}
        self._mailboxes |= {system_of(name): Files(site.centre) for name, site in self.sites.items()}
        self._fill_directory()

    def local(self, at: datetime) -> str:
        """An instant as the systems write it."""
        return at.astimezone(TORONTO).strftime("%Y-%m-%d %H:%M:%S")

    def other(self, agency: str) -> str:
        """Another agency, rather a busy one."""
        names = [name for name in AGENCIES if name != agency]
        return self.dice.choices(names, [self.bustle[name] for name in names])[0]

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

    def note_arrivals(self, system: str, offered: Sequence[Parcel], *, late: bool = False) -> list[Arrival]:
        """Look what is new in a system.

        Args:
            offered: what the hub has just handed over to it.
        """
        new = []
        for message_id, kind, body in self._mailboxes[system].new(offered):
            self.history.sent[message_id] = body
            new.append(Arrival(self.history.moment(), system, message_id, kind, late))
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
                put(System(system_of(name), name, KINDS[name], "active", self._settings_of(name)))
                put(Worker(f"{name}-worker", name, "worker"))
                put(Site("harts", SITES[name], name, name.title()))
                for wanted in offers:
                    put(
                        Service(
                            f"{name}-{wanted}", name, wanted, wanted, system_of(name), required=REQUIRED.get(name, ()),
                            site=SITES[name] if name in self.sites else "",
                        )
                    )  # fmt: skip
            put(Worker("steward", "hub", "steward"))
            for one, other in PAIRS:
                put(_agreement(one, other))
        hub.close()

    def _settings_of(self, name: str) -> dict[str, object]:
        if name in self.sites:
            return self.sites[name].settings | {"batch_every_s": BATCHES_S[self.seed % len(BATCHES_S)]}
        return {"path": str(self.folder / f"{name}.sqlite"), "busy_timeout_ms": 0}


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


def _cms(path: Path) -> sqlite3.Connection:
    """A CMS, and its agency's own connection. It waits for nobody: one thread plays everybody here."""
    cms.make_cms(path)
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = OFF")
    return db
