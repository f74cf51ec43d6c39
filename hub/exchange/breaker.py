"""A system that could not be reached several times in a row is left alone for a while.

Each process finds out for itself, so it knows what it can reach; a restart asks anew. While a system rests, what is
due for it stays due and burns no try. The first call after the rest decides: it works, and all goes on; or the system
rests again, longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.exchange.retry import rest_s
from hub.ports import Clock, Ids

RESTS_AFTER = 5  # [policy] calls in a row that did not reach it: a second or two of an idle worker


@dataclass(slots=True)
class _Line:
    """What is known of the way to one system: failures in a row, rests in a row, and the end of the present one."""

    failed: int = 0
    rests: int = 0
    until_s: float | None = None


class Breaker:
    """Which systems rest. Reads the monotonic clock: a clock that is set does not prolong a rest."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids
        self._lines: dict[str, _Line] = {}
        self._reached: set[str] = set()

    def rests(self, system: str) -> bool:
        """Whether a system is left alone now."""
        line = self._lines.get(system)
        return line is not None and line.until_s is not None and self._clock.monotonic_s() < line.until_s

    def opened(self) -> Mapping[str, int]:
        """Each system that could not be reached when it was last asked: how many rests in a row it has had."""
        return {system: line.rests for system, line in self._lines.items() if line.rests}

    def reached(self, system: str) -> None:
        """A call was answered, whatever the answer."""
        self._lines.pop(system, None)
        self._reached.add(system)

    def answers(self, system: str) -> bool:
        """Whether this process has reached it, and not failed to since."""
        return system in self._reached

    def forget(self, system: str) -> None:
        """It was set up anew: nothing is known of it."""
        self._lines.pop(system, None)
        self._reached.discard(system)

    def failed(self, system: str) -> None:
        """A call did not reach it."""
        self._reached.discard(system)
        line = self._lines.setdefault(system, _Line())
        line.failed += 1
        if line.failed >= RESTS_AFTER and not self.rests(system):
            line.rests += 1
            line.until_s = self._clock.monotonic_s() + rest_s(line.rests, random=self._ids.fraction())
