"""A client's consent comes as a FHIR R4 Consent: a referral goes on it, and stops with what follows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.consent import Consent as R4Consent

from tests import cms_builder as cms
from tests.network import Network
from tests.unit.commands.conftest import Desk

BY = ("--agency", "harbour", "--as", "harbour-worker")
LAKESIDE = ("--agency", "lakeside", "--as", "lakeside-worker")
HUB = "https://hub.example.org/fhir"
V3 = "http://terminology.hl7.org/CodeSystem"
RECORD = {  # consent rules 1.2, as a partner's software would write it
    "pack": ("valueString", "ca-on|1"),
    "capacity-basis": ("valueCode", "presumed"),
    "client-reads": ("valueString", "am en"),
    "explained": ("valueString", "what who why risk may-refuse"),
    "not-condition-of-service": ("valueBoolean", True),
    "onward-sharing": ("valueBoolean", False),
    "captured-by": ("valueReference", {"reference": "PractitionerRole/w-17"}),
    "captured-in": ("valueUri", "https://harbour.example.org/cms"),
    "receipt": ("valueString", "2026-01-12, paper, en-CA"),
    "form-id": ("valueString", "B2XQ5MTJ7RCN"),
    "notice-version": ("valueString", "notice-v2"),
    "signed-on": ("valueDate", "2026-01-12"),
}


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


@pytest.fixture
def client(network: Network) -> int:
    """Somebody whom the hub knows, and who has agreed to nothing yet: the form names no recipient."""
    db = network.db("harbour")
    number = cms.add_client(db)
    cms.add_identifier(db, number)
    cms.add_language(db, number)
    cms.add_consent(db, number, recipient_org=None)
    db.close()
    network.run()
    return number


@pytest.fixture
def alias(network: Network, client: int) -> str:
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
        return rows.subjects.aliases(filed[0].subject_ref)["harbour"]


def labels(*words: str) -> list[dict[str, str]]:
    systems = {"N": f"{V3}/v3-Confidentiality", "R": f"{V3}/v3-Confidentiality"}
    return [{"system": systems.get(word, f"{HUB}/CodeSystem/client-data-category"), "code": word} for word in words]


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def consent(alias: str, number: str, *categories: str, **more: Any) -> dict[str, Any]:
    """Harbour may disclose these to Lakeside for referrals, as shared model 13.2 spells it."""
    own = f"{HUB}/StructureDefinition"
    return {
        "resourceType": "Consent",
        "language": "en-CA",
        "text": {"status": "generated", "div": "<div>Amina T. agrees to this.</div>"},
        "extension": [
            {
                "url": f"{own}/consent-collection-method",
                "valueCodeableConcept": concept(f"{HUB}/CodeSystem/consent-collection-method", "express-written"),
            },
            {"url": f"{own}/consent-state", "valueCode": "active"},
            {
                "url": f"{own}/consent-record",
                "extension": [{"url": url, kind: value} for url, (kind, value) in RECORD.items()],
            },
            *more.pop("extension", ()),
        ],
        "identifier": [{"system": "https://harbour.example.org/id/consent", "value": number}],
        "status": "active",
        "scope": concept(f"{V3}/consentscope", "patient-privacy"),
        "category": [concept(f"{V3}/v3-ActCode", "IDSCL"), concept("http://loinc.org", "64292-6")],
        "patient": {"identifier": {"system": "https://hub.example.org/id/client", "value": alias}},
        "dateTime": "2026-01-12T10:15:00-05:00",
        "performer": [{"reference": f"Patient/p-{alias}"}],
        "organization": [{"reference": "Organization/harbour"}],
        "sourceReference": {"reference": "DocumentReference/consent-form-88120"},
        "policy": [{"authority": "https://hub.example.org", "uri": "https://hub.example.org/policy/sharing-v3"}],
        "provision": {
            "type": "permit",
            "period": {"start": "2026-01-12", "end": "2026-12-31"},
            "actor": [
                {
                    "role": concept(f"{V3}/v3-ParticipationType", "IRCP"),
                    "reference": {"reference": "Organization/lakeside"},
                }
            ],
            "purpose": [
                {"system": f"{HUB}/CodeSystem/purpose", "code": "referral"},
                {"system": f"{V3}/v3-ActReason", "code": "COC"},
            ],
            "securityLabel": labels("N", *categories),
        },
        **more,
    }


def enter(desk: Desk, *resources: dict[str, Any], code: int = 0) -> Any:
    entries = [{"resource": each} for each in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return desk.json("consent", "import", "-", *BY, stdin=json.dumps(bundle), code=code)


def refer(network: Network, client: int) -> dict[str, Any]:
    """The answer of gate 1 to a new referral of the client."""
    db = network.db("harbour")
    cms.add_referral(db, client)
    db.close()
    network.run()
    return [entry for entry in network.entries() if entry["event_type"] == "DECISION"][-1]


def goes(decided: dict[str, Any]) -> set[str]:
    assert decided["codes"][0] == "OK_CONSENT"
    return {*decided["categories_released"]}


EVERYTHING = ("ident", "contact", "needs", "lang", "service-status")


def test_a_referral_that_waits_for_a_consent_goes_when_it_comes_as_fhir(network, desk, client, alias):
    assert refer(network, client)["codes"][0] == "DN_PENDING"

    (row,) = enter(desk, consent(alias, "88120", *EVERYTHING))["filed"]
    network.run()

    assert (row["state"], row["alias"]) == ("ACTIVE", alias)
    assert len(network.inbox("lakeside", "referral")) == 1
    assert network.codes()["OK_CONSENT"] == 1
    assert not [word for word in ("Amina T.", "consent-form-88120", "B2XQ5MTJ7RCN") if word in str(network.entries())]
    assert network.verifies()


def test_what_follows_a_consent_narrows_it_and_a_deny_ends_it(network, desk, client, alias):
    first = enter(desk, consent(alias, "1", *EVERYTHING))["filed"][0]["number"]
    assert {"LANG", "CONTACT"} <= goes(refer(network, client))

    replaced = {
        "url": f"{HUB}/StructureDefinition/supersedes",
        "valueReference": {"reference": f"Consent/{first}"},
    }
    enter(desk, consent(alias, "2", "ident", "contact", "needs", extension=[replaced]))
    assert {"LANG", "CONTACT"} & goes(refer(network, client)) == {"CONTACT"}

    kept = consent(alias, "3", *EVERYTHING)
    kept["provision"]["provision"] = [{"type": "deny", "securityLabel": labels("contact")}]
    enter(desk, kept)
    assert not {"LANG", "CONTACT"} & goes(refer(network, client))

    no = consent(alias, "4", *EVERYTHING)
    no["provision"] = {"type": "deny", "actor": no["provision"]["actor"]}
    (row,) = enter(desk, no)["filed"]
    assert refer(network, client)["codes"][0] == "DN_DIRECTIVE"

    desk.ok("consent", "directive", "lift", row["number"], *BY)
    assert refer(network, client)["codes"][0] == "OK_CONSENT"
    assert network.verifies()


def test_what_cannot_be_read_opens_nothing(network, desk, client, alias):
    wide = consent(alias, "1", *EVERYTHING)
    del wide["provision"]["actor"]
    guessed = consent(alias, "2", *EVERYTHING, verification=[{"verified": True}])
    timeless = consent(alias, "3", *EVERYTHING, dateTime="2026-01-12T10:15:00")

    document = enter(desk, wide, guessed, timeless, code=1)

    assert [problem["where"] for problem in document["problems"]] == [
        "Bundle.entry[0].resource.provision.actor",
        "Bundle.entry[1].resource.verification",
        "Bundle.entry[2].resource.dateTime",
    ]
    assert refer(network, client)["codes"][0] == "DN_PENDING"


def test_each_end_reads_the_consent_by_its_own_names(network, desk, client, alias):
    number = enter(desk, consent(alias, "1", *EVERYTHING))["filed"][0]["number"]
    refer(network, client)
    with network.hub.store.peek() as rows:
        consent_id = rows.consents.by_number("harbour", number)
        numbers = rows.consents.numbers([consent_id])[consent_id]
        ref = rows.consents.get(consent_id).subject_ref
        theirs = rows.subjects.aliases(ref)["lakeside"]

    ours = desk.json("consent", "show", number, "--fhir", *BY)
    seen = desk.json("consent", "show", numbers["lakeside"], "--fhir", *LAKESIDE)

    for made in (ours, seen):
        R4Consent.model_validate(made)
        assert ref not in str(made)
    assert (seen["id"], seen["patient"]) == (numbers["lakeside"], {"reference": f"Patient/{theirs}"})
    assert number not in str(seen)
    assert alias not in str(seen)
    assert "form-id" in str(ours)
    assert "form-id" not in str(seen)
    assert seen["provision"] == ours["provision"]


def test_a_consent_of_a_system_is_shown_as_fhir_and_changed_where_it_was_given(network, desk, client, alias):
    db = network.db("harbour")
    cms.add_consent(db, client)
    db.close()
    network.run()

    made = desk.json("consent", "show", "harbour-cms/consent:2", "--fhir", *BY)

    R4Consent.model_validate(made)
    document = enter(desk, made, code=1)
    assert document["problems"][0]["got"] == "a consent of `harbour-cms`"
    assert desk.refused("consent", "show", "harbour-cms/consent:1", "--fhir", *BY).startswith("Consent.provision.actor")
