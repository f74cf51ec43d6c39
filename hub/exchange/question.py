"""The question that both gates ask, and that is asked once more of what lies at a worker's: may this message go from
this sender to that recipient, about this person?

Gate 2 asks it about what was sealed: the same ends, systems, service and event, the items that are left, the referral
as it stands now. What gate 1 alone can know, and has answered for good, is not asked again: whether matching found one
person, whether the referral allows the step, whether the case at the source is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from consent.gather import Question
from consent.model import Anonymous, Decision, Facts, Item, Message, Referral
from consent.model.words import Category, Purpose
from hub.directory import answers_for
from hub.exchange.anonymous import Coded, read_coded
from hub.exchange.building import type_of
from hub.exchange.house import House
from hub.exchange.message import ADD, override_of
from hub.exchange.submission import Submission
from hub.model.directory import Service
from hub.model.envelope import ABOUT_NOBODY, BESIDE_A_REFERRAL, OF_NO_REFERRAL, REPORTS, Envelope
from hub.model.fhir import resources
from hub.model.rows import Handover, Inbox, ReferralRow
from hub.ports import Directory, Peek


def at_gate_1(submission: Submission) -> Question:
    """About a record that was addressed."""
    record, led = submission.record, submission.led
    transition = submission.steps[-1].transition if submission.steps else None
    return Question(
        sender=record.source.system.agency,
        recipient=led.agency,
        speaks_for_itself=led.own,
        routed=led.routed,
        systems=(record.source.system.id, led.system),
        identity=led.identity,
        deceased=record.deceased,
        message=Message(
            type=submission.type,
            event=submission.event,
            purpose=submission.purpose,
            items=submission.items,
            subject=led.subject,
            required=required_of(led.service),
            service=led.service.id if led.service else None,
            referral=_referral(submission.referral, transition) if submission.event != ADD else None,
            case_closed=record.case_closed,
            transition_allowed=submission.allowed,
            state_unchanged=submission.unchanged,
            risk_flags=record.declared.risks if record.declared else record.risks,
            anonymous=submission.anonymous,
            labelled_purpose=submission.labelled or None,
        ),
        authenticated=submission.authenticated,
        well_formed=submission.well_formed,
        override=submission.override,
        source=f"{record.source.system.id}/{record.source.key}",
    )


def at_gate_2(house: House, rows: Peek, row: Handover, envelope: Envelope, items: Sequence[Item]) -> Question:
    """About what was sealed. A service that was closed or moved since is no way; nor is a system of somebody else."""
    referral = rows.referrals.get(row.referral_no) if row.referral_no else None
    services = rows.directory.all().services
    service = next((service for service in services if service.id == row.service), None) if row.service else None
    open_still = service is not None and service.status == "active" and service.system == row.system
    into = rows.directory.all().systems.get(row.system)
    whose = envelope.sender if envelope.event in REPORTS else envelope.recipient  # who uploads it (settled S1)
    theirs = into is not None and into.agency == whose
    out_of, may_speak = _came_from(rows, row, referral, envelope)
    override = override_of(envelope.bundle)
    declared = rows.overrides.get(override) if override else None
    return Question(
        sender=envelope.sender,
        recipient=envelope.recipient,
        speaks_for_itself=may_speak,
        routed=theirs and (row.service is None or open_still),
        systems=(out_of, row.system),
        decision_age_s=max(0.0, (rows.now - envelope.created_at).total_seconds()),
        message=Message(
            type=type_of(house, envelope.event, envelope.bundle, referral.service if referral else None),
            event=envelope.event,
            purpose=Purpose(envelope.purpose),
            items=tuple(items),
            subject=row.subject_ref,
            required=required_of(service),
            service=row.service,
            referral=_referral(referral, None) if envelope.event != ADD else None,
            risk_flags=declared.risks if declared else (),
            anonymous=_anonymous(house, envelope),
        ),
        override=override,
        envelope=row.envelope_id,
        message_id=row.message_id,
    )


def _anonymous(house: House, envelope: Envelope) -> Anonymous | None:
    """What a message about nobody holds; how many people it fits is asked anew."""
    if envelope.event not in ABOUT_NOBODY:
        return None
    held = [
        each for each in resources(envelope.bundle) if each["resourceType"] not in ("MessageHeader", "Organization")
    ]
    clean = [{name: part for name, part in each.items() if name != "author"} for each in held]  # the hub's own word
    coded = read_coded(envelope.event, dict(enumerate(clean)), envelope.created_at.date())
    return told_of(house, coded) if coded else None


def told_of(house: House, coded: Coded) -> Anonymous:
    """What was read of it, with the count of the people whom it fits."""
    return Anonymous(coded.strange, house.catchment.people(coded.attributes) if coded.attributes else None)


def message_of(rows: Peek, row: Handover) -> Inbox:
    """The message that a hand-over is of."""
    message = rows.inbox.get(row.message_id)
    assert message is not None, "a hand-over belongs to a message"
    return message


def of_what_lies(rows: Peek, row: Handover, facts: Facts, decision: Decision) -> Question:
    """About a report that lies where its worker has still to pass it on: all of it that was let go.

    Args:
        facts: which gate 2 had when it let it go. The content is gone; they say what it is of.
        decision: and how it answered.
    """
    message = message_of(rows, row)
    kept_back = {each.path for each in decision.withheld}
    left = tuple([item for item in facts.message.items if item.path not in kept_back])
    return Question(
        sender=facts.sender.agency,
        recipient=facts.recipient.agency,
        routed=row.system in rows.directory.all().systems,
        systems=(message.system, row.system),
        message=replace(facts.message, items=left),
        message_id=row.message_id,
    )


def required_of(service: Service | None) -> tuple[Category, ...] | None:
    """The categories that the addressed service states, or None: those of the profile."""
    return tuple(Category(word) for word in service.required) if service and service.required else None


def _referral(row: ReferralRow | None, transition: str | None) -> Referral | None:
    if row is None:
        return None
    return Referral(row.number, row.sender, row.recipient, row.consent_id, row.state, transition)


def _came_from(rows: Peek, row: Handover, referral: ReferralRow | None, envelope: Envelope) -> tuple[str, bool]:
    """The system that the message came out of, and whether it may speak; ("", True) where no referral says so.

    An answer may stand in another system than the referral came into: as long as a service of the directory says so.
    """
    if envelope.event in OF_NO_REFERRAL:
        told = rows.inbox.get(row.message_id)
        return (told.system, True) if told is not None else ("", False)
    if referral is None:
        return "", True
    directory, received = rows.directory.all(), referral.recipient_system
    if envelope.event in BESIDE_A_REFERRAL:  # whichever system of its agency's
        shared = rows.inbox.get(row.message_id)
        return (shared.system, True) if shared is not None else ("", False)
    if envelope.sender == referral.sender:
        return referral.sender_system, True
    if sum(system.agency == envelope.sender for system in directory.systems.values()) < 2:  # no question: spare it
        return received, True
    message = rows.inbox.get(row.message_id)
    system = message.system if message is not None else received
    return system, may_answer(system, directory, referral)


def may_answer(system: str, directory: Directory, referral: ReferralRow) -> bool:
    """Whether a referral came into a system, or its agency answers it there: a service of the directory says so."""
    known = directory.systems.get(system)
    if system == referral.recipient_system or known is None:
        return system == referral.recipient_system
    own = [service for service in directory.services if service.agency == known.agency == referral.recipient]
    return answers_for(system, referral.recipient_system, referral.service or "", own)
