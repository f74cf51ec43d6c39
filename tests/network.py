"""A small hub for tests: two agencies with a CMS each, one agreement, standing time. All people are invented."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from consent.model import Agreement
from consent.model.words import Category, Purpose
from hub.audit.verify import verify_export
from hub.compose import Hub, compose, initialise
from hub.exchange.limits import Limits
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.model.rows import Waiting
from hub.ports.rows import Directory
from hub.settings import Settings, read_settings
from tests import cms_builder as cms
from tests import cms_postgres
from tests.fakes import SeededIds, StandingClock
from tests.services.kafka import KafkaAt
from tests.shapes import SQLITE, Shape

NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in the middle of the builder's consents; noon in Toronto
EVENTS = (
    "add-service-request",
    "notify-add-process-request",
    "notify-update-process-request",
    "notify-update-service-request",
    "notify-add-appointment",
    "revoke-service-request",
)
AGREED = (
    "IDENT CONTACT NEEDS LANG EMPLOY EDUC INCOME HEALTH_PHYS HEALTH_MENTAL SUBSTANCE SERVICE_STATUS IMMIG NOTES_FREE"
)


@dataclass
class Network:
    """Harbour refers, Lakeside receives; either way is possible."""

    dir: Path
    hub: Hub
    clock: StandingClock
    broker: KafkaAt | None = None  # where the bus is, if not in the store
    servers: Mapping[str, str] = field(default_factory=dict)  # URL of an agency's database, if it is no file

    def db(self, agency: str) -> Any:
        """The agency's own connection to its own database."""
        if agency in self.servers:
            return cms_postgres.PostgresCms(self.servers[agency])
        return cms.connect(self.dir / f"{agency}.sqlite")

    def put(self, *rows: Agency | System | Site | Service | Worker | Agreement) -> None:
        """These rows stand in the directory."""
        with self.hub.store.unit(own=[locks.CONFIG]) as unit:
            for row in rows:
                unit.directory.put(row)

    def directory(self) -> Directory:
        """The directory as it stands."""
        with self.hub.store.peek() as rows:
            return rows.directory.all()

    def run(self, rounds: int = 60) -> None:
        """Let the hub work until nothing moves."""
        for _ in range(rounds):
            if not self.hub.step():
                return
        raise AssertionError(f"the hub still moves after {rounds} rounds")

    def settle(self) -> None:
        """Work, let an hour pass, and work again: what is looked at again after a while has been."""
        self.run()
        self.clock.advance(timedelta(hours=1))
        self.run()

    def inbox(self, agency: str, kind: str | None = None) -> list[dict[str, Any]]:
        """What the hub has written into an agency's hub_inbox, oldest first.

        Without a kind: all but the words that a consent has changed, which follow every withdrawal.
        """
        db = self.db(agency)
        rows = db.execute(f"SELECT * FROM hub_inbox ORDER BY {'ctid' if agency in self.servers else 'rowid'}")
        names = [column[0] for column in rows.description]
        found = [dict(zip(names, row, strict=True)) for row in rows]
        db.close()
        found = [{**row, "payload": json.loads(row["payload"])} for row in found]
        return [row for row in found if (row["kind"] == kind if kind else row["kind"] != "consent-changed")]

    def states(self) -> dict[str, int]:
        """Messages by state."""
        with self.hub.store.peek() as rows:
            return rows.inbox.count_by_state()

    def codes(self, gate: int = 1) -> dict[str, int]:
        """Decisions of a gate by first code."""
        with self.hub.store.peek() as rows:
            return rows.decisions.count_by_code(gate)

    def waits(self) -> dict[str, Waiting]:
        """What waits, by record key."""
        with self.hub.store.peek() as rows:
            return {row.record_key: row for row in rows.waiting.every(1000)}

    def told(self, agency: str, kind: str = "refusal") -> list[tuple[str, int, str]]:
        """What notices of a kind have told an agency, in order: whose number, the number, the code."""
        payloads = [row["payload"] for row in self.inbox(agency, kind)]
        return [(key, each[key], each["code"]) for each in payloads for key in each if key not in ("code", "place")]

    def entries(self) -> list[dict[str, Any]]:
        """Every audit entry, oldest first."""
        while self.hub.log.step():
            pass
        return [json.loads(entry.body) for entry in self.hub.log.stored()]

    def verifies(self) -> bool:
        """Integrate, sign, export, and let the verifier judge, as any scenario ends."""
        while self.hub.log.step():
            pass
        note = self.hub.log.checkpoint()
        out = self.dir / f"export-{len(list(self.dir.glob('export-*')))}"
        self.hub.log.export(out)
        key = (self.hub.settings.keys / "hub.pub").read_text()
        return verify_export(out, key=key, checkpoint=note).ok

    def reopen(self, seed: int = 99) -> None:
        """Close the hub and compose it again on the same folder: a restart. A second one needs ids of its own."""
        limits = self.hub.house.limits
        self.hub.close()
        self.hub = compose(self.hub.settings, clock=self.clock, ids=SeededIds(seed), limits=limits)


