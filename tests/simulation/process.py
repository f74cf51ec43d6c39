"""A process of the hub: composed on the data folder, behind ports that may fail, killed at any moment, begun anew.

Several of them play on one folder, all in one thread: while one meets the world, others take whole turns (to the depth
of two), so what one does between two of its steps is anything that another does. A kill is :class:`Killed` out of a
port; no handler of the hub may catch it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.audit.log import AuditLog
from hub.bus.stored import StoredBus
from hub.compose import Hub, compose
from hub.errors import HubError, IntegrityBroken, Refused, Unavailable
from hub.exchange import Exchange
from hub.exchange.breaker import Breaker
from hub.exchange.connections import SystemConnections
from hub.kinds import ADAPTERS
from tests.simulation.ports import Door, SimBus, SimConnections, SimJournal, SimKeys, SimStore
from tests.simulation.world import World


class Killed(BaseException):
    """SIGKILL. Not an Exception, so that whoever catches too much lets it pass."""


class Process:
    """One process.

    Args:
        odds: chance of each fault at each place where it may happen.
        others: told of each place, plays whole turns of somebody else there.
    """

    def __init__(self, world: World, odds: Mapping[str, float], others: Callable[[str], None]) -> None:
        self.world = world
        self.hub: Hub | None = None
        self.busy = False
        self._odds, self._others = odds, others

    def do(self, part: Callable[[Hub], object]) -> None:
        """Let it do something. An outage is told, a kill ends it."""
        if self.busy:
            return
        self.busy = True
        try:
            part(self.running())
        except Killed:
            self.world.history.say("  killed")
            self.stop()
        except IntegrityBroken:
            raise
        except (Unavailable, Refused) as error:
            self._report("", error)
        finally:
            self.busy = False

    def running(self) -> Hub:
        """Its hub, composed if it has none."""
        if self.hub is None:
            world = self.world
            real = compose(world.settings, clock=world.clock, ids=world.ids, report=self._report)
            self.hub = self._behind_ports(real)
        return self.hub

    def stop(self) -> None:
        """Abandon it: what it holds in memory is gone, and it lets nobody know."""
        if self.hub is not None:
            self.hub.connections.close()
            self.hub.store.close()
            self.hub = None

    def meet(self, place: str) -> None:
        """Anything may happen here. See :class:`tests.simulation.ports.Met`."""
        if self.world.calm:
            return
        if self.chance("kill"):
            raise Killed(place)
        if self.chance("time passes"):
            self.world.pass_time(timedelta(milliseconds=self.world.dice.choice([5, 300, 2_000, 11_000])))
        if not self.world.alone:
            self._others(place)

    def chance(self, fault: str) -> bool:
        """Whether a fault happens now."""
        return not self.world.calm and self.world.dice.random() < self._odds.get(fault, 0.0)

    def _behind_ports(self, real: Hub) -> Hub:
        house, clock = real.house, self.world.clock
        parts: dict[str, Any] = {  # the real classes are named in compose.py; these stand before them
            "store": SimStore(self, real.store),
            "bus": SimBus(self, StoredBus(Door(self, real.store.database), clock)),  # type: ignore[arg-type]
            "keys": SimKeys(self.world, house.keys),  # type: ignore[arg-type]
            "journal": SimJournal(self.world, house.journal),
        }
        systems = SystemConnections(ADAPTERS, parts["store"], clock, house.ids, house.keys.digest)
        connections = SimConnections(self, systems, Breaker(clock, house.ids))
        ours = replace(house, **parts, connections=connections)
        log = AuditLog(Door(self, real.store.database), house.keys, clock, real.settings.checkpoints)  # type: ignore[arg-type]
        rest: dict[str, Any] = {"store": parts["store"], "connections": connections}
        return replace(real, house=ours, exchange=Exchange(ours, self._report), log=log, **rest)

    def _report(self, _place: str, error: HubError) -> None:
        self.world.history.told.append(str(error))
