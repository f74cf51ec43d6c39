"""Open connections to agencies' systems, one for each, opened when first used and anew when the settings change.

What is called through them tells the breaker whether the system could be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from typing import cast

from adapters.contract import (
    Adapter,
    Answer,
    Answering,
    Commit,
    Declaring,
    Finding,
    Following,
    FollowUp,
    Gathering,
    Gone,
    Page,
    Parcel,
    Raw,
    Sent,
    Source,
)
from hub.errors import LeaseOver, Unavailable
from hub.exchange.breaker import Breaker
from hub.model.directory import System
from hub.ports import Clock, Ids, Store

Digest = Callable[[str, str], str]  # (domain, text) -> keyed digest of the hub's


class StoreMemory:
    """See :class:`adapters.contract.Memory`: rows of the hub's own store. ``away``: it did not answer just now."""

    def __init__(self, store: Store, system: str, digest: Digest) -> None:
        self._store, self._system, self._digest = store, system, digest
        self.away = False

    def get(self, key: str) -> str | None:
        """The text stored under a key."""
        with self._ours(), self._store.peek() as rows:
            return rows.cursors.remembered(self._system, key)

    def put(self, key: str, value: str | None) -> None:
        """Store a text, or remove the key."""
        with self._ours(), self._store.unit() as unit:
            unit.cursors.remember(self._system, key, value)

    def digest(self, text: str) -> str:
        """A keyed digest, of this system's own."""
        return self._digest("source", f"{self._system}\n{text}")

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self.away = True
            raise


class Watched:
    """A source as it is, seen by the breaker: what did not reach the system counts, an answer ends the count."""

    def __init__(self, source: Source, system: str, breaker: Breaker, memory: StoreMemory | None = None) -> None:
        self.source, self._system, self._breaker, self._memory = source, system, breaker, memory

    def fetch(self, since: str) -> Page:
        """See :class:`adapters.contract.Source`."""
        with self._counted():
            return self.source.fetch(since)

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """See :class:`adapters.contract.Source`."""
        with self._counted():
            return self.source.refetch(keys)

    def reach(self) -> None:
        """See :class:`adapters.contract.Source`."""
        with self._counted():
            self.source.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """See :class:`adapters.contract.Source`."""
        with self._counted():
            return self.source.send(parcels, commit)

    def check(self) -> list[Finding]:
        """See :class:`adapters.contract.Source`. Asked by a person: it is not counted."""
        return self.source.check()

    def awaiting(self, limit: int) -> Sequence[str]:
        """See :class:`adapters.contract.Answering`."""
        with self._counted():
            return cast(Answering, self.source).awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """See :class:`adapters.contract.Answering`."""
        with self._counted():
            return cast(Answering, self.source).answer(answers)

    def declared(self) -> Sequence[Raw]:
        """See :class:`adapters.contract.Declaring`."""
        with self._counted():
            return cast(Declaring, self.source).declared()

    def follow_ups(self, first: date, last: date) -> Sequence[FollowUp]:
        """See :class:`adapters.contract.Following`."""
        with self._counted():
            return cast(Following, self.source).follow_ups(first, last)

    def take_back(self, envelope_ids: Sequence[str]) -> Sequence[str]:
        """See :class:`adapters.contract.Gathering`."""
        with self._counted():
            return cast(Gathering, self.source).take_back(envelope_ids)

    def close(self) -> None:
        """Let go of the connection."""
        self.source.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._memory is not None:
            self._memory.away = False
        try:
            yield
        except LeaseOver:  # ours, not the system's
            raise
        except Unavailable:
            if self._memory is None or not self._memory.away:  # else our own store is away: no fault of the system's
                self._breaker.failed(self._system)
            raise
        self._breaker.reached(self._system)


class SystemConnections:
    """See :class:`hub.exchange.house.Connections`. Used by one thread at a time."""

    def __init__(self, adapters: Mapping[str, Adapter], store: Store, clock: Clock, ids: Ids, digest: Digest) -> None:
        self.adapters, self._store, self._clock, self._digest = adapters, store, clock, digest
        self._breaker = Breaker(clock, ids)
        self._open: dict[str, tuple[System, Watched]] = {}

    def rests(self, system: System) -> bool:
        """Whether a system is left alone now. One that was set up anew is asked at once."""
        known = self._open.get(system.id)
        return known is not None and known[0] == system and self._breaker.rests(system.id)

    def answers(self, system: System) -> bool:
        """Whether this process has reached a system, and not failed to since."""
        return self._breaker.answers(system.id)

    def out_of_reach(self) -> Mapping[str, int]:
        """By id, the systems that could not be reached several times in a row, and not since: rests in a row."""
        return self._breaker.opened()

    def source(self, system: System) -> Watched:
        """The connection to a system; a suspended one is not reached."""
        if system.status != "active":
            raise Unavailable(f"system {system.id}", f"status {system.status}", "active", "`hub resume system`")
        known = self._open.get(system.id)
        if known is not None and known[0] == system:
            return known[1]
        if known is not None:
            known[1].close()
            self._breaker.forget(system.id)
        source = self._connect(system)
        self._open[system.id] = (system, source)
        return source

    def check(self, system: System) -> list[Finding]:
        """Look at a system for a person; a suspended one too, so that it is well before it takes part."""
        if system.status != "suspended":
            return self.source(system).check()
        with closing(self._connect(system)) as source:
            return source.check()

    def _connect(self, system: System) -> Watched:
        memory = StoreMemory(self._store, system.id, self._digest)
        connected = self.adapters[system.kind].connect(system.settings, memory, self._clock.now)
        return Watched(connected, system.id, self._breaker, memory)

    def close(self) -> None:
        """Let go of all of them."""
        for _, source in self._open.values():
            source.close()
        self._open.clear()
