"""Build the message of a record: assembled, screened, checked, labelled; whatever system it came from. No decision."""

from __future__ import annotations

from dataclasses import dataclass

from consent.model import Item
from consent.model.words import Purpose
from hub.exchange import grants
from hub.exchange.house import House
from hub.exchange.label import label
from hub.exchange.message import ADD, CORRECT, PLACEHOLDER, Ends, Numbers, assemble, is_request
from hub.exchange.records import ReferralRecord
from hub.exchange.screen import screen
from hub.exchange.submission import Led
from hub.model.fhir import Resource, resources
from hub.model.rows import ReferralRow
from hub.ports import Peek
from hub.referral.transitions import PROCESS


@dataclass(frozen=True, slots=True)
class Event:
    """What a message is of: its event, the state of its referral for a Task that says none, and on what it goes.

    Args:
        override: id of a declaration; "": of none.
    """

    code: str
    state: str
    override: str = ""


def build(
    house: House, rows: Peek, record: ReferralRecord, led: Led, event: Event, ids: Numbers
) -> tuple[Resource, tuple[Item, ...]]:
    """The message, with its items.

    Raises:
        MessageRejected: it is not ours, or holds what may not leave at all.
    """
    screen(record.entries)
    agencies = rows.directory.all().agencies
    sender = record.source.system.agency
    names = {name: agencies[name].name if name in agencies else "unknown" for name in (sender, led.agency)}
    ends = Ends(sender, names[sender], led.agency if led.agency in agencies else "unknown", names[led.agency])
    bundle = assemble(
        record.entries,
        event=event.code,
        purpose=purpose_of(house, event.code),
        ends=grants.ends(rows, ends, event.override) if event.override else ends,
        at=rows.now,
        numbers=ids,
        state=event.state,
    )
    house.schema.check(bundle)
    labelled = label(bundle, subject=led.subject)
    return labelled.bundle, labelled.items


def state_of(event: str, referral: ReferralRow | None) -> str:
    """The state that a Task without one is in."""
    return referral.state if referral and event != ADD else "requested"


def purpose_of(house: House, event: str) -> Purpose:
    """The purpose that an event fixes (I-12)."""
    purpose = house.packs.purpose_of(event)
    assert purpose is not None, "every event that a record can make has a purpose"
    return purpose


def type_of(house: House, event: str, bundle: Resource, wanted: str | None) -> str:
    """The message type (consent rules 2.6). What a sender says of how its referral stands is a StatusNotice; the same
    event with the request in it is the request, put right.
    """
    held = {resource["resourceType"] for resource in resources(bundle)}
    counts_as = PROCESS if event == CORRECT and not is_request(event, held) else event
    return house.packs.type_of(counts_as, wanted) or ""


def placeholders(message_id: str, envelope_id: str) -> Numbers:
    """Ids of a message before the gate has given it its numbers."""
    return Numbers(message_id, envelope_id, PLACEHOLDER, PLACEHOLDER, PLACEHOLDER)
