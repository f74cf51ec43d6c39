"""What lies where a worker passes it on by hand is taken back when it may not be passed on any more (I-17).

A report lies in a workbook until its worker has uploaded it: that it was delivered is not that the funder has it. So
the gate is asked about it again before each hand-over there, so that no workbook is put anew with what may no longer
stand in it, and every so often in between. Its content is gone by then: asked is whether the funder may still hear at
all who the client is.

Only a no that is the client's, or about the client, takes anything back: while an agreement or the hub is suspended
nothing is handed over, and what lies there stays. What was uploaded already, or stands in a workbook that its worker
has open, stays too; of the latter it is tried again. The record is judged anew, as after a no of gate 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from adapters.contract import Gathering
from consent.decide import decide
from consent.gather import gather, gather_provisional
from consent.model import Decision
from hub.exchange.ending import wait_again
from hub.exchange.entries import taken_back
from hub.exchange.house import House
from hub.exchange.question import of_what_lies
from hub.exchange.reports import TAKEN_BACK
from hub.exchange.waiting import tell
from hub.exchange.wakes import Wake, wakes_on
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import Handover
from hub.ports import Peek

LOOKED = "lying"  # stands where a system would: when was last looked
TAKEN_OUT = "report: its row was taken out of the workbook; when this may be reported again, it is put there anew"


def step(house: House, system: System) -> bool:
    """Look, if it is time. True if anything was taken back.

    Raises:
        Unavailable: the store or the system cannot be reached; asked again.
    """
    every = house.adapters[system.kind].gathers
    if not every:
        return False
    with house.store.peek() as rows:
        looked = rows.cursors.remembered(LOOKED, system.id)
        now = rows.now
    if looked is not None and timedelta() <= now - datetime.fromisoformat(looked) < every:
        return False
    found = take_back(house, system)
    with house.store.unit() as unit:
        unit.cursors.remember(LOOKED, system.id, unit.now.isoformat())
    return found


def take_back(house: House, system: System) -> bool:
    """Take back what the gate would not let go today. True if there was any.

    Raises:
        Unavailable: the store or the system cannot be reached; nothing was taken back that is not told next time.
    """
    with house.store.peek() as rows:
        lying = rows.handovers.lying(system.id)
        rows.subjects.facts([row.subject_ref for row in lying if row.subject_ref])  # asked again for each
        refused = [row for row in lying if _is_no(_asked(house, rows, row))]
    if not refused:
        return False
    source = cast(Gathering, house.connections.source(system))
    out = set(source.take_back([row.envelope_id for row in refused]))
    taken = [row for row in refused if row.envelope_id in out]
    if taken:
        _told(house, taken)
    return bool(taken)


def _asked(house: House, rows: Peek, row: Handover) -> Decision:
    return decide(gather_provisional(rows, of_what_lies(house, rows, row), house.packs).facts)


def _is_no(decision: Decision) -> bool:
    return not decision.permits and Wake.SUBJECT in wakes_on(decision.codes[0])


def _told(house: House, taken: Sequence[Handover]) -> None:
    """Write down what was taken back, with the decision as it is now; its record is fetched and judged again."""
    share = {locks.CONFIG} | {locks.subject(row.subject_ref) for row in taken if row.subject_ref}
    with house.store.unit(share=share) as unit:
        for row in unit.handovers.get([row.envelope_id for row in taken]).values():
            message = unit.inbox.get(row.message_id)
            if row.rejection is not None or message is None:
                continue  # another worker was faster
            facts = gather(unit, of_what_lies(house, unit, row), house.packs)
            decision, decision_id = decide(facts), house.ids.uuid()
            unit.decisions.put(decision_id, row.message_id, 2, facts, decision)
            unit.audit.append(taken_back(facts, decision, decision_id, row, unit.now))
            unit.handovers.reject(row.envelope_id, TAKEN_BACK)
            wait_again(house, unit, message, decision.codes[0].value, row.subject_ref)
            tell(house, unit, message.system, message.record_key, "refusal", decision.codes[0].value, TAKEN_OUT)
