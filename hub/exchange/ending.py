"""How a message ends other than by being delivered: refused at gate 2, or returned to its sender (INV-5).

Either way body and key are deleted in the same unit, the inbox says how it ended, and the record is fetched and judged
again as it is now: a refused one soon, and gate 1 then says what it waits for; a returned one at once, at most three
times in a row (a correction does not count); then its sender is told and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from consent.model import Facts
from consent.model.words import Code
from hub.exchange import correcting
from hub.exchange.entries import acknowledged, returned
from hub.exchange.house import House
from hub.exchange.message import REQUESTS
from hub.exchange.moving import after_arrival
from hub.exchange.parts import recipient_of
from hub.exchange.question import message_of
from hub.exchange.waiting import given_up_at, speaks_fhir, tell, wait
from hub.model import locks
from hub.model.directory import System
from hub.model.envelope import ENDS, OVERRIDE, REPORTS, MessageState
from hub.model.rows import Handover, Inbox, Waiting
from hub.ports import Unit

NOT_ACKNOWLEDGED = "NOT_ACKNOWLEDGED"  # 72 hours are over
KEY_GONE = "KEY_GONE"  # the content can no longer be opened
SEAL_BROKEN = "SEAL_BROKEN"  # body or key are not what was sealed
CHANGED = "CHANGED"  # its record was corrected or taken away at its source, or its client allows other things of it
RECALLED = "RECALLED"  # an incident was opened about it before it was handed over
UNACKNOWLEDGED = "UNACKNOWLEDGED"  # opened by its recipient's own software, which never said that it has it
BASIS_ENDED = "BASIS_ENDED"  # a consent or agreement that it relied on has ended; under another it is another message

_NOT_OPENED = (MessageState.RELEASED, MessageState.PUBLISHED, MessageState.ARRIVED, MessageState.HELD)


def end_refused(house: House, unit: Unit, row: Handover, code: Code, facts: Facts) -> None:
    """Gate 2 has said no. The caller has written the decision and its entry in this unit."""
    message = _end(unit, row, MessageState.REFUSED, code.value)
    wait_again(house, unit, message, code.value, facts.message.subject)
    correcting.failed(unit, message, row.referral_no, code.value)
    tell(house, unit, message.system, message.record_key, "refusal", code.value, _for_whom(message))


def wait_again(house: House, unit: Unit, message: Inbox, code: str, subject: str | None) -> None:
    """Let the record of a message be fetched and judged soon, since it may have changed; gate 1 says what it waits for.

    Args:
        subject: of the message, or None.
    """
    due_at = unit.now + house.limits.repeat_after if message.own_id is None else None  # nobody can fetch it again
    waits_on = [locks.subject(subject)] if subject else []
    wait(house, unit, _waiting(house, unit, message, code, due_at=due_at, on=(*waits_on, locks.CONFIG)))


def look_again(house: House, unit: Unit, message: Inbox) -> None:
    """Let the record of a message be fetched and judged now: what was refused of it may go by now."""
    wait(house, unit, _waiting(house, unit, message, CHANGED, due_at=unit.now, on=()))


def end_returned(house: House, unit: Unit, row: Handover, code: str, *, for_good: bool = False) -> None:
    """Give a message back: its time is over, its key is gone, what it relied on has ended, or nobody takes it.

    Args:
        for_good: to judge it again would change nothing: a person is told at once.
    """
    message = _end(unit, row, MessageState.RETURNED, code)
    unit.audit.append(returned(row, code, unit.now))
    if message.own_id is not None:
        wait(house, unit, _waiting(house, unit, message, code, due_at=None, on=()))
        tell(house, unit, message.system, message.record_key, "returned", code)
    elif not for_good and (code == CHANGED or message.returns < house.limits.resends_max):
        wait(house, unit, _waiting(house, unit, message, code, due_at=unit.now, on=()))
        correcting.again(unit, message, row.referral_no)
    else:
        wait(house, unit, _waiting(house, unit, message, code, due_at=None, on=()))
        correcting.failed(unit, message, row.referral_no, code)
        tell(house, unit, message.system, message.record_key, "returned", code, _for_whom(message))


def _for_whom(message: Inbox) -> str:
    """Of a part the agency that it was for: of several messages about one record, which."""
    agency = recipient_of(message.record_key)
    return f"for {agency}" if agency else ""


def recall_changed(
    house: House, system: System, digests: Mapping[str, str], gone: Sequence[str], numbers: Mapping[str, str]
) -> None:
    """A request that was corrected or taken away at its source does not go on as it was: it is judged as it is now.

    So is what is shared beside a referral, or reported. An answer may move on while it is under way; it is called back
    only if it was about another referral.

    Args:
        digests: record key to the keyed digest of the record as it is.
        gone: keys of records that the source no longer shows, or that cannot be read, and of parts that are none now.
        numbers: record key of an answer to the referral that it names now.
    """

    def changed(key: str, message: Inbox) -> bool:
        if message.event in (*REQUESTS, OVERRIDE, *REPORTS) or recipient_of(key):
            return key in lost or digests.get(key) != message.digest
        return key in numbers and numbers[key] != message.referral_no

    lost = set(gone)
    with house.store.peek() as rows:
        latest = rows.inbox.latest(system.id, [*digests, *(key for key in gone if key not in digests)])
        under_way = [
            message.envelope_id
            for key, message in latest.items()
            if message.state not in ENDS and changed(key, message)
        ]
    if not under_way:
        return
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in unit.handovers.get([name for name in under_way if name]).values():
            if row.state in _NOT_OPENED and row.opened_at is None:  # else it may be there already, and goes on
                end_returned(house, unit, row, CHANGED)


def return_overdue(house: House) -> bool:
    """Return what nobody acknowledged in time. True if there was any."""
    with house.store.peek() as rows:
        overdue = rows.handovers.overdue(rows.now, house.limits.batch)
    if not overdue:
        return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in unit.handovers.overdue(unit.now, house.limits.batch):
            if row.opened_at is not None and speaks_fhir(house, unit, row.system):
                end_opened(house, unit, row)
            else:
                end_returned(house, unit, row, NOT_ACKNOWLEDGED)
    return True


def end_opened(house: House, unit: Unit, row: Handover) -> None:
    """Its recipient's own software has opened it: it is there, as far as anybody can know (settled S44).

    So it ends when its time is over, and when it may not be opened once more.
    """
    message = _end(unit, row, MessageState.DELIVERED, UNACKNOWLEDGED)
    unit.audit.append(acknowledged(row, unit.now, written=False, code=UNACKNOWLEDGED))
    after_arrival(house, unit, row, message.event, answers=True)
    correcting.came(unit, row, message.event)


def _end(unit: Unit, row: Handover, state: MessageState, code: str) -> Inbox:
    unit.handovers.end([row.envelope_id], state)
    unit.outbox.drop([row.envelope_id])
    unit.inbox.move([row.message_id], state, code=code)
    message = message_of(unit, row)
    if message.event == OVERRIDE:
        _forget_words(unit, message)
    return message


def _forget_words(unit: Unit, message: Inbox) -> None:
    """What was declared in words goes with the message, if nothing was ever sent on it (INV-6)."""
    declared = unit.overrides.of_record(message.system, message.record_key)
    if declared is not None and declared.used_by is None:
        unit.overrides.drop_words(declared.override_id)


def _waiting(
    house: House, unit: Unit, message: Inbox, code: str, *, due_at: datetime | None, on: tuple[str, ...]
) -> Waiting:
    return Waiting(
        waiting_id=house.ids.number(),
        system=message.system,
        record_key=message.record_key,
        revision=message.revision,
        digest=message.digest,
        code=code,
        created_at=unit.now,
        message_id=message.message_id,
        due_at=due_at,
        until_at=given_up_at(house, unit, message.system),
        locks=on,
    )
