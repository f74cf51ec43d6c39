"""The API's contract: ``python -m tests.clients.record`` writes ``schemas/openapi.json`` and its examples anew.

The examples are recorded from a hub.

Two agencies' software files a consent, refers, answers, reads and searches. The hub, its time, ids and keys are those
of every test, so the same code answers the same each time; only what is random by design (a proof, a token, sealed
bytes) is written as a word. All people are invented.
"""

from __future__ import annotations

import json
import random
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc.jwk import OKPKey
from starlette.routing import Match

from hub.api.metadata import routes_of
from hub.api.openapi import EXAMPLES, PATH
from hub.model import codes
from hub.model.directory import Service
from hub.model.fhir import Resource
from hub.referral import TASK_STATUS
from tests import handed_consents, referral_messages
from tests.danger import in_danger
from tests.door import BEARER, EVERYTHING, Door, Software, public, signing_key
from tests.fhir_clients import EVERY
from tests.network import NOON, agreement, make
from tests.scenario.test_consent_fhir import consent
from tests.scenario.test_override_api import URGENT
from tests.signing import Signer, asked

OPENAPI_JSON = Path(__file__).parents[2] / "schemas" / "openapi.json"
RANDOM = {"access_token": "eyJ…", "client_assertion": "eyJ…"}
RANDOM_PARTS = {"sealed": {"valueBase64Binary": "c2VhbGVk"}, "request": {"valueString": "eyJ…"}}
UCI, FILE = f"{codes.ID}/uci", f"{codes.ID}/harbour/file"
WHO = {
    "id": "client-4711",
    "identifier": [{"system": UCI, "value": "1100000001"}, {"system": FILE, "value": "F-77"}],
    "name": [{"use": "official", "family": "Okonkwo-Tremblay", "given": ["Amara"]}],
}


