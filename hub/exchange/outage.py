"""While the store cannot be written: mandatory reports and imminent danger go all the same, nothing else does (INV-7).

The one exception to "one transaction" and "one gate" (INV-2, INV-4; settled S24), and it asks the same ``decide``:
about the declaration, with the directory as it stood last, and registry and log *down*. What that permits is written
into this machine's sealed journal, durably, before the recipient's system gets it. When the store is back, and before
anything else is done, the journal is written into it under the same ids (``recovery.py``): declaration, decision, both
entries of the log, hand-over, review within 24 hours. What may not have arrived is returned, fetched and judged again.

A declaration that the store knows does not go from here, also where its message had not arrived yet; a mandatory
report that says something else now does. Who it is about is not looked up: where danger is imminent nobody waits for a
person to tell two clients apart. The worker hears of it when the store is back: to telephone in any case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from pydantic import TypeAdapter

from adapters.contract import Declaring, Parcel, Raw, SentState
from consent.decide import decide
from consent.facts import read_decision, read_facts, write_decision, write_facts
from consent.gather import gather_provisional
from consent.model import Decision, Facts
from consent.model.declared import Declaration
from hub.errors import HubError, IntegrityBroken, Unavailable
from hub.exchange import grants
from hub.exchange.building import Event, build, placeholders, purpose_of
from hub.exchange.declaring import as_declared
from hub.exchange.house import House
from hub.exchange.message import renumber
from hub.exchange.question import at_gate_1
from hub.exchange.reading import read_one
from hub.exchange.records import ReferralRecord
from hub.exchange.submission import Submission
from hub.exchange.withhold import withhold
from hub.exchange.writing import places_of, write_parcel
from hub.model.canonical import canonical, content_digest, sha256
from hub.model.directory import System
from hub.model.envelope import OVERRIDE, Envelope
from hub.ports import Directory, Peek

DECLARATION: TypeAdapter[Declaration] = TypeAdapter(Declaration)
SALT_BYTES = 32
AGAIN_AFTER = timedelta(minutes=5)  # [policy] a mandatory report that may not have arrived is sent again


@dataclass(frozen=True, slots=True)
class Journaled:
    """One message that went, or may have gone, while the store was down. Codes, ids, digests; no content.

    Args:
        people: keyed digest -> kind, of whom it is about; they are minted or found when the store is back.
        state: ``sent``, ``failed``, or ``begun``: nobody knows.
    """

    declared: Declaration
    facts: Facts
    decision: Decision
    digest: str
    message_id: str
    envelope_id: str
    lane: str
    number: str
    system: str
    payload_digest: str
    sha256: str
    at: datetime
    people: dict[str, str]
    state: str

    def written(self) -> bytes:
        """As an entry of the journal."""
        document = {
            "declared": orjson.loads(DECLARATION.dump_json(self.declared)),
            "facts": write_facts(self.facts).decode(),
            "decision": write_decision(self.decision).decode(),
            "at": self.at.isoformat(),
            "people": self.people,
        }
        plain = ("digest", "message_id", "envelope_id", "lane", "number", "system", "payload_digest", "sha256", "state")
        return canonical(document | {name: getattr(self, name) for name in plain})

    @classmethod
    def read(cls, data: bytes) -> Journaled:
        """An entry of the journal."""
        document = orjson.loads(data)
        return cls(
            declared=DECLARATION.validate_python(document.pop("declared")),
            facts=read_facts(document.pop("facts").encode()),
            decision=read_decision(document.pop("decision").encode()),
            at=datetime.fromisoformat(document.pop("at")),
            **document,
        )


def step(house: House) -> bool:
    """Look at every declaration that the agencies' systems show now, and send what must not wait. True if any went."""
    directory = house.journal.directory()
    if directory is None or directory.stopped:
        return False
    done = False
    for system in directory.systems.values():
        if system.status == "active" and house.adapters[system.kind].declares:
            try:
                raws = cast(Declaring, house.connections.source(system)).declared()
            except HubError:
                continue  # it is looked at again; the others are not kept waiting
            for raw in raws:
                done |= _one(house, directory, system, raw)
    return done


def journaled(house: House) -> list[Journaled]:
    """What the journal holds, each message as it stood last."""
    found: dict[str, Journaled] = {}
    for data in house.journal.entries():
        entry = Journaled.read(data)
        found[entry.envelope_id] = entry
    return list(found.values())


def _one(house: House, directory: Directory, system: System, raw: Raw) -> bool:
    record = read_one(house, system, raw)
    if not isinstance(record, ReferralRecord) or record.declared is None or record.declared.ended:
        return False
    try:
        with house.journal.held():
            return not _is_known(house, directory, record) and _send(house, directory, record)
    except IntegrityBroken:
        raise
    except HubError:
        return False  # nothing was written or sent; it is tried again, and its worker telephones


