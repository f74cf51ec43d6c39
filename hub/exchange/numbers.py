"""Numbers that a receiving system gave to clients after it had taken their messages: kept as digests, never as such."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.contract import Numbered
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.match import BORN, EXACT, identifying
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.model.identifiers import normalise
from hub.model.rows import Handover


def learn_numbers(house: House, system: System, numbers: Sequence[Numbered]) -> None:
    """Link each number to the subject of the message that it answers. Only the system that took a message names one.

    A subject without a whole birth date learns nothing: a number alone proves nobody (design §4).
    """
    for number in numbers:
        with house.store.peek() as rows:
            row = rows.handovers.get([number.envelope_id]).get(number.envelope_id)
        if row is not None and row.system == system.id and row.subject_ref:
            _learn(house, system, row, row.subject_ref, number)


def _learn(house: House, system: System, row: Handover, ref: str, number: Numbered) -> None:
    with house.store.unit(share=[locks.CONFIG], own=[locks.subject(ref)]) as unit:
        known = unit.subjects.digests_of(ref)
        born = [digest for digest, kind in known.items() if kind == BORN]
        value = normalise(number.value)
        learnt = {identifying(number.system, value, each, house.keys.digest): EXACT for each in born}
        if learnt.keys() <= known.keys():
            return
        unit.subjects.add_digests(ref, learnt)
        unit.subjects.alias(system.agency, ref)
        details = {"subject_ref": ref, "reason_code": "NUMBERED", "source": f"{system.id}/{row.envelope_id}"}
        unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, acting(system), details))
