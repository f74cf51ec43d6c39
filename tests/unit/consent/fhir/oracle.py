"""Shared model 9.2 and 9.3, written down once more over the JSON of a Consent, so that our reader can be judged by it.

It shares nothing with ``consent/``. It takes a document as it stands; what it cannot understand matches no permit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ORDER = "ULMNRV"
_REASONS = {
    "COC": "referral",
    "CAREMGT": "coordination",
    "ELIGDTRM": "eligibility",
    "TREAT": "health-care",
    "HOPERAT": "funder-report",
    "PATRQT": "client-copy",
}
_OF_TAG = {"SDV": "dv", "VIO": "dv", "MH": "health-mental"}
_EXTENSION = "https://hub.example.org/fhir/StructureDefinition/"


@dataclass(frozen=True)
class Asked:
    """An item of a message and where it would go."""

    category: str
    level: str
    tags: tuple[str, ...]
    sender: str
    recipient: str
    purpose: str
    patient: str
    at: datetime
    zone: ZoneInfo


def verdict(consent: Any, asked: Asked) -> str:
    """PERMIT, DENY or NOT-APPLICABLE (9.3)."""
    root = consent.get("provision", {})
    if not _applicable(consent, asked) or not _in(root.get("period"), asked):
        return "NOT-APPLICABLE"
    exceptions = [_inherited(each, root) for each in root.get("provision", ())]
    if any(each["type"] == "deny" and _matches(each, asked) for each in exceptions):
        return "DENY"
    if not (_to(root, asked) and _for(root, asked)):
        return "NOT-APPLICABLE"  # it does not cover the question
    if any(each["type"] == "permit" and _matches(each, asked) for each in exceptions):
        return "PERMIT"
    if _matches(root, asked):
        return "PERMIT" if root["type"] == "permit" else "DENY"
    return "NOT-APPLICABLE"


def _applicable(consent: Any, asked: Asked) -> bool:
    state = [each["valueCode"] for each in consent["extension"] if each["url"] == f"{_EXTENSION}consent-state"]
    return (
        state in (["active"], ["verbal-pending"])
        and [each["code"] for each in consent["scope"]["coding"]] == ["patient-privacy"]
        and consent["patient"] == {"reference": f"Patient/{asked.patient}"}
        and consent["organization"] == [{"reference": f"Organization/{asked.sender}"}]
        and "type" in consent["provision"]
    )


def _inherited(rule: Any, root: Any) -> Any:
    more = {name: root[name] for name in ("actor", "purpose", "period") if name in root and name not in rule}
    return {**rule, **more}


def _matches(rule: Any, asked: Asked) -> bool:
    return (
        _in(rule.get("period"), asked)
        and _to(rule, asked)
        and _for(rule, asked)
        and _labelled(rule, asked)
        and "data" not in rule
    )


def _in(period: Any, asked: Asked) -> bool:
    if period is None:
        return True
    begun = "start" not in period or asked.at >= _instant(period["start"], asked.zone, 0)
    return begun and ("end" not in period or asked.at < _instant(period["end"], asked.zone, 1))


def _instant(text: str, zone: ZoneInfo, days: int) -> datetime:
    if len(text) == len("2025-01-01"):
        day = datetime.fromisoformat(text).date() + timedelta(days=days)
        return datetime.combine(day, time(), zone)
    return datetime.fromisoformat(text)


def _to(rule: Any, asked: Asked) -> bool:
    named = [each for each in rule.get("actor", ()) if "modifierExtension" not in each]
    references = [each["reference"].get("reference") for each in named]
    return "actor" not in rule or f"Organization/{asked.recipient}" in references


def _for(rule: Any, asked: Asked) -> bool:
    if "purpose" not in rule:
        return True
    own = [each["code"] for each in rule["purpose"] if each["system"].endswith("/CodeSystem/purpose")]
    return asked.purpose in (own or [_REASONS.get(each["code"]) for each in rule["purpose"]])


def _labelled(rule: Any, asked: Asked) -> bool:
    labels = rule.get("securityLabel", ())
    levels = [each["code"] for each in labels if each["system"].endswith("v3-Confidentiality")]
    tags = [each["code"] for each in labels if each["system"].endswith("v3-ActCode")]
    categories = [each["code"] for each in labels if each["system"].endswith("client-data-category")]
    if rule["type"] == "permit":
        top = max((ORDER.index(each) for each in levels), default=ORDER.index("N"))
        covered = not tags or (bool(asked.tags) and set(asked.tags) <= set(tags))
        return ORDER.index(asked.level) <= top and covered and asked.category in categories
    low = min((ORDER.index(each) for each in levels), default=0)
    by_tag = not tags or asked.category in {_OF_TAG.get(tag) for tag in tags} or bool({*tags} & {*asked.tags})
    return ORDER.index(asked.level) >= low and by_tag and (not categories or asked.category in categories)
