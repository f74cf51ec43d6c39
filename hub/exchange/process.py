"""The call by which an agency hands in a message of its own, in FHIR; what `$process-message` answers (settled S38).

It is answered when gate 1 has committed. A new id: judged. Seen before, through whichever system of its agency: the
first answer, or, where that was a no, a fresh one. Another message under an id that has gone: refused (C-192).

What may be handed in so: what is about nobody (capacity enquiry, its answer, risk filter), and what others demand of an
agency, which the hub does not carry and answers with ``DN_OFF_BUS``, so that it is on record and goes to the privacy
officer (consent rules P-2, P-4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from consent.model import Anonymous, Decision, Item
from hub.errors import MessageRejected, Unavailable
from hub.exchange.anonymous import as_basic, odd_in_header, read_coded
from hub.exchange.building import Event, build, placeholders
from hub.exchange.gate import judge, locks_of
from hub.exchange.house import House
from hub.exchange.label import label
from hub.exchange.message import Numbers
from hub.exchange.posted import Posted, read_posted
from hub.exchange.question import told_of
from hub.exchange.records import HANDED_IN, End, ReferralRecord, Source
from hub.exchange.submission import Led, Submission
from hub.model import locks
from hub.model.directory import System
from hub.model.envelope import ABOUT_NOBODY, ANSWER, ENQUIRY, MessageState
from hub.model.fhir import Resource
from hub.model.rows import Inbox
from hub.ports import Directory, Peek
from hub.referral import Said

ROUNDS_MAX = 5  # times a message is addressed anew because the directory changed meanwhile
_IN_VAIN = (MessageState.REFUSED, MessageState.RETURNED)


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a message.

    Args:
        anonymous: what it holds, where it is about nobody.
        repeated: this is the answer that it has had before.
    """

    message: Inbox
    decision: Decision
    anonymous: Anonymous | None = None
    repeated: bool = False


def process_message(house: House, system: System, data: bytes) -> Processed:
    """Judge a message that came from a system of the agency that answers for it.

    Args:
        data: a message Bundle, JSON in UTF-8.

    Raises:
        NotOurMessage: it is no such message; its places, and what they should be.
        MessageRejected: an answer to an enquiry that this agency has not received.
        Unavailable: the store is away, or the directory kept changing; hand it in again.
    """
    posted = read_posted(house.schema, data)
    for _ in range(ROUNDS_MAX):
        with house.store.peek() as rows:
            directory = rows.directory.all()
            submission = _submission(house, rows, system, posted)
        done = _decide(house, submission, directory)
        if done is not None:
            return done
    raise Unavailable("directory", "changes without end", next_step="hand the message in again")


def _decide(house: House, submission: Submission, directory: Directory) -> Processed | None:
    """Gate 1. None: the directory has changed since the message was addressed."""
    source = submission.record.source
    with house.store.unit(share=locks_of(submission), own=[locks.digest(source.key)]) as unit:
        if unit.directory.all() != directory:
            return None
        before = _before(unit, directory, source)
        gone = before is not None and before.state not in _IN_VAIN
        if before is not None and gone and before.digest == source.digest:
            known = unit.decisions.get(before.decision_id)
            assert known is not None, "a message has its decision"
            return Processed(before, known[1], repeated=True)
        if gone:
            other = replace(source, key=f"{source.key}/{source.digest[:12]}")
            submission = replace(submission, record=replace(submission.record, source=other), well_formed=False)
            before = unit.inbox.latest(other.system.id, [other.key]).get(other.key)
        if before is not None and before.system != source.system.id:
            before = None  # refused through another system: nothing has gone
        decision = judge(house, unit, submission, before)
        own = submission.record.source
        return Processed(unit.inbox.latest(own.system.id, [own.key])[own.key], decision, submission.anonymous)


def _before(rows: Peek, directory: Directory, source: Source) -> Inbox | None:
    """The latest message under this id, through whichever system of its agency; one that has gone before others."""
    theirs = [each.id for each in directory.systems.values() if each.agency == source.system.agency]
    found = [row for each in theirs if (row := rows.inbox.latest(each, [source.key]).get(source.key))]
    return min(found, key=lambda row: (row.state in _IN_VAIN, row.system != source.system.id), default=None)


