"""The FHIR face of the log: R4 by its models, and each mandatory slice of IHE BALP (shared model 10, 11, 13.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.provenance import Provenance

from consent.model.words import Code
from hub.account import RELAY, Reader, disclosures, fhir
from hub.account.disclosure import Disclosure
from hub.account.fhir import Face
from tests.unit.account.said import (
    SUBJECT,
    acknowledged,
    decided,
    entry,
    opened,
    overriding,
    recorded,
    refused,
    returned,
)

FACE = Face(Reader(), "N2VKX7QJ4RAE", {"c-1": "K4MNR2QJ7VXA", "c-2": "AAAABBBBCCCC"})
DCM, ENTITY = fhir.DCM, fhir.ENTITY_TYPE
Entry = dict[str, Any]


def one(*entries: Entry, reader: Reader = FACE.reader) -> Disclosure:
    (found,) = disclosures(entries, reader)
    return found


def bundle(*entries: Entry, reader: Reader = FACE.reader) -> list[dict[str, Any]]:
    """The resources of a bundle, each checked against R4 and against what every AuditEvent of ours has."""
    face = Face(reader, FACE.alias, FACE.numbers)
    made = fhir.bundle(entries, disclosures(entries, reader), face)
    Bundle.model_validate(made)
    found = [each["resource"] for each in made["entry"]]
    for resource in found:
        check(resource)
    assert len({each["fullUrl"] for each in made["entry"]}) == len(found)
    return found


def check(resource: dict[str, Any]) -> None:
    if resource["resourceType"] == "Provenance":
        Provenance.model_validate(resource)
        return
    AuditEvent.model_validate(resource)
    assert len(resource["id"]) <= 64
    assert [agent["requestor"] for agent in resource["agent"]].count(True) == 1
    assert resource["outcome"] in ("0", "4", "8", "12")
    patients = [each for each in resource["entity"] if each["type"] == {"system": ENTITY, "code": "1"}]
    assert [each["what"] for each in patients] == [{"reference": f"Patient/{FACE.alias}"}]
    assert patients[0]["role"] == {"system": fhir.ENTITY_ROLE, "code": "1"}
    check_profile(resource)


def agents(resource: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [agent for agent in resource["agent"] if agent["type"]["coding"][0]["code"] == code]


def check_profile(resource: dict[str, Any]) -> None:
    """The mandatory slices of the BALP profile that a resource claims."""
    profile = resource.get("meta", {}).get("profile", [""])[0].rpartition("IHE.BasicAudit.")[2]
    observer = resource["source"]["observer"]
    if profile == "AuthZconsent":
        assert (resource["type"]["system"], resource["type"]["code"], resource["action"]) == (DCM, "110113", "E")
        assert {"system": fhir.AUTHZ, "code": "AuthZ-Consent"} in resource["subtype"]
        (client,), (user,), (org,), (server,) = (
            agents(resource, code) for code in ("110150", "IRCP", "PROV", "authserver")
        )
        assert client["who"]
        assert client["network"]
        assert user["requestor"]
        assert "network" not in user
        assert "network" not in org
        assert org["who"]
        assert server["who"] == observer
        kinds = {each["type"]["code"] for each in resource["entity"]}
        assert kinds == {"1", "Consent"}, "the slicing is closed"
    if profile.startswith("PrivacyDisclosure"):
        at_source = profile.endswith("Source")
        expected = ("110106", "R") if at_source else ("110107", "C")
        assert (resource["type"]["system"], resource["type"]["code"], resource["action"]) == (DCM, *expected)
        first = resource["subtype"][0]
        assert (first["system"], first["code"]) == (fhir.LIFECYCLE, "disclose")
        (source,), (recipient,) = agents(resource, "110153"), agents(resource, "110152")
        assert source["network"]["address"]
        assert recipient["network"]["address"]
        assert (source if at_source else recipient)["who"] == observer
        assert len(resource["entity"]) >= 2


def test_the_check_of_a_profile_finds_what_is_missing() -> None:
    good = fhir.disclosed_at_source(one(opened(), acknowledged()), FACE)
    for broken in (
        {**good, "agent": good["agent"][1:]},
        {**good, "agent": [{**each, "requestor": True} for each in good["agent"]]},
        {**good, "entity": good["entity"][1:]},
        {**good, "action": "C"},
        {**good, "source": {**good["source"], "observer": {"reference": "Device/other"}}},
    ):
        with pytest.raises((AssertionError, ValueError)):
            check(broken)


def test_a_permit_is_a_decision_on_a_version_of_a_consent() -> None:
    made = fhir.decision(opened(), FACE)

    check(made)
    assert made["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent"
    ]
    assert (made["outcome"], made["outcomeDesc"]) == ("0", "PERMIT OK_CONSENT")
    assert made["entity"][1]["what"] == {"reference": "Consent/K4MNR2QJ7VXA/_history/2"}
    assert agents(made, "110150")[0]["who"] == {"reference": "Device/lakeside-cms"}
    assert [each["code"] for each in made["purposeOfEvent"][0]["coding"]] == ["referral", "COC"]


def test_a_refusal_on_a_consent_is_the_same_with_outcome_8() -> None:
    made = fhir.decision(refused(), FACE)

    check(made)
    assert (made["outcome"], made["outcomeDesc"]) == ("8", "DENY DN_WITHDRAWN")
    assert made["meta"]["profile"][0].endswith("AuthZconsent")


def test_a_refusal_without_a_consent_claims_no_profile_and_names_its_code() -> None:
    made = fhir.decision(refused(codes=["DN_NO_CONSENT"], basis=[]), FACE)

    check(made)
    assert "meta" not in made
    assert [each["code"] for each in made["subtype"]] == ["AuthZ-Consent", "DN_NO_CONSENT"]
    assert [each["type"]["code"] for each in made["entity"]] == ["1"]


def test_a_disclosure_at_the_source_has_the_slices_of_13_3() -> None:
    made = fhir.disclosed_at_source(one(opened(), acknowledged()), FACE)

    check(made)
    assert [agent["who"]["reference"] for agent in made["agent"]] == [
        *("Device/hub-gate", "Organization/lakeside", "Organization/harbour")
    ]
    details = {each["type"]: each["valueString"] for each in made["entity"][1]["detail"]}
    assert details == {"decision-id": "d-e-1", "categories-disclosed": "ident,needs", "fate": "arrived"}
    assert made["entity"][1]["what"] == {"reference": "Bundle/m-e-1"}


def test_an_override_at_the_source_says_which_danger_and_under_which_policy() -> None:
    made = fhir.disclosed_at_source(one(overriding(), acknowledged(1, "e-9")), FACE)

    check(made)
    assert [each["code"] for each in made["subtype"]] == ["disclose", "duty-of-care-override"]
    assert made["outcomeDesc"] == "PERMIT_REDACTED OV_SELF_HARM RD_PURPOSE_MIN"
    codes = [[each["code"] for each in purpose["coding"]] for purpose in made["purposeOfEvent"]]
    assert codes == [["safety", "THREAT"], ["OV_SELF_HARM", "OVRER"]]
    assert made["agent"][2]["policy"] == [fhir.POLICY]


def test_the_reason_code_of_an_override_is_the_declared_one_where_the_log_says_it() -> None:
    declared = entry("OVERRIDE_DECLARED", -1, override_id="o-1", code="DOC-SELF")
    made = fhir.disclosed_at_source(one(declared, overriding(), acknowledged(1, "e-9")), FACE)

    assert made["purposeOfEvent"][1]["coding"][0] == {"system": fhir.OVERRIDE_REASON, "code": "DOC-SELF"}


@pytest.mark.parametrize("code", [code for code in Code if code.startswith("OV_")])
def test_every_override_has_a_reason_for_partners(code: Code) -> None:
    made = fhir.disclosed_at_source(one(overriding(codes=[code.value]), acknowledged(1, "e-9")), FACE)

    assert made["purposeOfEvent"][1]["coding"][1]["system"] == fhir.ACT_REASON


def test_a_bundle_holds_decision_source_and_on_arrival_recipient() -> None:
    found = bundle(recorded(), opened(0, "e-1"), acknowledged(1, "e-1"), opened(5, "e-2"))

    assert [each["id"].rpartition(".")[2] for each in found] == [
        *("decision", "source", "recipient", "decision", "source")
    ]


def test_what_was_taken_back_has_no_recipient() -> None:
    found = bundle(opened(), acknowledged(), opened(9, taken_back=True, outcome="DENY", categories_released=[]))

    assert [each["id"].rpartition(".")[2] for each in found] == ["decision", "source"]
    assert found[1]["entity"][1]["detail"][-1] == {"type": "fate", "valueString": "taken-back"}


def test_what_did_not_leave_is_in_no_bundle() -> None:
    assert bundle(opened(), returned()) == []


def test_an_override_comes_with_its_beginning_its_end_and_its_provenance_but_no_decision_on_a_consent() -> None:
    found = bundle(
        entry("OVERRIDE_DECLARED", -1, override_id="o-1", code="DOC-SELF"),
        overriding(0),
        acknowledged(1, "e-9"),
        entry("OVERRIDE_ENDED", 240, override_id="o-1"),
        entry("OVERRIDE_DECLARED", 300, override_id="o-2", code="DOC-SELF"),
    )

    kinds = [(each["resourceType"], each["id"].rpartition(".")[2]) for each in found]
    assert kinds == [
        ("AuditEvent", "override"),
        ("Provenance", "provenance"),
        ("AuditEvent", "source"),
        ("AuditEvent", "recipient"),
        ("AuditEvent", "override"),
    ]
    codes = [each["subtype"][0]["code"] for each in found if each["id"].endswith("override")]
    assert codes == ["110127", "110138"], "one that disclosed nothing is not told"
    (why,) = [each for each in found if each["resourceType"] == "Provenance"]
    assert why["target"] == [{"reference": "Bundle/m-e-9"}]
    assert why["reason"][0]["coding"][1]["code"] == "OVRER"
    assert why["policy"] == [fhir.POLICY]


def test_an_override_under_a_withholding_decision_leaves_nothing_in_a_bundle() -> None:
    hidden = [entry("OVERRIDE_DECLARED", -1, override_id="o-1", code="DOC-SELF"), overriding(0), acknowledged(1, "e-9")]

    assert bundle(*hidden, reader=Reader(withheld=frozenset({"o-1"}))) == []


def test_a_refusal_at_either_gate_that_rests_on_the_clients_word_is_a_decision() -> None:
    first = decided(
        "DECISION", 0, "", outcome="DENY", codes=["DN_NO_CONSENT"], basis=[], source="harbour-cms/referral:1"
    )
    first.pop("system")
    found = bundle(first, refused(5, "e-2"))

    assert [each["outcome"] for each in found] == ["8", "8"]
    assert agents(found[0], "110150")[0]["who"] == {"reference": "Device/harbour-cms"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"outcome": "NEEDS_OVERRIDE", "codes": ["NO_CHILD", "DN_NO_CONSENT"]}, id="a danger was seen"),
        pytest.param({"codes": ["OX_THRESHOLD", "DN_NO_CONSENT"]}, id="a declaration was refused"),
        pytest.param({"codes": ["DN_SAFETY_CONFLICT"]}, id="somebody is kept away"),
        pytest.param({"codes": ["DN_EXISTENCE"]}, id="whether somebody is there"),
        pytest.param({"codes": ["DN_PROTECTED_LOCATION"]}, id="where somebody is"),
        pytest.param({"recipient": "police"}, id="somebody tried to reach the police"),
        pytest.param({"taken_back": True}, id="what was taken back has its own word"),
    ],
)
def test_a_refusal_that_tells_of_a_danger_is_in_no_bundle(changes: Entry) -> None:
    assert bundle(refused(**changes), reader=Reader(guarding=frozenset({"police"}))) == []


def test_a_senders_no_is_not_the_recipients_to_know() -> None:
    assert bundle(refused(), reader=Reader("lakeside")) == []
    assert len(bundle(refused(), reader=Reader("harbour"))) == 1
    assert bundle(refused(), reader=Reader("maple")) == []


def test_a_womens_service_is_the_relay_and_its_system_the_gate() -> None:
    entries = [recorded(), opened(recipient="haven", system="haven-cms"), acknowledged(recipient="haven")]
    reader = Reader(confidential=frozenset({"haven"}))
    text = json.dumps(bundle(*entries, reader=reader))

    assert "haven" not in text
    assert f"Organization/{RELAY}" in text


def test_who_reported_a_danger_to_a_child_is_in_no_resource() -> None:
    declared = entry(
        "OVERRIDE_DECLARED", -1, override_id="o-1", code="DOC-CHILD", sender="harbour", actor={"ref": "w-7"}
    )
    report = overriding(0, codes=["OV_CHILD"], recipient="aid-society")
    text = json.dumps(bundle(declared, report, acknowledged(1, "e-9")))

    assert "harbour" not in text
    assert "w-7" not in text


def test_neither_the_registrys_names_nor_any_worker_is_in_a_bundle() -> None:
    entries = [recorded(), opened(actor={"ref": "w-7"}), acknowledged(), overriding(2), acknowledged(3, "e-9")]
    text = json.dumps(bundle(*entries))

    for word in (SUBJECT, "c-1", "w-7", "harbour-lakeside"):
        assert word not in text


def test_c_110_that_a_protected_place_was_left_out_is_not_in_a_bundle() -> None:
    hidden = opened(outcome="PERMIT_REDACTED", codes=["OK_CONSENT", "RD_LOCATION"], withheld_codes=["RD_LOCATION"])
    text = json.dumps(bundle(hidden, acknowledged()))

    assert "RD_LOCATION" not in text
    assert "REDACTED" not in text


def test_that_a_danger_was_declared_where_the_client_had_agreed_is_not_told() -> None:
    text = json.dumps(bundle(opened(codes=["OK_CONSENT", "OX_NOT_NEEDED"]), acknowledged()))

    assert "OK_CONSENT" in text
    assert "OX_" not in text
