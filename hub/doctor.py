"""What is wrong with a data folder, and what to do next: settings, keys, store, log, mappings, bus, systems and more.

Every part is looked at by itself, so that one that is broken does not hide the others; nothing is changed. Like
``compose.py``, which it stands beside, it names concrete classes and is handed to the commands by ``__main__``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import consent.packs
from adapters.contract import Adapter, Finding
from adapters.remote import ADAPTER as REMOTE
from hub.audit.log import AuditLog
from hub.audit.own import verify_own
from hub.clock import UtcClock
from hub.compose import database_of, open_store, require_prepared, time_of_units
from hub.directory.catchment import FILE as CATCHMENT
from hub.directory.catchment import read_catchment
from hub.directory.routes import read_routes
from hub.errors import HubError, Refused
from hub.exchange.connections import SystemConnections
from hub.forms.texts import PACKAGED as TEXTS
from hub.forms.texts import load_texts
from hub.ids import RandomIds
from hub.keys.files import read_key
from hub.keys.ring import KeyRing
from hub.kinds import card_of, kinds_of, load_mappings
from hub.model.alerts import Role
from hub.model.directory import System
from hub.model.envelope import MessageState
from hub.outside import alerts_of, kafka_access, store_url
from hub.ports import Clock
from hub.settings import DEFAULT_DIR, Settings, read_settings
from hub.store.health import look, newest_entry
from hub.store.health_postgres import look_at_server, newest_entry_of
from hub.store.sql import Database
from hub.store.unit import SqlStore

BUILT_ON = date(2025, 1, 1)  # no hub of this version ran before: an earlier clock is wrong
SKEW_MAX = timedelta(minutes=2)
LOOKED_AT_MAX = 1_000

Look = Callable[[Settings, Clock], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class StoredLog:
    """The audit log of a data folder without the rest of the hub; see :class:`hub.commands.tools.StoredLog`."""

    log: AuditLog
    key: str
    checkpoint: bytes | None
    database: Database

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def examine(folder: Path | None, clock: Clock | None = None) -> list[Finding]:
    """Look at everything; what is well is told too.

    Args:
        folder: the data folder, or None for the usual one.
    """
    clock = clock or UtcClock()
    findings: list[Finding] = []
    try:
        settings = read_settings(folder)
        findings.append(Finding("settings", True, "can be read"))
    except HubError as error:
        findings.append(_broken("settings", error))
        settings = Settings.model_construct(dir=folder or Path(os.environ.get("HUB_DIR", DEFAULT_DIR)))
    if not settings.dir.is_dir():
        findings.append(Finding("data folder", False, "no such folder", "run `hub init`, or name it with --dir"))
    looks: dict[str, Look] = {
        "data folder": _folder,
        "keys": _keys,
        "store": _store,
        "audit log": _log,
        "packs": _packs,
        "texts": _texts,
        "mappings": _mappings,
        "routes": _routes,
        "catchment": _catchment,
        "bus": _bus,
        "systems": _systems,
        "deliveries": _deliveries,
        "alerts": _alerts,
        "clock": _clock,
    }
    for place, part in looks.items():
        findings += _guarded(place, part, settings, clock)
    return findings


def open_log(settings: Settings, clock: Clock | None = None) -> StoredLog:
    """Open the log of a data folder, whatever state the rest is in.

    Raises:
        Refused: there is none.
        IntegrityBroken, Unavailable: the keys, or the file, cannot be used.
    """
    require_prepared(settings)
    keys = KeyRing(
        settings.keys, RandomIds(), hub_key=settings.log_key.get_secret_value() if settings.log_key else None
    )
    database = database_of(settings)
    now = time_of_units(settings, clock)
    log = AuditLog(database, keys, clock or UtcClock(), settings.checkpoints, now=now)
    return StoredLog(log, (settings.keys / "hub.pub").read_text(), _newest_note(settings.checkpoints), database)


def _newest_note(folder: Path) -> bytes | None:
    sizes = [int(path.stem) for path in folder.glob("*.txt") if path.stem.isdigit()]
    return (folder / f"{max(sizes)}.txt").read_bytes() if sizes else None


def _guarded(place: str, part: Look, settings: Settings, clock: Clock) -> list[Finding]:
    try:
        return list(part(settings, clock))
    except HubError as error:
        return [_broken(place, error)]
    except OSError as error:
        return [Finding(place, False, error.strerror or type(error).__name__, "look at the folder's owner and mode")]


def _broken(place: str, error: HubError) -> Finding:
    text = error.got + (f", expected {error.expected}" if error.expected else "")
    where = error.where if place in error.where else f"{place}: {error.where}"
    return Finding(where, False, text or "cannot be used", error.next_step or "see docs/operator.md")


def _folder(settings: Settings, _: Clock) -> Iterator[Finding]:
    file = settings.dir / "hub.toml"
    for place, path, mode in (("data folder", settings.dir, 0o700), ("data folder: hub.toml", file, 0o600)):
        if path.exists():
            closed = not path.stat().st_mode & 0o077
            text = "for its owner alone" if closed else "others can look into it, and it may hold a password"
            yield Finding(place, closed, text, "" if closed else f"chmod {mode:04o}, and renew what stood in it")


def _keys(settings: Settings, _: Clock) -> Iterator[Finding]:
    ring = KeyRing(
        settings.keys, RandomIds(), hub_key=settings.log_key.get_secret_value() if settings.log_key else None
    )
    same = settings.name == ring.log_name
    step = "" if same else "put the old name back (hub.toml, HUB_NAME): a log's name cannot change"
    yield Finding("keys", same, f"complete, for their owner alone; the log is {ring.log_name}", step)
    for path in sorted((settings.keys / "epochs").glob("*.key")):
        try:
            read_key(path)
        except HubError as error:
            yield _broken("keys", error)


def _store(settings: Settings, clock: Clock) -> Iterator[Finding]:
    url = store_url(settings)
    for seen in look_at_server(url, clock.now()) if url else look(settings.database):
        yield Finding("store", seen.ok, seen.text, seen.next_step)


def _log(settings: Settings, clock: Clock) -> Iterator[Finding]:
    stored = open_log(settings, clock)
    try:
        head = stored.log.head()
        if stored.checkpoint is None:
            stored.log.verify_at_start()
            step = "" if head.size == 0 else "`hub audit checkpoint` signs one; `hub work` does so hourly"
            yield Finding("audit log", head.size == 0, f"{head.size} entries, no checkpoint outside yet", step)
            return
        report = verify_own(stored.log, key=stored.key, checkpoint=stored.checkpoint)
        step = "" if report.ok else "stop the hub, keep the database as it is, and call the officer"
        yield Finding("audit log", report.ok, report.reason, step)
    finally:
        stored.close()


def _packs(settings: Settings, _: Clock) -> Iterator[Finding]:
    packs = consent.packs.load_packs(consent.packs.PACKAGED, settings.packs)
    yield Finding("packs", True, ", ".join(f"{name} version {pack.version}" for name, pack in packs.packs.items()))


def _texts(settings: Settings, _: Clock) -> Iterator[Finding]:
    found = load_texts(TEXTS, settings.texts)
    yield Finding("texts", True, ", ".join(f"{text.version} {text.language}" for text in found.every))


def _routes(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Whether each route of an agency leads to an open service of somebody else."""
    found = read_routes(settings.agencies)
    with _opened(settings, clock) as store, store.peek() as rows:
        directory = rows.directory.all()
    services = {service.id: service for service in directory.services}
    for (agency, kind, named, code), service in found.services.items():
        place = f"agencies/{agency}/routes.csv {kind} {named} {code}"
        to = services.get(service)
        if agency not in directory.agencies:
            yield Finding(place, False, "no agency of this id", "name the folder as `hub agencies list` does")
        elif to is None or to.status != "active" or to.agency == agency:
            wrong = "no such service" if to is None else "a service of its own" if to.agency == agency else to.status
            yield Finding(place, False, wrong, "name an active service of another agency: hub services list")
    yield Finding("routes", True, f"{len(found.services)} routes of {len({key[0] for key in found.services})} agencies")


