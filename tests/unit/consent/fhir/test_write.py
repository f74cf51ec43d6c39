"""What an export looks like, that it is R4, and what it refuses to leave out (shared model 8; PCF Advanced)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
from fhir.resources.R4B.consent import Consent as R4Consent
from hypothesis import given, settings

from consent.fhir import as_fhir, read_consent
from consent.model import Directive, Grant, StateEvent, VerbalNote
from consent.model.words import Basis, Category, ConsentState, Purpose
from hub.errors import Refused
from hub.model.fhir import Resource
from tests.builders import directive
from tests.unit.consent.fhir.forms import FULL, KNOWN, RECORD, ZONE, example, extension, place, written
from tests.unit.consent.fhir.test_properties import NOES, consents

SCHEMA = json.loads(resources.files("schemas.fhir").joinpath("r4.json").read_text(encoding="utf-8"))
DATA_TYPES = {  # elements of a Consent whose type the hub's own schema has
    "reference": "Reference",
    "patient": "Reference",
    "sourceReference": "Reference",
    "valueReference": "Reference",
    "performer": "Reference",
    "organization": "Reference",
    "period": "Period",
    "coding": "Coding",
    "purpose": "Coding",
    "securityLabel": "Coding",
    "identifier": "Identifier",
    "scope": "CodedConcept",
    "role": "CodedConcept",
    "category": "CodedConcept",
    "valueCodeableConcept": "CodedConcept",
    "dateTime": "dateTime",
    "valueDateTime": "dateTime",
    "valueDate": "date",
    "valueUri": "uri",
    "language": "code",
    "status": "code",
    "valueCode": "code",
    "id": "id",
    "meta": "Meta",
}
OF_KIND = {
    kind: jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})
    for kind in {*DATA_TYPES.values()}
}


def elements(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            for each in value if isinstance(value, list) else [value]:
                yield name, each
                yield from elements(each)


def check(resource: Resource) -> None:
    """R4 by the models, each data type by the hub's schema, and the limits of PCF Advanced."""
    R4Consent.model_validate(resource)
    for name, value in elements(resource):
        kind = DATA_TYPES.get(name)
        if kind is not None and not (name == "reference" and isinstance(value, str)):
            OF_KIND[kind].validate(value)
    root = resource["provision"]
    assert root["type"] in ("permit", "deny")
    for rule in (root, *root.get("provision", ())):
        assert not {"class", "code", "action"} & set(rule)
        assert not any("provision" in each for each in rule.get("provision", ()))
    assert "verification" not in resource
    assert all(policy["uri"] for policy in resource["policy"])
    assert len(resource["organization"]) == 1
    assert len(resource["category"]) == 2


@settings(max_examples=150, deadline=None)
@given(consents() | NOES)
def test_every_export_is_r4_and_pcf(record: Any) -> None:
    check(as_fhir(record, ZONE))


def test_the_check_finds_what_is_wrong() -> None:
    for name, value in (
        ("status", ""),
        ("scope", None),
        ("dateTime", "soon"),
        ("patient", {"display": 3}),
        ("policy", [{"authority": "x"}]),
    ):
        broken = {**written(), name: value}
        with pytest.raises((ValueError, AssertionError, KeyError)):
            check(broken)


def test_it_looks_as_the_example_of_the_shared_model_does() -> None:
    """Read and written again, 13.2 differs in what is said twice, in nothing that counts."""
    known = replace(KNOWN, pack=replace(KNOWN.pack, text_versions=("information-sharing/v3",)), is_agency=bool)
    printed = example()
    made = as_fhir(read_consent(printed, known), ZONE)

    for name in ("resourceType", "id", "language", "identifier", "status", "scope", "category", "dateTime"):
        assert made[name] == printed[name]
    for name in ("organization", "sourceReference", "policy"):
        assert made[name] == printed[name]
    for name in ("type", "period", "actor", "securityLabel", "purpose"):
        assert made["provision"][name] == printed["provision"][name]
    ours, theirs = ({each["url"] for each in extension(each, RECORD)["extension"]} for each in (made, printed))
    assert ours - theirs == {"given-by"}
    assert theirs <= ours
    assert made["provision"]["provision"][0] == printed["provision"]["provision"][2]  # the tick; then what is denied
    codes = [each["code"] for each in made["provision"]["provision"][1]["securityLabel"]]
    assert codes == ["notes-free", "dv"]


