"""The gate: where the facts are gathered, the rules are asked, and the answer is enforced. There is no other (INV-4).

Gate 1 judges a submission in one unit: decision, facts, audit entry and, on a permit, the sealed envelope commit
together or not at all. What was refused is not kept: only where it is, why, and what would wake it (INV-6).
Gate 2 asks the same question again when a hand-over is opened (``handover.py``); its answer governs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from consent.decide import decide
from consent.gather import Question, gather
from consent.model import Decision, Facts, Message, Referral
from hub.exchange import addressing
from hub.exchange.addressing import Submission
from hub.exchange.entries import decided, moved
from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import Ambiguous, One
from hub.exchange.message import ADD, Numbers, renumber
from hub.exchange.waiting import refuse
from hub.exchange.withhold import withhold
from hub.model import locks
from hub.model.canonical import canonical, content_digest, sha256
from hub.model.envelope import Envelope, MessageState
from hub.model.rows import Handover, Inbox, Outbound, ReferralEvent, ReferralRow
from hub.ports import Unit

SALT_BYTES = 32  # consent rules 4.1: salt of the payload digest


def locks_of(submission: Submission) -> set[str]:
    """What gate 1 shares: the directory, the person, and the digests of a person whom perhaps nobody knows yet."""
    person = submission.record.person
    shared = {locks.CONFIG} | {locks.digest(digest) for digest in (person.kinds() if person else ())}
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


def still_holds(unit: Unit, submission: Submission, previous: Inbox | None) -> bool:
    """Whether what was found in a peek is so under the locks; else the record is addressed again."""
    now = unit.referrals.get(submission.referral.number) if submission.referral else _opened_meanwhile(unit, submission)
    if now != submission.referral:
        return False
    if addressing.sent_in_vain(unit, now, submission.record, previous) != submission.in_vain:
        return False
    person = submission.record.person
    if person is None or submission.referral is not None:
        return True
    found = identify_client(unit, person, submission.record.source.system.agency)
    if isinstance(found, One):
        return found.subject_ref == submission.led.subject
    refs = found.subject_refs if isinstance(found, Ambiguous) else ()
    return submission.led.subject is None and refs == submission.led.candidates


def _opened_meanwhile(unit: Unit, submission: Submission) -> ReferralRow | None:
    source = submission.record.source
    return unit.referrals.of_sender(source.system.id, source.key)


def judge(house: House, unit: Unit, submission: Submission, previous: Inbox | None) -> Decision:
    """Gate 1, for one recipient.

    Args:
        previous: the message of the same record that this one sends again, or of an earlier revision.
    """
    facts = gather(unit, _question(submission), house.packs)
    if submission.record.deceased:  # the record says so, before the registry does
        facts = unit.decisions.gathered(_with_death(facts))
    decision = decide(facts)
    decision_id = house.ids.uuid()
    unit.decisions.put(decision_id, submission.ids.message_id, 1, facts, decision)
    if decision.permits:
        row = _release(house, unit, submission, facts, decision, decision_id)
    else:
        row = _refused_row(submission, facts, decision, decision_id, unit.now)
        unit.audit.append(decided(submission, facts, decision, decision_id, unit.now))
        refuse(house, unit, submission.record, row, facts)
    unit.inbox.put(_after(row, previous))
    return decision


def _after(row: Inbox, previous: Inbox | None) -> Inbox:
    """The message as it follows the one before it of the same record.

    Messages of a record stand in the order of ``accepted_at``, also where the clock was set back or stands.
    """
    if previous is None:
        return row
    later = max(row.accepted_at, previous.accepted_at + timedelta(microseconds=1))
    row = replace(row, accepted_at=later)
    if previous.revision == row.revision:  # sent again: a new message that names the old one
        return replace(row, attempt=previous.attempt + 1, previous=previous.message_id)
    return row


def _question(submission: Submission) -> Question:
    record = submission.record
    return Question(
        sender=record.source.system.agency,
        recipient=submission.led.agency,
        routed=submission.led.routed,
        systems=(record.source.system.id, submission.led.system),
        identity=submission.led.identity,
        message=Message(
            type=submission.type,
            event=submission.event,
            purpose=submission.purpose,
            items=submission.items,
            subject=submission.led.subject,
            required=submission.required,
            service=submission.led.service.id if submission.led.service else None,
            referral=referral_facts(submission.referral, submission.steps[-1].transition if submission.steps else None)
            if submission.event != ADD
            else None,
            case_closed=record.case_closed,
            transition_allowed=submission.allowed,
        ),
    )


def referral_facts(row: ReferralRow | None, transition: str | None) -> Referral | None:
    """What the rules may know of the referral that an event belongs to."""
    if row is None:
        return None
    return Referral(row.number, row.sender, row.recipient, row.consent_id, row.state, transition)


def _with_death(facts: Facts) -> Facts:
    return replace(facts, subjects={ref: replace(known, deceased=True) for ref, known in facts.subjects.items()})


def _refused_row(submission: Submission, facts: Facts, decision: Decision, decision_id: str, now: datetime) -> Inbox:
    source = submission.record.source
    return Inbox(
        message_id=submission.ids.message_id,
        system=source.system.id,
        record_key=source.key,
        revision=source.revision,
        attempt=1,
        digest=source.digest,
        agency=source.system.agency,
        event=submission.event,
        recipient=facts.recipient.agency,
        decision_id=decision_id,
        state=MessageState.REFUSED,
        code=decision.codes[0].value,
        accepted_at=now,
        ended_at=now,
    )


def _release(
    house: House,
    unit: Unit,
    submission: Submission,
    facts: Facts,
    decision: Decision,
    decision_id: str,
) -> Inbox:
    """Number, withhold, seal, and put it into the outbox with its audit entry and the referral's steps."""
    ids = submission.ids
    referral = _referral(house, submission, decision)
    numbers = _numbers(unit, submission, referral)
    content = withhold(renumber(submission.bundle, numbers), decision.withheld)
    if submission.led.agency == referral.recipient:
        lane, seq = referral.lane, referral.lane_seq + 1
        referral = replace(referral, lane_seq=seq)
    else:
        lane, seq = referral.back_lane, referral.back_seq + 1
        referral = replace(referral, back_seq=seq)
    salt = house.ids.octets(SALT_BYTES)
    envelope = Envelope(
        envelope_id=ids.envelope_id,
        message_id=ids.message_id,
        lane=lane,
        lane_seq=seq,
        sender=facts.sender.agency,
        recipient=submission.led.agency,
        event=submission.event,
        purpose=submission.purpose.value,
        decision_id=decision_id,
        consents=tuple(name for name in decision.basis if name.startswith("consent:")),
        salt=salt.hex(),
        created_at=unit.now,
        bundle=content,
    )
    topic = facts_topic(unit, submission.led.agency)
    sealed, wrapped = house.keys.seal(envelope, topic=topic, at=unit.now)
    unit.outbox.put(Outbound(ids.envelope_id, 0, topic, lane, sealed, unit.now), wrapped)
    unit.handovers.put(
        _handover(house, unit, submission, envelope, referral.number, sha256(sealed.body)),
        basis_names(facts, decision, submission.record.source.system.id, submission.led.system),
    )
    _move(unit, submission, referral)
    digest = content_digest(salt, canonical(content))
    unit.audit.append(decided(submission, facts, decision, decision_id, unit.now, payload_digest=digest))
    source = submission.record.source
    unit.waiting.settle(source.system.id, [source.key])
    refused = _refused_row(submission, facts, decision, decision_id, unit.now)
    return replace(
        refused, state=MessageState.RELEASED, ended_at=None, envelope_id=ids.envelope_id, referral_no=referral.number
    )