def _submission(house: House, rows: Peek, system: System, posted: Posted) -> Submission:
    record = _record(house, system, posted)
    if posted.event == ANSWER:
        _must_have_been_asked(rows, record, posted)
    led = _led(house, rows, posted)
    ids = placeholders(house.ids.uuid(), house.ids.uuid())
    bundle, items, anonymous = _content(house, rows, record, posted, led, ids)
    return Submission(
        record=record,
        event=posted.event,
        purpose=house.packs.purpose_of(posted.event),
        type=house.packs.type_of(posted.event, "") or "",
        led=led,
        ids=ids,
        bundle=bundle,
        items=items,
        anonymous=anonymous,
        authenticated=posted.sender == system.agency,
    )


def _content(
    house: House, rows: Peek, record: ReferralRecord, posted: Posted, led: Led, ids: Numbers
) -> tuple[Resource, tuple[Item, ...], Anonymous | None]:
    """The message that would travel, what of it is about somebody, and what it holds where it is about nobody."""
    if posted.event not in ABOUT_NOBODY:
        return {}, (), None
    coded = read_coded(posted.event, posted.held, rows.now.date())
    odd = odd_in_header(posted.bundle["entry"][0]["resource"])
    if coded is None:
        return {}, label(posted.bundle, subject=None).items, None
    if coded.strange or odd:
        return {}, (), told_of(house, replace(coded, strange=(*odd, *coded.strange)))
    entries = ({"fullUrl": "urn:block:coded", "resource": as_basic(posted.event, coded)},)
    bundle, _ = build(house, rows, replace(record, entries=entries), led, Event(posted.event, ""), ids)
    return bundle, (), told_of(house, coded)


def _record(house: House, system: System, posted: Posted) -> ReferralRecord:
    """The message as a record of its system: there is no source from which it could be fetched again."""
    digest = house.keys.digest
    name = digest("message", f"{system.agency}/{posted.message_id}")[:32]  # a sender's ids may hold anything
    key, revision = f"{HANDED_IN}{name}", digest("message", posted.envelope_id)[:32]
    return ReferralRecord(
        source=Source(system, key, revision, digest("record", posted.digest)),
        kind="message",
        entries=(),
        said=Said(writer="S", state=""),
        requester=End(agency=posted.sender),
        performer=End(agency=posted.recipient),
        wanted="",
        placer="",
        number=posted.number if posted.event == ANSWER else None,
        person=None,
        case_closed=False,
        deceased=False,
    )


def _led(house: House, rows: Peek, posted: Posted) -> Led:
    """Into the one system of the agency addressed that takes such messages; what is not carried needs none."""
    takes = [
        system.id
        for system in rows.directory.all().systems.values()
        if system.agency == posted.recipient and house.adapters[system.kind].takes(posted.event)
    ]
    routed = len(takes) == 1 or posted.event not in ABOUT_NOBODY
    return Led(posted.recipient, takes[0] if len(takes) == 1 else "", None, routed, "none", None)


def _must_have_been_asked(rows: Peek, record: ReferralRecord, posted: Posted) -> None:
    """An answer goes to whoever asked, and to nobody else: it names their enquiry's number."""
    asking = [each.id for each in rows.directory.all().systems.values() if each.agency == posted.recipient]
    asked = [rows.inbox.last_released(system, [posted.number]).get(posted.number) for system in asking]
    mine = record.source.system.agency
    arrived = [each for each in asked if each and each.event == ENQUIRY and each.state is MessageState.DELIVERED]
    if not any(each.recipient == mine for each in arrived):
        raise MessageRejected(
            "Bundle.entry[0].resource.extension(message-correlation-id)",
            got="a number of no enquiry of that agency to this one",
            expected="the number that came with the enquiry",
            next_step="copy the number that came with the enquiry, and hand the answer in again",
        )
    own = [each.id for each in rows.directory.all().systems.values() if each.agency == mine]
    said = [row for each in own if (row := rows.inbox.last_released(each, [posted.number]).get(posted.number))]
    if any(each.record_key != record.source.key and each.state not in _IN_VAIN for each in said):
        raise MessageRejected(
            "Bundle.entry[0].resource.extension(message-correlation-id)",
            got="an enquiry that has been answered",
            expected="one answer to an enquiry",
            next_step="telephone, if the answer has changed",
        )
