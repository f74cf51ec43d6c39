"""Answers to the records of a batch: a system that hands in files is told of each line, until all answers are final.

What is told is what the store says now, so a crash or a repeat changes nothing. A request or withdrawal that had
nothing to say when it was read, and has now, is heard first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from adapters.contract import Answer, Answering, Raw, Verdict
from hub.errors import MessageRejected
from hub.exchange.addressing import NothingToSay, address
from hub.exchange.house import House
from hub.exchange.intake import take_in
from hub.exchange.reader import alone
from hub.exchange.reading import Read, ReferralRecord, read_one
from hub.model.directory import System
from hub.model.envelope import MessageState
from hub.model.rows import Inbox, Waiting
from hub.ports import Peek

KEYS_MAX = 20_000  # lines looked at in one step
NOTHING_YET = "W01"  # program systems 9.4: no referral to belong to, or nothing to change, yet

_FINAL = "DN_SCHEMA"  # a bad value waits for nothing but another record


def step(house: House, system: System) -> bool:
    """Answer what one system waits for. True if anything was written.

    Raises:
        Unavailable: the answer cannot be written now.
    """
    if not house.adapters[system.kind].answers:
        return False
    source = cast(Answering, house.connections.source(system))
    keys = source.awaiting(KEYS_MAX)
    if not keys:
        return source.answer({})  # a batch without any record of ours is answered too
    with house.store.peek() as rows:
        messages = rows.inbox.latest(system.id, keys)
        waiting = rows.waiting.of(system.id, keys)
        answers = {
            key: _answer(messages.get(key), waiting.get(key)) for key in keys if key in messages or key in waiting
        }
        silent = [key for key in keys if key not in answers]
        raws = [raw for raw in source.refetch(silent) if isinstance(raw, Raw)] if silent else []
        records = {raw.key: read_one(house, system, raw) for raw in raws}
        late = [raw for raw in raws if _is_news(house, rows, records[raw.key])]
        answers |= {key: _of_silent(rows, system, records.get(key)) for key in silent}
    if late:
        return _hear(house, system, late)
    return source.answer(answers)


def _is_news(house: House, rows: Peek, record: Read) -> bool:
    """Whether a request, or its withdrawal, that had nothing to say when it was read says something now.

    What it speaks of came after it: a file was away, or refused and mended. An answer is not asked again: what stands
    may have been said after it.
    """
    if not isinstance(record, ReferralRecord) or record.kind != "referral":
        return False
    try:
        return not isinstance(address(house, rows, record, None), NothingToSay)
    except MessageRejected:
        return False


def _hear(house: House, system: System, late: Sequence[Raw]) -> bool:
    """Put them before the gate; they are answered next time."""
    ours = alone(house, system.id)
    if ours is not None:
        take_in(ours, system, late)
    return ours is not None


def _answer(message: Inbox | None, waits: Waiting | None) -> Answer:
    if waits is not None:
        return Answer(
            Verdict.REFUSED if waits.code == _FINAL or _nothing_helps(message, waits) else Verdict.WAITS, waits.code
        )
    assert message is not None, "a record has a message, or waits, or is silent"
    if message.state in (MessageState.REFUSED, MessageState.RETURNED):
        return Answer(Verdict.REFUSED, message.code)
    return Answer(Verdict.ACCEPTED, under_way=message.state is not MessageState.DELIVERED)


def _nothing_helps(message: Inbox | None, waits: Waiting) -> bool:
    """Refused, and neither a change nor a date nor a person's choice would wake it: a line has no next revision."""
    refused = message is not None and message.state is MessageState.REFUSED
    return refused and not (waits.locks or waits.due_at or waits.keys)


def _of_silent(rows: Peek, system: System, record: Read | None) -> Answer:
    """A record that made no message: what it says stands already, or belongs to nothing that is here yet."""
    known = isinstance(record, ReferralRecord) and _stands(rows, system, record)
    return Answer(Verdict.ACCEPTED, known=True) if known else Answer(Verdict.WAITS, NOTHING_YET)


def _stands(rows: Peek, system: System, record: ReferralRecord) -> bool:
    if record.kind == "referral":
        return rows.referrals.of_sender(system.id, record.placer) is not None
    return record.number is not None and rows.referrals.get(record.number) is not None
