"""What a report to the funder becomes in iCARE's columns (program systems 2.5 to 2.10, 6.4, §10; settled S6, S7)."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.icare import ADAPTER
from adapters.icare.layout import lists, modules
from adapters.icare.report import completed, render, required, shortened
from hub.errors import MappingGap
from hub.exchange.writing import kind_of
from hub.mapping.backward import NO_COLUMN
from hub.model import codes
from hub.model.identifiers import clean
from hub.model.record import Record

from .reports import MAPPINGS, activity, employment, extension, lost, message, need, patient, session, written

WHO = {"client_birth_dt": "1991-07-22", "client_validation_id": "11223344"} | {
    "client_validation_type_id": "FOSS/GCMS Client ID"
}
PART = "Employed part time - less than 30 hours at main or only job"
FULL = "Employed full time - 30 hours or more at main or only job"
EVENTS, MATCHING = "Community-based group events and activities", "Targeted Matching and Networking"


def fields(*resources: Any) -> dict[str, str]:
    found: dict[str, str] = written(*resources)[0]["fields"]
    return found


def minutes(value: float, unit: str = "min") -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


# which module


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("needs-assessment", "NARS"),
        ("orientation", "IO"),
        *((code, "CC") for code in ("community-event", "conversation-circle", "networking-activity")),
        *((code, "CC") for code in ("youth-leadership", "group-activity", "targeted-matching")),
        *((code, "ERS") for code in ("employment-counselling", "resume-screening", "resume-matching")),
        *((code, "ERS") for code in ("employment-networking", "mentoring", "work-placement", "licensure-preparation")),
    ],
)
def test_each_activity_has_its_module(code: str, module: str):
    row, _ = written(patient(), session(), activity(code))

    assert row["module"] == module


def test_a_client_without_a_session_is_a_profile():
    row, _ = written(patient())

    assert row["module"] == "CLIENT_PROFILE"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([activity("cooking")], id="an activity that no module has"),
        pytest.param([], id="no activity"),
        pytest.param([activity("orientation", code_={"coding": [{"system": "urn:x", "code": "orientation"}]})], id="x"),
    ],
)
def test_a_session_of_no_module_is_no_row_and_no_profile(found: list[Any]):
    assert kind_of(ADAPTER, "funder-report", message(patient(), session(), *found)) is None


@pytest.mark.parametrize("event", ["add-service-request", "notify-update-process-request", "plan-shared"])
def test_s1_icare_takes_nothing_else(event: str):
    assert ADAPTER.takes(event) is None
    assert kind_of(ADAPTER, event, message(patient(), session(), activity("orientation"))) is None


# who


@pytest.mark.parametrize(
    ("system", "value", "kind"),
    [
        ("uci", "1122334455", "FOSS/GCMS Client ID"),
        ("trp", "F123456789", "Temporary Resident or Minister’s Permit Number"),
        ("imm", "T123456789", "IMM5292, IMM5509, IMM1000 Number"),
    ],
)
def test_each_of_the_three_numbers_goes_under_its_kind(system: str, value: str, kind: str):
    row = fields(patient(identifier=[{"system": f"{codes.ID}/{system}", "value": value}]))

    assert (row["client_validation_type_id"], row["client_validation_id"]) == (kind, value)


def test_of_two_numbers_the_first_kind_goes_and_the_other_is_told():
    two = [
        {"system": f"{codes.ID}/{name}", "value": value} for name, value in (("imm", "T123456789"), ("uci", "11223344"))
    ]
    row, back = written(patient(identifier=two))

    assert row["fields"]["client_validation_id"] == "11223344"
    assert ("client_validation_id", "a further number stayed behind: a row has one") in lost(back)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        pytest.param({"identifier": []}, "client_validation_type_id", id="case 19 a claimant without a number"),
        pytest.param(
            {"identifier": [{"system": f"{codes.ID}/harts", "value": "12345678"}]},
            "client_validation_type_id",
            id="a number of another kind",
        ),
        pytest.param({"birthDate": None}, "client_birth_dt", id="V1 no birth date"),
        pytest.param({"birthDate": "1991"}, "client_birth_dt", id="V1 the year alone"),
        pytest.param(
            {"identifier": [{"system": f"{codes.ID}/uci", "value": "1122334"}]},
            "client_validation_id",
            id="V1 case 20 a lost zero",
        ),
    ],
)
@pytest.mark.parametrize("of", ["profile", "service"])
def test_who_cannot_be_told_is_refused_with_the_reason(change: dict[str, Any], column: str, of: str):
    done = (session(), activity("orientation")) if of == "service" else ()

    with pytest.raises(MappingGap, match=column) as refused:
        written(patient(**change), *done)

    assert refused.value.next_step
    assert not any(value in str(refused.value) for value in ("1991", "1122334", "12345678"))


# profile


def test_s7_a_client_who_agreed_to_be_asked_again():
    told = patient(
        telecom=[
            {"system": "phone", "value": "+1-416-555-0142"},
            {"system": "email", "value": "lea.obi@example.org"},
        ],
        address=[{"line": ["13 Maple Street", "unit 4"], "city": "Toronto", "state": "ON", "postalCode": "M1T 1T5"}],
        extension=[extension("official-language", valueCode="fr"), extension("follow-up-contact", valueBoolean=True)],
    )

    assert fields(told) == {
        **WHO,
        "phone_no": "416-555-0142",
        "email_txt_ind": "Yes",
        "email_txt": "lea.obi@example.org",
        "street_no": "13",
        "street_nme": "Maple",
        "street_type_id": "Street",
        "unit_txt": "4",
        "city_txt": "Toronto",
        "province_id": "Ontario",
        "postal_txt": "M1T1T5",
        "official_language_id": "French",
        "consent_ind": "Yes",
    }


def test_s7_a_client_who_did_not_agree_says_no_and_one_who_was_not_asked_nothing():
    asked = [extension("follow-up-contact", valueBoolean=False)]

    assert fields(patient(extension=asked))["consent_ind"] == "No"
    assert fields(patient(extension=None)) == WHO


def test_s6_no_preference_of_language_is_said_and_an_unknown_one_is_empty():
    said = [extension("official-language", valueCode="unknown")]

    assert fields(patient(extension=said))["official_language_id"] == "Unknown/No preference"
    assert "official_language_id" not in fields(patient(extension=None))


def test_case_28_an_extension_of_a_telephone_stays_behind():
    row, back = written(patient(telecom=[{"system": "phone", "value": "+1-416-555-0142 ext. 7"}]))

    assert row["fields"]["phone_no"] == "416-555-0142"
    assert ("phone_no", "an extension stayed behind") in lost(back)


def test_v6_a_postal_code_that_is_none_of_canada_stays_behind():
    row, back = written(patient(address=[{"postalCode": "90210"}]))

    assert "postal_txt" not in row["fields"]
    assert ("postal_txt", "no whole Canadian postal code") in lost(back)


# how


@pytest.mark.parametrize(
    ("value", "unit", "label"),
    [
        pytest.param(5, "min", "5 minutes or less", id="5"),
        pytest.param(6, "min", "6 - 30 minutes", id="6"),
        pytest.param(30, "min", "6 - 30 minutes", id="case 41: 30 is the lower class"),
        pytest.param(31, "min", "30 - 60 minutes", id="31"),
        pytest.param(60, "min", "30 - 60 minutes", id="case 41: 60"),
        pytest.param(61, "min", "1 to 2 hours", id="case 41: 61"),
        pytest.param(120, "min", "1 to 2 hours", id="120"),
        pytest.param(121, "min", "2 to 3 hours", id="121"),
        pytest.param(2.5, "h", "2 to 3 hours", id="in hours"),
        pytest.param(1800, "min", "29 to 30 hours", id="30 hours"),
        pytest.param(1801, "min", "Over 30 hours", id="over"),
    ],
)
def test_case_41_orientation_says_a_class_of_length(value: float, unit: str, label: str):
    row = fields(patient(), session(length=minutes(value, unit)), activity("orientation"))

    assert row["orientation_length_id"] == label


@pytest.mark.parametrize(
    ("value", "hours", "rest", "rounded"),
    [
        pytest.param(7, "0", "5", True, id="case 41: 7"),
        pytest.param(8, "0", "10", True, id="8"),
        pytest.param(58, "1", "0", True, id="case 41: 58"),
        pytest.param(95, "1", "35", False, id="95"),
        pytest.param(2.5, "0", "5", True, id="half of five"),
        pytest.param(30000, "500", "0", False, id="the longest"),
    ],
)
@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("group-activity", ("service_length_hours_no", "service_length_minutes_no")),
        ("mentoring", ("complete_hours_spent_no", "complete_minutes_spent_no")),
    ],
)
def test_case_41_others_say_hours_and_minutes_by_five(
    value: float, hours: str, rest: str, rounded: bool, code: str, columns: tuple[str, str]
):
    row, back = written(patient(), session(length=minutes(value)), activity(code))

    assert tuple(row["fields"][name] for name in columns) == (hours, rest)
    assert ((columns[1], "rounded to five minutes") in lost(back)) is rounded


@pytest.mark.parametrize("length", [minutes(30120), minutes(3, "d"), {"value": "9", "code": "min"}, minutes(-5)])
@pytest.mark.parametrize("code", ["orientation", "group-activity"])
def test_a_length_that_a_row_cannot_say_stays_behind(length: dict[str, Any], code: str):
    row, back = written(patient(), session(length=length), activity(code))

    long = code == "orientation" and length["value"] == 30120
    assert ("orientation_length_id" in row["fields"]) is long
    assert "service_length_hours_no" not in row["fields"]
    assert long or any("length" in place for place, _ in lost(back))


@pytest.mark.parametrize(
    ("held", "heads", "label"),
    [
        pytest.param("group", 9, "Less than 10 people", id="9"),
        pytest.param("group", 10, "10 - 20 people", id="10"),
        pytest.param("family", 20, "10 - 20 people", id="20"),
        pytest.param("group", 21, "More than 20 people", id="21"),
        pytest.param("group", None, None, id="not counted"),
        pytest.param("individual", 2, None, id="one on one"),
    ],
)
def test_case_40_a_group_has_a_class_of_heads(held: str, heads: int | None, label: str | None):
    row, back = written(patient(), session(held=held, heads=heads), activity("orientation"))

    assert row["fields"].get("group_clients_no_id") == label
    assert any(place == "group_clients_no_id" for place, _ in lost(back)) is (held == "individual")


@pytest.mark.parametrize(
    ("held", "label"),
    [("individual", "One-on-one orientation"), ("family", "Family orientation"), ("group", "Group orientation")],
)
def test_how_an_orientation_was_held(held: str, label: str):
    row = fields(patient(), session(held=held), activity("orientation"))

    assert (row["orientation_service_id"], row.get("institution_type_id")) == (label, None)


@pytest.mark.parametrize(
    ("way", "held", "place"),
    [
        ("VR", "individual", "Online"),
        ("HH", "individual", "The client’s home"),
        ("AMB", "port-of-entry", "Port of entry"),
        ("AMB", "individual", None),
        ("FLD", "group", None),
    ],
)
def test_s6_where_it_was_is_said_where_it_is_not_the_sites_own_place(way: str, held: str, place: str | None):
    there = session(held=held, class_={"system": codes.ACT_CODE, "code": way})

    assert fields(patient(), there, activity("orientation")).get("institution_type_id") == place


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ("fr", "French"), ("fra", "French"), ("fr-CA", "French"), ("prs", "Dari"), ("fa", "Farsi (Persian)"),
        ("tl", "Tagalog"), ("ti", "Tigrigna"), ("pdt", "Plautdietsch (Mennonite Low German)"), ("uk", "Ukrainian"),
    ],
)  # fmt: skip
def test_a_language_by_its_label(tag: str, label: str):
    spoken = session(extension=[extension("service-language", valueCode=tag)])

    assert fields(patient(), spoken, activity("needs-assessment"))["assessment_language_id"] == label


@pytest.mark.parametrize("tag", ["zh", "aka-GH", "qaa", "twi-Latn"])
def test_a_language_without_a_label_is_left_out_and_told(tag: str):
    """``aka`` is Akan, and iCARE's ``Aka`` is another language: a tag is never taken for a label."""
    row, back = written(
        patient(), session(extension=[extension("service-language", valueCode=tag)]), activity("orientation")
    )

    assert "service_language_id" not in row["fields"]
    assert ("service_language_id", "iCARE has no label for it") in lost(back)


