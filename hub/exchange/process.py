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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import ParamSpec, TypeVar

from consent.model import Anonymous, Decision, Facts
from consent.model.words import OFF_BUS_EVENTS
from hub.errors import IntegrityBroken, MessageRejected, Unavailable
from hub.exchange import addressing, gate
from hub.exchange.addressing import NothingToSay, NothingYet, address
from hub.exchange.batches import waves
from hub.exchange.by_header import about_nobody, header_alone, must_have_been_asked
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
from hub.model.envelope import ABOUT_NOBODY, ANSWER, IN_VAIN, MessageState
from hub.model.fhir import Resource
from hub.model.rows import Inbox, ReferralRow
from hub.ports import Peek, Unit

P = ParamSpec("P")
T = TypeVar("T")

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


@dataclass(frozen=True, slots=True, eq=False)
class HandedIn:
    """A message that has been read, and what it is a record of.

    Args:
        source: under which key, of which system.
        own_id: the id that its sender gave it, boxed.
        again: called before what was refused under this id is judged once more; it may refuse to.
    """

    posted: Posted
    source: Source
    own_id: str
    again: Callable[[], None]


Answer = Processed | StandsAlready | Exception


def process_message(house: House, system: System, data: bytes) -> Processed | StandsAlready:
    """Judge a message that came from a system of the agency that answers for it.

    Args:
        data: a message Bundle, JSON in UTF-8.

    Raises:
        NotOurMessage: it is no such message; its places, and what they should be.
        MessageRejected: an answer to a referral or an enquiry that this agency has not received.
        Unavailable: the store is away, or the directory kept changing; hand it in again.
    """
    (answer,) = process_all(house, [handed_in(house, system, read_posted(house.schema, data))])
    if isinstance(answer, Exception):
        raise answer
    return answer


def handed_in(house: House, system: System, posted: Posted, again: Callable[[], None] = lambda: None) -> HandedIn:
    """A message as it is put before :func:`process_all`; ``again`` is called once, however often it is addressed."""
    digest = house.keys.digest
    name = digest("message", f"{system.agency}/{posted.message_id}")[:32]  # a sender's ids may hold anything
    key, revision = f"{HANDED_IN}{name}", digest("message", f"{system.agency}/{posted.envelope_id}")[:32]
    boxed = house.keys.box(named_in(key), posted.message_id.encode())
    source = Source(system, key, revision, digest("record", posted.digest))
    return HandedIn(posted, source, base64.b64encode(boxed).decode(), cache(again))


def process_all(house: House, messages: Sequence[HandedIn]) -> list[Answer]:
    """Judge messages of any systems, in one unit where none meets another. Each decision stands alone.

    Returns:
        In their order what became of each, or the exception that :func:`process_message` raises.

    Raises:
        Exception: one of them broke the unit, or the store is away. What has been answered stands, and is answered
            again: judge each by itself.
    """
    answers: dict[HandedIn, Answer] = {}
    for wave in waves(messages, names):
        answers |= _judge(house, wave)
    return [answers[each] for each in messages]


def names(message: HandedIn) -> set[str]:
    """Messages that share one of these are judged one after the other: each meets what the one before has changed.

    Its own id and that of its envelope, and every number of a referral, the hub's or an agency's.
    """
    posted = message.posted
    held = (each for each in posted.held.values() if each.get("resourceType") in ("ServiceRequest", "Task"))
    numbers = (each.get("value", "") for resource in held for each in resource.get("identifier", ()))
    by_focus = (each.get("value", "") for each in _named_referrals(posted))
    return {message.source.key, message.source.revision, posted.number, *numbers, *by_focus} - {""}


def _named_referrals(posted: Posted) -> Iterator[Resource]:
    """The identifiers by which Tasks name their referral."""
    for resource in posted.held.values():
        if resource.get("resourceType") == "Task":
            for reference in (resource.get("focus", {}), *resource.get("basedOn", ())):
                yield reference.get("identifier", {})


def _judge(house: House, wave: Sequence[HandedIn]) -> dict[HandedIn, Answer]:
    answers: dict[HandedIn, Answer] = {}
    for _ in range(ROUNDS_MAX):
        waiting = [each for each in wave if each not in answers]
        if not waiting:
            return answers
        found, version = _address(house, waiting)
        ready = [one for one in found.values() if isinstance(one, _Ready)]
        answers |= {each: one for each, one in found.items() if not isinstance(one, _Ready)}
        answers |= _decide(house, ready, version) if ready else {}
    return {each: answers.get(each) or _moving() for each in wave}


