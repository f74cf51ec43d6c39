"""Audit events: what every line of the log must say (consent rules 4.1). Codes and ids, never content.

An entry without an actor, or a disclosure without a purpose, is a bug and fails at once.
"""

from __future__ import annotations

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
    VIEW = "VIEW"
    EXPORT = "EXPORT"
    CONFIG_CHANGE = "CONFIG_CHANGE"
    KEY_EVENT = "KEY_EVENT"
    AUDIT_READ = "AUDIT_READ"
    ALARM = "ALARM"


_OWN = frozenset({"id", "event_type", "recorded_at", "actor"})
NEEDS_PURPOSE = frozenset({AuditEvent.DECISION, AuditEvent.DELIVERY})


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
