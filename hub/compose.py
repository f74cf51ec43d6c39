"""The composition root: to know what runs where, read :func:`compose`. The only file that names concrete classes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

import consent.packs
from adapters.contract import Adapter
from hub import hold
from hub.audit.log import AuditLog
from hub.bus.stored import StoredBus
from hub.clock import UtcClock
from hub.directory.catchment import FILE as CATCHMENT
from hub.directory.catchment import read_catchment
from hub.directory.routes import read_routes
from hub.errors import Refused, Unavailable
from hub.exchange import Exchange, Report, looking_after, outage, retention, wake
from hub.exchange.alerts import Watch
from hub.exchange.connections import SystemConnections
from hub.exchange.entries import HUB
from hub.exchange.house import House
from hub.exchange.limits import Limits
from hub.exchange.rules import RULES, activate
from hub.exchange.strict import MessageSchema
from hub.ids import RandomIds
from hub.journal import Journal
from hub.keys.ring import KeyRing, create_keys
from hub.keys.token_days import destroy_over
from hub.keys.words import WordKeys
from hub.kinds import cards_of, load_mappings
from hub.lodging import Lodging
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.observe import Observed, observe, sweep
from hub.outside import BUS_KEPT, alerts_of, kafka_access, lodge_of, store_url
from hub.ports import Bus, Clock, Ids
from hub.settings import Settings
from hub.store.migrate import make, migrate, require_current
from hub.store.postgres import PostgresDatabase, server_time
from hub.store.sql import Database
from hub.store.sqlite import SqliteDatabase
from hub.store.unit import SqlStore


@dataclass(frozen=True, slots=True)
class Hub:
    """The whole hub, composed."""

    settings: Settings
    house: House
    exchange: Exchange
    store: SqlStore
    log: AuditLog
    connections: SystemConnections
    watch: Watch
    lodging: Lodging
    let_go: Callable[[], None] = lambda: None

    def step(self) -> bool:
        """Do a little of everything: the road, the log, the housekeeping. True if anything was done."""
        done = self.exchange.step()
        return self.log.step() or done

    def keep_house(self) -> bool:
        """Sign a checkpoint when one is due; destroy epochs, bus records and waiting rows whose time is over; end
        referrals that nobody answers, and what was kept long enough; tell people what does not mend itself, and lodge
        checkpoints.
        """
        now = self.house.clock.now()
        signed = self.log.checkpoint_step()
        gone = self.house.keys.destroy_epochs(now)
        if gone:
            with self.store.unit() as unit:
                days = [day.isoformat() for day in gone]
                unit.audit.append(
                    Entry(AuditEvent.KEY_EVENT, unit.now, HUB, {"reason_code": "DESTROYED", "epochs": days})
                )
        destroy_over(self.settings.keys / "tokens", now)
        self.house.bus.expire(now - BUS_KEPT)
        wake.expire(self.house)
        ended = looking_after.step(self.house)
        ended = retention.step(self.house) or ended
        self.watch.step()
        self.lodging.step()
        return signed or bool(gone) or ended

    def observe(self, systems: Sequence[System]) -> Sequence[Observed]:
        """What would become of all that these systems hold now; see :mod:`hub.observe`."""
        return observe(self.house, self.store, self.settings.dir, systems)

    def close(self) -> None:
        """Let go of everything; another process may relay at once."""
        with suppress(Unavailable), self.store.unit() as unit:
            unit.cursors.let_go(self.house.worker)
        self.connections.close()
        self.let_go()
        self.store.close()  # again, where this is asked for again: the unit above has opened it


def initialise(settings: Settings, ids: Ids | None = None) -> None:
    """Prepare a data folder: keys, an empty store, an outside place for checkpoints. Harmless where they are there.

    Raises:
        Refused, Unavailable: what is in the way, and what to do.
    """
    ids = ids or RandomIds()
    for folder in (settings.dir, settings.checkpoints, settings.mappings, settings.packs, settings.texts):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = settings.dir / "hub.toml"
    if not file.exists():
        file.touch(mode=0o600)  # a URL with a password may come to stand in it
        file.write_text(
            f'# The log\'s name: the origin of its checkpoints. It cannot change later.\nname = "{settings.name}"\n'
        )
    create_keys(settings.keys, ids, name=settings.name, hub_key=_secret(settings))
    with closing(database_of(settings)) as database:
        make(database)  # a store that is there may be another hub's: only `hub migrate` changes one


def bring_up_to_date(settings: Settings) -> None:
    """Give the store the tables of this program.

    Raises:
        Refused, Unavailable: what is in the way, and what to do.
    """
    with closing(database_of(settings)) as database:
        migrate(database)


def database_of(settings: Settings) -> Database:
    """The store's database, by the settings: PostgreSQL where a URL names one, else the file of the data folder.

    Raises:
        Refused: the URL is none.
    """
    url = store_url(settings)
    return PostgresDatabase(url) if url else SqliteDatabase(settings.database)


def require_prepared(settings: Settings) -> None:
    """Refuse a data folder in which there has been no ``hub init``.

    Raises:
        Refused: what is missing.
    """
    missing = settings.keys if settings.store else settings.database
    if not missing.exists():
        step = "run `hub init`, or name it with --dir"
        raise Refused(f"data folder {settings.dir}", f"no {missing.name}", "a prepared folder", step)


def open_store(settings: Settings, clock: Clock | None, ids: Ids) -> SqlStore:
    """The store. Without a clock of the caller's, a server's own clock says when a unit is."""
    return SqlStore(database_of(settings), clock or UtcClock(), ids, now=time_of_units(settings, clock))


def time_of_units(settings: Settings, clock: Clock | None) -> Callable[[Connection], datetime] | None:
    """How units know when they are: on a server by its own clock; None: by the clock that they are given."""
    return server_time if settings.store and clock is None else None


@dataclass(frozen=True, slots=True)
class Reached:
    """A prepared folder's store and keys."""

    store: SqlStore
    keys: KeyRing
    clock: Clock


