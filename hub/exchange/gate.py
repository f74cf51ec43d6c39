"""The gate: where the facts are gathered, the rules are asked, and the answer is enforced (INV-4). It happens
here, and where a hand-over is opened.

Gate 1 judges a submission in one unit: decision, facts, audit entry and, on a permit, the sealed envelope commit
together or not at all. What was refused is not kept: only where it is, why, and what would wake it (INV-6).
Gate 2 asks the same question again in ``handover.py``, in the unit that opens; its answer governs. ``taking_back.py``
asks once more of what a worker has still to pass on by hand, and can only take it back; ``asking.py`` of each
referral that one of its two ends reads again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from consent.decide import decide
from consent.gather import gather
from consent.model import Decision, Facts
from hub.exchange import addressing, correcting
from hub.exchange.addressing import again
from hub.exchange.ending import CHANGED
from hub.exchange.entries import alarm, decided
from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import Ambiguous, One
from hub.exchange.question import at_gate_1
from hub.exchange.release import release
from hub.exchange.submission import Submission
from hub.exchange.waiting import refuse
from hub.model import locks
from hub.model.envelope import MessageState
from hub.model.rows import Inbox, ReferralRow
from hub.ports import Unit

RECORD_CORRUPT = "RECORD_CORRUPT"  # something of a person in the registry can no longer be read


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that has stood before gate 1, and what was decided on which facts."""

    message: Inbox
    facts: Facts
    decision: Decision


def locks_of(submission: Submission) -> set[str]:
    """What gate 1 shares: the directory, the person, and the digests of a person whom perhaps nobody knows yet."""
    person = submission.record.person
    shared = {locks.CONFIG} | {locks.digest(digest) for digest in (person.found_by() if person else ())}
    return shared | {locks.subject(ref) for ref in (submission.led.subject, *submission.led.candidates) if ref}


def read_ahead(unit: Unit, submissions: Sequence[Submission]) -> None:
    """Ask at once for a batch what is asked again for each of its messages: the unit keeps the answers.

    Args:
        submissions: of one system.
    """
    records = [submission.record for submission in submissions]
    addressing.read_ahead(unit, records)
    unit.waiting.of(records[0].source.system.id, [record.source.key for record in records])
    facts = unit.subjects.facts([ref for submission in submissions if (ref := submission.led.subject)])
    unit.consents.numbers([consent.consent_id for known in facts.values() for consent in known.consents])
    for agency in {submission.led.agency for submission in submissions}:
        unit.subjects.with_alias(agency, facts)


def still_holds(unit: Unit, submission: Submission) -> bool:
    """Whether what was found in a peek is so under the locks; else the record is addressed again."""
    if _apart_from_lanes(addressing.referral_of(unit, submission.record), submission) != _apart_from_lanes(
        submission.referral, submission
    ):
        return False
    if again(unit, submission.record, submission.referral) != submission.in_vain:
        return False
    if not correcting.still_asked(unit, submission):
        return False
    person = submission.record.person
    if person is None or not submission.led.looked_up:
        return True
    found = identify_client(unit, person, submission.record.alias, submission.record.source.system.agency)
    if isinstance(found, One):
        return found.subject_ref == submission.led.subject
    refs = found.subject_refs if isinstance(found, Ambiguous) else ()
    return submission.led.subject is None and refs == submission.led.candidates


def _as_it_stands(unit: Unit, submission: Submission) -> Submission:
    """What rides beside a referral, with the referral as it stands now: others of the same unit may ride on it too."""
    if not submission.record.shared:
        return submission
    return replace(submission, referral=addressing.referral_of(unit, submission.record))


def _apart_from_lanes(referral: ReferralRow | None, submission: Submission) -> ReferralRow | None:
    """A referral without the places that its messages have taken, where the message says nothing of how it stands."""
    return replace(referral, lane_seq=0, back_seq=0) if referral and submission.record.shared else referral


def judge(house: House, unit: Unit, submission: Submission, previous: Inbox | None) -> Judged:
    """Gate 1, for one recipient: decide, write it down, and release or let wait.

    Args:
        previous: the message of the same record before this one.
    """
    submission = _as_it_stands(unit, submission)
    facts = gather(unit, at_gate_1(submission), house.packs)
    decision = decide(facts)
    for ref in sorted(ref for ref, known in facts.subjects.items() if known.corrupt):
        unit.audit.append(alarm(RECORD_CORRUPT, unit.now, subject_ref=ref))
    row = _accepted(unit, house.ids.uuid(), submission, facts, decision, previous)
    unit.decisions.put(row.decision_id, row.message_id, 1, facts, decision)
    if decision.permits:
        row = release(house, unit, submission, row, facts, decision)
    else:
        unit.audit.append(decided(submission, facts, decision, row.decision_id, unit.now))
        refuse(house, unit, submission.record, row, facts)
        correcting.refused(unit, submission, row.code or "")
    unit.inbox.put(row)
    return Judged(row, facts, decision)


def _accepted(
    unit: Unit, decision_id: str, submission: Submission, facts: Facts, decision: Decision, previous: Inbox | None
) -> Inbox:
    """The message as it stands before anything is released: refused, as long as nothing else is written.

    Messages of a record stand in the order of ``accepted_at``, also where the clock was set back or stands.
    """
    source = submission.record.source
    tried = unit.inbox.attempts(source.system.id, source.key, source.revision) if previous else 0
    first = previous.accepted_at + timedelta(microseconds=1) if previous else unit.now
    returned = previous is not None and previous.state is MessageState.RETURNED and previous.code != CHANGED
    return Inbox(
        message_id=submission.ids.message_id,
        system=source.system.id,
        record_key=source.key,
        revision=source.revision,
        attempt=tried + 1,
        digest=source.digest,
        agency=source.system.agency,
        event=submission.event,
        recipient=facts.recipient.agency,
        decision_id=decision_id,
        state=MessageState.REFUSED,
        code=decision.codes[0].value,
        accepted_at=max(unit.now, first),
        ended_at=unit.now,
        previous=previous.message_id if previous and tried else None,  # sent again: it names the one before
        returns=previous.returns + 1 if previous is not None and returned else 0,
        own_id=submission.own_id,
    )
