"""What is on the bus: who, why, when and an id around sealed bytes; and the states of a message.

Header names are CloudEvents 1.0, Kafka protocol binding, binary mode (shared model §7). ``source`` and ``type``
are constants: a sender, a purpose or a subject in a header would tell what is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = "1"
# events that ride on a referral and say nothing of how it stands (shared model 7; settled S3)
BESIDE_A_REFERRAL = frozenset({"plan-shared", "case-note-shared", "review-done"})
# events of no referral, by which an agency tells its funder what it did (settled S1)
REPORTS = frozenset({"funder-report"})
OVERRIDE = "override-disclosure"  # a declared duty of care, to whom it names (shared model 10)
# about nobody: is there room, and the answer; a danger without a word on who it is (shared model 7)
ENQUIRY, ANSWER, RISK_FILTER = "capacity-enquiry", "capacity-answer", "risk-filter"
ABOUT_NOBODY = frozenset({ENQUIRY, ANSWER, RISK_FILTER})
OF_NO_REFERRAL = REPORTS | ABOUT_NOBODY | {OVERRIDE}
HUB_URL = "https://hub.example.org"
CE_TYPE = "org.example.hub.envelope.v1"


class MessageState(StrEnum):
    """Where an accepted message is. The comment says what may follow."""

    RELEASED = "released"  # gate 1 permitted; sealed in the outbox -> published, refused, returned
    PUBLISHED = "published"  # the bus has it -> arrived, refused, returned; published again if it never arrives
    ARRIVED = "arrived"  # seen on the bus again -> opened, refused, returned
    HELD = "held"  # arrived, but a mapping says it cannot be written out -> arrived, refused, returned
    OPENED = "opened"  # gate 2 permitted, lease running -> delivered, arrived (failed, lease over), returned
    DELIVERED = "delivered"  # end: the recipient has it
    REFUSED = "refused"  # end: a gate said no; the record stays with its agency
    RETURNED = "returned"  # end: not acknowledged in time, or its key is gone; its sender is told


ENDS = frozenset({MessageState.DELIVERED, MessageState.REFUSED, MessageState.RETURNED})
IN_VAIN = frozenset({MessageState.REFUSED, MessageState.RETURNED})  # ended without having arrived


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes. ``key_id`` names the epoch whose key wraps the message key."""

    envelope_id: str
    key_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is sealed: a Bundle with who, why and when (design §5).

    ``salt`` is 32 random bytes in hex; ``consents`` are ``id/version`` relied on at gate 1.
    """

    envelope_id: str
    message_id: str
    lane: str
    lane_seq: int
    sender: str
    recipient: str
    event: str
    purpose: str
    decision_id: str
    consents: tuple[str, ...]
    salt: str
    created_at: datetime
    bundle: dict[str, Any]


def headers(sealed: Sealed, lane: str, sent_at: datetime) -> dict[str, str]:
    """All headers of a bus record: constants, the envelope id, the lane and the epoch."""
    return {
        "ce_specversion": "1.0",
        "ce_id": sealed.envelope_id,
        "ce_source": HUB_URL,
        "ce_type": CE_TYPE,
        "ce_time": sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "content-type": "application/octet-stream",
        "ce_lane": lane,
        "ce_keyid": sealed.key_id,
    }