def _catchment(settings: Settings, _: Clock) -> Iterator[Finding]:
    found = read_catchment(settings.dir / CATCHMENT)
    said = f"{len(found.counts)} combinations" if found.digest else "none: no enquiry about nobody passes"
    yield Finding("catchment", True, said)


def _mappings(settings: Settings, _: Clock) -> Iterator[Finding]:
    for kind in kinds_of(settings.mappings):
        try:
            loaded = load_mappings(kind, settings.mappings)
            yield Finding("mappings", True, f"{kind}: {', '.join(loaded.records)}")
        except HubError as error:
            yield _broken("mappings", error)
    folders = sorted(settings.mappings.iterdir()) if settings.mappings.is_dir() else ()
    for folder in folders:
        if folder.is_dir() and folder.name not in kinds_of(settings.mappings) and any(folder.glob("*.toml")):
            step = "name it as the kind whose files it changes, or add records.toml: docs/tables.md"
            yield Finding("mappings", False, "a folder that belongs to no kind, and is not read", step)


def _bus(settings: Settings, clock: Clock) -> Iterator[Finding]:
    if settings.kafka_bootstrap is None:
        yield Finding("bus", True, "in the hub's own store")
        return
    from hub.bus.kafka import KafkaBus  # noqa: PLC0415 - only a hub with Kafka waits for it

    with _opened(settings, clock) as store, store.peek() as rows:
        topics = sorted({agency.topic for agency in rows.directory.all().agencies.values()})
    bus = KafkaBus(lambda: kafka_access(settings))
    try:
        wrong = bus.faults(topics)
    finally:
        bus.close()
    if settings.kafka_security == "PLAINTEXT":
        step = "use SASL_SSL, and `hub bus provision`"
        yield Finding("bus", False, "Kafka asks nobody who they are: anybody may write to it", step)
    if not wrong:
        yield Finding("bus", True, f"Kafka answers; {len(topics)} topics are there and ours to write and read")
    yield from (_broken("bus", error) for error in wrong)


