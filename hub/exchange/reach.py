"""Which systems are out of reach, written down for other processes: for whoever watches, and for who is told.

The breaker of each worker knows it for itself alone. A note is renewed with every try that fails, so one that nobody
renewed any more, for instance because its worker was stopped, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from hub.exchange.house import House
from hub.model.directory import System
from hub.ports import Peek

NOTE_HOLDS = timedelta(minutes=10)  # [policy] far longer than the longest rest
_PLACE = "reach"  # stands where a system would


def note(house: House, active: Iterable[System]) -> None:
    """Write down which of these systems this process cannot reach; take back the note of one that answers it.

    Of a system that it has not asked yet it knows nothing, and leaves what another process has noted.
    """
    out = house.connections.out_of_reach()
    with house.store.unit() as unit:
        for system in active:
            before = unit.cursors.remembered(_PLACE, system.id)
            if system.id in out:
                since = before.split()[0] if before else unit.now.isoformat()
                unit.cursors.remember(_PLACE, system.id, f"{since} {unit.now.isoformat()}")
            elif before and house.connections.answers(system):
                unit.cursors.remember(_PLACE, system.id, None)


def out_of_reach(rows: Peek, active: Iterable[System]) -> Mapping[str, datetime]:
    """Since when each of these systems has been out of reach, as far as any worker says so now."""
    found: dict[str, datetime] = {}
    for system in active:
        if noted := rows.cursors.remembered(_PLACE, system.id):
            since, seen = (datetime.fromisoformat(text) for text in noted.split())
            if rows.now - seen < NOTE_HOLDS:
                found[system.id] = since
    return found