def _is_known(house: House, directory: Directory, record: ReferralRecord) -> bool:
    """Whether the store knows it, or this machine has sent it: a mandatory report that may not have arrived, and one
    that says something else than what went, go again; of any other declaration one message goes, or none.
    """
    declared = as_declared(house, directory, record, None, None, house.clock.now())
    must, journal = house.packs.is_mandatory(declared.code), house.journal
    sent = [each for each in journaled(house) if _same_record(each.declared, declared)]
    if not must:
        marks = [declared.content, *(grants.mark(house, word, declared) for word in ("used", "ended"))]
        return bool(sent) or any(journal.knows(each) for each in marks)
    if journal.knows(declared.content) or journal.knows(grants.mark(house, "ended", declared)):
        return True
    now = [each for each in sent if each.declared.content == declared.content]
    return any(each.state == "sent" or declared.declared_at < each.at + AGAIN_AFTER for each in now)


def _same_record(one: Declaration, other: Declaration) -> bool:
    return (one.system, one.record_key) == (other.system, other.record_key)


def _send(house: House, directory: Directory, record: ReferralRecord) -> bool:
    """Decide, write it into the journal, send."""
    rows = _Offline(directory, house.clock.now(), as_declared(house, directory, record, None, None, house.clock.now()))
    submission = _addressed(house, rows, record)
    question = at_gate_1(submission)
    facts = gather_provisional(cast(Peek, rows), replace(question, identity="one"), house.packs).facts
    facts = replace(facts, system=replace(facts.system, registry="down", audit="down"))
    decision = decide(facts)
    target = directory.systems.get(submission.led.system)
    if not decision.permits or target is None:
        return False
    number, lane = house.ids.number(), house.ids.number()
    numbers = replace(submission.ids, referral_no=number, client_alias=None, consent_no=None)
    bundle = withhold(renumber(submission.bundle, numbers), decision.withheld)
    salt = house.ids.octets(SALT_BYTES)
    envelope = Envelope(
        envelope_id=submission.ids.envelope_id,
        message_id=submission.ids.message_id,
        lane=lane,
        lane_seq=1,
        sender=facts.sender.agency,
        recipient=facts.recipient.agency,
        event=OVERRIDE,
        purpose=submission.word_of_purpose,
        decision_id=submission.ids.message_id,
        consents=(),
        salt=salt.hex(),
        created_at=rows.now,
        bundle=bundle,
    )
    parcel = write_parcel(house, target, envelope, bundle, None, places_of(directory, target, None)).parcel
    if parcel is None:
        return False
    house.connections.source(target).reach()
    entry = Journaled(
        declared=rows.declared,
        facts=facts,
        decision=decision,
        digest=record.source.digest,
        message_id=envelope.message_id,
        envelope_id=envelope.envelope_id,
        lane=lane,
        number=number,
        system=target.id,
        payload_digest=content_digest(salt, parcel.body),
        sha256=sha256(parcel.body),
        at=rows.now,
        people=record.person.kinds() if record.person else {},
        state="begun",
    )
    house.journal.append(entry.written())
    sent = _sent(house, target, replace(parcel, referral_no=number))
    if sent is not SentState.UNKNOWN:
        house.journal.append(replace(entry, state="sent" if sent is SentState.ACKNOWLEDGED else "failed").written())
    return sent is SentState.ACKNOWLEDGED


def _sent(house: House, target: System, parcel: Parcel) -> SentState:
    try:
        fates = house.connections.source(target).send([parcel], lambda: None)
    except Unavailable:
        return SentState.UNKNOWN
    return fates[0].state


def _addressed(house: House, rows: _Offline, record: ReferralRecord) -> Submission:
    """As ``addressing.py`` does it for a declaration, with what stands in the journal."""
    peek = cast(Peek, rows)
    led = replace(grants.led(house, peek, record, rows.declared), identity="one")
    told = grants.told(peek, record)
    ids = placeholders(house.ids.uuid(), house.ids.uuid())
    bundle, items = build(house, peek, told, led, Event(OVERRIDE, "requested", rows.declared.override_id), ids)
    return Submission(
        record=told,
        event=OVERRIDE,
        purpose=purpose_of(house, OVERRIDE),
        type=house.packs.type_of(OVERRIDE, "") or "",
        led=led,
        ids=ids,
        bundle=bundle,
        items=items,
        override=rows.declared.override_id,
    )


class _Offline:
    """What can be read without the store: the directory as it stood, and the one declaration. Of all else nothing."""

    def __init__(self, directory: Directory, now: datetime, declared: Declaration) -> None:
        self._directory, self.now, self.declared = directory, now, declared
        self.directory = self.overrides = self.reviews = self.handovers = self.subjects = self.consents = self.links = (
            self
        )

    def all(self) -> Directory:
        """The directory."""
        return self._directory

    def get(self, name: Any) -> Any:
        """The declaration by its id; of hand-overs none."""
        return self.declared if name == self.declared.override_id else {}

    def head(self) -> int:
        """No sequence number of the registry is known."""
        return 0

    def facts(self, _: Any) -> dict[str, Any]:
        """Nobody's."""
        return {}

    def of(self, _: Any) -> dict[str, Any]:
        """Which files are one person's: not known."""
        return {}

    def repeats(self, _: Any) -> int:
        """Not asked: the review looks at it."""
        return 0

    def related(self, *_: Any) -> bool:
        """Not asked: the review looks at it."""
        return False

    def overdue_of(self, *_: Any) -> int:
        """Not asked: the review looks at it."""
        return 0