def test_every_label_of_the_table_of_languages_is_one_of_icares():
    labels = {clean(value.label) for value in lists()["language"]}
    lines = MAPPINGS.tables["language"].lines

    assert {line.local for line in lines} <= labels
    assert len({line.code for line in lines}) == len(lines)


def test_s6_no_support_and_no_target_group_says_nothing_never_no():
    row = fields(patient(), session(), activity("orientation"))

    assert not [name for name, text in row.items() if text == "No"]
    assert not {"support_received_ind", "target_group_specific_ind", "counselling_ind"} & set(row)


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("child-minding", "childminding_ind"),
        ("transportation", "transportation_ind"),
        ("disability", "support_disability_ind"),
        ("translation", "translation_ind"),
        ("interpretation", "interpretation_ind"),
        ("short-term-counselling", "counselling_ind"),
        ("long-term-counselling", "counselling_ind"),
    ],
)
@pytest.mark.parametrize("done", ["orientation", "community-event", "mentoring", "needs-assessment"])
def test_v5_a_support_opens_its_gate(code: str, column: str, done: str):
    row = fields(patient(), session(extension("support-service", valueCode=code)), activity(done))

    assert {name for name, text in row.items() if text == "Yes"} - {"session_result_intn_ind"} == {
        column,
        "support_received_ind",
    }