@dataclass
class Recorder:
    """What was asked and answered last, by operation."""

    door: Door
    harbour: Software = field(init=False)
    lakeside: Software = field(init=False)
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.harbour, self.lakeside = (_software(self.door, agency) for agency in ("harbour", "lakeside"))

    def ask(self, software: Software | None, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """One request; ``body`` is a resource, ``form`` the fields of a form."""
        headers = dict(more.pop("headers", {}))
        form: Mapping[str, str] | None = more.pop("form", None)
        if software is not None:
            headers["Authorization"] = f"Bearer {software.token()}"
        content = None
        if form is not None:
            headers["Content-Type"], content = "application/x-www-form-urlencoded", urlencode(form)
        elif body is not None:
            headers["Content-Type"], content = "application/fhir+json", json.dumps(body)
        answer = self.door.http.request(method, path, headers=headers, content=content)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        is_json = answer.headers["content-type"].partition(";")[0].endswith("json")
        said = answer.json() if is_json else answer.text
        if path != PATH:
            shown = {"response": said, "request": form or body, "parameters": self._parameters(method, path, headers)}
            if path.endswith("/_search"):
                del shown["response"]  # that of the same search by GET
            self.found[self._operation(method, path)] = {name: each for name, each in shown.items() if each}
        return said

    def _operation(self, method: str, path: str) -> str:
        return f"{method.lower()} {self._matched(method, path)[0]}"

    def _matched(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        scope = {"type": "http", "method": method, "path": path.partition("?")[0], "headers": []}
        for route in routes_of(self.door.app):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return route.path_format, {name: str(each) for name, each in child["path_params"].items()}
        raise AssertionError(f"no route for {method} {path}")

    def _parameters(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, str]:
        query = dict(parse_qsl(path.partition("?")[2]))
        return {**self._matched(method, path)[1], **query, **{n: v for n, v in headers.items() if n == "If-Match"}}


def record() -> dict[str, Any]:
    """Operation to example: parameters, request, response."""
    with told() as recorder:
        consent_id = recorder.found["get /fhir/Consent/{number}"]["response"]["id"]
        revoking = handed_consents.revocation(consent_id)
        recorder.ask(recorder.harbour, "POST", "/fhir/Consent/$revoke-consent", revoking)
        assert recorder.door.faults == []
    found = {**recorder.found, **_in_danger()}
    return {name: _plain(each) for name, each in sorted(found.items())}


def _in_danger() -> dict[str, Any]:
    """The example of ``$override``, from the network of the override's own tests."""
    with tempfile.TemporaryDirectory() as folder:
        network = in_danger(Path(folder) / "network")
        try:
            recorder = Recorder(Door(network))
            signed = Signer.of(network, "w-301").sign("declare", document=URGENT)
            recorder.ask(recorder.harbour, "POST", "/fhir/$override", asked(signed))
        finally:
            network.hub.close()
    return recorder.found


@contextmanager
def told() -> Iterator[Recorder]:
    """A hub on which all that the examples name is there; only the revocation is still to come."""
    seed = random.Random(7)  # the ids that a sender's own software makes
    ids = mock.Mock(uuid4=lambda: uuid.UUID(int=seed.getrandbits(128), version=4))
    with tempfile.TemporaryDirectory() as folder:
        network = make(Path(folder) / "network")
        try:
            with mock.patch.object(referral_messages, "uuid", ids):
                recorder = Recorder(Door(network))
                _tell(recorder)
            yield recorder
        finally:
            network.hub.close()


def _software(door: Door, agency: str) -> Software:
    private = X25519PrivateKey.from_private_bytes(agency.encode().ljust(32, b"."))
    jwk = {**OKPKey.import_key(private.public_key()).as_dict(private=False), "kid": f"{agency}-hpke"}
    key = signing_key(f"{agency}-1")
    return door.software(agency, key, jwks=public(key), hpke=jwk)


def _tell(recorder: Recorder) -> None:
    network, ask = recorder.door.network, recorder.ask
    harbour, lakeside = recorder.harbour, recorder.lakeside
    network.put(
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"),
        agreement(NOON, version=2, events=EVERY),
    )
    for path in ("/healthz", "/readyz", "/fhir/metadata", "/fhir/.well-known/smart-configuration", PATH):
        ask(None, "GET", path)
    form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "scope": EVERYTHING}
    ask(None, "POST", "/fhir/token", form={**form, "client_assertion": harbour.proof()})
    consent_id, alias = _file(recorder, harbour)
    number = _refer(recorder, harbour, lakeside)
    _read(recorder, harbour, number, alias, consent_id)


def _file(recorder: Recorder, harbour: Software) -> tuple[str, str]:
    ask = recorder.ask
    words = ("ident", "contact", "needs", "lang", "service-status")
    asked = {**consent("ABCDEFGHIJKL", "1", *words), "patient": {"reference": f"Patient/{WHO['id']}"}}
    asked["performer"] = [asked["patient"]]
    del asked["text"]
    evidence = {
        "resourceType": "DocumentReference",
        "id": "consent-form-88120",
        "status": "current",
        "content": [{"attachment": {"title": "A form on paper", "hash": handed_consents.PAPER}}],
    }
    client = handed_consents.patient(**WHO)
    filed = ask(
        harbour, "POST", "/fhir/Consent/$file-consent", handed_consents.handed(asked, client, evidence=evidence)
    )
    alias = filed["patient"]["reference"].removeprefix("Patient/")
    parts = [
        {"name": "patient", "valueReference": {"reference": f"Patient/{alias}"}},
        {"name": "service", "valueReference": {"reference": "HealthcareService/lakeside-employment"}},
    ]
    ask(harbour, "POST", "/fhir/Consent/$decide", {"resourceType": "Parameters", "parameter": parts})
    whom = [{"name": "resource", "resource": client}]
    ask(harbour, "POST", "/fhir/Patient/$match", {"resourceType": "Parameters", "parameter": whom})
    query = urlencode({"sourceIdentifier": f"{FILE}|F-77", "targetSystem": codes.ID_CLIENT})
    ask(harbour, "GET", f"/fhir/Patient/$ihe-pix?{query}")
    return filed["id"], alias


def _refer(recorder: Recorder, harbour: Software, lakeside: Software) -> str:
    network, ask = recorder.door.network, recorder.ask
    answer = ask(harbour, "POST", "/fhir/$process-message", referral_messages.request())
    extension = answer["entry"][0]["resource"]["extension"]
    number = str(next(each["valueString"] for each in extension if each["url"] == codes.CORRELATION_ID))
    network.run()
    waiting = ask(lakeside, "GET", "/fhir/$deliveries")
    envelope = waiting["parameter"][0]["part"][0]["valueString"]
    named = {"resourceType": "Parameters", "parameter": [{"name": "envelope", "valueString": envelope}]}
    ask(lakeside, "POST", "/fhir/$open", named)
    ask(lakeside, "POST", "/fhir/$acknowledge", named)
    network.clock.advance(timedelta(hours=1))
    for software in (harbour, lakeside):
        software.tokens.clear()
    network.run()
    network.hub.keep_house()
    ask(lakeside, "GET", f"/fhir/$receipt?envelope={envelope}")
    business = {"coding": [{"system": codes.REFERRAL_STATE, "code": "accepted"}]}
    task: Resource = {
        "resourceType": "Task",
        "id": number,
        "status": TASK_STATUS["accepted"],
        "businessStatus": business,
    }
    ask(lakeside, "PUT", f"/fhir/Task/{number}", {**task, "intent": "order"}, headers={"If-Match": 'W/"1"'})
    return number


def _read(recorder: Recorder, harbour: Software, number: str, alias: str, consent_id: str) -> None:
    ask = recorder.ask
    patient = {"patient": f"Patient/{alias}"}
    searches = {
        "Task": {**patient, "_include": "Task:focus"},
        "ServiceRequest": {**patient, "status": "active"},
        "Consent": {**patient, "status": "active"},
        "AuditEvent": patient,
        "Patient": {"active": "true"},
        "Organization": {"name": "Lakeside"},
        "HealthcareService": {"organization": "Organization/lakeside"},
    }
    for kind, query in searches.items():
        ask(harbour, "GET", f"/fhir/{kind}?{urlencode(query)}")
        found = ask(harbour, "POST", f"/fhir/{kind}/_search", form=query)
        assert found["entry"], kind
        if kind == "AuditEvent":
            ask(harbour, "GET", f"/fhir/AuditEvent/{found['entry'][0]['resource']['id']}")
    ask(harbour, "GET", f"/fhir/Patient/{alias}/$disclosures?start=2026-06-01")
    ask(harbour, "GET", f"/fhir/Patient/{alias}")
    ask(harbour, "GET", "/fhir/Organization/lakeside")
    ask(harbour, "GET", "/fhir/HealthcareService/lakeside-employment")
    for kind, own_id in (("Task", number), ("ServiceRequest", number), ("Consent", consent_id)):
        for rest in ("", "/_history", "/_history/1"):
            ask(harbour, "GET", f"/fhir/{kind}/{own_id}{rest}")


def _plain(value: Any) -> Any:
    """Without what is random by design, and without the length of what is sealed."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("name") in ("sealed", "request"):
        return {"name": value["name"], **RANDOM_PARTS[value["name"]]}
    if value.get("resourceType") == "CapabilityStatement":  # the whole of it is at [base]/metadata
        rest = {name: each for name, each in value["rest"][0].items() if name in ("mode", "security")}
        return {**value, "rest": [rest]}
    return {name: RANDOM.get(name) or _plain(each) for name, each in value.items()}


def examples() -> str:
    """The file of examples as it is committed."""
    return _written(record())


def contract() -> str:
    """The document as it is committed, with the examples of that file."""
    with tempfile.TemporaryDirectory() as folder:
        network = make(Path(folder) / "network")
        try:
            return _written(Door(network).app.openapi())
        finally:
            network.hub.close()


def _written(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    EXAMPLES.write_text(examples(), encoding="utf-8")
    OPENAPI_JSON.write_text(contract(), encoding="utf-8")