def _systems(settings: Settings, clock: Clock) -> Iterator[Finding]:
    with _opened(settings, clock) as store:
        with store.peek() as rows:
            systems = rows.directory.all().systems
        if not systems:
            yield Finding("systems", True, "none is connected", "`hub systems add`, or `hub systems import FILE`")
        kinds = {system.kind for system in systems.values()} & {*kinds_of(settings.mappings), REMOTE.kind}
        cards = {kind: card for kind in kinds if (card := _card(kind, settings.mappings)) is not None}
        connections = SystemConnections(cards, store, clock, RandomIds(), _no_digest)
        try:
            for system in systems.values():
                place = f"system {system.id}"
                if system.kind not in cards:
                    step = "put the folder of its kind into mappings/ of the data folder, or mend its records.toml"
                    yield Finding(place, False, f"there is no kind `{system.kind}` that can be used", step)
                elif system.status != "active":
                    yield Finding(place, True, system.status, "`hub resume system` lets it take part again")
                else:
                    yield from _connection(connections, system)
        finally:
            connections.close()


def _connection(connections: SystemConnections, system: System) -> Iterator[Finding]:
    place = f"system {system.id}"
    try:
        found = connections.check(system)
        yield from (Finding(f"{place}: {one.place}", one.ok, one.text, one.next_step) for one in found)
    except HubError as error:
        yield _broken(place, error)


def _card(kind: str, overlay: Path) -> Adapter | None:
    """The card of a kind; None where it cannot be used, which is told among the mappings."""
    try:
        return REMOTE if kind == REMOTE.kind else card_of(kind, overlay)
    except HubError:
        return None


def _no_digest(_domain: str, _text: str) -> str:
    raise AssertionError("a connection that is looked at remembers nothing")


def _deliveries(settings: Settings, clock: Clock) -> Iterator[Finding]:
    with _opened(settings, clock) as store, store.peek() as rows:
        held = [row for row in rows.handovers.every(LOOKED_AT_MAX, ended=False) if row.state is MessageState.HELD]
        aside = rows.handovers.aside(LOOKED_AT_MAX)
    yield Finding(
        "deliveries",
        not held,
        f"{len(held)} held because a mapping cannot write them out",
        "`hub deliveries list` says which field; mend the mapping, then `hub deliveries retry`" if held else "",
    )
    yield Finding(
        "deliveries",
        not aside,
        f"{len(aside)} records of the bus were not what had been published",
        "`hub deliveries dead` lists them; somebody may have changed the bus" if aside else "",
    )


def _alerts(settings: Settings, _: Clock) -> Iterator[Finding]:
    post = alerts_of(settings)
    for role in Role:
        told = len(post.recipients(role))
        step = "`hub alerts test` tries them" if told else f"name one: alerts.{role} in hub.toml (docs/operator.md)"
        yield Finding("alerts", True, f"{told or 'no'} recipients in the role {role}", step)


def _clock(settings: Settings, clock: Clock) -> Iterator[Finding]:
    now = clock.now()
    if now.date() < BUILT_ON:
        yield Finding("clock", False, f"says {now.date()}", "set it by NTP; dates of consents are judged by it")
        return
    newest = _newest(settings)
    if newest is not None and newest > now + SKEW_MAX:
        ahead = int((newest - now).total_seconds())
        yield Finding("clock", False, f"{ahead} s behind the newest audit entry: it was set back", "set it by NTP")
        return
    yield Finding("clock", True, "not behind what it wrote before")


def _newest(settings: Settings) -> datetime | None:
    if url := store_url(settings):
        return newest_entry_of(url)
    return newest_entry(settings.database) if settings.database.exists() else None


@contextmanager
def _opened(settings: Settings, clock: Clock) -> Iterator[SqlStore]:
    if not settings.store and not settings.database.exists():
        raise Refused("store", "no such file", next_step="run `hub init`, or bring it back from its backup")
    store = open_store(settings, clock, RandomIds())
    try:
        yield store
    finally:
        store.close()
