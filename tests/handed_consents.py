"""What an agency's own software hands in with ``$file-consent``, as FHIR spells it. All people are invented."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hub.model import codes
from tests.door import Software
from tests.scenario.test_consent_fhir import HUB, concept, consent

PERSONAL = ("Zqfamily", "Zqgiven", "Zqmother", "Zqform", "1991-07-22", "1234-5678", "12345678", "416-555-0199")
WORDS = ("ident", "contact", "needs", "lang", "service-status")
PAPER = base64.b64encode(hashlib.sha1(b"a signed form").digest()).decode()
EVIDENCE = {
    "resourceType": "DocumentReference",
    "id": "consent-form-88120",
    "status": "current",
    "content": [{"attachment": {"title": "Zqform of Zqfamily", "hash": PAPER}}],
}


def patient(**changes: Any) -> dict[str, Any]:
    """Somebody with a UCI, by the software's own id."""
    found = {
        "resourceType": "Patient",
        "id": "pat-1",
        "identifier": [{"system": f"{codes.ID}/uci", "value": "1234-5678"}],
        "name": [{"use": "official", "family": "Zqfamily", "given": ["Zqgiven"]}],
        "birthDate": "1991-07-22",
        "telecom": [{"system": "phone", "value": "416-555-0199"}],
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def handed(
    consent_: dict[str, Any] | None = None,
    patient_: dict[str, Any] | None = None,
    *more: tuple[str, Any],
    evidence: Any = EVIDENCE,
) -> dict[str, Any]:
    """The Parameters."""
    parts = [("consent", consent_ or form()), ("patient", patient_ or patient()), *more, ("evidence", evidence)]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "resource": each} for name, each in parts if each is not None],
    }


def form(number: str = "1", *categories: str, whose: str = "pat-1", version: str = "", **more: Any) -> dict[str, Any]:
    """Harbour may disclose to Lakeside for referrals; the client by the software's own id."""
    found = consent("ABCDEFGHIJKL", number, *(categories or WORDS), **more)
    found["patient"] = {"reference": f"Patient/{whose}"}
    found["performer"] = more.get("performer", [{"reference": f"Patient/{whose}"}])
    return {**found, **({"meta": {"versionId": version}} if version else {})}


def revocation(number: str, how: str = "telephone", **more: Any) -> dict[str, Any]:
    parts = [
        {"name": "consent", "valueReference": {"reference": f"Consent/{number}"}},
        {"name": "how", "valueCode": how},
    ]
    return {"resourceType": "Parameters", "parameter": [*parts, *({"name": n, **v} for n, v in more.items())]}


def parent(own_id: str = "mother-1", role: str = "parent", whose: str = "pat-1", **more: Any) -> dict[str, Any]:
    """Who decides for a child."""
    return {
        "resourceType": "RelatedPerson",
        "id": own_id,
        "patient": {"reference": f"Patient/{whose}"},
        "relationship": [concept(f"{HUB}/CodeSystem/decider-role", role)],
        "name": [{"family": "Zqmother"}],
        "extension": [{"url": f"{codes.EXTENSION}/decider-evidence", "valueCode": "birth-record"}],
        **more,
    }


def refused(number: str) -> dict[str, Any]:
    """The client has said no to what was asked."""
    found = {**form(number), "status": "rejected"}
    found["extension"][1]["valueCode"] = "declined"
    asked = found["provision"]
    found["provision"] = {"type": "deny", "actor": asked["actor"], "purpose": asked["purpose"]}
    return found


def file(software: Software, document: Any = None, status: int = 201) -> dict[str, Any]:
    """File it; the answer, in which nothing personal stands."""
    answer = software.post("Consent/$file-consent", document if document is not None else handed())
    assert answer.status_code == status, answer.text
    assert not [word for word in PERSONAL if word in answer.text]
    found: dict[str, Any] = answer.json()
    return found
