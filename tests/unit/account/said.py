"""Entries of the log about one invented person, as the hub writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)
_NUMBERS = count(1)
SUBJECT = "s-3f6c0000-0000-4000-8000-000000000001"


def entry(event: str, minutes: int, **details: Any) -> dict[str, Any]:
    at = (NOON + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = {"id": f"20260601T16-{next(_NUMBERS):05d}-AAAAAAAAAAAA", "event_type": event, "recorded_at": at}
    return {**about, "actor": {"ref": "system:hub"}, "subject_ref": SUBJECT, **details}


def decided(event: str, minutes: int, envelope: str, **changes: Any) -> dict[str, Any]:
    details: dict[str, Any] = {
        "sender": "harbour",
        "recipient": "lakeside",
        "message_type": "ReferralRequest",
        "message_id": f"m-{envelope}",
        "decision_id": f"d-{envelope}",
        "purpose": "REFERRAL",
        "categories_requested": ["IDENT", "NEEDS"],
        "categories_released": ["IDENT", "NEEDS"],
        "categories_removed": [],
        "outcome": "PERMIT",
        "stage": "P-10",
        "codes": ["OK_CONSENT"],
        "withheld_codes": [],
        "basis": ["consent:c-1/2", "agreement:harbour-lakeside/1"],
        "pack": "ca-on/1",
        "registry_seq": 7,
        "config_version": 3,
        "envelope_id": envelope,
        "system": "lakeside-cms",
    }
    return entry(event, minutes, **{**details, **changes})


def opened(minutes: int = 0, envelope: str = "e-1", **changes: Any) -> dict[str, Any]:
    return decided("DELIVERY", minutes, envelope, payload_digest="00", **changes)


def refused(minutes: int = 0, envelope: str = "e-1", **changes: Any) -> dict[str, Any]:
    no = {"outcome": "DENY", "codes": ["DN_WITHDRAWN"], "categories_released": [], "basis": ["consent:c-1/3"]}
    return decided("DELIVERY", minutes, envelope, **{**no, **changes})


def acknowledged(minutes: int = 1, envelope: str = "e-1", **changes: Any) -> dict[str, Any]:
    ids = {"message_id": f"m-{envelope}", "envelope_id": envelope, "recipient": "lakeside", "system": "lakeside-cms"}
    return entry("ACK", minutes, **{**ids, **changes})


def returned(minutes: int = 5, envelope: str = "e-1", **changes: Any) -> dict[str, Any]:
    ids = {"message_id": f"m-{envelope}", "envelope_id": envelope, "recipient": "lakeside"}
    return entry("RETURNED", minutes, **{**ids, "reason_code": "NOT_ACKNOWLEDGED", **changes})


def recorded(minutes: int = -60, consent: str = "c-1/2", **changes: Any) -> dict[str, Any]:
    said = {"consent_id": consent, "state": "ACTIVE", "discloser": "harbour", "recipients": ["lakeside"]}
    return entry("CONSENT_RECORDED", minutes, **{**said, **changes})


def overriding(minutes: int = 0, envelope: str = "e-9", **changes: Any) -> dict[str, Any]:
    relied = {"codes": ["OV_SELF_HARM", "RD_PURPOSE_MIN"], "basis": ["override:o-1"], "override_id": "o-1"}
    least = {"recipient": "crisis-line", "purpose": "SAFETY", "categories_released": ["IDENT", "RISK"]}
    redacted = {"outcome": "PERMIT_REDACTED", "withheld_codes": ["RD_PURPOSE_MIN"]}
    return opened(minutes, envelope, **{**relied, **least, **redacted, **changes})
