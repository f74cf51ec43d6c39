"""An agency's own software files, revokes and reads consents over HTTP, on each shape of a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.consent import Consent as R4Consent

from hub.exchange import handover, intake, relay
from hub.exchange.limits import Limits
from tests import cms_builder as cms
from tests.door import Door, Software
from tests.handed_consents import handed, patient, revocation
from tests.kafka_network import make_deployed
from tests.network import Network
from tests.shapes import Shape
from tests.unit.desk.conftest import Gone, Vanishing

PERSONAL = ("Zqfamily", "Zqgiven", "Zqform", "1991-07-22", "1234-5678", "12345678", "416-555-0199", "pat-1", "88120")


@pytest.fixture
def network(tmp_path: Path, deployed: Shape) -> Iterator[Network]:
    found = make_deployed(tmp_path, deployed)
    yield found
    found.hub.close()


@pytest.fixture
def door(network: Network) -> Door:
    return Door(network)


@pytest.fixture
def harbour(door: Door) -> Software:
    return door.software("harbour")


@pytest.fixture
def lakeside(door: Door) -> Software:
    return door.software("lakeside")


def filed(software: Software, document: dict[str, Any] | None = None, status: int = 201) -> dict[str, Any]:
    answer = software.post("Consent/$file-consent", document or handed())
    assert answer.status_code == status, answer.text
    return answer.json()


def refer(network: Network) -> int:
    """A referral of Harbour's CMS for the same person, whom only the number and the date identify."""
    db = network.db("harbour")
    client = cms.add_client(db, last_name="Zqfamily", first_name="Zqgiven", birth_date="1991-07-22")
    cms.add_identifier(db, client, value="12345678")
    referral = cms.add_referral(db, client)
    db.close()
    return referral


def test_what_is_filed_opens_and_what_is_revoked_opens_no_more(network, harbour, door):
    answer = harbour.post("Consent/$file-consent", handed())
    found = answer.json()
    number = found["id"]

    assert answer.status_code == 201
    R4Consent.model_validate(found)
    assert answer.headers["location"].endswith(f"/fhir/Consent/{number}/_history/1")
    assert answer.headers["etag"] == 'W/"1"'
    again = harbour.post("Consent/$file-consent", handed())
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, found, 'W/"1"')
    refer(network)
    network.run()
    assert network.codes()["OK_CONSENT"] == 1
    assert len(network.inbox("lakeside", "referral")) == 1

    receipt = harbour.post("Consent/$revoke-consent", revocation(number)).json()
    note = network.hub.log.newest()
    assert note is not None
    assert int(note.split(b"\n")[1]) == network.hub.log.head().size  # the no is outside the database already

    (message,) = [each["part"] for each in receipt["parameter"] if each["name"] == "message"]
    assert {part["name"]: part.get("valueCode") for part in message}["fate"] == "arrived"
    refer(network)
    network.run()
    assert len(network.inbox("lakeside", "referral")) == 1
    assert harbour.get(f"Consent/{number}").json()["status"] == "inactive"
    assert network.verifies()
    assert not [word for word in PERSONAL if word in str(network.entries())]
    assert door.faults == []


def test_after_a_revocation_has_returned_nothing_opens_any_more_inv_3(network, harbour, door):
    number = filed(harbour)["id"]
    house = network.hub.house
    refer(network)
    systems = network.directory().systems
    intake.step(house, systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, network.directory().agencies["lakeside"].topic)
    real = house.connections.source(systems["lakeside-cms"])

    with pytest.raises(Gone):
        handover.step(replace(house, connections=Vanishing(real)), systems["lakeside-cms"])

    answer = harbour.post("Consent/$revoke-consent", revocation(number))

    lease = Limits().lease.total_seconds()
    assert lease < sum(door.slept) <= lease + 1.1  # it came back when the lease under way was over, not before
    (message,) = [each["part"] for each in answer.json()["parameter"] if each["name"] == "message"]
    assert {part["name"]: part.get("valueCode") for part in message}["fate"] == "unknown"
    network.settle()
    assert network.inbox("lakeside", "referral") == []
    assert network.verifies()


