"""What every stretch of the road is handed: ports, rules, mappings and connections and limits. It holds no logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.contract import Adapter, Finding, Source
from consent.packs import Packs
from hub.directory.catchment import Catchment
from hub.directory.routes import Routes
from hub.exchange.limits import Limits
from hub.exchange.strict import MessageSchema
from hub.mapping import Mappings
from hub.model.directory import System
from hub.ports import Bus, Clock, Ids, Journal, Keys, Store, Words


class Connections(Protocol):
    """Open connections to the agencies' systems, one for each."""

    def source(self, system: System) -> Source:
        """The connection to a system.

        Raises:
            Unavailable: it cannot be reached now.
        """
        ...

    def check(self, system: System) -> Sequence[Finding]:
        """What a person who looks at a system is told: also at one that takes no part yet.

        Raises:
            Unavailable: it cannot be reached now.
        """
        ...

    def rests(self, system: System) -> bool:
        """Whether a system is left alone now, since it could not be reached several times in a row."""
        ...

    def answers(self, system: System) -> bool:
        """Whether this process has reached a system, and not failed to since."""
        ...

    def out_of_reach(self) -> Mapping[str, int]:
        """By id, all such systems, also one that is about to be tried again: how often in a row it has rested."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """The composed parts."""

    store: Store
    bus: Bus
    clock: Clock
    ids: Ids
    keys: Keys
    words: Words
    journal: Journal
    packs: Packs
    schema: MessageSchema
    adapters: Mapping[str, Adapter]
    mappings: Mapping[str, Mappings]
    connections: Connections
    limits: Limits
    routes: Routes
    catchment: Catchment
    worker: str  # random name of this process, for leases
