"""Open connections to agencies' systems, one for each, opened when first used and anew when the settings change."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.contract import Adapter, Source
from hub.errors import Unavailable
from hub.model.directory import System
from hub.ports import Clock, Store


class StoreMemory:
    """See :class:`adapters.contract.Memory`: rows of the hub's own store."""

    def __init__(self, store: Store, system: str) -> None:
        self._store, self._system = store, system

    def get(self, key: str) -> str | None:
        """The text stored under a key."""
        with self._store.peek() as rows:
            return rows.cursors.remembered(self._system, key)

    def put(self, key: str, value: str | None) -> None:
        """Store a text, or remove the key."""
        with self._store.unit() as unit:
            unit.cursors.remember(self._system, key, value)


class SystemConnections:
    """See :class:`hub.exchange.house.Connections`. Used by one thread at a time."""

    def __init__(self, adapters: Mapping[str, Adapter], store: Store, clock: Clock) -> None:
        self._adapters, self._store, self._clock = adapters, store, clock
        self._open: dict[str, tuple[System, Source]] = {}

    def source(self, system: System) -> Source:
        """The connection to a system; a suspended one is not reached."""
        if system.status != "active":
            raise Unavailable(f"system {system.id}", f"status {system.status}", "active", "`hub resume system`")
        known = self._open.get(system.id)
        if known is not None and known[0] == system:
            return known[1]
        if known is not None:
            known[1].close()
        memory = StoreMemory(self._store, system.id)
        source = self._adapters[system.kind].connect(system.settings, memory, self._clock.now)
        self._open[system.id] = (system, source)
        return source

    def close(self) -> None:
        """Let go of all of them."""
        for _, source in self._open.values():
            source.close()
        self._open.clear()
