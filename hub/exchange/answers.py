"""Answers to the records of a batch: a system that hands in files is told of each line, until all answers are final.

What is told is what the store says now, so a crash or a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from adapters.contract import Answer, Answering, Gone, Raw, Verdict
from hub.exchange.batches import batches
from hub.exchange.house import House
from hub.exchange.reader import alone
from hub.exchange.reading import ReferralRecord, read_one
from hub.exchange.waiting import NO_REFERRAL
from hub.model.directory import System
from hub.model.envelope import MessageState
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
    answers: dict[str, Answer] = {}  # a batch without any record of ours is answered too
    for keys in batches(source.awaiting(KEYS_MAX), ASKED_AT_ONCE):
        with house.store.peek() as rows:
            found, over = _told(rows, system, keys)
            silent = [key for key in keys if key not in found]
            raws = source.refetch(silent) if silent else ()
            answers |= found | _of_silent(ours, rows, system, zip(silent, raws, strict=True), over)
    return source.answer(answers)


def _told(rows: Peek, system: System, keys: Sequence[str]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """What the store says of records; and, apart, of those that ended in vain and wait no longer."""
    messages = rows.inbox.latest(system.id, keys)
    waiting = rows.waiting.of(system.id, keys)
    sent = rows.handovers.get([each.envelope_id for each in messages.values() if each.envelope_id])
    rejected = {row.message_id: row.rejection for row in sent.values() if row.rejection}
    found = {
        key: _answer(messages.get(key), waiting.get(key), rejected) for key in keys if key in messages or key in waiting
    }
    over = {key: said for key, said in found.items() if said.verdict is Verdict.REFUSED and key not in waiting}
    return {key: said for key, said in found.items() if key not in over}, over


def _answer(message: Inbox | None, waits: Waiting | None, rejected: Mapping[str, str]) -> Answer:
    if waits is not None:
        if waits.message_id is None and waits.code == NO_REFERRAL:
            return Answer(Verdict.WAITS, NOTHING_YET)
        # nothing would wake it, neither a change nor a date nor a person's choice: a line has no next revision
        asleep = not (waits.locks or waits.due_at or waits.keys)
        return Answer(Verdict.REFUSED if asleep else Verdict.WAITS, waits.code, waits.place)
    assert message is not None, "a record has a message, or waits, or is silent"
    if message.state in (MessageState.REFUSED, MessageState.RETURNED):
        return Answer(Verdict.REFUSED, message.code)
    if code := rejected.get(message.message_id):  # by the system that took it, later
        return Answer(Verdict.REFUSED, code)
    return Answer(Verdict.ACCEPTED, under_way=message.state is not MessageState.DELIVERED)


def _of_silent(
    house: House,
    rows: Peek,
    system: System,
    raws: Iterable[tuple[str, Raw | Gone]],
    over: Mapping[str, Answer],
) -> dict[str, Answer]:
    """Records that made no message, or wait no longer: of some a newer one speaks, what some say stands already.

    The rest ended in vain (``over``), or belong to nothing that is here yet.
    """
    found: dict[str, Answer] = {}
    for key, raw in raws:
        record = read_one(house, system, raw) if isinstance(raw, Raw) else None
        if record is None or (key not in over and isinstance(record, ReferralRecord) and _stands(rows, system, record)):
            found[key] = Answer(Verdict.ACCEPTED, known=True)
        else:
            found[key] = over.get(key) or Answer(Verdict.WAITS, NOTHING_YET)
    return found


def _stands(rows: Peek, system: System, record: ReferralRecord) -> bool:
    if record.kind == "referral":
        return rows.referrals.of_sender(system.id, record.placer) is not None
    return record.number is not None and rows.referrals.get(record.number) is not None
