"""Referrals that end without a word of their two ends: a request that nobody has answered expires, a feedback that
has arrived and that nobody closes is closed, a request that was not taken on ends with the consent on which it went.

All else that is late is an alert, told each day, until somebody moves it on (settled S48): the hub takes no other step
by itself. The sender of an expired request is told in its own system; the receiver, when it answers.
"""

from __future__ import annotations

from hub.exchange.asking import may_read
from hub.exchange.entries import HUB
from hub.exchange.house import House
from hub.exchange.moving import Mover, loop_days, move_on, standing_of
from hub.exchange.waiting import tell
from hub.model import locks
from hub.model.rows import ReferralRow
from hub.ports import Unit
from hub.referral import Moved, Said, move
from hub.referral.due import ENDS, UNANSWERED

EXPIRED = "EXPIRED"
CONSENT_WITHDRAWN, WITHDRAWN = "CONSENT_WITHDRAWN", "consent-withdrawn"
NO_RESPONSE = "no-response"
COMPLETED = "completed"


def step(house: House) -> bool:
    """End a batch of those whose time is over. True if there were any."""
    with house.store.peek() as rows:
        over = rows.referrals.late(rows.now, house.limits.batch, states=ENDS, heard=[COMPLETED])
    if not over:
        return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for number in [row.number for row in over]:
            row = unit.referrals.get(number)
            if row is not None and row.due_at is not None and row.due_at <= unit.now:
                _end(house, unit, row)
    return True


def _end(house: House, unit: Unit, row: ReferralRow) -> None:
    """T24 or T28, where it is still in such a state: somebody may have answered meanwhile."""
    word = ENDS.get(row.state)
    found = move(standing_of(row), Said("H", word)) if word else None
    if not isinstance(found, Moved):
        return
    unanswered = row.state in UNANSWERED
    mover = Mover("H", HUB, None, reason=NO_RESPONSE if unanswered else None)
    move_on(unit, row, found.steps, mover, loop_days(house, unit, row))
    said = unit.inbox.last_released(row.sender_system, [row.number]).get(row.number)
    if unanswered and said is not None:
        tell(house, unit, row.sender_system, said.record_key, "returned", EXPIRED)


def withdrawn(house: House, unit: Unit, consent_id: str) -> None:
    """T27: a request that its receiver has, and has not taken on, ends with its consent (shared model 6.2).

    One that never arrived waits for another consent, and is the same referral then. Where another consent is in force
    for the pair, it goes on. The receiver hears only that the consent has changed, if it holds anything.
    """
    relied = unit.handovers.relying_on(f"consent:{consent_id}")
    there = unit.inbox.arrived({row.referral_no for row in relied if row.referral_no})
    for row in unit.referrals.of_numbers(sorted(there)).values():
        found = move(standing_of(row), Said("H", "cancelled", reason=WITHDRAWN))
        if row.consent_id != consent_id or not isinstance(found, Moved) or _goes_on(house, unit, row):
            continue
        move_on(unit, row, found.steps, Mover("H", HUB, None, reason=WITHDRAWN), loop_days(house, unit, row))
        said = unit.inbox.last_released(row.sender_system, [row.number]).get(row.number)
        if said is not None:
            tell(house, unit, row.sender_system, said.record_key, "returned", CONSENT_WITHDRAWN)


def _goes_on(house: House, unit: Unit, row: ReferralRow) -> bool:
    """Whether its status would still pass between its two ends."""
    reader = unit.directory.all().systems.get(row.recipient_system)
    return reader is not None and row.number in may_read(house, unit, reader, [row])
