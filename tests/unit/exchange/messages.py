"""A referral and an answer to it, as mappings give them and as they travel (shared model 13.1). People are invented."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from consent.model.words import Purpose
from hub.exchange.message import ADD, PLACEHOLDER, Ends, Numbers, assemble
from hub.model.codes import CATEGORY, CODE_SYSTEM, CONFIDENTIALITY, ID, ID_AGENCY, ID_REFERRAL, REFERRAL_STATE

AT = datetime(2026, 3, 3, 14, 2, 11, 482_000, tzinfo=UTC)
NUMBERS = Numbers(
    "0a4f1f5e-6f0b-4a53-9a0d-0b7d0c9a1d01",
    "3b0d7c1e-5e54-4c2e-9d0f-6a2b1b7f0a11",
    "K7QM2XWBR4TD",
    "6DHT3VQXNA2M",
    "R5YB7CJW2LKE",
)
UNNUMBERED = Numbers(NUMBERS.message_id, NUMBERS.envelope_id, PLACEHOLDER, PLACEHOLDER, PLACEHOLDER)
THERE = Ends("harbour", "Harbour Newcomer Centre", "lakeside", "Lakeside Employment Services")
BACK = Ends("lakeside", "Lakeside Employment Services", "harbour", "Harbour Newcomer Centre")
ANSWER = "notify-update-process-request"

# places in the Bundle that ``referral`` makes
REQUEST, TASK, PATIENT, CLB, NEED, ROLE, SENDER, RECIPIENT = (f"Bundle.entry[{i}].resource" for i in range(1, 9))


def labels(category: str, level: str = "N") -> dict[str, Any]:
    return {"security": [{"system": CONFIDENTIALITY, "code": level}, {"system": CATEGORY, "code": category}]}


def one(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{CODE_SYSTEM}/{system}" if ":" not in system else system, "code": code, **more}]}


def number(system: str, value: str) -> dict[str, str]:
    return {"system": system if ":" in system else f"{ID}/{system}", "value": value}


def level(skill: str, code: str) -> dict[str, Any]:
    return {"code": one("assessment", f"clb-{skill}"), "valueCodeableConcept": one("clb-level", code)}


BLOCKS: dict[str, dict[str, Any]] = {
    "request": {
        "resourceType": "ServiceRequest",
        "meta": labels("service-status"),
        "identifier": [number("harbour/referral", "R-5512")],
        "category": [one("program-stream", "employment")],
        "priority": "routine",
        "code": one("service-wanted", "employment"),
        "subject": {"reference": "urn:block:client"},
        "authoredOn": "2026-03-03T09:01:00-05:00",
        "requester": {"reference": "urn:block:worker"},
        "performer": [{"type": "Organization", "identifier": {"system": ID_AGENCY, "value": "lakeside"}}],
        "reasonCode": [one("need", "find-employment", display="Find employment")],
        "reasonReference": [{"reference": "urn:block:need"}],
        "supportingInfo": [{"reference": "urn:block:clb"}],
    },
    "task": {
        "resourceType": "Task",
        "meta": labels("service-status"),
        "identifier": [number("harbour/task", "R-5512-T1")],
        "status": "requested",
        "businessStatus": one("referral-state", "requested"),
        "focus": {"reference": "urn:block:request"},
        "for": {"reference": "urn:block:client"},
        "requester": {"reference": "urn:block:worker"},
    },
    "client": {
        "resourceType": "Patient",
        "meta": labels("ident"),
        "identifier": [number("harbour/client", "CMS-20417")],
        "name": [{"use": "official", "family": "Tesfaye", "given": ["Amina"]}],
        "telecom": [{"system": "phone", "value": "+1-416-555-0142", "use": "mobile"}],
        "gender": "female",
        "birthDate": "1991-07-22",
        "communication": [{"language": one("urn:ietf:bcp:47", "am"), "preferred": True}],
    },
    "clb": {
        "resourceType": "Observation",
        "meta": labels("lang"),
        "status": "final",
        "category": [one("http://terminology.hl7.org/CodeSystem/observation-category", "survey")],
        "code": one("assessment", "clb"),
        "subject": {"reference": "urn:block:client"},
        "effectiveDateTime": "2025-11-18",
        "component": [level("listening", "5"), level("speaking", "5"), level("reading", "4"), level("writing", "4")],
    },
    "need": {
        "resourceType": "Condition",
        "meta": labels("needs"),
        "category": [one("case-category", "need")],
        "code": one("need", "find-employment"),
        "subject": {"reference": "urn:block:client"},
        "asserter": {"reference": "urn:block:client"},
    },
    "worker": {
        "resourceType": "PractitionerRole",
        "identifier": [number("harbour/worker", "w-301")],
        "organization": {"identifier": {"system": ID_AGENCY, "value": "harbour"}},
    },
}

ANSWERED = {
    "task": {
        "resourceType": "Task",
        "meta": labels("service-status"),
        "identifier": [number("lakeside/referral", "IN-9")],
        "basedOn": [{"identifier": {"system": ID_REFERRAL, "value": "K7QM2XWBR4TD"}}],
        "status": "accepted",
        "businessStatus": {"coding": [{"system": REFERRAL_STATE, "code": "accepted"}]},
        "lastModified": "2026-03-05T10:00:00-05:00",
    }
}


def blocks(**changes: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The mapping's entries; a change is merged into its block, None removes it, a new name adds one."""
    named = copy.deepcopy(BLOCKS)
    for name, change in changes.items():
        named[name] = {**named.get(name, {}), **(change or {})}
        if change is None:
            del named[name]
    return entries(named)


def entries(named: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"fullUrl": f"urn:block:{name}", "resource": resource} for name, resource in named.items()]


def referral(numbers: Numbers = NUMBERS, **changes: dict[str, Any] | None) -> dict[str, Any]:
    made = assemble(blocks(**changes), event=ADD, purpose=Purpose.REFERRAL, ends=THERE, at=AT, numbers=numbers)
    return copy.deepcopy(made)  # a test may change it in place; one Reference stands in several places


def answer(numbers: Numbers = NUMBERS) -> dict[str, Any]:
    made = assemble(entries(ANSWERED), event=ANSWER, purpose=Purpose.REFERRAL, ends=BACK, at=AT, numbers=numbers)
    return copy.deepcopy(made)


def at(bundle: dict[str, Any], path: str) -> Any:
    """The node at an element path of the Bundle."""
    node: Any = bundle
    for step in path.replace("[", ".[").split(".")[1:]:
        node = node[int(step[1:-1])] if step.startswith("[") else node[step]
    return node
