"""The tables of referrals: ends, states, instants, numbers; no content. They belong to ``tables.py``.

An agency reads its own by state, or by when they moved: each end of a referral has an index for both.
"""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint

from hub.store.columns import number, table, words

referral = table(
    "referral",
    words("number", key=True),
    words("lane"),
    number("lane_seq"),
    words("back_lane"),
    number("back_seq"),
    words("sender"),
    words("sender_system"),
    words("sender_key"),
    words("recipient"),
    words("recipient_system"),
    words("service", null=True),
    words("subject_ref"),
    words("consent_id", null=True),
    words("state"),
    number("version"),
    words("body"),
    words("due_at", null=True),
    words("moved_at", null=True),
    UniqueConstraint("sender_system", "sender_key", name="referral_by_sender"),
    Index("referral_by_subject", "subject_ref"),
    Index("referral_by_due", "due_at"),
    Index("referral_sent", "sender", "state", "number"),
    Index("referral_received", "recipient", "state", "number"),
    Index("referral_sent_moved", "sender", "moved_at", "number"),
    Index("referral_received_moved", "recipient", "moved_at", "number"),
)
referral_event = table(
    "referral_event",
    words("number", key=True),
    number("version", key=True),
    words("transition"),
    words("state"),
    words("writer"),
    number("implied"),
    words("at"),
    words("modified_at", null=True),
    words("reason", null=True),
    words("message_id", null=True),
)
