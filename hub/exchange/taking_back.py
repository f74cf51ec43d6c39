"""What lies where a worker passes it on by hand is taken back when it may not be passed on as it is (I-17).

A report lies in a workbook until its worker has uploaded it: that it was delivered is not that the funder has it. So
the gate is asked about it again until the system has said something of it: before each hand-over there, soon after the
registry has changed, and every so often, since time passes, too. The content is gone by then; what gate 2 had before it
when it let it go says what it was of.

Taken back is what the client, or something about the client, forbids by now, and what would leave with less or with
another word on whether the client may be asked later. Where an agreement was suspended or has ended nothing is handed
over, and what lies there stays. What was uploaded already, or stands in a workbook that its worker has open or has put
another row into, stays too; of the latter it is tried again, and no such workbook is put anew with it. The record is
judged anew, as after a no of gate 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import cast

from adapters.contract import Gathering
from consent.decide import decide
from consent.gather import Question, gather, gather_provisional
from consent.model import Decision, Facts
from hub.exchange.batches import batches
from hub.exchange.ending import CHANGED, wait_again
from hub.exchange.entries import taken_back
from hub.exchange.house import House
from hub.exchange.question import of_what_lies
from hub.exchange.reports import TAKEN_BACK, may_be_asked
from hub.exchange.waiting import tell
from hub.exchange.wakes import Wake, wakes_on
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import Handover
from hub.ports import Peek

LOOKED = "taking back"  # stands where a system would: when was last looked
TAKEN_OUT = "report: its row was taken out of the workbook; when this may be reported again, it is put there anew"
BATCH = 500


def step(house: House, system: System) -> bool:
    """Look, if it is time. True if anything was taken back.

    Raises:
        Unavailable: the store or the system cannot be reached; asked again.
    """
    every = house.adapters[system.kind].gathers
    if not every:
        return False
    with house.store.peek() as rows:
        at, _, seen = (rows.cursors.remembered(LOOKED, system.id) or "").partition(" ")
        now, head = rows.now, str(rows.consents.head())
    pause = every if seen == head else min(every, house.limits.repeat_after)
    if at and timedelta() <= now - datetime.fromisoformat(at) < pause:
        return False
    found = take_back(house, system)
    with house.store.unit() as unit:
        unit.cursors.remember(LOOKED, system.id, f"{now.isoformat()} {head}")
    return found


def take_back(house: House, system: System) -> bool:
    """Take back what the gate would not let go today as it is. True if there was any.

    Raises:
        Unavailable: the store or the system cannot be reached; nothing was taken back that is not told next time.
    """
    with house.store.peek() as rows:
        unanswered = rows.handovers.unanswered(system.id)
        wrong = [row for some in batches(unanswered, BATCH) for row in _wrong(house, rows, some)]
    if not unanswered:
        return False
    source = cast(Gathering, house.connections.source(system))
    out = set(source.take_back([row.envelope_id for row in wrong]))
    taken = [row for row in wrong if row.envelope_id in out]
    for some in batches(taken, BATCH):
        _told(house, some)
    return bool(taken)


def _wrong(house: House, rows: Peek, unanswered: Sequence[Handover]) -> Iterator[Handover]:
    """Those that may not be passed on as they lie there."""
    rows.subjects.facts([row.subject_ref for row in unanswered if row.subject_ref])  # read ahead, at once
    for row, question, could_be_asked in _questions(rows, unanswered):
        facts = gather_provisional(rows, question, house.packs).facts
        if not _stands(facts, decide(facts), could_be_asked):
            yield row


def _questions(rows: Peek, unanswered: Sequence[Handover]) -> Iterator[tuple[Handover, Question, bool]]:
    """Each with what is to be asked of it, and whether it says that its client may be asked later."""
    opened = rows.decisions.of_gate_2([row.message_id for row in unanswered])
    for row in unanswered:
        facts, decision = opened[row.message_id]
        yield row, of_what_lies(rows, row, facts, decision), may_be_asked(facts, decision)


def _stands(facts: Facts, decision: Decision, could_be_asked: bool) -> bool:
    if not decision.permits:
        return Wake.SUBJECT not in wakes_on(decision.codes[0])
    return not decision.withheld and may_be_asked(facts, decision) == could_be_asked


def _told(house: House, taken: Sequence[Handover]) -> None:
    """Write down what was taken back, with the decision as it is now; its record is fetched and judged again."""
    share = {locks.CONFIG} | {locks.subject(row.subject_ref) for row in taken if row.subject_ref}
    with house.store.unit(share=share) as unit:
        found = unit.handovers.get([row.envelope_id for row in taken]).values()
        still = [row for row in found if row.rejection is None]  # of another one somebody else was faster
        for row, question, _ in _questions(unit, still):
            message = unit.inbox.get(row.message_id)
            assert message is not None, "a hand-over belongs to a message"
            facts = gather(unit, question, house.packs)
            decision, decision_id = decide(facts), house.ids.uuid()
            unit.decisions.put(decision_id, row.message_id, 2, facts, decision)
            unit.audit.append(taken_back(facts, decision, decision_id, row, unit.now))
            unit.handovers.reject(row.envelope_id, TAKEN_BACK)
            code = CHANGED if decision.permits else decision.codes[0].value
            wait_again(house, unit, message, code, row.subject_ref)
            if not decision.permits:
                tell(house, unit, message.system, message.record_key, "refusal", code, TAKEN_OUT)
