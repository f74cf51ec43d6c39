"""Answers to the records of a batch: a system that hands in files is told of each line, until all answers are final.

What is told is what the store says now, so a crash or a repeat changes nothing. A request or withdrawal that had
nothing to say when it was read, and has now, is heard first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from adapters.contract import Answer, Answering, Gone, Raw, Verdict
from hub.errors import MessageRejected
from hub.exchange.addressing import NothingToSay, address
from hub.exchange.batches import batches
from hub.exchange.house import House
from hub.exchange.intake import take_in
from hub.exchange.reader import alone
from hub.exchange.reading import read_one
from hub.exchange.records import Read, ReferralRecord
from hub.exchange.waiting import NO_REFERRAL, is_asleep
from hub.model.directory import System
from hub.model.envelope import MessageState
from hub.model.record import PART
from hub.model.rows import Inbox, Waiting
from hub.ports import Peek

KEYS_MAX = 20_000  # lines looked at in one step, and the rest of the file in which they end
ASKED_AT_ONCE = 5_000  # of them in one question to the store
NOTHING_YET = "W01"  # program systems 9.4: no referral to belong to, or nothing to change, yet


def step(house: House, system: System) -> bool:
    """Answer what one system waits for. True if anything was written.

    Raises:
        Unavailable: the answer cannot be written now.
    """
    if not house.adapters[system.kind].answers:
        return False
    ours = alone(house, system.id)  # what a source remembers of its batches is kept by one process at a time
    if ours is None:
        return False
    source = cast(Answering, ours.connections.source(system))
    living = house.adapters[system.kind].living
    answers: dict[str, Answer] = {}  # a batch without any record of ours is answered too
    for keys in batches(source.awaiting(KEYS_MAX), ASKED_AT_ONCE):
        with house.store.peek() as rows:
            found, over = _told(rows, system, keys)
            if living:  # of which nothing stands here any more is over: a row that says something says it by itself
                answers |= {
                    key: found.get(key) or over.get(key) or Answer(Verdict.ACCEPTED, known=True) for key in keys
                }
                continue
            silent = [key for key in keys if key not in found]
            read = _read(ours, system, source.refetch(silent)) if silent else []
            found |= _told_of_parts(rows, system, read)
            read = [each for each in read if each.raw.key not in found]
            late = [each.raw for each in read if each.raw.key not in over and _is_news(ours, rows, each)]
            answers |= found | {each.raw.key: _of_silent(rows, system, each, over) for each in read}
        if late:
            take_in(ours, system, late)
            return True  # they are answered next time
    return source.answer(answers)


@dataclass(frozen=True, slots=True)
class _Again:
    """A record that was fetched again; ``record`` is None where a newer one speaks in its place."""

    raw: Raw | Gone
    record: Read | None


def _read(house: House, system: System, raws: Sequence[Raw | Gone]) -> list[_Again]:
    return [_Again(raw, read_one(house, system, raw) if isinstance(raw, Raw) else None) for raw in raws]


def _is_news(house: House, rows: Peek, again: _Again) -> bool:
    """Whether a request, or its withdrawal, that had nothing to say when it was read says something now.

    What it speaks of came after it: a file was away, or refused and mended. An answer is not asked again: what stands
    may have been said after it.
    """
    record = again.record
    if not isinstance(record, ReferralRecord) or record.kind != "referral":
        return False
    try:
        return not isinstance(address(house, rows, record, None), NothingToSay)
    except MessageRejected:
        return False


def _told(rows: Peek, system: System, keys: Sequence[str]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """What the store says of records; and, apart, of those that ended in vain and wait no longer.

    What the system that took it has rejected is no such record: that stays the word on it, whatever is said later.
    """
    messages = rows.inbox.latest(system.id, keys)
    waiting = rows.waiting.of(system.id, keys)
    sent = rows.handovers.get([each.envelope_id for each in messages.values() if each.envelope_id])
    rejected = {row.message_id: row.rejection for row in sent.values() if row.rejection}
    found = {
        key: _answer(messages.get(key), waiting.get(key), rejected) for key in keys if key in messages or key in waiting
    }
    ended = [key for key, each in messages.items() if each.message_id not in rejected and key not in waiting]
    over = {key: found[key] for key in ended if found[key].verdict is Verdict.REFUSED}
    return {key: said for key, said in found.items() if key not in over}, over


def _told_of_parts(rows: Peek, system: System, read: Sequence[_Again]) -> dict[str, Answer]:
    """The same of records that were taken apart: what waits is told before what was refused, and that before the rest.

    One without a part is read, and belongs to nothing that is here: nothing would remind the hub of it.
    """
    shared = [each.raw.key for each in read if isinstance(each.record, ReferralRecord) and each.record.shared]
    if not shared:
        return {}
    agencies = sorted(rows.referrals.partners(system.agency))
    parts = {key: [f"{key}{PART}{agency}" for agency in agencies] for key in shared}
    found, over = _told(rows, system, [part for own in parts.values() for part in own])
    said = {key: [found.get(part) or over.get(part) for part in own] for key, own in parts.items()}
    return {key: max(filter(None, own), key=_weight, default=_BELONGS_NOWHERE) for key, own in said.items()}


_BELONGS_NOWHERE = Answer(Verdict.ACCEPTED, NOTHING_YET, known=True)


def _weight(said: Answer) -> int:
    return 2 * (said.verdict is Verdict.REFUSED) + 3 * (said.verdict is Verdict.WAITS) + said.under_way


def _answer(message: Inbox | None, waits: Waiting | None, rejected: Mapping[str, str]) -> Answer:
    if waits is not None:
        if waits.message_id is None and waits.code == NO_REFERRAL.value:
            return Answer(Verdict.WAITS, NOTHING_YET)
        # of what is asleep it is the last word: a line has no next revision
        return Answer(Verdict.REFUSED if is_asleep(waits) else Verdict.WAITS, waits.code, waits.place)
    assert message is not None, "a record has a message, or waits, or is silent"
    if message.state in (MessageState.REFUSED, MessageState.RETURNED):
        return Answer(Verdict.REFUSED, message.code)
    if code := rejected.get(message.message_id):  # by the system that took it, later
        return Answer(Verdict.REFUSED, code)
    return Answer(Verdict.ACCEPTED, under_way=message.state is not MessageState.DELIVERED)


def _of_silent(rows: Peek, system: System, again: _Again, over: Mapping[str, Answer]) -> Answer:
    """A record that made no message, or waits no longer.

    A newer one speaks in its place, or what it says stands already; else it ended in vain (``over``), or belongs to
    nothing that is here yet.
    """
    record, ended = again.record, over.get(again.raw.key)
    if record is None or (ended is None and isinstance(record, ReferralRecord) and _stands(rows, system, record)):
        return Answer(Verdict.ACCEPTED, known=True)
    return ended or Answer(Verdict.WAITS, NOTHING_YET)


def _stands(rows: Peek, system: System, record: ReferralRecord) -> bool:
    if record.kind == "referral":
        return rows.referrals.of_sender(system.id, record.placer) is not None
    return record.number is not None and rows.referrals.get(record.number) is not None
