"""The tables of what went wrong: ids, closed words, instants; no narrative. They belong to ``tables.py``."""

from __future__ import annotations

from sqlalchemy import Index

from hub.store.columns import number, table, words

incident = table(
    "incident",
    words("incident_id", key=True),
    words("kind"),
    words("opened_at"),
    words("opened_by"),
    words("consent_id", null=True),
    words("determined_at", null=True),
    words("answers"),
    words("harm"),
    words("closed_at", null=True),
    Index("incident_by_end", "closed_at"),
)
incident_delivery = table(
    "incident_delivery",
    words("incident_id", key=True),
    words("envelope_id", key=True),
    words("message_id"),
    words("sender"),
    words("recipient"),
    words("system"),
    words("subject_ref", null=True),
    words("referral_no", null=True),
    words("categories"),
    words("left_at"),
    number("certain"),
    words("recall"),
    words("notice_id", null=True),
    words("reached_at", null=True),
    Index("incident_delivery_by_envelope", "envelope_id"),
    Index("incident_delivery_by_subject", "subject_ref"),
    Index("incident_delivery_by_notice", "notice_id"),
)
incident_duty = table(
    "incident_duty",
    words("incident_id", key=True),
    number("number", key=True),
    words("agency"),
    words("told"),
    words("law"),
    words("regulator"),
    words("due_at"),
    words("subject_ref", null=True),
    words("state"),
    words("reason"),
    words("at", null=True),
    words("by"),
    words("recheck_at", null=True),
)
incident_event = table(
    "incident_event",
    words("incident_id", key=True),
    number("seq", key=True),
    words("at"),
    words("actor"),
    words("what"),
    words("code"),
)
