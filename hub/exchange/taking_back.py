"""What lies where a worker passes it on by hand is taken back when it may not be passed on as it is (I-17).

A report lies in a workbook until its worker has uploaded it: that it was delivered is not that the funder has it. So
the gate is asked about it again until the system has said something of it: before each hand-over there, soon after the
registry has changed, and every so often, since time passes, too. The content is gone by then; what gate 2 had before it
when it let it go says what it was of.

Taken back is what the client, or something about the client, forbids by now, and what would leave with less or with
another word on whether the client may be asked later. That an agreement was suspended or has ended takes nothing back.
What was uploaded already, or stands in a workbook that its worker has open or has put another row into, stays: its
sender is told once; of the latter it is tried again, and no such workbook is put anew with it. So is what lies in a
system that is suspended, which nobody reaches. The record of what was taken back is judged anew, as after a no of gate
2.

The system is asked before anything is written down here. Who dies in between has left word of what was asked, and it is
asked again, whatever may be by then: else a row might be out, and stand as delivered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from hub.exchange.question import message_of, of_what_lies
from hub.exchange.reports import TAKEN_BACK, may_be_asked
from hub.exchange.waiting import tell
from hub.exchange.wakes import Wake, wakes_on
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import Handover
from hub.ports import Peek

# what stands where a system would in the memory
LOOKED = "taking back"  # when was last looked, and how far the registry was then
ASKED = "taking back: asked"  # messages that the system is asked for just now; left there by who has died meanwhile
LEFT = "taking back: left"  # messages of which it was told that they could not be taken out
TAKEN_OUT = "report: its row was taken out of the workbook; when this may be reported again, it is put there anew"
LEFT_THERE = (
    "report: its row may not stay; the hub takes it out when the workbook is closed and holds hub rows alone;"
    " do not upload it before; if it was uploaded, ask iCARE to delete the record"
)
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Let:
    """A message as gate 2 let it go, and what is to be asked of it now."""

    row: Handover
    facts: Facts
    decision: Decision
    question: Question


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
        before = {name: (rows.cursors.remembered(name, system.id) or "").split() for name in (ASKED, LEFT)}
        why = {row.envelope_id: code for some in batches(unanswered, BATCH) for row, code in _wrong(house, rows, some)}
    if system.status != "active":  # nobody reaches it: who passes it on by hand must hear that it may not go
        _left(house, system, [row for row in unanswered if row.envelope_id in why], before[LEFT], why)
        return False
    wrong = [row for row in unanswered if row.envelope_id in {*why, *before[ASKED]}]  # perhaps out, and nobody knows
    asked = [row.envelope_id for row in wrong]
    _remember(house, system, ASKED, asked, before[ASKED])
    out = set(cast(Gathering, house.connections.source(system)).take_back(asked))
    for some in batches([row for row in wrong if row.envelope_id in out], BATCH):
        _told(house, some)
    _left(house, system, [row for row in wrong if row.envelope_id in why.keys() - out], before[LEFT], why)
    _remember(house, system, ASKED, [], asked)
    return bool(out)


def _remember(house: House, system: System, what: str, names: Sequence[str], before: Sequence[str]) -> None:
    if list(names) != list(before):
        with house.store.unit() as unit:
            unit.cursors.remember(what, system.id, " ".join(names) or None)


def _wrong(house: House, rows: Peek, unanswered: Sequence[Handover]) -> Iterator[tuple[Handover, str]]:
    """Those that may not be passed on as they lie there, and for which code."""
    refs = [row.subject_ref for row in unanswered if row.subject_ref]
    rows.subjects.facts(refs)  # read ahead, at once
    rows.links.of(refs)
    for let in _as_let(rows, unanswered):
        if code := _why_not(gather_provisional(rows, let.question, house.packs).facts, let):
            yield let.row, code


def _as_let(rows: Peek, unanswered: Sequence[Handover]) -> Iterator[_Let]:
    opened = rows.decisions.of_gate_2([row.message_id for row in unanswered])
    for row in unanswered:
        facts, decision = opened[row.message_id]
        yield _Let(row, facts, decision, of_what_lies(rows, row, facts, decision))


def _why_not(facts: Facts, let: _Let) -> str:
    """The code for which it may not lie there, or "".

    What the agencies have stopped keeps all where it is; what the client says counts all the same, so that is asked as
    if nothing were stopped.
    """
    decision = decide(facts)
    if not decision.permits and not _is_clients(decision):
        decision = decide(_as_signed(facts, let.facts))
    if not decision.permits:
        return decision.codes[0].value if _is_clients(decision) else ""
    same = not decision.withheld and may_be_asked(facts, decision) == may_be_asked(let.facts, let.decision)
    return "" if same else CHANGED


def _is_clients(decision: Decision) -> bool:
    """Whether a no is the client's, or about the client."""
    return Wake.SUBJECT in wakes_on(decision.codes[0])


def _as_signed(facts: Facts, then: Facts) -> Facts:
    """The facts as they would be if both agencies, their systems and agreements stood as they did then."""
    signed = tuple(replace(row, status="active", expires_at=None) for row in then.agreements)
    return replace(facts, sender=then.sender, recipient=then.recipient, agreements=signed)


def _told(house: House, taken: Sequence[Handover]) -> None:
    """Write down what was taken back, with the decision as it is now; its record is fetched and judged again.

    What is no longer wrong by now, since its client has agreed again meanwhile, is out all the same: nobody is told of
    a refusal, and it is put there anew.
    """
    share = {locks.CONFIG} | {locks.subject(row.subject_ref) for row in taken if row.subject_ref}
    with house.store.unit(share=share) as unit:
        found = unit.handovers.get([row.envelope_id for row in taken]).values()
        still = [row for row in found if row.rejection is None]  # of another one somebody else was faster
        for let in _as_let(unit, still):
            row, message = let.row, message_of(unit, let.row)
            facts = gather(unit, let.question, house.packs)
            code = _why_not(facts, let) or CHANGED
            decision, decision_id = decide(facts), house.ids.uuid()
            unit.decisions.put(decision_id, row.message_id, 2, facts, decision)
            unit.audit.append(taken_back(facts, decision, decision_id, row, unit.now))
            unit.handovers.reject(row.envelope_id, TAKEN_BACK)
            wait_again(house, unit, message, code, row.subject_ref)
            if code != CHANGED:
                tell(house, unit, message.system, message.record_key, "refusal", code, TAKEN_OUT)


def _left(
    house: House, system: System, left: Sequence[Handover], before: Sequence[str], why: Mapping[str, str]
) -> None:
    """Tell those who must see to it themselves that it is not passed on, once."""
    for some in batches([row for row in left if row.envelope_id not in before], BATCH):
        with house.store.unit(share=[locks.CONFIG]) as unit:
            for row in some:
                message, code = message_of(unit, row), why[row.envelope_id]
                tell(house, unit, message.system, message.record_key, "refusal", code, LEFT_THERE)
    _remember(house, system, LEFT, [row.envelope_id for row in left], before)