@pytest.mark.parametrize("done", ["orientation", "group-activity"])
def test_v5_a_target_group_opens_its_gate_and_one_that_is_on_no_list_is_told(done: str):
    groups = [extension("target-group", valueCode=code) for code in ("refugee", "lgbtq", "sailors")]
    row, back = written(patient(), session(*groups), activity(done))

    assert {name for name, text in row["fields"].items() if text == "Yes"} == {
        "target_group_specific_ind",
        "target_group_refugee_ind",
        "target_group_LGBTQ_ind",
    }
    assert ("Encounter.extension", NO_COLUMN) in lost(back)


def test_case_39_five_children_go_and_the_sixth_is_told():
    def child(age: str) -> dict[str, Any]:
        coded = [("minded-age", age), ("minded-care", "short-term")]
        codings = [{"system": f"{codes.CODE_SYSTEM}/{system}", "code": code} for system, code in coded]
        return extension("minded-child", valueCodeableConcept={"coding": codings})

    minded = [extension("support-service", valueCode="child-minding"), *(child("toddler") for _ in range(6))]
    row, back = written(patient(), session(*minded), activity("orientation"))

    ages = [text for name, text in row["fields"].items() if name.endswith("childminding_age_id")]
    assert ages == ["Toddler (19-35 months)"] * 5
    assert ("Encounter.extension", NO_COLUMN) in lost(back)