def test_either_end_reads_and_revokes_by_its_own_number_and_no_other(network, harbour, lakeside):
    number = filed(harbour)["id"]
    refer(network)
    network.run()
    (mine,) = harbour.get("Consent").json()["entry"]
    (theirs,) = lakeside.get("Consent?status=active&actor=Organization/lakeside").json()["entry"]
    own = theirs["resource"]["id"]

    assert (mine["resource"]["id"], own != number) == (number, True)
    R4Consent.model_validate(theirs["resource"])
    text = json.dumps(theirs)
    assert not [word for word in (number, mine["resource"]["patient"]["reference"], "form-id") if word in text]
    for software, foreign in ((harbour, own), (lakeside, number)):
        for path in (f"Consent/{foreign}", f"Consent/{foreign}/_history", f"Consent/{foreign}/_history/1"):
            assert software.get(path).status_code == 404
        assert software.post("Consent/$revoke-consent", revocation(foreign)).status_code == 404
    assert lakeside.get(f"Consent/{own}").json()["status"] == "active"

    assert lakeside.post("Consent/$revoke-consent", revocation(own)).status_code == 200

    assert lakeside.get(f"Consent/{own}").json()["status"] == "inactive"
    versions = lakeside.get(f"Consent/{own}/_history").json()["entry"]
    assert [each["resource"]["meta"]["versionId"] for each in versions] == ["2", "1"]
    assert lakeside.get(f"Consent/{own}/_history/1").json()["status"] == "active"
    assert harbour.get(f"Consent/{number}").json()["status"] == "inactive"
    assert network.verifies()


def test_own_disclosures_are_told_and_nobody_elses(network, harbour, lakeside):
    alias = filed(harbour)["patient"]["reference"].removeprefix("Patient/")
    refer(network)
    network.run()
    theirs = lakeside.get("Patient").json()["entry"][0]["resource"]["id"]

    ours = harbour.get(f"Patient/{alias}/$disclosures").json()["entry"]
    seen = lakeside.get(f"AuditEvent?patient={theirs}&type=http://dicom.nema.org/resources/ontology/DCM|110106").json()

    kinds = {each["resource"]["id"].rpartition(".")[2] for each in ours}
    assert {"source", "recipient", "decision"} <= kinds
    (event,) = [each["resource"] for each in seen["entry"]]
    assert lakeside.get(f"AuditEvent/{event['id']}").json()["entity"] == event["entity"]
    assert theirs in str(event)
    assert alias not in str(seen)
    assert harbour.get(f"Patient/{theirs}/$disclosures").status_code == 404
    assert harbour.get(f"AuditEvent?patient={theirs}").json().get("entry") is None
    assert harbour.get(f"AuditEvent?patient={alias}&date=lt2026-01-01").json().get("entry") is None
    assert harbour.get(f"Patient/{alias}/$disclosures?end=2026-01-01").json().get("entry") is None
    assert harbour.get("AuditEvent").status_code == 400
    assert [e["what"] for e in network.entries() if e["event_type"] == "AUDIT_READ"].count("disclosures") == 7
    assert network.verifies()


def test_a_person_whom_others_know_is_nobody_in_every_answer(network, harbour, lakeside):
    filed(harbour)
    found = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient()}]}
    unknown = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": patient(birthDate="1980-01-01")}],
    }

    one = harbour.post("Patient/$match", found).json()["entry"]
    answers = [lakeside.post("Patient/$match", each) for each in (found, unknown)]

    assert one[0]["search"]["extension"][0]["valueCode"] == "certain"
    assert [each.json() for each in answers] == [{"resourceType": "Bundle", "type": "searchset"}] * 2
    said = [e for e in network.entries() if e["event_type"] == "VIEW" and e["actor"]["ref"] == "system:lakeside-fhir"]
    assert [(e["what"], e["count"], e["subjects"]) for e in said] == [("match", 0, [])] * 2
