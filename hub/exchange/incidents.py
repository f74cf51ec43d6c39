"""Something went wrong with deliveries: what has not left is stopped, who holds the rest is told to lay it aside.

The word to a recipient says which message, and nothing of anybody; it goes by the notices' road. Where its system has
no place for it, the officer telephones; and where it went on a declared danger that somebody may be acting on. What is
to be put right is not laid aside: a correction follows it (``correcting.py``), or the officer telephones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.incident import NOT_CALLED_BACK, Kind, Recall, may_hold, released
from hub.errors import Refused, Unavailable, shape
from hub.exchange import correcting
from hub.exchange.ending import CHANGED, RECALLED, end_returned, look_again
from hub.exchange.house import House
from hub.exchange.question import message_of
from hub.exchange.reports import TAKEN_BACK
from hub.exchange.writing import RECALL
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.envelope import ENDS, MessageState
from hub.model.incidents import Holding, Incident
from hub.model.rows import Handover, Inbox, Notice
from hub.ports import Unit

DELIVERIES_MAX = 500  # of one incident: it is opened in one unit
LAY_ASIDE = "do not use it or pass it on; lock it away; the privacy officer will call"


@dataclass(frozen=True, slots=True)
class _Case:
    """One delivery as it stands."""

    row: Handover
    message: Inbox
    holds: bool | None


def open_incident(
    house: House, kind: Kind, envelope_ids: Sequence[str], actor: Actor, *, consent_id: str | None = None
) -> Incident:
    """Open an incident about deliveries, in one unit: all of it, or nothing.

    Args:
        consent_id: the consent that was found void, or None.

    Raises:
        Refused: there is no such delivery, it never left, it is in an open incident, or there are too many.
        Unavailable: one is being handed over at this moment.
    """
    ids = sorted(set(envelope_ids))
    if not 0 < len(ids) <= DELIVERIES_MAX:
        raise Refused("DELIVERY", f"{len(ids)} deliveries", f"1 to {DELIVERIES_MAX}", "open several incidents")
    with house.store.unit(share=[locks.CONFIG]) as unit:
        cases = _cases(unit, ids, kind)
        if kind is not Kind.CORRECTION:
            correcting.called_off(unit, [case.row.referral_no for case in cases if case.row.referral_no])
        incident = Incident(house.ids.number(), kind, unit.now, actor.ref, consent_id)
        unit.incidents.put(incident)
        unit.incidents.append(incident.incident_id, actor.ref, "opened", kind)
        for case in cases:
            holding = _taken(house, unit, incident, case)
            unit.incidents.hold(holding)
            unit.audit.append(_entry(incident, holding, actor, unit))
    return incident


def _cases(unit: Unit, ids: Sequence[str], kind: Kind) -> list[_Case]:
    rows = unit.handovers.get(ids)
    if unknown := next((name for name in ids if name not in rows), None):
        raise Refused("DELIVERY", shape(unknown), "the id of a message", "`hub deliveries list --all`")
    hides = "" if kind is Kind.CORRECTION else Kind.CORRECTION  # what is to be put right may turn out to be worse
    if known := unit.incidents.open_with(ids, but=hides):
        name, incident_id = min(known.items())
        raise Refused(f"delivery {name}", f"one of incident {incident_id}", "one that is in no open incident")
    cases = [_case(unit, row) for _, row in sorted(rows.items())]
    for case in cases:
        if case.row.state is MessageState.OPENED and case.row.lease_until and case.row.lease_until > unit.now:
            where = f"delivery {case.row.envelope_id}"
            raise Unavailable(where, "handed over at this moment", "one that has ended", "say it again in ten seconds")
        if case.row.state in ENDS and case.holds is False:
            raise Refused(f"delivery {case.row.envelope_id}", "one that never left", "one that somebody may hold")
    return cases


def _case(unit: Unit, row: Handover) -> _Case:
    message = message_of(unit, row)
    return _Case(row, message, may_hold(row.state, row.opened_at, row.rejection, TAKEN_BACK))


def _taken(house: House, unit: Unit, incident: Incident, case: _Case) -> Holding:
    """Stop what is on its way; queue the recall of what may be there."""
    row, corrected = case.row, incident.kind == Kind.CORRECTION
    if row.state not in ENDS:
        end_returned(house, unit, row, CHANGED if corrected else RECALLED, for_good=not corrected)
    recall, notice_id = Recall.STOPPED, None
    if case.holds is not False:
        by_notice = incident.kind not in NOT_CALLED_BACK and _takes_recalls(house, unit, row.system)
        recall = Recall.NOTICE if by_notice else Recall.TELEPHONE
        if corrected and row.state in ENDS and correcting.can_be(house, unit, row, case.message):
            recall = Recall.CORRECTION
            look_again(house, unit, case.message)  # it may have been put right already
    if recall is Recall.NOTICE:
        notice_id = house.ids.uuid()
        unit.notices.put(
            Notice(notice_id, row.system, RECALL, RECALLED, row.envelope_id, unit.now, unit.now, place=LAY_ASIDE)
        )
    answered = unit.decisions.of_gate_2([row.message_id]).get(row.message_id)
    return Holding(
        incident_id=incident.incident_id,
        envelope_id=row.envelope_id,
        message_id=row.message_id,
        sender=case.message.agency,
        recipient=row.recipient,
        system=row.system,
        subject_ref=row.subject_ref,
        referral_no=row.referral_no,
        categories=released(*answered) if answered and recall is not Recall.STOPPED else (),
        left_at=row.opened_at or unit.now,
        certain=case.holds is True,
        recall=recall,
        notice_id=notice_id,
    )


def _takes_recalls(house: House, unit: Unit, name: str) -> bool:
    system = unit.directory.all().systems.get(name)
    card = house.adapters[system.kind] if system is not None else None
    return card is not None and (card.remote or card.recall is not None)


def _entry(incident: Incident, holding: Holding, actor: Actor, unit: Unit) -> Entry:
    details = {
        "incident_id": incident.incident_id,
        "reason_code": incident.kind,
        "envelope_id": holding.envelope_id,
        "message_id": holding.message_id,
        "subject_ref": holding.subject_ref,
        "sender": holding.sender,
        "recipient": holding.recipient,
        "categories_released": list(holding.categories),
        "certain": holding.certain,
        "recall": holding.recall,
    }
    return Entry(AuditEvent.INCIDENT_OPENED, unit.now, actor, details)
