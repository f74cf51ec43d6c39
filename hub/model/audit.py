"""Audit events: what every line of the log must say (consent rules 4.1). Codes and ids, never content.

An entry without an actor, or a disclosure without a purpose, is a bug and fails at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.model.canonical import canonical


class AuditEvent(StrEnum):
    """Kinds of entry (consent rules 4.1)."""

    CONSENT_RECORDED = "CONSENT_RECORDED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    DIRECTIVE_ADDED = "DIRECTIVE_ADDED"
    DIRECTIVE_LIFTED = "DIRECTIVE_LIFTED"
    SUBJECT_LINKED = "SUBJECT_LINKED"
    SUBJECT_NOTED = "SUBJECT_NOTED"  # who decides for a person, that they cannot, a safety flag
    DECISION = "DECISION"  # gate 1
    DELIVERY = "DELIVERY"  # gate 2: open
    ACK = "ACK"
    RETURNED = "RETURNED"
    NOTICE_SENT = "NOTICE_SENT"
    OVERRIDE_DECLARED = "OVERRIDE_DECLARED"  # emergency override started (shared model 10)
    OVERRIDE_APPROVED = "OVERRIDE_APPROVED"
    OVERRIDE_DISCHARGED = "OVERRIDE_DISCHARGED"  # of a mandatory report: the reporter has reached somebody
    OVERRIDE_ENDED = "OVERRIDE_ENDED"  # emergency override stopped
    REVIEW_DUE = "REVIEW_DUE"
    REVIEW_DONE = "REVIEW_DONE"
    REVIEW_LATE = "REVIEW_LATE"
    REFERRAL_MOVED = "REFERRAL_MOVED"
    INCIDENT_OPENED = "INCIDENT_OPENED"
    INCIDENT_MOVED = "INCIDENT_MOVED"
    INCIDENT_CLOSED = "INCIDENT_CLOSED"
    RETENTION_ENDED = "RETENTION_ENDED"
    VIEW = "VIEW"
    EXPORT = "EXPORT"
    CONFIG_CHANGE = "CONFIG_CHANGE"
    KEY_EVENT = "KEY_EVENT"
    AUDIT_READ = "AUDIT_READ"
    ALARM = "ALARM"


_DECIDED = {
    *("subject_ref", "sender", "recipient", "message_type", "message_id", "decision_id", "purpose"),
    *("categories_requested", "categories_released", "categories_removed", "withheld_codes"),
    *("outcome", "stage", "codes", "basis", "pack", "policy_digest", "registry_seq", "config_version"),
}
_ON_FILE = {"subject_ref", "consent_id", "state", "discloser", "recipients", "effective_at", "reason_code", "source"}
_MESSAGE = {"message_id", "envelope_id", "recipient", "subject_ref"}
_OVERRIDE = {"override_id", "version", "agency"}  # whose data it is, too, where that is known
_DECLARED = {"code", "recipient", "imminent", "limbs", "worker", "consent_sought", "notice", "source"}
MUST_SAY: Mapping[AuditEvent, frozenset[str]] = {  # consent rules 4.1, beside what every entry says
    event: frozenset(names)
    for event, names in {
        AuditEvent.CONSENT_RECORDED: _ON_FILE,
        AuditEvent.CONSENT_WITHDRAWN: _ON_FILE,
        AuditEvent.DIRECTIVE_ADDED: {"subject_ref", "directive_id", "recipients", "purposes", "categories"},
        AuditEvent.DIRECTIVE_LIFTED: {"subject_ref", "directive_id", "lifted_by"},
        AuditEvent.SUBJECT_NOTED: {"subject_ref", "what", "action"},
        AuditEvent.SUBJECT_LINKED: {"subject_ref", "reason_code", "source"},
        AuditEvent.DECISION: {*_DECIDED, "event", "source", "revision"},
        AuditEvent.DELIVERY: {*_DECIDED, "envelope_id", "system"},
        AuditEvent.ACK: {*_MESSAGE, "system"},
        AuditEvent.RETURNED: {*_MESSAGE, "reason_code"},
        AuditEvent.NOTICE_SENT: {"notice_id", "kind", "reason_code", "system"},
        AuditEvent.OVERRIDE_DECLARED: {*_OVERRIDE, *_DECLARED},
        AuditEvent.OVERRIDE_APPROVED: {*_OVERRIDE, "approver"},
        AuditEvent.OVERRIDE_DISCHARGED: _OVERRIDE,
        AuditEvent.OVERRIDE_ENDED: {*_OVERRIDE, "end_cause"},
        AuditEvent.REVIEW_DUE: {*_OVERRIDE, "part", "due_at"},
        AuditEvent.REVIEW_DONE: {*_OVERRIDE, "part", "outcome", "late"},
        AuditEvent.REVIEW_LATE: {*_OVERRIDE, "part", "due_at", "told_to"},
        AuditEvent.REFERRAL_MOVED: {"referral_no", "subject_ref", "version", "transition", "state", "message_id"},
        AuditEvent.INCIDENT_OPENED: {*_MESSAGE, "incident_id", "reason_code", "sender"},
        AuditEvent.INCIDENT_MOVED: {"incident_id", "action"},
        AuditEvent.INCIDENT_CLOSED: {"incident_id", "reason_code"},
        AuditEvent.RETENTION_ENDED: {"what", "count"},
        AuditEvent.VIEW: {"what", "count"},
        AuditEvent.EXPORT: {"what", "form"},
        AuditEvent.CONFIG_CHANGE: {"what"},
        AuditEvent.KEY_EVENT: {"reason_code"},
        AuditEvent.AUDIT_READ: {"what"},
        AuditEvent.ALARM: {"reason_code"},
    }.items()
}
_OWN = frozenset({"id", "event_type", "recorded_at", "actor"})
NEEDS_PURPOSE = frozenset({AuditEvent.DECISION, AuditEvent.DELIVERY})
NO_PURPOSE = "NONE"  # of what the hub does not carry (P-4)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a worker, or ``system:<id>`` on behalf of its agency, and the operating-system user."""

    ref: str
    role: str = "system"
    agency: str = ""
    on_behalf_of: str = ""
    os_user: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log before it has an index. ``details`` are codes, ids, numbers and lists of them."""

    event: AuditEvent
    at: datetime
    actor: Actor
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.actor.ref, "an audit entry names its actor"
        assert not _OWN & self.details.keys(), "a detail stands beside what every entry says, not in its place"
        missing = MUST_SAY[self.event] - self.details.keys()
        assert not missing, f"{self.event} must say {', '.join(sorted(missing))}"
        assert self.actor.role == "system" or self.actor.agency, "a person acts for an agency, or for the hub"
        assert self.event not in NEEDS_PURPOSE or self.details.get("purpose"), "a decision names its purpose"

    def body(self, entry_id: str) -> bytes:
        """The exact bytes that are hashed and kept."""
        actor = {
            "ref": self.actor.ref,
            "role": self.actor.role,
            "agency": self.actor.agency,
            "on_behalf_of": self.actor.on_behalf_of,
            "os_user": self.actor.os_user,
        }
        at = self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return canonical(
            {
                "id": entry_id,
                "event_type": self.event.value,
                "recorded_at": at,
                "actor": {name: value for name, value in actor.items() if value},
                **self.details,
            }
        )
