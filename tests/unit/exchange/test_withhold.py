"""Withholding (I-10, shared model 5, 7): nothing withheld stays, nothing tells that it was there. Invented people."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Item, Withheld
from consent.model.words import Category, Code
from hub.exchange.label import label
from hub.exchange.strict import MessageSchema, NotOurMessage
from hub.exchange.withhold import withhold
from hub.model.codes import EXTENSION, ID_CLIENT
from hub.model.fhir import references, resources
from tests.unit.exchange.messages import (
    BLOCKS,
    CLB,
    NEED,
    PATIENT,
    REQUEST,
    TASK,
    answer,
    at,
    labels,
    number,
    one,
    referral,
)

CHECK = MessageSchema()
ALIAS = {"type": "Patient", "identifier": {"system": ID_CLIENT, "value": "6DHT3VQXNA2M"}}


def no(*paths: str, marked: bool = True) -> list[Withheld]:
    return [Withheld(path, Category.LANG, Code.RD_CATEGORY, marked) for path in paths]


def bundle_codes(bundle: dict[str, Any]) -> list[str]:
    return [entry["code"] for entry in bundle["meta"]["security"]]


def test_a_withheld_resource_goes_with_every_reference_to_it():
    bundle = referral()

    left = withhold(bundle, no(CLB, NEED))

    CHECK.check(left)
    assert [r["resourceType"] for r in resources(left)].count("Observation") == 0
    request = at(left, REQUEST)
    assert "reasonReference" not in request
    assert request["supportingInfo"] == [{"reference": "https://hub.example.org/fhir/Consent/R5YB7CJW2LKE"}]
    assert not {bundle["entry"][4]["fullUrl"], bundle["entry"][5]["fullUrl"]} & set(references(left))


def test_the_given_bundle_is_not_changed():
    bundle = referral()
    before = copy.deepcopy(bundle)

    withhold(bundle, no(CLB, PATIENT, f"{REQUEST}.reasonCode[0]"))

    assert bundle == before


def test_several_elements_of_one_array_are_those_of_the_given_bundle():
    reasons = [one("need", code) for code in ("housing", "income", "health", "legal")]
    bundle = referral(request={"reasonCode": reasons})

    left = withhold(bundle, no(f"{REQUEST}.reasonCode[0]", f"{REQUEST}.reasonCode[2]"))

    assert at(left, REQUEST)["reasonCode"] == [reasons[1], reasons[3]]


def test_an_element_that_is_left_empty_goes_too_and_leaves_no_count():
    withheld = no(f"{REQUEST}.reasonCode[0]", f"{PATIENT}.telecom", f"{PATIENT}.communication")

    left = withhold(referral(), withheld)

    CHECK.check(left)
    assert "reasonCode" not in at(left, REQUEST)
    assert not {"telecom", "communication"} & at(left, PATIENT).keys()


def test_a_text_goes_and_its_codes_stay():
    reason = {**BLOCKS["request"]["reasonCode"][0], "text": "in her own words"}

    left = withhold(referral(request={"reasonCode": [reason]}), no(f"{REQUEST}.reasonCode[0].text"))

    assert at(left, REQUEST)["reasonCode"] == BLOCKS["request"]["reasonCode"]


def test_the_client_who_is_withheld_is_named_by_the_recipients_alias_alone():
    left = withhold(referral(), no(PATIENT))

    CHECK.check(left)
    assert not list(resources(left, "Patient"))
    assert at(left, REQUEST)["subject"] == at(left, TASK)["for"] == ALIAS
    assert "CMS-20417" not in json.dumps(left)
    assert "Tesfaye" not in json.dumps(left)


def test_without_an_alias_only_the_word_patient_stands_there():
    bundle = referral()
    at(bundle, PATIENT)["identifier"] = [number("harbour/client", "CMS-20417")]

    left = withhold(bundle, no(PATIENT))

    CHECK.check(left)
    assert at(left, REQUEST)["subject"] == {"type": "Patient"}


def test_a_reference_by_identifier_to_what_is_withheld_goes_as_well():
    bundle = referral(
        clb={"identifier": [number("harbour/clb", "771")]},
        need={"evidence": [{"detail": [{"identifier": number("harbour/clb", "771")}]}]},
    )

    left = withhold(bundle, no(CLB))

    CHECK.check(left)
    assert "771" not in json.dumps(left)


def test_c_73_what_is_about_a_child_goes_with_the_child():
    child = {
        "resourceType": "Patient",
        "meta": labels("ident"),
        "identifier": [number("harbour/client", "CMS-20418")],
        "name": [{"given": ["Noor"]}],
    }
    score = {**BLOCKS["clb"], "subject": {"reference": "urn:block:child"}}
    link = {"other": {"reference": "urn:block:child"}, "type": "seealso"}
    bundle = referral(child=child, score=score, client={"link": [link]})

    left = withhold(bundle, no("Bundle.entry[7].resource"))

    CHECK.check(left)
    assert "link" not in at(left, PATIENT)
    assert len(list(resources(left, "Observation"))) == len(list(resources(left, "Patient"))) == 1
    assert "CMS-20418" not in json.dumps(left)


def test_a_provenance_goes_with_the_last_of_its_targets():
    agent = [{"who": {"reference": "urn:block:worker"}}]
    trace = {"resourceType": "Provenance", "recorded": "2026-03-03T14:02:11Z", "agent": agent}
    bundle = referral(
        one={**trace, "target": [{"reference": "urn:block:clb"}]},
        two={**trace, "target": [{"reference": "urn:block:clb"}, {"reference": "urn:block:client"}]},
    )

    left = withhold(bundle, no(CLB))

    CHECK.check(left)
    (kept,) = resources(left, "Provenance")
    assert kept["target"] == [{"reference": bundle["entry"][3]["fullUrl"]}]


def test_an_output_whose_result_is_withheld_goes_whole():
    output = [{"type": one("hub-task", "resulting-activity"), "valueReference": {"reference": "urn:block:clb"}}]

    left = withhold(referral(task={"output": output}), no(CLB))

    CHECK.check(left)
    assert "output" not in at(left, TASK)


def test_an_appointment_names_a_withheld_client_by_alias():
    meeting = {
        "resourceType": "Appointment",
        "meta": labels("service-status"),
        "status": "proposed",
        "basedOn": [{"reference": "urn:block:request"}],
        "participant": [
            {"actor": {"reference": "urn:block:client"}, "status": "accepted"},
            {"actor": {"reference": "urn:block:worker"}, "status": "accepted"},
        ],
    }

    left = withhold(referral(meeting=meeting), no(PATIENT))

    CHECK.check(left)
    (kept,) = resources(left, "Appointment")
    assert kept["participant"][0]["actor"] == ALIAS


@pytest.mark.parametrize(
    ("marked", "before", "expected"),
    [
        pytest.param(True, False, True, id="the client did not allow it"),
        pytest.param(False, False, False, id="the purpose does not need it: no marker"),
        pytest.param(False, True, True, id="a marker that stands stays"),
    ],
)
def test_i_10_redacted_stands_for_what_the_client_did_not_allow(marked, before, expected):
    bundle = referral()
    if before:
        bundle = withhold(bundle, no(NEED))
    target = bundle["entry"][4]["fullUrl"]
    index = next(i for i, entry in enumerate(bundle["entry"]) if entry["fullUrl"] == target)

    left = withhold(bundle, no(f"Bundle.entry[{index}].resource", marked=marked))

    assert ("REDACTED" in bundle_codes(left)) is expected
    assert bundle_codes(left).count("NORDSCLCD") == 1


def test_the_bundle_has_the_highest_label_of_what_is_left():
    labelled = label(referral(clb={"meta": labels("immig", "V")}, request={"note": [{"text": "x"}]}), subject="s")

    assert bundle_codes(labelled.bundle)[0] == "V"
    assert bundle_codes(withhold(labelled.bundle, no(CLB)))[0] == "R"
    assert bundle_codes(withhold(labelled.bundle, no(CLB, f"{REQUEST}.note")))[0] == "N"


def test_nothing_withheld_changes_nothing():
    bundle = label(referral(), subject="s").bundle

    assert withhold(bundle, []) == bundle


@pytest.mark.parametrize(
    "path",
    [
        "Bundle.entry[99].resource",
        f"{PATIENT}.photo",
        f"{REQUEST}.reasonCode[7]",
        f"{REQUEST}.status.text",
        "Bundle.timestamp",
        "Bundle.entry[1]",
        "",
    ],
)
def test_a_path_of_another_message_lets_nothing_leave(path):
    with pytest.raises(LookupError):
        withhold(referral(), no(path))


def marked() -> dict[str, Any]:
    """A referral in which every part that can be withheld holds a value of its own."""
    words = [{"text": "MARK-note"}]
    return referral(
        request={
            "note": words,
            "reasonCode": [
                {**one("need", "MARK-need-1"), "text": "MARK-text"},
                one("need", "MARK-need-2"),
            ],
            "patientInstruction": "MARK-instruction",
        },
        client={
            "telecom": [{"system": "phone", "value": "MARK-phone"}],
            "address": [{"city": "MARK-home"}, {"use": "temp", "city": "MARK-stay"}],
            "communication": [{"language": one("urn:ietf:bcp:47", "MARK-tongue")}],
            "contact": [{"name": {"family": "MARK-kin"}}],
            "extension": [
                {"url": f"{EXTENSION}/official-language", "valueCode": "MARK-official"},
                {"url": "urn:somebody:else", "valueString": "MARK-else"},
            ],
            "name": [{"family": "MARK-client"}],
        },
        clb={
            "identifier": [number("harbour/clb", "MARK-clb")],
            "valueString": "MARK-value",
            "note": [{"text": "MARK-clb-note"}],
        },
        need={"identifier": [number("harbour/need", "MARK-condition")], "note": [{"text": "MARK-asked"}]},
        task={
            "output": [
                {"type": one("hub-task", "a"), "valueReference": {"reference": "urn:block:clb"}},
                {"type": one("hub-task", "a"), "valueString": "MARK-output"},
                {
                    "type": one("hub-task", "a"),
                    "valueReference": {"identifier": number("harbour/need", "MARK-condition")},
                },
            ]
        },
        child={
            "resourceType": "Patient",
            "meta": labels("ident"),
            "identifier": [number("harbour/client", "MARK-child")],
            "name": [{"given": ["MARK-child"]}],
        },
        score={**BLOCKS["clb"], "subject": {"reference": "urn:block:child"}, "note": [{"text": "MARK-score"}]},
    )


MARKED = label(marked(), subject="s")
ITEMS = sorted({item.path: item for item in MARKED.items}.values(), key=lambda item: item.path)


def marks(node: Any, *, own: bool = False) -> Iterator[str]:
    """The marks below a node; ``own``: not those by which it refers to another resource."""
    if isinstance(node, dict):
        for name, below in node.items():
            if not (own and name == "valueReference"):
                yield from marks(below, own=own)
    elif isinstance(node, list):
        for below in node:
            yield from marks(below, own=own)
    elif isinstance(node, str) and node.startswith("MARK"):
        yield node


def dangling(bundle: dict[str, Any]) -> set[str]:
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    return {target for target in references(bundle) if target.startswith("urn:") and target not in urls}


def test_the_marked_message_is_a_message_and_every_item_is_a_place_in_it():
    CHECK.check(MARKED.bundle)

    assert {mark for item in ITEMS for mark in marks(at(MARKED.bundle, item.path))} == set(marks(MARKED.bundle))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(ITEMS), unique=True))
def test_whatever_is_withheld_no_value_of_it_stays_and_nothing_dangles(chosen: list[Item]):
    gone = {mark for item in chosen for mark in marks(at(MARKED.bundle, item.path), own=True)}
    before = copy.deepcopy(MARKED.bundle)

    left = withhold(MARKED.bundle, no(*(item.path for item in chosen)))

    assert not gone & set(marks(left))
    assert not dangling(left)
    assert before == MARKED.bundle
    if not any(item.path in (REQUEST, TASK) for item in chosen):  # without these it is no referral
        CHECK.check(left)
        again = label(left, subject="s")  # gate 2 reads what gate 1 left
        assert again.bundle == left
        assert {item.category for item in again.items} <= {item.category for item in ITEMS}


def test_a_notice_without_the_task_that_it_is_about_is_no_message():
    bundle = answer()

    left = withhold(bundle, no("Bundle.entry[1].resource"))

    with pytest.raises(NotOurMessage):
        CHECK.check(left)
