"""Audit entries of the road (consent rules 4.1): codes, ids, categories. Never content, never a personal value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from consent.facts import policy_digest
from consent.model import Decision, Facts
from consent.model.declared import Declaration
from hub.exchange.submission import Submission
from hub.model.audit import NO_PURPOSE, Actor, AuditEvent, Entry
from hub.model.directory import System
from hub.model.record import Loss
from hub.model.rows import Handover, Notice, ReferralRow
from hub.referral import Step

HUB = Actor(ref="system:hub")
_OVERRIDE = "override:"  # as a decision's basis names it


def acting(system: System) -> Actor:
    """A system acts on behalf of its agency (design §4)."""
    return Actor(ref=f"system:{system.id}", agency=system.agency, on_behalf_of=system.agency)


def decision_details(facts: Facts, decision: Decision, decision_id: str, message_id: str) -> dict[str, Any]:
    """What every decision says in the log, at either gate."""
    message = facts.message
    asked = {item.category.value for item in message.items}
    kept_back = {item.path for item in decision.withheld}
    overrides = [name.removeprefix(_OVERRIDE) for name in decision.basis if name.startswith(_OVERRIDE)]
    released = {item.category.value for item in message.items if item.path not in kept_back}
    return {
        "subject_ref": message.subject,
        "sender": facts.sender.agency,
        "recipient": facts.recipient.agency,
        "message_type": message.type,
        "message_id": message_id,
        "decision_id": decision_id,
        "purpose": message.purpose.value if message.purpose else NO_PURPOSE,
        "categories_requested": sorted(asked),
        "categories_released": sorted(released) if decision.permits else [],
        "categories_removed": sorted({item.category.value for item in decision.withheld}),
        "outcome": decision.outcome.value,
        "stage": decision.stage,
        "codes": [code.value for code in decision.codes],
        "withheld_codes": sorted({item.code.value for item in decision.withheld}),
        "basis": list(decision.basis),
        "pack": f"{facts.pack.pack}/{facts.pack.version}",
        "policy_digest": policy_digest(facts),
        "registry_seq": facts.system.registry_seq,
        "config_version": facts.system.config_version,
        **({"override_id": overrides[0]} if overrides else {}),
    }


def decided(
    submission: Submission,
    facts: Facts,
    decision: Decision,
    decision_id: str,
    at: datetime,
    *,
    payload_digest: str | None = None,
) -> Entry:
    """Gate 1 has answered."""
    source = submission.record.source
    ids = submission.ids
    details = decision_details(facts, decision, decision_id, ids.message_id)
    details |= {"event": submission.event, "source": f"{source.system.id}/{source.key}", "revision": source.revision}
    details |= _left_out(submission.record.losses)
    if payload_digest:
        details |= {"envelope_id": ids.envelope_id, "payload_digest": payload_digest}
    return Entry(AuditEvent.DECISION, at, acting(source.system), details)


def opened(
    facts: Facts,
    decision: Decision,
    decision_id: str,
    row: Handover,
    at: datetime,
    digest: str | None,
    losses: Sequence[Loss],
) -> Entry:
    """Gate 2 has answered; ``digest`` of what will be sent, where it permits, and what has no place there."""
    details = decision_details(facts, decision, decision_id, row.message_id)
    details |= {"envelope_id": row.envelope_id, "system": row.system, "attempt": row.attempts + 1}
    if facts.system.decision_age_s is not None:
        details["decision_age_ms"] = int(facts.system.decision_age_s * 1000)
    details |= _left_out(losses)
    if digest:
        details["payload_digest"] = digest
    elif row.opened_at is not None:
        details["opened_before"] = "unknown"  # an earlier open was never acknowledged: it may have arrived
    return Entry(AuditEvent.DELIVERY, at, HUB, details)


def _left_out(losses: Sequence[Loss]) -> dict[str, Any]:
    """The places that did not go across, in or out; of what their systems never carry the loss report tells."""
    places = sorted({loss.place for loss in losses})
    return {"left_out": places} if places else {}


def acknowledged(row: Handover, at: datetime, *, written: bool, code: str = "NO_WORD") -> Entry:
    """The recipient's system has it; or, not ``written``, has no word for what it says (shared model 6.2).

    Args:
        code: why it is not certain that it is there.
    """
    details = {
        "message_id": row.message_id,
        "envelope_id": row.envelope_id,
        "recipient": row.recipient,
        "system": row.system,
        "subject_ref": row.subject_ref,
    }
    if not written:
        details["reason_code"] = code
    return Entry(AuditEvent.ACK, at, HUB, details)


def taken_back(facts: Facts, decision: Decision, decision_id: str, row: Handover, at: datetime) -> Entry:
    """It was taken out where it lay before its worker passed it on, since it may not go any more, or not as it was."""
    details = decision_details(facts, decision, decision_id, row.message_id)
    details |= {"categories_released": [], "envelope_id": row.envelope_id, "system": row.system, "taken_back": True}
    return Entry(AuditEvent.DELIVERY, at, HUB, details)


def returned(row: Handover, code: str, at: datetime) -> Entry:
    """It went back to its sender.

    Args:
        code: why, one of those in ``hub/exchange/ending.py``.
    """
    details = {
        "message_id": row.message_id,
        "envelope_id": row.envelope_id,
        "recipient": row.recipient,
        "reason_code": code,
        "subject_ref": row.subject_ref,
    }
    if row.opened_at is not None:
        details["opened_before"] = "unknown"
    return Entry(AuditEvent.RETURNED, at, HUB, details)


def moved(row: ReferralRow, step: Step, actor: Actor, message_id: str | None, at: datetime) -> Entry:
    """A referral has one version more. ``message_id`` None: no message says so, its time is over."""
    details = {
        "referral_no": row.number,
        "subject_ref": row.subject_ref,
        "version": row.version,
        "transition": step.transition,
        "state": step.state,
        "implied": step.implied,
        "message_id": message_id,
    }
    return Entry(AuditEvent.REFERRAL_MOVED, at, actor, details)


def told(kind: str, code: str, system: str, record_key: str, notice_id: str, at: datetime) -> Entry:
    """A content-free word was written into a sender's own system."""
    details = {
        "notice_id": notice_id,
        "kind": kind,
        "reason_code": code,
        "system": system,
        "source": f"{system}/{record_key}",
    }
    return Entry(AuditEvent.NOTICE_SENT, at, HUB, details)