@dataclass(frozen=True, slots=True)
class Verified(Reached):
    """With the log; they belong together."""

    log: AuditLog


@contextmanager
def verified(settings: Settings, clock: Clock | None, ids: Ids) -> Iterator[Verified]:
    """Open a folder's store, for as long as this lasts, and see that it is current, ours and whole.

    Raises:
        Refused: the folder has not been prepared, or for another version of this program; the store is another hub's.
        IntegrityBroken: keys or log do not verify.
        Unavailable: a restore is under way, or the store is out of reach.
    """
    require_prepared(settings)
    with hold.shared(settings.dir), closing(open_store(settings, clock, ids)) as store:
        now, clock = time_of_units(settings, clock), clock or UtcClock()
        require_current(store.database)
        keys = open_keys(settings, ids)
        require_same_hub(store, keys)
        log = AuditLog(store.database, keys, clock, settings.checkpoints, now=now)
        log.verify_at_start()
        yield Verified(store, keys, clock, log)


def compose(
    settings: Settings,
    *,
    report: Report = lambda _place, _error: None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    limits: Limits | None = None,
) -> Hub:
    """Build the hub.

    Args:
        report: told of what could not be done now.
        clock: a test's; None: the machine's, and in units on PostgreSQL the server's.

    Raises:
        Refused: the data folder has not been prepared, or for another version of this program.
        IntegrityBroken: keys or log do not verify; the hub does not start.
    """
    ids = ids or RandomIds()
    with ExitStack() as opened:  # what is open is closed again where the rest cannot be built
        found = opened.enter_context(verified(settings, clock, ids))
        sweep(settings.dir)
        store = found.store
        cards = cards_of(settings.mappings)
        _require_kinds(store, cards)
        connections = SystemConnections(cards, store, found.clock, ids, found.keys.digest)
        bus, close_bus = _bus(settings, store, found.clock)
        opened.callback(close_bus)
        house = _house(settings, found, bus, connections, ids, limits)
        activate(house)
        settings.halted.unlink(missing_ok=True)
        alerts, urls = alerts_of(settings), lodge_of(settings)
        let_go = opened.pop_all().close
    watch, lodging = Watch(house, alerts, report), Lodging(urls, house, found.log.newest, report)
    return Hub(settings, house, Exchange(house, report), store, found.log, connections, watch, lodging, let_go)


