"""Reports to a funder: to whom they go, what must come before them, and in which order they travel (settled S1, S2).

A report names the funder. It goes to no system of the funder's but into that system of the sender's own agency which
takes reports (its iCARE site): its worker uploads them. The gate asks about the funder.

What names another record as the one before it (a service the client's profile, say) waits until the receiving system
has taken that one: else the funder refuses it with certainty. Messages of one record follow each other in a lane of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.contract import Accepted
from consent.model import Decision, Facts
from consent.model.words import Category
from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import Ambiguous, Nobody, One
from hub.exchange.records import ReferralRecord
from hub.exchange.submission import Led
from hub.exchange.waiting import NO_REFERRAL, tell
from hub.model import codes, locks
from hub.model.directory import System
from hub.model.envelope import REPORTS, MessageState
from hub.model.fhir import Resource
from hub.model.rows import Handover, Inbox
from hub.ports import Peek, Unit

NOT_BEFORE = (
    "report: got a record that is reported after another one, expected that one to be processed; it is looked at again"
)
NEVER_BEFORE = (
    "report: the record before it was never processed; see what became of that one, mend it, and save this one again"
)
TAKE_OUT = "report: got a record that is gone, and a row of it in a workbook; take the row out there"
TAKEN_BACK = "TAKEN_BACK"  # its row was taken out before its worker had uploaded it
WAITS = timedelta(days=92)  # [policy] no funder takes a month for longer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands among those of its record.

    Args:
        number: 12 base32 characters: its correlation, the same for all of them.
    """

    number: str
    lane: str
    seq: int


def must_wait(rows: Peek, record: ReferralRecord) -> bool:
    """Whether what must be taken before this record was not taken yet."""
    if not record.after:
        return False
    before = rows.handovers.last_of(record.source.system.id, record.after)
    return before is None or not before.accepted


def is_told(rows: Peek, record: ReferralRecord, previous: Inbox | None, *, went: bool) -> bool:
    """Whether what a record says is on its way or there.

    What lies beneath the services of a report (its client) is told in a profile alone, unless the receiver has refused
    the report: then it may be the very thing that was mended (case 14).

    Args:
        went: the message before was let go and is no vain one.
    """
    if previous is None or not went or was_taken_back(rows, previous):
        return False
    if previous.digest == record.source.digest:
        return True
    if record.holds == "Patient" or record.source.revision != previous.revision:
        return False
    last = rows.handovers.last_of(record.source.system.id, record.source.key)
    return last is None or last.rejection is None


def was_taken_back(rows: Peek, message: Inbox) -> bool:
    """Whether a report lay in a workbook and was taken out again: it was delivered, and tells nobody anything."""
    if message.event not in REPORTS or message.envelope_id is None:
        return False
    row = rows.handovers.get([message.envelope_id]).get(message.envelope_id)
    return row is not None and row.rejection == TAKEN_BACK


def sites(house: House, rows: Peek, record: ReferralRecord) -> list[str]:
    """The systems of the sender's own agency that take such reports; none: it reports in another way."""
    return [
        system.id
        for system in rows.directory.all().systems.values()
        if system.agency == record.source.system.agency and _takes(house, system, record.event)
    ]


def led(house: House, rows: Peek, record: ReferralRecord) -> Led:
    """To the funder that the record names, into the one system of its agency that takes reports."""
    own, takes = record.source.system.agency, sites(house, rows, record)
    who = identify_client(rows, record.person, record.alias, own) if record.person else Nobody()
    return Led(
        agency=record.performer.agency,
        system=takes[0] if len(takes) == 1 else "",
        service=None,
        routed=len(takes) == 1,
        identity="one" if isinstance(who, One) else "ambiguous" if isinstance(who, Ambiguous) else "none",
        subject=who.subject_ref if isinstance(who, One) else None,
        candidates=who.subject_refs if isinstance(who, Ambiguous) else (),
    )


def place_of(house: House, unit: Unit, record: ReferralRecord) -> Place:
    """The next place behind the messages of the same record; the first place of all where there is none."""
    last = unit.handovers.last_of(record.source.system.id, record.source.key)
    if last is None or last.referral_no is None:
        return Place(record.number or house.ids.number(), house.ids.number(), 1)
    return Place(last.referral_no, last.lane, last.lane_seq + 1)


def with_contact(content: Resource, facts: Facts, decision: Decision) -> Resource:
    """The message, as it may leave, with a word on whether its client agreed to be asked later (settled S7)."""
    word = {"url": f"{codes.EXTENSION}/follow-up-contact", "valueBoolean": may_be_asked(facts, decision)}

    def told(entry: Resource) -> Resource:
        resource: dict[str, Any] = entry["resource"]
        if resource["resourceType"] != "Patient":
            return entry
        return {**entry, "resource": {**resource, "extension": [*resource.get("extension", []), word]}}

    return {**content, "entry": [told(entry) for entry in content["entry"]]}


def may_be_asked(facts: Facts, decision: Decision) -> bool:
    """Whether the client agreed to be asked later: what the decision relied on lists CONTACT (settled S7)."""
    relied = {name.split("/")[0] for name in decision.basis}
    known = facts.subjects.get(facts.message.subject or "")
    records = [each for each in (known.consents if known else ()) if f"consent:{each.consent_id}" in relied]
    return bool(records) and all(any(g.category is Category.CONTACT for g in each.categories) for each in records)


def gone(house: House, system: System, keys: Sequence[str]) -> None:
    """A report whose source has no such record any more lies in its site, not accepted: its worker must take it out."""
    with house.store.peek() as rows:
        latest = rows.inbox.latest(system.id, keys) if keys else {}
        told = [key for key, message in latest.items() if message.event in REPORTS]
        lying = [key for key in told if _lies_there(rows, system, key)]
    if lying:
        with house.store.unit(share=[locks.CONFIG]) as unit:
            for key in lying:
                tell(house, unit, system.id, key, "refusal", NO_REFERRAL.value, TAKE_OUT)


def _lies_there(rows: Peek, system: System, key: str) -> bool:
    last = rows.handovers.last_of(system.id, key)
    return last is not None and last.state is MessageState.DELIVERED and not last.accepted and last.rejection is None


def accepted(house: House, system: System, each: Accepted) -> None:
    """The receiving system has taken what a message brought: what waits for it of the same person is judged again."""
    with house.store.peek() as rows:
        row = rows.handovers.get([each.envelope_id]).get(each.envelope_id)
    if row is None or row.system != system.id or row.accepted:
        return
    with house.store.unit(share=[locks.CONFIG], own=_owned(row)) as unit:
        unit.handovers.accept(each.envelope_id)


def _owned(row: Handover) -> list[str]:
    return [locks.subject(row.subject_ref)] if row.subject_ref else []


def _takes(house: House, system: System, event: str) -> bool:
    card = house.adapters.get(system.kind)
    return card is not None and card.takes(event) is not None