def make(
    folder: Path,
    *,
    seed: int = 7,
    at: datetime = NOON,
    limits: Limits | None = None,
    shape: Shape = SQLITE,
    servers: Mapping[str, str] | None = None,
) -> Network:
    """A hub folder, two CMS databases and a directory.

    Args:
        servers: an agency's database on PostgreSQL, made already, by its URL; else it is a file.
    """
    settings = prepare(folder / "hub", seed, shape)
    clock = StandingClock(at)
    hub = compose(settings, clock=clock, ids=SeededIds(seed + 1), limits=limits)
    servers = servers or {}
    for agency in {"harbour", "lakeside"} - servers.keys():
        cms.make_cms(folder / f"{agency}.sqlite")
    fill_directory(hub, folder, clock.now(), servers)
    return Network(folder, hub, clock, servers=servers)


def prepare(folder: Path, seed: int, shape: Shape = SQLITE) -> Settings:
    """A data folder as ``hub init`` leaves it; its settings."""
    shutil.copytree(_prepared(seed), folder)
    if shape.url:
        for file in folder.glob("hub.sqlite*"):
            file.unlink()
        with (folder / "hub.toml").open("a") as settings:
            settings.write(f'store = "{shape.url}"\n')
    return read_settings(folder)


@cache
def _prepared(seed: int) -> Path:
    """A data folder as ``hub init`` leaves it, made once for all tests of a seed."""
    kept = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    initialise(Settings(dir=Path(kept) / "hub"), SeededIds(seed))
    return Path(kept) / "hub"


def fill_directory(hub: Hub, folder: Path, now: datetime, servers: Mapping[str, str] | None = None) -> None:
    with hub.store.unit(own=[locks.CONFIG]) as unit:
        put = unit.directory.put
        for name, title in (("harbour", "Harbour Newcomer Centre"), ("lakeside", "Lakeside Employment Services")):
            put(Agency(name, title, "general", "ca-on", f"delivery.{name.upper()[:6]:A<12}"))
            url = (servers or {}).get(name)
            place = cms_postgres.settings(url, folder) if url else {"path": str(folder / f"{name}.sqlite")}
            put(System(f"{name}-cms", name, "cms", "active", {**place, "busy_timeout_ms": 50}))
            put(Worker(f"{name}-worker", name, "worker"))
        put(Worker("steward", "hub", "steward"))
        for wanted in ("employment", "language-training"):
            put(Service(f"lakeside-{wanted}", "lakeside", wanted, wanted, "lakeside-cms"))
        put(Service("harbour-settlement", "harbour", "settlement", "settlement", "harbour-cms"))
        put(agreement(now - timedelta(days=400)))


def agreement(since: datetime, **changes: Any) -> Agreement:
    """Harbour and Lakeside, mutual."""
    fields: dict[str, Any] = {
        "agreement_id": "harbour-lakeside",
        "version": 1,
        "parties": ("harbour", "lakeside"),
        "purposes": (Purpose.REFERRAL,),
        "categories": tuple(Category(word) for word in AGREED.split()),
        "events": EVENTS,
        "status": "active",
        "valid_from": since,
    }
    return Agreement(**{**fields, **changes})


def in_harbour(network: Network, act: Callable[..., int], *args: Any, **fields: Any) -> int:
    """Something of ``cms_builder`` is done in Harbour's system, and the hub works; its number."""
    db = network.db("harbour")
    number = act(db, *args, **fields)
    db.close()
    network.run()
    return number


def agree(network: Network, client: int, purposes: str, categories: str, **fields: Any) -> int:
    """A client of Harbour agrees that Lakeside gets this; the number of the consent."""
    db = network.db("harbour")
    number = cms.add_consent(db, client, purposes=purposes, categories=categories, **fields)
    db.close()
    return number


def refer(network: Network, **client: Any) -> tuple[int, int]:
    """One client of Harbour with a UCI, a language result, a consent for Lakeside and a referral; their numbers."""
    db = network.db("harbour")
    number = cms.add_client(db, **client)
    cms.add_identifier(db, number)
    cms.add_language(db, number)
    cms.add_consent(db, number)
    referral = cms.add_referral(db, number)
    db.close()
    return number, referral