def _handover(
    house: House, unit: Unit, submission: Submission, envelope: Envelope, number: str, sha256_hex: str
) -> Handover:
    """The hand-over that this envelope waits for; its 72 hours begin now."""
    return Handover(
        envelope_id=envelope.envelope_id,
        message_id=envelope.message_id,
        recipient=envelope.recipient,
        system=submission.led.system,
        lane=envelope.lane,
        lane_seq=envelope.lane_seq,
        state=MessageState.RELEASED,
        sha256=sha256_hex,
        subject_ref=submission.led.subject,
        referral_no=number,
        attempts=0,
        due_at=unit.now,
        return_at=unit.now + house.limits.return_after,
    )


def facts_topic(unit: Unit, agency: str) -> str:
    """The topic of an agency."""
    return unit.directory.all().agencies[agency].topic


def basis_names(facts: Facts, decision: Decision, *systems: str) -> set[str]:
    """What a permit rests on, without versions: whoever ends one of these drains the hand-overs that rely on it."""
    relied = {name.split("/")[0] for name in decision.basis}
    ends = {
        f"agency:{facts.sender.agency}",
        f"agency:{facts.recipient.agency}",
        *(f"system:{name}" for name in systems),
    }
    return relied | ends


def _referral(house: House, submission: Submission, decision: Decision) -> ReferralRow:
    """The stored referral, or the one that this request opens."""
    consent_id = next((n.split(":")[1].split("/")[0] for n in decision.basis if n.startswith("consent:")), None)
    if submission.referral is not None:
        resent = submission.event == ADD
        return replace(submission.referral, consent_id=consent_id) if resent else submission.referral
    assert submission.led.subject is not None
    source = submission.record.source
    return ReferralRow(
        number=house.ids.number(),
        lane=house.ids.number(),
        back_lane=house.ids.number(),
        sender=source.system.agency,
        sender_system=source.system.id,
        sender_key=source.key,
        recipient=submission.led.agency,
        recipient_system=submission.led.system,
        service=submission.record.wanted,
        subject_ref=submission.led.subject,
        consent_id=consent_id,
        state="draft",
    )


def _numbers(unit: Unit, submission: Submission, referral: ReferralRow) -> Numbers:
    """Each pair of agencies its own referral number, each agency its own alias of the person and of the consent."""
    assert submission.led.subject is not None
    opened = submission.event == ADD and referral.consent_id is not None
    return replace(
        submission.ids,
        referral_no=referral.number,
        client_alias=unit.subjects.alias(submission.led.agency, submission.led.subject),
        consent_no=unit.consents.number(referral.consent_id or "", submission.led.agency) if opened else None,
    )


def _move(unit: Unit, submission: Submission, referral: ReferralRow) -> None:
    """Append the referral's versions (rule a): implied steps first, then what was said."""
    said = submission.record.said
    modified = said.modified_at.isoformat() if said.modified_at else None
    row = referral
    for step in submission.steps:
        left = row.state if step.state in ("cancel-requested", "on-hold") else None
        row = replace(row, state=step.state, version=row.version + 1, left_state=left)
        unit.referrals.append(
            ReferralEvent(
                number=row.number,
                version=row.version,
                transition=step.transition,
                state=step.state,
                writer=said.writer,
                implied=step.implied,
                at=unit.now,
                modified_at=modified,
                reason=said.reason,
                message_id=submission.ids.message_id,
            )
        )
        unit.audit.append(moved(row, step, submission.record.source.system, submission.ids.message_id, unit.now))
    stamps = dict(row.modified)
    if modified:
        stamps[said.writer] = modified
    unit.referrals.put(replace(row, modified=stamps))
