"""The call by which an agency hands in a message of its own, in FHIR; what `$process-message` answers (settled S38).

It is answered when gate 1 has committed. A new id: judged. Seen before, through whichever system of its agency: the
first answer, or, where that was a no, a fresh one. Another message under an id that has gone, or an envelope's id under
another message: refused (C-192).

What may be handed in so: what is said of a referral, or shared beside one, which goes the road of every record
(``handed_in.py``, ``addressing.py``); what is about nobody (capacity enquiry, its answer, risk filter:
``by_header.py``); and what others demand of an agency, which the hub does not carry and answers with ``DN_OFF_BUS``, so
that it is on record and goes to the privacy officer (consent rules P-2, P-4).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from consent.model import Anonymous, Decision, Facts
from consent.model.words import OFF_BUS_EVENTS
from hub.errors import MessageRejected, Unavailable
from hub.exchange.addressing import NothingToSay, NothingYet, address
from hub.exchange.by_header import about_nobody, header_alone
from hub.exchange.gate import judge, locks_of, still_holds
from hub.exchange.handed_in import Made, as_record, places
from hub.exchange.house import House
from hub.exchange.opening import named_in
from hub.exchange.posted import OF_A_REFERRAL, Posted, read_posted
from hub.exchange.records import HANDED_IN, ReferralRecord, Source
from hub.exchange.strict import Fault, NotOurMessage
from hub.exchange.submission import Submission
from hub.model import locks
from hub.model.directory import System
from hub.model.envelope import ABOUT_NOBODY, IN_VAIN, MessageState
from hub.model.rows import Inbox, ReferralRow
from hub.ports import Peek

ROUNDS_MAX = 5  # times a message is addressed anew because the directory or its referral changed meanwhile


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a message.

    Args:
        facts: on which it was decided.
        anonymous: what it holds, where it is about nobody.
        places: of a message of a referral, its entries as they travel, to those of its sender's Bundle.
        behind: entries of that Bundle that are no part of such a message, and did not go.
        why_not: of a step that the referral does not allow: from, to, actor, and what was missing.
        repeated: this is the answer that it has had before.
    """

    posted: Posted
    message: Inbox
    facts: Facts
    decision: Decision
    anonymous: Anonymous | None = None
    places: Mapping[int, int] = field(default_factory=dict)
    behind: Sequence[int] = ()
    why_not: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class StandsAlready:
    """The referral stands as the message says; nothing was sent.

    Args:
        number: the hub's number of it; "".
    """

    posted: Posted
    number: str


def process_message(house: House, system: System, data: bytes) -> Processed | StandsAlready:
    """Judge a message that came from a system of the agency that answers for it.

    Args:
        data: a message Bundle, JSON in UTF-8.

    Raises:
        NotOurMessage: it is no such message; its places, and what they should be.
        MessageRejected: an answer to a referral or an enquiry that this agency has not received.
        Unavailable: the store is away, or the directory kept changing; hand it in again.
    """
    return process_posted(house, system, read_posted(house.schema, data))


def process_posted(
    house: House, system: System, posted: Posted, again: Callable[[], None] = lambda: None
) -> Processed | StandsAlready:
    """The same of a message that has been read; see :func:`process_message`.

    Args:
        again: called before what was refused under this id is judged once more; it may refuse to.
    """
    source = _source(house, system, posted)
    own = base64.b64encode(house.keys.box(named_in(source.key), posted.message_id.encode())).decode()
    for _ in range(ROUNDS_MAX):
        with house.store.peek() as rows:
            directory = rows.directory.all()
            before = _before(rows, system, source)
            gone = _has_gone(before)
            if before is not None and before.state is MessageState.REFUSED:
                again()
            found = _found(house, rows, source, posted, before)
        if isinstance(found, StandsAlready):
            return found
        done = _decide(house, posted, replace(found, own_id=own), directory.version, bare=gone)
        if done is not None:
            return _placed(house, found, done)
    raise Unavailable("directory", "changes without end", next_step="hand the message in again")