# what


@pytest.mark.parametrize(
    ("code", "held", "expected"),
    [
        ("conversation-circle", "group", (EVENTS, "Conversation circle", "Group session (e.g. conversation circles)")),
        (
            "youth-leadership",
            "family",
            (EVENTS, "Youth leadership project", "Group session (e.g. conversation circles)"),
        ),
        ("community-event", "group", (EVENTS, None, "Group session (e.g. conversation circles)")),
        (
            "targeted-matching",
            "individual",
            (
                MATCHING,
                "Targeted matching between newcomer and settled immigrant or long-time Canadian",
                "One-on-one session (e.g. mentoring)",
            ),
        ),
        (
            "networking-activity",
            "group",
            (
                MATCHING,
                "Networking activity with other newcomers or Canadian citizens",
                "Group session (e.g. conversation circles)",
            ),
        ),
    ],
)
def test_2_9_an_activity_its_kind_and_its_form_agree(code: str, held: str, expected: tuple[str, str | None, str]):
    row = fields(patient(), session(held=held), activity(code))

    above, kind, form = expected
    assert (row["community_activity_id"], row.get("service_type_id")) == (above, kind)
    assert row["community_service_id"] == f"{above}: {form}"
    assert row["service_status_id"] == "Completed"


def test_2_9_a_form_that_its_activity_has_not_is_left_out_and_told():
    row, back = written(patient(), session(held="individual"), activity("conversation-circle"))

    assert "community_service_id" not in row["fields"]
    assert ("community_service_id", "iCARE has no such form of that activity") in lost(back)


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("work-placement", "Work placement"),
        ("mentoring", "Mentoring"),
        ("licensure-preparation", "Preparation for licensure/certification"),
    ],
)
def test_2_10_a_long_term_intervention_has_a_state_and_two_days(code: str, label: str):
    row = fields(patient(), session(), activity(code, "2026-05-04", "2026-05-29"))
    told = {name: text for name, text in row.items() if name.startswith(("intervention", "short_term", "session_res"))}

    assert told == {
        "session_result_intn_ind": "Yes",
        "intervention_type_id": "Long Term",
        "intervention_received_id": label,
        "intervention_status_id": "Completed",
        "intervention_start_dt": "2026-05-04",
        "intervention_end_dt": "2026-05-29",
    }


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("employment-networking", "Networking opportunities"),
        ("resume-screening", "Resume screening for referrals service"),
        ("resume-matching", "Resume added to a matching system"),
        ("employment-counselling", "Employment counselling"),
    ],
)
def test_2_10_a_short_term_one_has_one_day(code: str, label: str):
    row, back = written(patient(), session(), activity(code, "2026-05-04", "2026-05-29"))
    told = {
        name: text
        for name, text in row["fields"].items()
        if name.startswith(("intervention", "short_term", "session_res"))
    }

    assert told == {
        "session_result_intn_ind": "Yes",
        "intervention_type_id": "Short Term",
        "short_term_service[1]service_received_id": label,
        "short_term_service[1]entry_dt": "2026-05-04",
    }
    assert any(place == "short_term_service[1]entry_dt" for place, _ in lost(back))