def _moving() -> Unavailable:
    return Unavailable("facts", "that change without end", next_step="hand the message in again")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message that can be put before the gate.

    Args:
        bare: a message has gone under its id, and it was not looked at.
    """

    message: HandedIn
    submission: Submission
    bare: bool


def _address(
    house: House, messages: Sequence[HandedIn]
) -> tuple[dict[HandedIn, _Ready | StandsAlready | Exception], int]:
    """Where each leads, and the version of the directory by which that was found."""
    with house.store.peek() as rows:
        before = _before(rows, messages)
        read = {each: _tried(_read, house, rows, each, before.get(each.source.key)) for each in messages}
        records = [one for one in read.values() if isinstance(one, ReferralRecord)]
        for ours in _by_system(records, lambda record: record.source.system.id):
            addressing.read_ahead(rows, ours)
        found: dict[HandedIn, _Ready | StandsAlready | Exception] = {}
        for each, one in read.items():
            last = before.get(each.source.key)
            led = _tried(_addressed, house, rows, each, one, last) if isinstance(one, ReferralRecord) else one
            found[each] = _Ready(each, led, _has_gone(last)) if isinstance(led, Submission) else led
        return found, rows.directory.all().version


def _tried(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T | Exception:
    try:
        return work(*args, **named)
    except (Unavailable, IntegrityBroken):
        raise
    except Exception as error:  # noqa: BLE001 - one message never stops its neighbours; its sender is told of its own
        return error


def _by_system(items: Iterable[T], system: Callable[[T], str]) -> Iterable[list[T]]:
    found: dict[str, list[T]] = {}
    for each in items:
        found.setdefault(system(each), []).append(each)
    return found.values()


def _read(house: House, rows: Peek, message: HandedIn, before: Inbox | None) -> ReferralRecord | Submission:
    """A message as a record of its system; of what is no such, what is put before the gate, by what it is known."""
    posted, source = message.posted, message.source
    if before is not None and before.state is MessageState.REFUSED:
        message.again()
    if _has_gone(before) or posted.event in OFF_BUS_EVENTS:
        return header_alone(house, rows, source, posted)
    if posted.event in ABOUT_NOBODY:
        return about_nobody(house, rows, source, posted)
    if posted.sender != source.system.agency:  # whatever it says of whom, it is not theirs to say
        return header_alone(house, rows, source, posted)
    return as_record(posted, Made(source, house.keys.digest, rows.now))


def _addressed(
    house: House, rows: Peek, message: HandedIn, record: ReferralRecord, before: Inbox | None
) -> Submission | StandsAlready:
    own = before if before is not None and before.system == record.source.system.id else None
    found = address(house, rows, record, own)
    if isinstance(found, Submission) and found.referral is not None:
        _must_be_current(record, found.referral)
    if isinstance(found, NothingToSay):
        return StandsAlready(message.posted, record.number or "")
    if isinstance(found, NothingYet):
        fault = Fault("Task.identifier", "no referral's number", "the hub's number that came with the referral")
        raise NotOurMessage([fault])
    _must_agree(message.posted, found)
    return found


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


def _decide(house: House, ready: Sequence[_Ready], version: int) -> dict[HandedIn, Processed]:
    """Gate 1, in one unit. Not answered is what has to be addressed anew: something of it has changed since."""
    submissions = [each.submission for each in ready]
    share: set[str] = set().union(*map(locks_of, submissions))
    own = {locks.digest(name) for each in ready for name in _own(each.message)}
    done: dict[HandedIn, Processed] = {}
    with house.store.unit(share=share, own=sorted(own)) as unit:
        if unit.directory.all().version != version:
            return {}
        messages = [each.message for each in ready]
        before, taken = _before(unit, messages), _taken(unit, messages)
        # their rows in one order, whoever asks: so no two processes wait for each other
        unit.referrals.of_numbers(sorted({each.referral.number for each in submissions if each.referral}))
        for ours in _by_system(submissions, lambda submission: submission.record.source.system.id):
            gate.read_ahead(unit, ours)
        for each in ready:
            key = each.message.source.key
            found = _decide_one(house, unit, each, before.get(key), other=key in taken)
            if found is not None:
                done[each.message] = _placed(house, each.submission, found)
    return done


def _own(message: HandedIn) -> Iterator[str]:
    """What two processes must not judge at once: an id, and of an answer its enquiry, which is answered once."""
    yield message.source.key
    if message.posted.event == ANSWER:
        yield f"answer:{message.posted.number}"


def _decide_one(house: House, unit: Unit, ready: _Ready, before: Inbox | None, *, other: bool) -> Processed | None:
    """The same of one.

    Args:
        other: its envelope has held another message.
    """
    source, posted, submission = ready.message.source, ready.message.posted, ready.submission
    if not still_holds(unit, submission):
        return None
    if posted.event == ANSWER:
        must_have_been_asked(unit, submission.record, posted)
    gone = _has_gone(before)
    if before is not None and gone and before.digest == source.digest:
        known = unit.decisions.get(before.decision_id)
        assert known is not None, "a message has its decision"
        return Processed(posted, before, known[0], known[1], repeated=True)
    if gone != ready.bare:
        return None  # another one has gone meanwhile, or was given back
    if gone or other:
        apart = replace(source, key=f"{source.key}/{source.digest[:12]}")
        submission = replace(submission, record=replace(submission.record, source=apart), well_formed=False)
        before = unit.inbox.latest(apart.system.id, [apart.key]).get(apart.key)
    if before is not None and before.system != source.system.id:
        before = None  # refused through another system: nothing has gone
    found = judge(house, unit, replace(submission, own_id=ready.message.own_id), before)
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


def _before(rows: Peek, messages: Sequence[HandedIn]) -> dict[str, Inbox]:
    """By key the latest message under an id, through whichever system of its agency; first of all one that has gone."""
    own = {each.source.key: each.source.system for each in messages}
    agencies = {system.agency for system in own.values()}
    theirs = [each.id for each in rows.directory.all().systems.values() if each.agency in agencies]
    found: dict[str, list[Inbox]] = {}
    for row in rows.inbox.latest_of_each(theirs, own):
        found.setdefault(row.record_key, []).append(row)
    return {
        key: min(those, key=lambda row: (row.state in IN_VAIN, row.system != own[row.record_key].id))
        for key, those in found.items()
    }


def _taken(rows: Peek, messages: Sequence[HandedIn]) -> set[str]:
    """The keys of those whose envelope has held another message of their agency."""
    agencies = {each.source.system.agency for each in messages}
    keys = {each.source.revision: each.source.key for each in messages}
    under = rows.inbox.under_envelopes(agencies, keys)
    return {keys[revision] for revision, key in under if key != keys[revision]}