@contextmanager
def cut_off(settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None) -> Iterator[Callable[[], bool]]:
    """While the store cannot be reached and the hub cannot start: a step that sends what must not wait (INV-7).

    Nothing is read from the store; what went is written into it by the next hub that can start.

    Raises:
        Refused, IntegrityBroken: the folder has not been prepared, or its keys are damaged.
    """
    require_prepared(settings)
    ids = ids or RandomIds()
    with hold.shared(settings.dir), closing(open_store(settings, clock, ids)) as store:
        found = Reached(store, open_keys(settings, ids), clock or UtcClock())
        cards = cards_of(settings.mappings)
        connections = SystemConnections(cards, store, found.clock, ids, found.keys.digest)
        house = _house(settings, found, StoredBus(store.database, found.clock), connections, ids, None)
        with closing(connections):
            yield lambda: outage.step(house)


def _house(
    settings: Settings, found: Reached, bus: Bus, connections: SystemConnections, ids: Ids, limits: Limits | None
) -> House:
    """Everything that the road is handed."""
    journal = Journal(settings.dir / "journal", found.keys)
    journal.prepare()
    cards = connections.adapters
    return House(
        store=found.store,
        bus=bus,
        clock=found.clock,
        ids=ids,
        keys=found.keys,
        words=WordKeys(settings.keys / "words", ids),
        journal=journal,
        packs=consent.packs.load_packs(consent.packs.PACKAGED, settings.packs),
        schema=MessageSchema(),
        adapters=cards,
        mappings={kind: load_mappings(kind, settings.mappings) for kind, card in cards.items() if not card.remote},
        connections=connections,
        limits=limits or Limits(),
        routes=read_routes(settings.agencies),
        catchment=read_catchment(settings.dir / CATCHMENT),
        worker=f"{os.getpid()}-{ids.number()}",
    )


def _bus(settings: Settings, store: SqlStore, clock: Clock) -> tuple[Bus, Callable[[], None]]:
    """Kafka where the settings name it, else the store's own; and what lets go of it."""
    if settings.kafka_bootstrap is None:
        return StoredBus(store.database, clock), lambda: None
    from hub.bus.kafka import KafkaBus  # noqa: PLC0415 - see above

    def topics() -> list[str]:
        with store.peek() as rows:
            return [agency.topic for agency in rows.directory.all().agencies.values()]

    kafka = KafkaBus(lambda: kafka_access(settings), topics)
    return kafka, kafka.close


def _require_kinds(store: SqlStore, known: Mapping[str, Adapter]) -> None:
    """Refuse a folder with a system whose kind has gone: its records could be neither read nor answered."""
    with store.peek() as rows:
        lost = sorted({system.kind for system in rows.directory.all().systems.values()} - known.keys())
    if lost:
        step = "put the kind's folder back into mappings/ of the data folder"
        raise Refused(f"systems of kind {', '.join(lost)}", "no such kind", "a kind that has its mappings", step)


def open_keys(settings: Settings, ids: Ids) -> KeyRing:
    """The key ring of a data folder.

    Raises:
        IntegrityBroken: a key is missing, damaged or open to others.
        Refused: the settings give the log another name than its key has.
    """
    keys = KeyRing(settings.keys, ids, hub_key=_secret(settings))
    if settings.name != keys.log_name:
        got, next_step = "another name than the log's key has", "put the old name back: a log's name cannot change"
        raise Refused("hub.toml: name", got, "the same", next_step)
    return keys


def require_same_hub(store: SqlStore, keys: KeyRing) -> None:
    """Refuse a store that was begun under other keys: a URL may name another hub's, and people be filed there."""
    with store.peek() as rows:
        known = rows.cursors.remembered(RULES, "log")
    if known is None:
        with store.unit() as unit:
            unit.cursors.remember(RULES, "log", keys.verifier)
    elif known != keys.verifier:
        step = "name the store that belongs to this data folder, or its data folder"
        raise Refused(store.database.where, "another hub's store", f"that of {keys.log_name}", step)


def _secret(settings: Settings) -> str | None:
    return settings.log_key.get_secret_value() if settings.log_key else None