@pytest.mark.parametrize(
    ("said", "label"),
    [
        pytest.param(employment(29.5), PART, id="29.5"),
        pytest.param(employment(30), FULL, id="30"),
        pytest.param(employment(20), PART, id="the line of EO"),
        pytest.param(employment(situation="unemployed"), "Unemployed", id="without work"),
        pytest.param(employment(situation="employed-full-time"), None, id="by a line that nobody knows"),
        pytest.param(employment(25, "employed-full-time"), PART, id="the hours decide"),
    ],
)  # fmt: skip
def test_case_56_hours_are_told_by_icares_own_line(said: dict[str, Any], label: str | None):
    row, back = written(patient(), session(), activity("mentoring"), said)

    assert row["fields"].get("session_employment_status_id") == label
    assert label or ("session_employment_status_id", "work without a number of hours a week") in lost(back)


def test_a_need_has_its_own_column_and_no_other_is_answered():
    row = fields(patient(), session(), activity("needs-assessment"), need("housing"))
    said = {name: text for name, text in row.items() if text in ("Yes", "No")}

    assert said == {"housing_accommodation_needs_ind": "Yes", "non_cic_program_needs_services_required": "Yes"}


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("language", "language_skills_needs_ind"),
        ("settlement", "knwl_life_needs_ind"),
        ("employment", "find_employment_needs_ind"),
        ("health", "hlth_mental_wellness_needs_ind"),
        ("legal", "legal_info_services_needs_ind"),
        ("income", "financial_needs_ind"),
        ("childcare", "childminding_required_ind"),
        ("safety", "family_support_needs_ind"),
        ("education", "edu_skills_devt_needs_ind"),
        ("isolation", "social_networks_needs_ind"),
        ("food-cloth-material", "food_cloth_material_needs_ind"),
    ],
)
def test_6_3_the_column_of_each_need(code: str, column: str):
    assert fields(patient(), session(), activity("needs-assessment"), need(code))[column] == "Yes"


