"""What a permit of gate 1 does, in the unit that decided it: number, withhold, seal, and put it on its way.

Each pair of agencies has its own referral number, each agency its own alias of the person and of the consent. A report
to a funder belongs to no referral, and has a number of its own in that place.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from consent.model import Decision, Facts
from hub.exchange import correcting, reports
from hub.exchange.entries import acting, decided
from hub.exchange.grants import keep_words
from hub.exchange.house import House
from hub.exchange.kept import kept
from hub.exchange.message import ADD, Numbers, renumber
from hub.exchange.moving import Mover, days_of, loop_days, move_on
from hub.exchange.reports import Place
from hub.exchange.submission import Submission
from hub.exchange.withhold import withhold
from hub.model.canonical import canonical, content_digest, sha256
from hub.model.envelope import BESIDE_A_REFERRAL, OF_NO_REFERRAL, Envelope, MessageState
from hub.model.fhir import Resource, resources
from hub.model.rows import Handover, Inbox, Outbound, ReferralRow
from hub.ports import Unit

SALT_BYTES = 32  # consent rules 4.1: salt of the payload digest


def release(house: House, unit: Unit, submission: Submission, row: Inbox, facts: Facts, decision: Decision) -> Inbox:
    """Seal what may go and keep it with its hand-over, its audit entry and the referral's steps.

    Args:
        row: the message as gate 1 accepted it.

    Returns:
        The same message, on its way.
    """
    alone = submission.event in OF_NO_REFERRAL
    referral = None if alone else _referral(house, submission, decision)
    if referral is None:
        place = reports.place_of(house, unit, submission.record)
    else:
        referral, place = _in_lane(referral, submission)
    numbers = _numbers(unit, submission, place, referral)
    content = withhold(renumber(submission.bundle, numbers), decision.withheld)
    salt = house.ids.octets(SALT_BYTES)
    envelope = Envelope(
        envelope_id=submission.ids.envelope_id,
        message_id=row.message_id,
        lane=place.lane,
        lane_seq=place.seq,
        sender=facts.sender.agency,
        recipient=submission.led.agency,
        event=submission.event,
        purpose=submission.word_of_purpose,
        decision_id=row.decision_id,
        consents=tuple(name for name in decision.basis if name.startswith("consent:")),
        salt=salt.hex(),
        created_at=unit.now,
        bundle=content,
    )
    _hand_over(house, unit, submission, place, envelope, facts, decision)
    declared = unit.overrides.get(submission.override) if submission.override else None
    if declared is not None and submission.record.declared is not None:
        keep_words(house, unit, declared, submission.record.declared)
    if referral is not None:
        referral = _kept(referral, submission, content)
        said = submission.record.said
        modified = said.modified_at.isoformat() if said.modified_at else None
        zone = ZoneInfo(house.packs.facts(unit.directory.all().agencies[referral.sender].pack).zone)
        days = days_of(submission.record.entries, zone) if submission.steps else {}
        actor = acting(submission.record.source.system)
        mover = Mover(said.writer, actor, row.message_id, modified, said.reason, **days)
        move_on(unit, referral, submission.steps, mover, loop_days(house, unit, referral))
    digest = _digest(salt, content)
    unit.audit.append(decided(submission, facts, decision, row.decision_id, unit.now, payload_digest=digest))
    unit.waiting.settle(row.system, [row.record_key])
    if submission.corrects:
        correcting.sent(unit, place.number, envelope.envelope_id)
    return replace(
        row,
        state=MessageState.RELEASED,
        ended_at=None,
        envelope_id=envelope.envelope_id,
        referral_no=place.number,
    )


def _kept(referral: ReferralRow, submission: Submission, content: Resource) -> ReferralRow:
    """With what its two ends may read of this message again; what rides beside a referral says nothing of it."""
    if submission.event in BESIDE_A_REFERRAL:
        return referral
    asked = next(resources(submission.bundle, "ServiceRequest"), None)
    requester = submission.record.said.writer == "S"
    return replace(referral, kept=kept(referral.kept, content, requester=requester, asked=asked))


def _hand_over(
    house: House,
    unit: Unit,
    submission: Submission,
    place: Place,
    envelope: Envelope,
    facts: Facts,
    decision: Decision,
) -> None:
    """Sealed body and key into the outbox, and the hand-over that will lead them to their recipient."""
    topic = unit.directory.all().agencies[envelope.recipient].topic
    sealed, wrapped = house.keys.seal(envelope, topic=topic, at=unit.now)
    unit.outbox.put(Outbound(envelope.envelope_id, 0, topic, envelope.lane, sealed, unit.now), wrapped)
    unit.handovers.put(
        Handover(
            envelope_id=envelope.envelope_id,
            message_id=envelope.message_id,
            recipient=envelope.recipient,
            system=submission.led.system,
            service=submission.led.service.id if submission.led.service else None,
            lane=envelope.lane,
            lane_seq=envelope.lane_seq,
            state=MessageState.RELEASED,
            sha256=sha256(sealed.body),
            subject_ref=submission.led.subject,
            referral_no=place.number,
            attempts=0,
            due_at=unit.now,
            return_at=unit.now + house.limits.return_after,
        ),
        _relied_on(facts, decision, submission.record.source.system.id, submission.led.system),
    )


def _digest(salt: bytes, content: Resource) -> str:
    return content_digest(salt, canonical(content))


def _relied_on(facts: Facts, decision: Decision, *systems: str) -> set[str]:
    """What a permit rests on, without versions: whoever ends one of these drains the hand-overs that rely on it."""
    ends = {f"agency:{facts.sender.agency}", f"agency:{facts.recipient.agency}", *(f"system:{s}" for s in systems)}
    return {name.split("/")[0] for name in decision.basis} | ends


def _in_lane(referral: ReferralRow, submission: Submission) -> tuple[ReferralRow, Place]:
    """The next place in the lane that leads to this message's recipient."""
    if submission.led.agency == referral.recipient:
        referral = replace(referral, lane_seq=referral.lane_seq + 1)
        return referral, Place(referral.number, referral.lane, referral.lane_seq)
    assert submission.led.agency == referral.sender, "a referral has two ends"
    referral = replace(referral, back_seq=referral.back_seq + 1)
    return referral, Place(referral.number, referral.back_lane, referral.back_seq)


