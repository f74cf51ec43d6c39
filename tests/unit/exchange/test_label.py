"""Labels and items (shared model 5, L1 to L6; C-69, C-70, C-73 to C-77). People are invented."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from consent.model.words import Category, Code
from hub.exchange.label import label
from hub.exchange.strict import NotOurMessage
from hub.model.codes import ACT_CODE, CATEGORY, CODE_SYSTEM, CONFIDENTIALITY, EXTENSION, HUB, ID, OBSERVATION_VALUE
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

SUBJECT = "s-1"
CHILD = {
    "resourceType": "Patient",
    "meta": labels("ident"),
    "identifier": [number("harbour/client", "CMS-20418")],
    "name": [{"family": "Tesfaye", "given": ["Noor"]}],
    "birthDate": "2019-01-05",
}
CHILDS_CLB = {**BLOCKS["clb"], "subject": {"reference": "urn:block:child"}}


def paths(bundle: dict[str, Any]) -> dict[str, str]:
    """Path to category of every item; several of one path are joined."""
    found: dict[str, str] = {}
    for item in label(bundle, subject=SUBJECT).items:
        found[item.path] = f"{found[item.path]} {item.category}" if item.path in found else item.category.value
    return found


def security(bundle: dict[str, Any], path: str) -> list[str]:
    return [entry["code"] for entry in at(label(bundle, subject=SUBJECT).bundle, path)["meta"]["security"]]


def tagged(category: str, *tags: str, level: str = "N") -> dict[str, Any]:
    meta = labels(category, level)
    meta["security"] += [{"system": ACT_CODE, "code": tag} for tag in tags]
    return {"meta": meta}


def test_the_items_of_a_referral_in_the_order_of_the_bundle():
    labelled = label(referral(), subject=SUBJECT)

    assert [(item.path, item.category.value, item.essential) for item in labelled.items] == [
        (REQUEST, "SERVICE_STATUS", True),
        (f"{REQUEST}.reasonCode[0]", "NEEDS", False),
        (f"{REQUEST}.reasonReference[0]", "NEEDS", False),
        (TASK, "SERVICE_STATUS", True),
        (PATIENT, "IDENT", True),
        (f"{PATIENT}.telecom", "CONTACT", False),
        (f"{PATIENT}.communication", "LANG", False),
        (CLB, "LANG", False),
        (NEED, "NEEDS", False),
    ]
    assert {item.subject for item in labelled.items} == {SUBJECT}
    assert not any(item.third_party for item in labelled.items)


def test_a_status_notice_is_one_item_about_the_one_person():
    (item,) = label(answer(), subject=SUBJECT).items

    assert (item.path, item.category, item.subject, item.essential) == (
        "Bundle.entry[1].resource",
        Category.SERVICE_STATUS,
        SUBJECT,
        True,
    )


def test_labelling_changes_no_input_and_nothing_but_labels():
    bundle = referral()
    before = copy.deepcopy(bundle)

    labelled = label(bundle, subject=None)

    assert bundle == before
    assert labelled.bundle == before  # this one was labelled right already


TEXT = {"text": "wants a job near the school"}
ELEMENTS: list[Any] = [
    pytest.param("client", {"address": [{"city": "Toronto"}]}, {f"{PATIENT}.address": "CONTACT"}, id="home"),
    pytest.param(
        "client",
        {"address": [{"use": "home", "city": "Toronto"}, {"use": "temp", "city": "Toronto"}]},
        {f"{PATIENT}.address[0]": "CONTACT", f"{PATIENT}.address[1]": "LOCATION"},
        id="an address where the client stays",
    ),
    pytest.param("client", {"contact": [{"name": {"family": "A"}}]}, {f"{PATIENT}.contact": "FAMILY"}, id="contact"),
    pytest.param(
        "client",
        {"extension": [{"url": f"{EXTENSION}/official-language", "valueCode": "fr"}]},
        {f"{PATIENT}.extension[0]": "LANG"},
        id="official language",
    ),
    pytest.param(
        "client",
        {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/ca/baseline/StructureDefinition/ext-aboriginalidentitygroup",
                    "valueCode": "x",
                }
            ]
        },
        {f"{PATIENT}.extension[0]": "RACE_INDIG"},
        id="identity group",
    ),
    pytest.param(
        "client",
        {"extension": [{"url": "urn:somebody:religion", "valueCode": "x"}]},
        {f"{PATIENT}.extension[0]": "NOTES_FREE"},
        id="C-69 an extension that nobody classified",
    ),
    pytest.param(
        "need",
        {"extension": [{"url": f"{EXTENSION}/assessor", "valueString": "a story"}]},
        {f"{NEED}.extension[0]": "NOTES_FREE"},
        id="a known extension where it does not belong",
    ),
    pytest.param(
        "request",
        {"reasonCode": [{**BLOCKS["request"]["reasonCode"][0], **TEXT}]},
        {f"{REQUEST}.reasonCode[0].coding": "NEEDS", f"{REQUEST}.reasonCode[0].text": "NOTES_FREE"},
        id="the client's words beside a need",
    ),
    pytest.param(
        "request",
        {"reasonCode": [{**BLOCKS["request"]["reasonCode"][0], "text": "Find employment"}]},
        {f"{REQUEST}.reasonCode[0]": "NEEDS"},
        id="a text that is the display of its coding",
    ),
    pytest.param("request", {"reasonCode": [TEXT]}, {f"{REQUEST}.reasonCode[0].text": "NOTES_FREE"}, id="words alone"),
    pytest.param(
        "request",
        {"code": {**BLOCKS["request"]["code"], **TEXT}},
        {f"{REQUEST}.code.text": "NOTES_FREE"},
        id="a text beside any code",
    ),
    pytest.param("request", {"note": [TEXT]}, {f"{REQUEST}.note": "NOTES_FREE"}, id="note"),
    pytest.param(
        "request", {"patientInstruction": "x"}, {f"{REQUEST}.patientInstruction": "NOTES_FREE"}, id="patientInstruction"
    ),
    pytest.param(
        "clb",
        {"text": {"status": "generated", "div": "<div>x</div>"}},
        {f"{CLB}.text": "NOTES_FREE"},
        id="narrative",
    ),
    pytest.param("clb", {"valueString": "a story"}, {f"{CLB}.valueString": "NOTES_FREE"}, id="a value that is a text"),
    pytest.param(
        "clb",
        {
            "component": [
                {"code": one("client-fact", "document-number"), "valueString": "X1"},
                {"code": one("assessment", "strength"), "valueString": "a story"},
            ]
        },
        {f"{CLB}.component[1].valueString": "NOTES_FREE"},
        id="a document's number is no text, a strength is",
    ),
    pytest.param(
        "task",
        {"output": [{"type": one("hub-task", "x"), "valueString": "a story"}]},
        {f"{TASK}.output[0]": "NOTES_FREE"},
        id="a text as output",
    ),
    pytest.param(
        "worker",
        {"code": [{**one("role", "x"), **TEXT}]},
        {"Bundle.entry[6].resource.code[0].text": "NOTES_FREE"},
        id="free text in a resource that carries no label",
    ),
]


@pytest.mark.parametrize(("block", "change", "expected"), ELEMENTS)
def test_an_element_of_another_category_is_an_item_of_its_own(block, change, expected):
    plain, changed = paths(referral()), paths(referral(**{block: change}))

    assert {path: category for path, category in changed.items() if path not in plain} == {
        path: category for path, category in expected.items() if path not in plain
    }
    assert expected.items() <= changed.items()


def test_an_item_of_a_sensitive_category_is_at_least_r_and_so_is_the_bundle():
    labelled = label(referral(request={"note": [TEXT]}), subject=SUBJECT)

    levels = {item.path: item.confidentiality for item in labelled.items}
    assert levels[f"{REQUEST}.note"] == "R"
    assert levels[REQUEST] == "N"
    assert labelled.bundle["meta"]["security"] == [
        {"system": CONFIDENTIALITY, "code": "R"},
        {"system": ACT_CODE, "code": "NORDSCLCD"},
    ]


@pytest.mark.parametrize(
    ("meta", "expected", "categories"),
    [
        pytest.param(tagged("lang"), ["N", "lang"], "LANG", id="nothing to raise"),
        pytest.param(tagged("immig"), ["R", "immig"], "IMMIG", id="L2 a sensitive category is R"),
        pytest.param(tagged("lang", level="V"), ["V", "lang"], "LANG", id="never lowered"),
        pytest.param(tagged("immig", level="V"), ["V", "immig"], "IMMIG", id="never lowered to R"),
        pytest.param(
            tagged("lang", "MH"), ["R", "health-mental", "MH"], "HEALTH_MENTAL", id="L1 a tag brings category and R"
        ),
        pytest.param(
            tagged("immig", "MH"), ["R", "immig", "MH"], "IMMIG HEALTH_MENTAL", id="two sensitive ones: each must pass"
        ),
        pytest.param(
            tagged("lang", "SDV", "HIV"), ["R", "dv", "SDV", "HIV"], "DV SEXUAL", id="two tags: each must pass"
        ),
        pytest.param(
            {"meta": {"security": [{"system": CATEGORY, "code": "lang"}]}}, ["N", "lang"], "LANG", id="no level is N"
        ),
    ],
)
def test_labels_are_raised_and_never_lowered(meta, expected, categories):
    bundle = referral(clb=meta)

    assert security(bundle, CLB) == expected
    assert paths(bundle)[CLB] == categories


def test_l5_partner_violence_is_tagged_whatever_the_sender_wrote():
    temporary = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
    bundle = referral(need={"category": [one(temporary, "intimate-partner-violence")]})

    assert security(bundle, NEED) == ["R", "dv", "SDV"]
    assert paths(bundle)[NEED] == "DV"


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        pytest.param("needs", "safety", ["R", "dv"], id="violence in the family"),
        pytest.param("needs", "health", ["R", "health-mental"], id="health, mental health"),
        pytest.param("needs", "housing", ["N", "needs"], id="a need and no more"),
        pytest.param("sexual", "health", ["R", "sexual"], id="a sensitive label stays"),
    ],
)
def test_s10_a_need_that_tells_of_more_is_what_it_tells_of(said, code, expected):
    bundle = referral(need={"meta": labels(said), "code": one("need", code)})

    assert security(bundle, NEED) == expected


def test_c_73_a_related_person_is_a_fact_of_the_client_and_has_no_name():
    relation = {
        "resourceType": "RelatedPerson",
        "meta": labels("family"),
        "active": True,
        "patient": {"reference": "urn:block:client"},
        "relationship": [one("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "CHILD")],
    }
    bundle = referral(relation=relation)

    place = next(
        f"Bundle.entry[{index}].resource"
        for index, entry in enumerate(bundle["entry"])
        if entry["resource"]["resourceType"] == "RelatedPerson"
    )
    (item,) = [item for item in label(bundle, subject=SUBJECT).items if item.path == place]
    assert (item.category, item.subject, item.third_party) == (Category.FAMILY, SUBJECT, False)


def test_l6_the_bundle_keeps_a_mark_and_a_level_that_it_came_with():
    bundle = referral()
    bundle["meta"]["security"] = [
        {"system": CONFIDENTIALITY, "code": "R"},
        {"system": OBSERVATION_VALUE, "code": "REDACTED"},
    ]

    codes = [entry["code"] for entry in label(bundle, subject=SUBJECT).bundle["meta"]["security"]]

    assert codes == ["R", "NORDSCLCD", "REDACTED"]


@pytest.mark.parametrize(
    ("meta", "got"),
    [
        pytest.param({"security": [{"system": CONFIDENTIALITY, "code": "N"}]}, "0 categories", id="C-70 none"),
        pytest.param({}, "0 categories", id="C-70 no label at all"),
        pytest.param(
            {"security": [*labels("lang")["security"], {"system": CATEGORY, "code": "needs"}]}, "2 categories", id="two"
        ),
        pytest.param(labels("language"), "category a code of shape aaaaaaaa", id="an unknown one"),
        pytest.param(labels("LANG"), "category a code of shape aaaa", id="the rule word is no code"),
        pytest.param(labels("lang", "X"), "confidentiality `X`", id="an unknown level"),
        pytest.param(
            {"security": [*labels("lang")["security"], {"system": CONFIDENTIALITY, "code": "V"}]},
            "2 confidentiality codes",
            id="two levels",
        ),
        pytest.param(tagged("lang", "NOTATAG")["meta"], "a label that the hub does not know", id="an unknown tag"),
        pytest.param(
            {"security": [*labels("lang")["security"], {"system": "urn:x", "code": "y"}]},
            "a label that the hub does not know",
            id="an unknown axis",
        ),
    ],
)
def test_l3_a_label_that_is_not_one_known_category_refuses_the_message(meta, got):
    with pytest.raises(NotOurMessage) as refused:
        label(referral(clb={"meta": meta}), subject=SUBJECT)

    assert refused.value.code is Code.DN_SCHEMA
    assert refused.value.faults[0].path == f"{CLB}.meta.security"
    assert refused.value.faults[0].got == got


def whose(bundle: dict[str, Any]) -> dict[str, tuple[str | None, bool]]:
    return {item.path: (item.subject, item.third_party) for item in label(bundle, subject=SUBJECT).items}


def test_c_73_a_child_and_what_is_about_the_child_is_nobodys_and_a_third_partys():
    bundle = referral(child={**CHILD, "telecom": [{"system": "phone", "value": "1"}]}, score=CHILDS_CLB)
    child, score = "Bundle.entry[7].resource", "Bundle.entry[8].resource"

    items = whose(bundle)

    assert items[child] == items[f"{child}.telecom"] == items[score] == (None, True)
    assert items[PATIENT] == items[REQUEST] == items[CLB] == (SUBJECT, False)
    essential = {item.path for item in label(bundle, subject=SUBJECT).items if item.essential}
    assert essential == {REQUEST, TASK, PATIENT}


def test_c_73_a_child_of_whom_nothing_else_speaks_is_a_third_party_all_the_same():
    assert whose(referral(child=CHILD))["Bundle.entry[7].resource"] == (None, True)


def test_c_77_what_is_about_two_people_follows_the_narrower_consent():
    bundle = referral(child=CHILD, clb={"focus": [{"reference": "urn:block:child"}]})

    assert whose(bundle)[CLB] == (None, True)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param({"type": "Patient", "identifier": number("harbour/client", "CMS-20417")}, False, id="the client"),
        pytest.param({"reference": f"{HUB}/Patient/6DHT3VQXNA2M"}, False, id="the client by hub URL"),
        pytest.param({"type": "Patient", "identifier": number("harbour/client", "CMS-1")}, True, id="somebody"),
        pytest.param({"identifier": number("uci", "12345678")}, True, id="whoever it may be"),
        pytest.param({"reference": f"{HUB}/Patient/ZZZZZZZZZZZZ"}, True, id="somebody by hub URL"),
    ],
)
def test_a_reference_by_identifier_is_the_client_only_if_the_client_has_it(subject, expected):
    assert whose(referral(clb={"subject": subject}))[CLB][1] is expected


@pytest.mark.parametrize(
    ("changes", "path", "got"),
    [
        pytest.param(
            {"clb": {"subject": {"reference": "Patient/7"}}},
            f"{CLB}.subject",
            "a reference that leads nowhere",
            id="a reference that leads nowhere",
        ),
        pytest.param(
            {"clb": {"derivedFrom": [{"reference": "urn:uuid:0a4f1f5e-6f0b-4a53-9a0d-0b7d0c9a1dff"}]}},
            f"{CLB}.derivedFrom[0]",
            "a reference that leads nowhere",
            id="into another Bundle",
        ),
    ],
)
def test_a_message_that_does_not_hang_together_is_refused(changes, path, got):
    with pytest.raises(NotOurMessage) as refused:
        label(referral(**changes), subject=SUBJECT)

    assert (refused.value.faults[0].path, refused.value.faults[0].got) == (path, got)


def test_a_focus_about_two_people_is_refused():
    bundle = referral(child=CHILD)
    at(bundle, TASK)["for"] = {"reference": bundle["entry"][7]["fullUrl"]}

    with pytest.raises(NotOurMessage) as refused:
        label(bundle, subject=SUBJECT)

    assert refused.value.faults[0].got == "more than one person"


def test_a_focus_that_names_another_person_by_identifier_is_refused():
    bundle = referral()
    at(bundle, TASK)["for"] = {"type": "Patient", "identifier": {"system": f"{ID}/uci", "value": "87654321"}}

    with pytest.raises(NotOurMessage) as refused:
        label(bundle, subject=SUBJECT)

    assert refused.value.faults[0].got == "more than one person"


def test_two_entries_with_one_url_are_refused():
    bundle = referral()
    bundle["entry"][4]["fullUrl"] = bundle["entry"][5]["fullUrl"]

    with pytest.raises(NotOurMessage) as refused:
        label(bundle, subject=SUBJECT)

    assert refused.value.faults[0].got == "the same fullUrl twice"


def test_inv_1_a_refused_label_shows_no_text_of_a_person():
    with pytest.raises(NotOurMessage) as refused:
        label(referral(clb={"meta": labels("Zzyzx Quuxly", "N")}), subject=SUBJECT)

    assert "Zzyzx" not in str(refused.value)
    assert CODE_SYSTEM not in str(refused.value)
