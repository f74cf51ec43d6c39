"""The hub's ports as the world may let them down, and the moments between which anything may happen.

Each wrapper stands before the real thing. Before and after every call it meets the world (``Process.meet``): other
processes take their turns, time passes, or this process is killed there. What it raises is what the port says that it
may raise; what it does to data, an honest implementation may do to it too (lose, repeat, reorder across lanes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import Connection

from adapters.contract import Answer, Answering, Commit, Finding, Gone, Page, Parcel, Raw, Sent, SentState, Source
from hub.bus.stored import StoredBus
from hub.errors import BusUnavailable, Unavailable
from hub.exchange.breaker import Breaker
from hub.exchange.connections import SystemConnections, Watched
from hub.keys.ring import KeyRing
from hub.model.directory import System
from hub.model.envelope import Envelope, Sealed
from hub.ports import BusRecord, Directory, Journal, Outgoing
from hub.store.sql import Database
from hub.store.unit import SqlStore, SqlUnit
from tests.simulation.watch import at_arrival, note_answers, noticed
from tests.simulation.world import World


class Met(Protocol):
    """The process that a port belongs to."""

    world: World

    def meet(self, place: str) -> None:
        """Anything may happen here."""
        ...

    def chance(self, fault: str) -> bool:
        """Whether a fault happens now."""
        ...


class Door:
    """The database as log and bus use it."""

    def __init__(self, met: Met, real: Database) -> None:
        self._met, self._real = met, real

    @contextmanager
    def writing(self, *, share: Iterable[str] = (), own: Iterable[str] = ()) -> Iterator[Connection]:
        self._met.meet("door")
        if self._met.chance("store at begin"):
            raise Unavailable("store hub.sqlite", "a simulated lock")
        with self._real.writing(share=share, own=own) as connection:
            yield connection
            if self._met.chance("store at commit"):
                raise Unavailable("store hub.sqlite", "a simulated full disk")
        self._met.meet("door left")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._real.reading() as connection:
            yield connection


class SimStore:
    """Units and peeks. A commit that fails has written nothing, as the port promises."""

    def __init__(self, met: Met, real: SqlStore) -> None:
        self._met, self._real = met, real

    @contextmanager
    def unit(self, *, share: Iterable[str] = (), own: Sequence[str] = ()) -> Iterator[SqlUnit]:
        self._met.meet("unit")
        if self._met.chance("store at begin"):
            raise Unavailable("store hub.sqlite", "a simulated lock")
        with self._real.unit(share=share, own=own) as unit:
            yield unit
            if self._met.chance("store at commit"):
                raise Unavailable("store hub.sqlite", "a simulated full disk")
        self._met.meet("committed")

    @contextmanager
    def peek(self, *, as_of: datetime | None = None) -> Iterator[SqlUnit]:
        self._met.meet("peek")
        with self._real.peek(as_of=as_of) as rows:
            yield rows
        self._met.meet("peeked")

    def close(self) -> None:
        self._real.close()


class SimJournal:
    """The real journal. Who holds it is interrupted by nobody who would wait for it: all processes are one thread."""

    def __init__(self, world: World, real: Journal) -> None:
        self._world, self._real = world, real

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._alone(), self._real.held():
            yield

    def note(self, directory: Directory, known: Callable[[], Sequence[str]]) -> None:
        with self._alone():
            self._real.note(directory, known)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._world.alone += 1
        try:
            yield
        finally:
            self._world.alone -= 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class SimKeys:
    """The real keys; the salts are written down, so that digests in the log can be held against what arrived."""

    def __init__(self, world: World, real: KeyRing) -> None:
        self._world, self._real = world, real

    def seal(self, envelope: Envelope, *, topic: str, at: datetime) -> tuple[Sealed, bytes]:
        self._world.history.salts[envelope.envelope_id] = envelope.salt
        return self._real.seal(envelope, topic=topic, at=at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class SimBus:
    """At least once, in order within a lane as published, never across; and somebody who writes what is not ours."""

    def __init__(self, met: Met, real: StoredBus) -> None:
        self._met, self._real = met, real

    def publish(self, records: Sequence[Outgoing]) -> None:
        chance = self._met.chance
        self._met.meet("publish")
        if chance("bus unknown, not published"):
            raise BusUnavailable("bus", "a simulated timeout")
        self._real.publish(self._as_it_lands(records))
        self._met.meet("published")
        if chance("bus unknown, published"):
            raise BusUnavailable("bus", "a simulated timeout")

    def poll(self, topic: str, group: str, limit: int) -> list[BusRecord]:
        self._met.meet("poll")
        if self._met.chance("bus away"):
            raise Unavailable("bus", "a simulated outage")
        return self._real.poll(topic, group, self._met.world.dice.randint(1, limit))

    def commit(self, topic: str, group: str, offset: int) -> None:
        self._met.meet("offset")
        if self._met.chance("bus away"):
            raise Unavailable("bus", "a simulated outage")
        self._real.commit(topic, group, offset)

    def expire(self, before: datetime) -> int:
        return self._real.expire(before)

    def _as_it_lands(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        chance, dice = self._met.chance, self._met.world.dice
        lanes: dict[str, list[Outgoing]] = {}
        for record in records:
            lanes.setdefault(record.key, []).append(record)
        keys = list(lanes)
        if chance("bus reorders"):
            dice.shuffle(keys)
        landed: list[Outgoing] = []
        for record in (record for key in keys for record in lanes[key]):
            if chance("bus loses"):
                continue
            landed += [record] * (2 if chance("bus repeats") else 1)
            if chance("bus is written by others"):
                landed.append(self._not_ours(record))
        return landed

    def _not_ours(self, record: Outgoing) -> Outgoing:
        """A record of nobody's, or one of ours with other bytes."""
        dice = self._met.world.dice
        self._met.world.history.foreign += 1
        changed = bytes([record.body[0]]) + dice.randbytes(len(record.body) - 1)
        if dice.random() < 0.5:
            return replace(record, body=changed)
        return replace(record, headers={**record.headers, "ce_id": f"foreign-{dice.randrange(10**6)}"}, body=changed)


