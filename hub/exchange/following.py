"""Clients are followed up after their service: their own system knows when, and is reminded (shared model 3.12).

The hub looks once a day which follow-ups are due and have not been made. It keeps whose record each is and its day, and
nothing of the client. The word goes to that system alone, so no consent is asked: when the window opens, and when it is
over. Then a person is told too (``AlertCode.FOLLOW_UP_MISSED``), until it is made or a year old. What was made is a
record like any other and takes the road from ``intake`` on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from adapters.contract import Following
from hub.exchange.batches import batches
from hub.exchange.house import House
from hub.exchange.reader import alone
from hub.exchange.waiting import tell
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import FollowUpDue
from hub.ports import Peek

OPENS, CLOSES = timedelta(days=14), timedelta(days=30)  # [policy] the window before and after the day
LOOKS_BACK = timedelta(days=365)  # [policy] what is older is nobody's task any more
AGAIN = timedelta(minutes=15)  # [policy] after a look that failed
REVIEW_DUE = "review-due"
DUE, MISSED = "FOLLOW_UP_DUE", "FOLLOW_UP_MISSED"


def step(house: House, system: System) -> bool:
    """Look, if nobody has today. True if there was anything to tell.

    Raises:
        Unavailable: the system or the store cannot be reached now.
    """
    if not house.adapters[system.kind].follows or not _is_due(house, system):
        return False
    ours = alone(house, system.id)
    if ours is None or not _is_due(ours, system):
        return False
    with ours.store.peek() as rows:
        today, began = _today(ours, rows, system), _looks(rows, system)[0]
        known = rows.follow_ups.of(system.id)
    try:
        found = _open(ours, system, date.fromisoformat(began) if began else today, today)
    except Exception:
        with ours.store.unit() as unit:  # not at every step
            unit.cursors.put(_place(system), f"{began or today} {(unit.now + AGAIN).isoformat()}")
        raise
    news = [row for key, row in found.items() if row != known.get(key)]
    for batch in batches(news, house.limits.batch):
        with ours.store.unit(share=[locks.CONFIG]) as unit:
            for row in batch:
                unit.follow_ups.put(row)
                tell(house, unit, system.id, row.record_key, REVIEW_DUE, MISSED if row.missed else DUE)
    with ours.store.unit() as unit:
        unit.follow_ups.forget(system.id, known.keys() - found.keys())
        unit.cursors.put(_place(system), f"{began or today} {today}")
    return bool(news)


def _is_due(house: House, system: System) -> bool:
    """Whether nobody has looked today, nor tried in vain just now."""
    with house.store.peek() as rows:
        last = _looks(rows, system)[1]
        if len(last) > len("2026-06-01"):
            again = datetime.fromisoformat(last)
            return not rows.now < again <= rows.now + AGAIN  # a clock set back is no "just now"
        return last != _today(house, rows, system).isoformat()


def _looks(rows: Peek, system: System) -> tuple[str, str]:
    """The days of the first look and of the last one; of one that failed, when to try again."""
    first, _, last = rows.cursors.get(_place(system)).partition(" ")
    return first, last


def _place(system: System) -> str:
    return f"follow-ups {system.id}"


def _today(house: House, rows: Peek, system: System) -> date:
    pack = house.packs.facts(rows.directory.all().agencies[system.agency].pack)
    return rows.now.astimezone(ZoneInfo(pack.zone)).date()


def _open(house: House, system: System, began: date, today: date) -> Mapping[str, FollowUpDue]:
    """By key; what was missed before the hub looked for the first time is not told."""
    source = cast(Following, house.connections.source(system))
    first = max(began - CLOSES, today - LOOKS_BACK)
    return {
        each.key: FollowUpDue(system.id, each.key, each.due_on, missed=each.due_on + CLOSES < today)
        for each in source.follow_ups(first, today + OPENS)
    }
