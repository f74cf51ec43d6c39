"""What every stretch of the road is handed: ports, rules, mappings and connections. It holds no logic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from adapters.contract import Adapter, Source
from consent.packs import Packs
from hub.exchange.strict import MessageSchema
from hub.mapping import Mappings
from hub.model.directory import System
from hub.ports import Bus, Clock, Ids, Keys, Store


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much. Durations in seconds or as timedelta; each with its source."""

    batch: int = 50  # messages a unit; design §6: units last at most 50 ms
    lease: timedelta = timedelta(seconds=10)  # design §3.4
    lease_margin_s: float = 1.0  # design §3.6: a withdrawal waits for lease + 1 s at most
    return_after: timedelta = timedelta(hours=72)  # consent rules 4.2: payloads on the bus
    republish_after: timedelta = timedelta(minutes=2)
    repeat_after: timedelta = timedelta(
        seconds=60
    )  # a refused record that is read again is judged again at most this often
    unknown_kept: timedelta = timedelta(days=30)  # design §3.7: keyed digests of people nobody knows
    resends_max: int = 3  # design §3.4: fetched and judged again by the hub itself, then a person is asked
    relay_lease: timedelta = timedelta(seconds=10)
    reader_lease: timedelta = timedelta(seconds=10)  # renewed by every unit of whoever reads a source


class Connections(Protocol):
    """Open connections to the agencies' systems, one for each."""

    def source(self, system: System) -> Source:
        """The connection to a system.

        Raises:
            Unavailable: it cannot be reached now.
        """
        ...


@dataclass(frozen=True, slots=True)
class House:
    """The composed parts."""

    store: Store
    bus: Bus
    clock: Clock
    ids: Ids
    keys: Keys
    packs: Packs
    schema: MessageSchema
    adapters: Mapping[str, Adapter]
    mappings: Mapping[str, Mappings]
    connections: Connections
    limits: Limits
    worker: str  # random name of this process, for leases
