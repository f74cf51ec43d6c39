"""What waited and has been woken is fetched from its source again and put before the gate as a new message.

A row is claimed before it is fetched: a change that comes meanwhile makes it due again, and a crash does too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.errors import Unavailable
from hub.exchange.house import House
from hub.exchange.intake import take_in
from hub.exchange.reader import alone
from hub.model import locks
from hub.model.rows import Waiting

CLAIMED = timedelta(minutes=2)  # how long a fetch may take before another worker may try


def step(house: House) -> bool:
    """Fetch again what is due. True if there was any."""
    with house.store.peek() as rows:
        if not rows.waiting.due(rows.now, 1):
            return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        due = unit.waiting.due(unit.now, house.limits.batch)
        for row in due:
            unit.waiting.snooze(row.waiting_id, unit.now + CLAIMED)
        systems = unit.directory.all().systems
        claimed_until = unit.now + CLAIMED
    by_system: dict[str, list[Waiting]] = {}
    for row in due:
        by_system.setdefault(row.system, []).append(row)
    for system_id, waiting in by_system.items():
        ours = alone(house, system_id)
        if ours is None:
            continue  # another process reads there: due again when the claim is over
        try:
            raws = ours.connections.source(systems[system_id]).refetch([row.record_key for row in waiting])
        except Unavailable:
            continue  # likewise
        take_in(ours, systems[system_id], raws, woken=True)
        _unclaim(ours, waiting, claimed_until)
    return True


def _unclaim(house: House, waiting: list[Waiting], claimed_until: datetime) -> None:
    """A row that stayed as it was (still unreadable, say) waits on; one that was woken meanwhile stays due."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in waiting:
            now = unit.waiting.get(row.waiting_id)
            if now is not None and now.due_at == claimed_until:
                unit.waiting.snooze(row.waiting_id, None)


def expire(house: House) -> None:
    """Drop what waited for its person longer than keyed digests are kept; the refusal stands (design §3.7)."""
    with house.store.peek() as rows:
        if not rows.waiting.outlived(rows.now):
            return
    with house.store.unit() as unit:
        unit.waiting.expire(unit.now)