def declared_entry(declared: Declaration, actor: Actor, at: datetime) -> Entry:
    """A duty of care was declared: emergency override started (shared model 10)."""
    limbs = [limb.id for limb in declared.limbs if limb.attested]
    details = {"code": declared.code, "recipient": declared.recipient, "imminent": declared.imminent}
    details |= {"limbs": limbs, "worker": declared.worker, "consent_sought": declared.consent_sought}
    details |= {"notice": declared.notice, "source": f"{declared.system}/{declared.record_key}"}
    return override_entry(AuditEvent.OVERRIDE_DECLARED, declared, actor, at, **details)


def override_entry(event: AuditEvent, declared: Declaration, actor: Actor, at: datetime, **details: Any) -> Entry:
    """Something about a declaration. Codes and ids; its words are sealed elsewhere."""
    own = {"override_id": declared.override_id, "version": declared.version, "agency": declared.agency}
    about = {"subject_ref": declared.subject} if declared.subject else {}
    return Entry(event, at, actor, {**own, **about, **details})


def recalled(row: Notice, at: datetime) -> Entry:
    """A recipient's system has the word that a message is to be laid aside."""
    details = {
        "notice_id": row.notice_id,
        "kind": row.kind,
        "reason_code": row.code,
        "system": row.system,
        "envelope_id": row.record_key,
    }
    return Entry(AuditEvent.NOTICE_SENT, at, HUB, details)


def changed(row: Notice, at: datetime) -> Entry:
    """A recipient's system has the word that a consent has changed: its agency's own number of it, and how."""
    details = {"notice_id": row.notice_id, "kind": row.kind, "reason_code": row.code, "system": row.system}
    return Entry(AuditEvent.NOTICE_SENT, at, HUB, {**details, "consent_no": row.record_key})


def alarm(code: str, at: datetime, **details: Any) -> Entry:
    """Something that a person must look at."""
    return Entry(AuditEvent.ALARM, at, HUB, {"reason_code": code, **details})
