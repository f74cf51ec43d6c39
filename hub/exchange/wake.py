"""What waited and has been woken is fetched from its source again and put before the gate as a new message.

A row is claimed before it is fetched: a change that comes meanwhile makes it due again, and a crash does too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.exchange.house import House
from hub.exchange.intake import take_in
from hub.exchange.parts import source_key
from hub.exchange.reader import alone
from hub.exchange.reports import NEVER_BEFORE, NOT_BEFORE
from hub.exchange.waiting import tell
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import Waiting

CLAIMED = timedelta(minutes=2)  # how long a fetch may take before another worker may try


def step(house: House, system: System) -> bool:
    """Fetch again what is due of one system. True if there was any.

    Raises:
        Unavailable: the source cannot be reached; due again when the claim is over.
    """
    with house.store.peek() as rows:
        if not rows.waiting.due(system.id, rows.now, 1):
            return False
    ours = alone(house, system.id)
    if ours is None:
        return False  # another process reads there, and will find them
    with ours.store.unit(share=[locks.CONFIG]) as unit:
        due = unit.waiting.due(system.id, unit.now, house.limits.batch)
        claimed_until = unit.now + CLAIMED
        for row in due:
            unit.waiting.snooze(row.waiting_id, claimed_until)
    raws = ours.connections.source(system).refetch(list(dict.fromkeys(source_key(row.record_key) for row in due)))
    take_in(ours, system, raws, woken=True)
    _unclaim(ours, due, claimed_until)
    return True


def _unclaim(house: House, waiting: list[Waiting], claimed_until: datetime) -> None:
    """A row that stayed as it was (still unreadable, say) waits on; one that was woken meanwhile stays due."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in waiting:
            now = unit.waiting.get(row.waiting_id)
            if now is not None and now.due_at == claimed_until:
                unit.waiting.snooze(row.waiting_id, None)


def expire(house: House) -> None:
    """Drop what has waited too long: for its person longer than keyed digests are kept, for what must come first longer
    than that may take (design §3.7). A report that is dropped so is told to its system: nobody else would.
    """
    with house.store.peek() as rows:
        if not rows.waiting.outlived(rows.now):
            return
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in unit.waiting.expire(unit.now):
            if row.place == NOT_BEFORE:
                tell(house, unit, row.system, row.record_key, "refusal", row.code, NEVER_BEFORE)