def _found(
    house: House, rows: Peek, source: Source, posted: Posted, before: Inbox | None
) -> Submission | StandsAlready:
    """What is put before the gate; of what has been, by what it was known."""
    if _has_gone(before) or posted.event in OFF_BUS_EVENTS:
        return header_alone(house, rows, source, posted)
    if posted.event in ABOUT_NOBODY:
        return about_nobody(house, rows, source, posted)
    if posted.sender != source.system.agency:  # whatever it says of whom, it is not theirs to say
        return header_alone(house, rows, source, posted)
    record = as_record(posted, Made(source, house.keys.digest, rows.now))
    addressed = address(house, rows, record, before if before and before.system == source.system.id else None)
    if isinstance(addressed, Submission) and addressed.referral is not None:
        _must_be_current(record, addressed.referral)
    if isinstance(addressed, NothingToSay):
        return StandsAlready(posted, record.number or "")
    if isinstance(addressed, NothingYet):
        fault = Fault("Task.identifier", "no referral's number", "the hub's number that came with the referral")
        raise NotOurMessage([fault])
    _must_agree(posted, addressed)
    return addressed


class VersionConflict(MessageRejected):
    """The referral has moved since its sender looked (rule c of shared model 6.2; settled S45)."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            "Task.meta.versionId",
            got="the version of an earlier state",
            expected=f"version {version}, which stands now",
            next_step="look at the referral as it is now, and decide again",
        )


def _must_be_current(record: ReferralRecord, referral: ReferralRow) -> None:
    if record.version and record.version != str(referral.version):
        raise VersionConflict(referral.version)


def _must_agree(posted: Posted, found: Submission) -> None:
    """What the header says, and where it goes, are what the content says (design §7, header against body)."""
    faults: list[Fault] = []
    if found.allowed and found.event != posted.event:
        expected = f"{found.event}, which says what the Task says"
        faults.append(Fault("Bundle.entry[0].resource.eventCoding", "the event of another step", expected))
    if found.referral is not None and found.led.agency != posted.recipient:
        expected = "the other agency of that referral"
        faults.append(Fault("Bundle.entry[0].resource.destination[0].receiver", "somebody else", expected))
    if faults:
        raise NotOurMessage(faults)


def _has_gone(before: Inbox | None) -> bool:
    return before is not None and before.state not in IN_VAIN


def _decide(house: House, posted: Posted, submission: Submission, version: int, *, bare: bool) -> Processed | None:
    """Gate 1. None: what it was addressed by has changed since.

    Args:
        bare: a message has gone under its id, and it was not looked at.
    """
    source = submission.record.source
    with house.store.unit(share=locks_of(submission), own=[locks.digest(source.key)]) as unit:
        if unit.directory.all().version != version or not still_holds(unit, submission):
            return None
        before = _before(unit, source.system, source)
        gone = _has_gone(before)
        if before is not None and gone and before.digest == source.digest:
            known = unit.decisions.get(before.decision_id)
            assert known is not None, "a message has its decision"
            return Processed(posted, before, known[0], known[1], repeated=True)
        if gone != bare:
            return None  # another one has gone meanwhile, or was given back
        if gone or unit.inbox.other_of_envelope(source.system.agency, source.revision, source.key):
            other = replace(source, key=f"{source.key}/{source.digest[:12]}")
            submission = replace(submission, record=replace(submission.record, source=other), well_formed=False)
            before = unit.inbox.latest(other.system.id, [other.key]).get(other.key)
        if before is not None and before.system != source.system.id:
            before = None  # refused through another system: nothing has gone
        found = judge(house, unit, submission, before)
        why_not, anonymous = submission.why_not, submission.anonymous
        return Processed(posted, found.message, found.facts, found.decision, anonymous, why_not=why_not)


def _placed(house: House, found: Submission, done: Processed) -> Processed:
    """The same with the places of what was handed in, for whoever is told what was left out of it."""
    if not done.decision.permits or done.posted.event not in OF_A_REFERRAL:
        return done
    record = found.record
    if done.repeated:  # it was not looked at again
        record = as_record(done.posted, Made(record.source, house.keys.digest, house.clock.now()))
    at, behind = places(done.posted, record.entries)
    return replace(done, places=at, behind=behind)


def _before(rows: Peek, system: System, source: Source) -> Inbox | None:
    """The latest message under this id, through whichever system of its agency; one that has gone before others."""
    theirs = [each.id for each in rows.directory.all().systems.values() if each.agency == system.agency]
    found = [row for each in theirs if (row := rows.inbox.latest(each, [source.key]).get(source.key))]
    return min(found, key=lambda row: (row.state in IN_VAIN, row.system != source.system.id), default=None)


def _source(house: House, system: System, posted: Posted) -> Source:
    """Under which key the message is a record of its system."""
    digest = house.keys.digest
    name = digest("message", f"{system.agency}/{posted.message_id}")[:32]  # a sender's ids may hold anything
    key, revision = f"{HANDED_IN}{name}", digest("message", f"{system.agency}/{posted.envelope_id}")[:32]
    return Source(system, key, revision, digest("record", posted.digest))
