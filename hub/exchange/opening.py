"""The end of the road where the recipient's own software fetches: list, open, acknowledge (design §3.5; S43, S44).

It is gate 2 of ``handover.py``, asked when the recipient asks: each open decides anew, and what it gives is the content
as just withheld. A no ends the message: as refused what was never opened, as delivered what was, since it has left.
So ends also, at its time, what was opened and never acknowledged; what was never opened is given back, as everywhere.

The same door gives content-free words: what became of a message of its own, that one is to be laid aside, that a
consent has changed.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.errors import LeaseOver
from hub.exchange import correcting, handover
from hub.exchange.complete import HUB_EVENT, instant
from hub.exchange.entries import acknowledged
from hub.exchange.house import House
from hub.exchange.moving import after_arrival
from hub.exchange.notices import note
from hub.exchange.question import message_of
from hub.exchange.telling import why_and_what
from hub.exchange.waiting import tell
from hub.exchange.writing import CONSENT_CHANGED, RECALL
from hub.model import codes, locks
from hub.model.canonical import canonical
from hub.model.directory import System
from hub.model.envelope import HUB_URL, MessageState
from hub.model.fhir import Resource, coding, concept
from hub.model.rows import Handover, Notice
from hub.ports import Peek, Unit

LISTED_MAX = 100  # [policy] of one list; what is acknowledged makes room
ROUNDS_MAX = 3  # times an open is prepared anew because its facts changed meanwhile
_FATAL = ("refusal", "returned", "rejected")  # what was wanted of a message did not come to be


@dataclass(frozen=True, slots=True)
class Delivery:
    """What waits to be opened; nothing of what it is.

    Args:
        size: octets of the sealed body, which is padded to whole KiB; of a word 0.
    """

    envelope_id: str
    created_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What may be given to its recipient now.

    Args:
        content: canonical JSON of the Bundle, as just withheld.
        salt: 32 octets in hex, under which the log's entry holds its digest; of a word "".
        opened_at: of the entry that released it; None of a word, which has none.
        until_s: on the monotonic clock: later it may not be given.
    """

    envelope_id: str
    content: bytes
    salt: str
    opened_at: datetime | None
    until_s: float


def deliveries(house: House, system: System) -> list[Delivery]:
    """What a system may open: of each lane the first message, and words to it; the oldest first."""
    with house.store.peek() as rows:
        waiting = rows.handovers.to_open(system.id, rows.now, LISTED_MAX)
        sizes = rows.outbox.sizes([row.envelope_id for row in waiting])
        words = rows.notices.due(system.id, rows.now, LISTED_MAX)
    after = house.limits.return_after
    found = [Delivery(row.envelope_id, row.return_at - after, sizes.get(row.envelope_id, 0)) for row in waiting]
    found += [Delivery(row.notice_id, row.created_at, 0) for row in words]  # they take no message's place
    return sorted(found, key=lambda each: (each.created_at, each.envelope_id))


def open_one(house: House, system: System, envelope_id: str) -> Opened | None:
    """Decide again and give what may be given; None: nothing, whatever the reason (the same for all of them).

    Raises:
        LeaseOver: the hub was too slow; ask again.
        Unavailable: the store cannot be reached.
    """
    began_s = house.clock.monotonic_s()
    until_s = began_s + house.limits.lease.total_seconds()
    with house.store.peek() as rows:
        word = rows.notices.get(envelope_id, system.id)
        if word is not None:
            return Opened(envelope_id, canonical(_word(house, rows, word)), "", None, until_s)
    for _ in range(ROUNDS_MAX):
        with house.store.peek() as rows:
            row = next(iter(rows.handovers.to_open(system.id, rows.now, 1, envelope_id)), None)
        if row is None:
            return None
        found = handover.open_now(house, system, row)
        if found is not None and found.parcel is not None:
            opened = Opened(envelope_id, found.parcel.body, found.envelope.salt, found.opened_at, until_s)
            return in_time(house, opened)
    raise LeaseOver("$open", next_step="what it rests on kept changing: open it again")


def in_time(house: House, opened: Opened) -> Opened:
    """The same, as long as its lease lasts: asked once more just before it leaves.

    Raises:
        LeaseOver: it is over.
    """
    if house.clock.monotonic_s() >= opened.until_s:
        raise LeaseOver("$open", next_step="open it again")
    return opened