def test_s17_a_need_that_was_refuted_is_no_and_one_that_icare_lacks_is_told():
    row, back = written(patient(), session(), activity("needs-assessment"), need("legal", "refuted"), need("other"))

    assert row["fields"]["legal_info_services_needs_ind"] == "No"
    assert row["fields"]["non_cic_program_needs_services_required"] == "No"
    assert ("Condition", "NARS_REPORT has no place for it") in lost(back)


def test_a_need_beside_another_service_is_told_and_not_written():
    row, back = written(patient(), session(), activity("orientation"), need("housing"))

    assert not any("housing" in name for name in row["fields"])
    assert ("Condition", "IO has no place for it") in lost(back)


# what is no row


def test_a_session_that_has_not_ended_is_no_service():
    with pytest.raises(MappingGap, match="start_dttm: got nothing"):
        written(patient(), session(status="in-progress"), activity("orientation"))


def test_v3_an_end_before_the_start_is_refused():
    with pytest.raises(MappingGap, match=r"end_dttm: got a day before the start.*V3"):
        written(patient(), session(), activity("orientation", "2026-05-04", "2026-05-03"))


@pytest.mark.parametrize(
    ("kind", "change", "place"),
    [
        pytest.param("XX", {}, "record kind", id="another kind"),
        pytest.param("NARS", {}, "record kind", id="what is only read"),
        pytest.param("IO", {"service_type_id": "x"}, "icare IO", id="a column of another module"),
        pytest.param("IO", {"processing_details": "x"}, "icare IO", id="iCARE's own column"),
        pytest.param("IO", {"orientation_service_id": "Zyxwvut"}, "orientation_service_id", id="a word of no list"),
        pytest.param("IO", {"end_dttm": "04/05/2026"}, "end_dttm", id="no day"),
        pytest.param("IO", {"childminding_ind": "maybe"}, "childminding_ind", id="neither yes nor no"),
        pytest.param("IO", {"orientation_length_minutes_no": "7"}, "minutes_no", id="no step of five"),
        pytest.param("IO", {"childminding_ind": "1"}, "support_received_ind", id="V5 a member without its gate"),
    ],
)
def test_what_a_module_has_not_is_refused_without_its_value(kind: str, change: dict[str, str], place: str):
    row = Record(kind, {**WHO, "start_dttm": "2026-05-04", **change})

    with pytest.raises(MappingGap, match=place) as refused:
        render(row)

    assert refused.value.expected
    assert "Zyxwvut" not in str(refused.value)


def test_what_is_required_and_what_a_worker_fills_are_columns_of_the_module():
    for kind, module in (("IO", "IO"), ("NARS_REPORT", "NARS"), ("CLIENT_PROFILE", "CLIENT_PROFILE"), ("ERS", "ERS")):
        asked = {column.id for column in modules()[module].columns.values() if column.required == "yes"}
        own = {*required()[kind], *completed()[kind]}
        assert own <= asked
        assert asked - own <= {"postal_cd", "institution_type_id"}
    assert shortened(Record("NARS", {"postal_cd": "x"})) == ()