def test_plain_categories_stand_at_the_root_and_each_sensitive_one_by_itself() -> None:
    root = written()["provision"]

    assert [each["code"] for each in root["securityLabel"]] == ["N", "ident", "contact", "needs", "lang", "employ"]
    assert [(each["type"], [one["code"] for one in each.get("securityLabel", ())]) for each in root["provision"]] == [
        ("permit", ["N", "income"]),
        ("permit", ["R", "health-mental"]),
        ("deny", ["notes-free", "dv"]),
        ("deny", []),
    ]


def test_a_directive_is_an_active_consent_whose_root_denies() -> None:
    made = written(directive(registry_seq=0, taken_by="A", purposes=(Purpose.REFERRAL,)))

    assert (made["status"], made["provision"]["type"]) == ("active", "deny")
    assert [each["reference"]["reference"] for each in made["provision"]["actor"]] == ["Organization/B"]
    check(made)


def test_a_declined_form_is_rejected_and_its_root_denies() -> None:
    plain = tuple(Grant(each.category) for each in FULL.categories)
    made = written(replace(FULL, state=ConsentState.DECLINED, categories=plain, exclusions=()))

    assert (made["status"], made["provision"]["type"]) == ("rejected", "deny")
    check(made)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"recipients": ()}, "Consent.provision.actor"),
        ({"purposes": ()}, "Consent.provision.purpose"),
        ({"purposes": (Purpose.REFERRAL, Purpose.SAFETY)}, "Consent.provision.purpose[2]"),
        ({"categories": (Grant(Category.IMMIG),)}, "Consent.provision.securityLabel"),
        ({"text_version": None}, "text_version"),
        ({"basis": None}, "Consent.extension"),
        ({"unreadable": ("language",)}, "unreadable"),
        ({"consent_id": "a number with blanks"}, "Consent.id"),
        ({"receipt_ref": "told by her sister"}, "Consent.extension[2].extension[8].valueString"),
        ({"expires_at": datetime.max.replace(tzinfo=UTC)}, "Consent.provision.period.end"),
        ({"state": ConsentState.DECLINED}, "categories"),
        ({"client_reads": ("EN",)}, "client_reads"),
        ({"verbal_note": VerbalNote(True, True, True, None, None, None)}, "Consent.extension[2].extension[13]"),
        ({"given_by_ref": "r-1"}, "given_by_ref"),
        ({"basis": Basis.NOTICE_ONLY}, "Consent.provision.purpose"),
        ({"direction": "TWO_WAY"}, "direction"),
    ],
)
def test_what_fhir_cannot_say_is_refused_by_its_name(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as refused:
        as_fhir(replace(FULL, **change), ZONE)

    assert refused.value.where == where


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"lifted_by": "worker:w"}, "lifted_by"),
        ({"categories": (Category.LANG,), "items": ("item-7",)}, "items"),
        ({"taken_by": ""}, "taken_by"),
        ({"recipients": ("A", "B"), "worker": "w-b"}, "recipients"),
        ({"purposes": (Purpose.RESEARCH,)}, "purposes"),
    ],
)
def test_a_no_that_fhir_would_narrow_is_refused_by_its_name(change: dict[str, Any], where: str) -> None:
    no: Directive = replace(directive(registry_seq=0, taken_by="A"), **change)

    with pytest.raises(Refused) as refused:
        as_fhir(no, ZONE)

    assert refused.value.where == where


def test_what_the_registry_counts_is_its_own_and_not_written() -> None:
    event = StateEvent(ConsentState.ACTIVE, 3, FULL.captured_at, FULL.captured_at, "w-301")

    assert as_fhir(replace(FULL, registry_seq=77, state_events=(event,), doubt="KEEP_OUT"), ZONE) == written()


def test_an_end_with_the_day_is_written_as_that_day_and_any_other_as_its_instant() -> None:
    noon = replace(FULL, expires_at=datetime(2025, 12, 1, 17, tzinfo=UTC))

    assert place(written(), "provision.period") == {"start": "2025-01-10", "end": "2026-01-09"}
    assert place(written(noon), "provision.period.end") == "2025-12-01T12:00:00-05:00"