def acknowledge(house: House, system: System, envelope_id: str) -> bool:
    """Its recipient has it: body and key go. Said again it is true still; False: nothing that was opened here."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        row = unit.handovers.get([envelope_id]).get(envelope_id)
        if row is None or row.system != system.id:
            return _heard(unit, system, envelope_id)
        if row.state is MessageState.OPENED:
            _arrived(house, unit, row)
        return row.opened_at is not None


def _heard(unit: Unit, system: System, notice_id: str) -> bool:
    """A word was taken."""
    row = unit.notices.get(notice_id, system.id, sent=True)
    if row is not None and unit.notices.sent(notice_id):
        note(unit, row)
    return row is not None


def _arrived(house: House, unit: Unit, row: Handover) -> None:
    message = message_of(unit, row)
    unit.handovers.end([row.envelope_id], MessageState.DELIVERED)
    unit.inbox.move([row.message_id], MessageState.DELIVERED)
    unit.outbox.drop([row.envelope_id])
    unit.audit.append(acknowledged(row, unit.now, written=True))
    after_arrival(house, unit, row, message.event, answers=True)
    correcting.came(unit, row, message.event)


def drop(house: House, envelope_ids: Iterable[str]) -> None:
    """Of messages that somebody has yet to fetch, end those that may not go any more: who sent them is told now."""
    with house.store.peek() as rows:
        waiting = [row for row in rows.handovers.get(envelope_ids).values() if row.state is MessageState.ARRIVED]
        systems = rows.directory.all().systems
    for row in waiting:
        system = systems.get(row.system)
        if system is not None and house.adapters[system.kind].remote:
            handover.refuse_now(house, system, row)


def wake(house: House, system: System) -> bool:
    """What was handed in and refused may go by now: its sender is told so, and hands it in again. True if any was."""
    with house.store.peek() as rows:
        if not rows.waiting.due(system.id, rows.now, 1):
            return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in unit.waiting.due(system.id, unit.now, house.limits.batch):
            unit.waiting.settle(system.id, [row.record_key])
            tell(house, unit, system.id, row.record_key, "woken", row.code, row.place)
    return True


def _word(house: House, rows: Peek, row: Notice) -> Resource:
    """A word as a message without content: which message it is about, what became of it, and what to do."""
    own_end = {"type": "Organization", "identifier": {"system": codes.ID_AGENCY, "value": "hub"}}
    about = _about(house, rows, row)
    fatal, said = row.kind in _FATAL, why_and_what(row)
    outcome = {
        "resourceType": "OperationOutcome",
        "id": str(uuid.uuid5(uuid.UUID(row.notice_id), "outcome")),
        "issue": [
            {
                "severity": "error" if fatal else "information",
                "code": "processing" if fatal else "informational",
                "details": concept(coding(codes.REASON_CODE, row.code)),
                **({"diagnostics": said} if said else {}),
            }
        ],
    }
    url = f"urn:uuid:{outcome['id']}"
    header = {
        "resourceType": "MessageHeader",
        "id": row.notice_id,
        "eventCoding": coding(HUB_EVENT, row.kind),
        "source": {"endpoint": HUB_URL},
        "sender": own_end,
        **({"response": {"identifier": about, "code": "fatal-error" if fatal else "ok"}} if about else {}),
        "focus": [
            {"reference": f"{codes.HUB}/Consent/{row.record_key}"}
            if row.kind == CONSENT_CHANGED
            else {"reference": url}
        ],
    }
    entries: Sequence[Resource] = [header, outcome]
    return {
        "resourceType": "Bundle",
        "id": row.notice_id,
        "identifier": {"system": codes.ID_ENVELOPE, "value": row.notice_id},
        "type": "message",
        "timestamp": instant(row.created_at),
        "entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in entries],
    }


def _about(house: House, rows: Peek, row: Notice) -> str:
    """The id of the message that a word is about: its sender's own, or of a recall that which came with it."""
    if row.kind == CONSENT_CHANGED:
        return ""
    if row.kind == RECALL:
        delivered = rows.handovers.get([row.record_key]).get(row.record_key)
        return delivered.message_id if delivered else ""
    message = rows.inbox.latest(row.system, [row.record_key]).get(row.record_key)
    if message is None or message.own_id is None:
        return ""
    return house.keys.unbox(named_in(row.record_key), base64.b64decode(message.own_id)).decode()


def named_in(record_key: str) -> str:
    """The place for which a sender's own id of its message is boxed."""
    return f"own-id:{record_key}"