class SimConnections:
    """Open connections, each behind a :class:`SimSource`, and the breaker behind that: it sees what is injected."""

    def __init__(self, met: Met, real: SystemConnections, breaker: Breaker) -> None:
        self._met, self._real, self._breaker = met, real, breaker

    def source(self, system: System) -> Source:
        found = SimSource(self._met, system.id, self._real.source(system).source)
        return Watched(found, system.id, self._breaker)

    def check(self, system: System) -> Sequence[Finding]:
        return self._real.check(system)

    def rests(self, system: System) -> bool:
        return self._breaker.rests(system.id)

    def answers(self, system: System) -> bool:
        return self._breaker.answers(system.id)

    def out_of_reach(self) -> Mapping[str, int]:
        return self._breaker.opened()

    def close(self) -> None:
        self._real.close()


class SimSource:
    """An agency's system: away, slow, refusing, failing before or after its commit."""

    def __init__(self, met: Met, system: str, real: Source) -> None:
        self._met, self._system, self._real = met, system, real

    def fetch(self, since: str) -> Page:
        self._reached("fetch")
        with noticed(self._met.world, lambda: note_answers(self._met.world)):
            page = self._real.fetch(since)
        self._met.meet("fetched")
        return page

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        self._reached("refetch")
        found = self._real.refetch(keys)
        self._met.meet("refetched")
        return found

    def reach(self) -> None:
        self._reached("reach")
        self._real.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        self._reached("send")
        world, chance = self._met.world, self._met.chance
        refused = {parcel.envelope_id for parcel in parcels if chance("recipient refuses one")}
        taken = [parcel for parcel in parcels if parcel.envelope_id not in refused]
        suspended = [False]

        def checked() -> None:
            self._met.meet("in the recipient's transaction")
            if chance("recipient is slow"):
                world.pass_time(timedelta(seconds=world.dice.choice([3, 9, 12, 30])))
            self._met.meet("before the recipient's commit")
            commit()
            tick = world.history.moment()
            for parcel in taken:
                world.history.checked.setdefault(parcel.envelope_id, []).append(tick)
            if chance("process is suspended"):
                suspended[0] = True
                world.pass_time(timedelta(seconds=world.dice.choice([1, 12, 40])))
                self._met.meet("suspended between check and commit")

        with noticed(world, lambda: at_arrival(world, self._system, taken, late=suspended[0])):
            sent = self._real.send(taken, checked) if taken else []
        self._met.meet("after the recipient's commit")
        if chance("recipient's answer is lost"):
            raise Unavailable(f"system {self._system}", "a simulated lost answer")
        return [*sent, *(Sent(name, SentState.FAILED, "CONSTRAINT") for name in sorted(refused))]

    def awaiting(self, limit: int) -> Sequence[str]:
        self._reached("awaiting")
        return cast(Answering, self._real).awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        self._reached("answer")
        with noticed(self._met.world, lambda: note_answers(self._met.world)):
            written = cast(Answering, self._real).answer(answers)
        self._met.meet("answered")
        return written

    def close(self) -> None:
        self._real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _reached(self, place: str) -> None:
        self._met.meet(place)
        if self._system in self._met.world.down or self._met.chance("system away"):
            raise Unavailable(f"system {self._system}", "a simulated outage")