def _referral(house: House, submission: Submission, decision: Decision) -> ReferralRow:
    """The stored referral, or the one that this request opens."""
    consent_id = next((n.split(":")[1].split("/")[0] for n in decision.basis if n.startswith("consent:")), None)
    if submission.referral is not None:
        if submission.event != ADD:
            return submission.referral
        return replace(  # asked again: the service may be another one now, or live in another system
            submission.referral,
            consent_id=consent_id,
            service=submission.record.wanted,
            recipient_system=submission.led.system,
        )
    assert submission.led.subject is not None, "nobody is no subject of a permit"
    source = submission.record.source
    return ReferralRow(
        number=house.ids.number(),
        lane=house.ids.number(),
        back_lane=house.ids.number(),
        sender=source.system.agency,
        sender_system=source.system.id,
        sender_key=submission.record.placer,
        recipient=submission.led.agency,
        recipient_system=submission.led.system,
        service=submission.record.wanted,
        subject_ref=submission.led.subject,
        consent_id=consent_id,
        state="draft",
    )


def _numbers(unit: Unit, submission: Submission, place: Place, referral: ReferralRow | None) -> Numbers:
    """The placeholders' real numbers, minted where this agency has none yet."""
    subject = submission.led.subject
    consent_id = referral.consent_id if referral is not None and submission.event == ADD else None
    return replace(
        submission.ids,
        referral_no=place.number,
        client_alias=unit.subjects.alias(submission.led.agency, subject) if subject else None,
        consent_no=unit.consents.number(consent_id, submission.led.agency) if consent_id else None,
    )
