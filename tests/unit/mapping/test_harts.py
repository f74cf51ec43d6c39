"""The mappings of HARTS: program systems 4.5, 6.1 to 6.3, 9.4 and the tricky cases of §10 by number, both ways."""

from __future__ import annotations

import csv
from typing import Any

import orjson
import pytest

from adapters.harts.layout import fill
from adapters.harts.record import marked, parse, render
from hub.errors import MappingGap, RecordUnreadable
from hub.mapping import Mappings, RecordMapping
from hub.model.canonical import canonical
from hub.model.fhir import Resource, code_in
from hub.model.record import Record

from .conftest import ROOT
from .harts_samples import ALIAS, ANSWER, AS, CL, EL, KEY, RF, answer, given, read, request
from .samples import HARBOUR, LAKESIDE, blocks

FHIR = "https://hub.example.org/fhir/CodeSystem"
ID = "https://hub.example.org/id"
NEED, SERVICE, STATE, REASON = (
    f"{FHIR}/{name}" for name in ("need", "service-wanted", "referral-state", "referral-state-reason")
)


@pytest.fixture
def asks(harts: Mappings) -> RecordMapping:
    return harts.records["RF_REQUEST"]


@pytest.fixture
def answers(harts: Mappings) -> RecordMapping:
    return harts.records["RF_STATUS"]


def out(mapping: RecordMapping, *resources: Resource) -> tuple[Record, list[tuple[str, str]]]:
    """A record of these resources, and its losses."""
    entries = [{"fullUrl": f"urn:uuid:{index}", "resource": each} for index, each in enumerate(resources)]
    back = mapping.from_fhir(entries, LAKESIDE)
    return back.record, [(loss.place, loss.reason) for loss in back.losses]


def again(mapping: RecordMapping, record: Record) -> tuple[Record, dict[str, str]]:
    """What another HARTS site gets, and the losses of the way in by place."""
    translated = mapping.to_fhir(record, HARBOUR)
    return mapping.from_fhir(translated.resources, LAKESIDE).record, {x.place: x.reason for x in translated.losses}


def client(mapping: RecordMapping, **change: str) -> tuple[dict[str, str], dict[str, str]]:
    back, lost = again(mapping, request(client=change))
    return dict(back.children["client"][0].fields), lost


def drafts(record: Record) -> dict[str, dict[str, str]]:
    return {name: fields for name, _, fields in orjson.loads(render(record))["lines"]}


def rows(table: str) -> list[dict[str, str]]:
    with (ROOT / "mappings" / "harts" / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def needs(resource: Resource) -> list[str | None]:
    return [code_in(reason, NEED) for reason in resource["reasonCode"]]


def concept(system: str, *codes: str) -> list[Resource]:
    return [{"coding": [{"system": system, "code": code}]} for code in codes]


# ── a referral ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_becomes_the_resources_of_shared_model_3(asks):
    made = blocks(asks, request())

    assert {name: resource["resourceType"] for name, resource in made.items()} == {
        "referral": "ServiceRequest",
        "task": "Task",
        "client": "Patient",
        "language": "Observation",
        "eligibility": "Observation",
        "document": "Observation",
        "status": "Observation",
        "landing": "Observation",
        "country": "Observation",
    }
    asked, task = made["referral"], made["task"]
    assert (asked["status"], asked["intent"], asked["priority"], asked["authoredOn"]) == (
        "active",
        "order",
        "routine",
        "2026-03-03",
    )
    assert [code_in(each, f"{FHIR}/program-stream") for each in asked["category"]] == [None, "newcomer"]
    assert asked["requester"]["identifier"] == {"system": f"{ID}/site", "value": "TOR001"}
    assert asked["performer"][0]["identifier"]["value"] == "LAKE01"
    assert [each["reference"] for each in asked["supportingInfo"]] == [
        f"urn:block:{name}" for name in ("language", "eligibility", "document", "status", "landing", "country")
    ]
    assert code_in(task["businessStatus"], STATE) == "requested"
    assert task["status"] == "requested"
    assert "statusReason" not in task
    assert "C7QM2XWBCONS" not in str(made)  # CONSENT_NO never chooses a consent


def test_each_resource_has_its_category(asks):
    made = blocks(asks, request())

    assert {name: resource["meta"]["security"][1]["code"] for name, resource in made.items()} == {
        "referral": "service-status",
        "task": "service-status",
        "client": "ident",
        "language": "lang",
        "eligibility": "immig",
        "document": "immig",
        "status": "immig",
        "landing": "immig",
        "country": "immig",
    }


def test_another_site_gets_the_same_referral_save_what_the_loss_report_says(asks):
    back, lost = again(asks, request())
    person = back.children["client"][0]

    own = {"local_key", "course", "consent_no", "ref_no"}
    sent = {name: text for name, text in RF.items() if name not in own}
    assert {k: v for k, v in back.fields.items() if k not in {"file_date", "seq", "line"}} == sent
    assert person.fields == {name: text for name, text in CL.items() if name != "harts_no"}
    assert person.children["assessment"] == (Record("assessment", {k: v for k, v in AS.items() if k != "local_key"}),)
    assert person.children["eligibility"] == (Record("eligibility", {k: v for k, v in EL.items() if k != "local_key"}),)
    assert lost == {}
    assert own - {"local_key"} <= {loss.place for loss in asks.loss_report()}


def test_the_number_that_goes_out_is_the_hubs_and_the_senders_own_stays_a_placer(asks):
    made = asks.to_fhir(request(), HARBOUR).resources
    assert made[0]["resource"]["identifier"][0]["value"] == RF["ref_no"]
    made[0]["resource"]["identifier"].append({"system": f"{ID}/referral", "value": "K7QM2XWBREFE"})

    assert asks.from_fhir(made, LAKESIDE).record.get("ref_no") == "K7QM2XWBREFE"


def test_a_client_goes_out_by_local_key_alone_9_4(asks):
    fields, _ = client(asks)
    made = blocks(asks, request())["client"]["identifier"]

    assert (fields["local_key"], "harts_no" in fields) == (ALIAS, False)
    assert [each["system"] for each in made] == [f"{ID}/client", f"{ID}/harts", f"{ID}/uci"]


@pytest.mark.parametrize("row", rows("service_wanted"), ids=lambda row: row["code"])
def test_every_row_of_to_service_both_ways(asks, row):
    if row["way"] != "<":
        asked = blocks(asks, request({"to_service": row["local"], "reason": ""}))["referral"]
        assert code_in(asked["code"], SERVICE) == row["code"]
        assert len(asked["reasonCode"]) == 1  # an RF always brings a need
    back, lost = out(
        asks, {"resourceType": "ServiceRequest", "intent": "order", "code": concept(SERVICE, row["code"])[0]}
    )
    assert back.get("to_service") == (row["local"] or None)
    assert bool(lost) == (row["way"] == "<")


@pytest.mark.parametrize("row", rows("need_of_service"), ids=lambda row: row["local"] or "blank")
def test_the_need_of_a_service_is_the_cms_issue_of_6_3(asks, row):
    assert needs(blocks(asks, request({"to_service": row["local"], "reason": ""}))["referral"]) == [row["code"]]


@pytest.mark.parametrize("row", rows("need"), ids=lambda row: row["code"] + row["way"])
def test_every_row_of_reason_both_ways(asks, row):
    if row["way"] != "<":
        service = "EMP" if row["code"] != "employment" else "HOU"
        asked = blocks(asks, request({"to_service": service, "reason": row["local"]}))["referral"]
        assert needs(asked) == [row["code"], "employment" if service == "EMP" else "housing"]  # the CMS takes the first
    if row["way"] != ">":
        back, lost = out(
            asks,
            {
                "resourceType": "ServiceRequest",
                "intent": "order",
                "code": concept(SERVICE, "community")[0],
                "reasonCode": concept(NEED, "other", row["code"]) if row["code"] != "other" else concept(NEED, "other"),
            },
        )
        assert back.get("reason") == (row["local"] or None if row["code"] != "other" else None)
        assert any("no word for `safety`" in reason for _, reason in lost) == (row["code"] == "safety")


def test_reason_is_the_first_need_that_to_service_does_not_say(asks):
    asked: Resource = {"resourceType": "ServiceRequest", "intent": "order", "code": concept(SERVICE, "literacy")[0]}

    back, _ = out(asks, asked | {"reasonCode": concept(NEED, "education")})
    said, _ = out(asks, asked | {"reasonCode": concept(NEED, "employment")})

    assert (back.get("to_service"), back.get("reason")) == (
        "EMP",
        "EDU",
    )  # EMP is read as employment: education is news
    assert said.get("reason") is None


def test_an_unknown_code_waits_for_its_row(asks):
    with pytest.raises(MappingGap, match=r"need\.csv"):
        asks.to_fhir(request({"reason": "ZZ"}), HARBOUR)


def test_no_reason_in_words_without_a_need_and_none_lost(asks):
    asked = blocks(asks, request())["referral"]

    assert asked["reasonCode"][0]["text"] == RF["note"]
    assert needs(asked) == ["housing", "employment"]


@pytest.mark.parametrize(("reason", "code"), [("", "other"), ("CLD", "client-declined"), ("OTH", "other")])
def test_a_withdrawal_by_its_sender_is_the_request_revoked(asks, reason, code):
    made = blocks(asks, request({"status": "X", "reason": reason}))

    assert (made["referral"]["status"], made["task"]["status"]) == ("revoked", "cancelled")
    assert code_in(made["task"]["businessStatus"], STATE) == "cancelled"
    assert code_in(made["task"]["statusReason"], REASON) == code
    assert needs(made["referral"]) == ["employment"]  # REASON of X is no need
    assert drafts(_numbered(again(asks, request({"status": "X", "reason": reason}))[0]))["RF"]["reason"] == (
        reason or "OTH"
    )


# ── the client ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("gender", "sex"),
        ("immigration_status", "status"),
        ("immigration_document", "doc_type"),
        ("home_language", "lang1"),
    ],
)
def test_every_row_of_the_clients_tables_both_ways(asks, table, field):
    for row in (row for row in rows(table) if row["way"] == "<->"):
        fields, lost = client(asks, **{field: row["local"]})
        assert (fields[field], lost) == (row["local"], {})
        assert f'"{row["code"]}"' in str(blocks(asks, request(client={field: row["local"]}))).replace("'", '"')


@pytest.mark.parametrize(
    ("field", "nothing", "block"),
    [("sex", "U", ""), ("status", "OTH", "status"), ("doc_type", "NONE", "document")],
)
def test_absent_says_nothing_in_and_is_written_out_9_4(asks, field, nothing, block):
    made = blocks(asks, request(client={field: nothing, "doc_no": ""}))
    fields, lost = client(asks, **{field: nothing, "doc_no": ""})

    assert block not in made
    assert "gender" not in made["client"] or field != "sex"
    assert (fields[field], lost) == (nothing, {})


@pytest.mark.parametrize("withheld", ["immig", "lang"])
def test_what_was_withheld_goes_out_as_absent_and_never_as_a_value(asks, withheld):
    entries = [
        entry
        for entry in asks.to_fhir(request(), HARBOUR).resources
        if entry["resource"]["meta"]["security"][1]["code"] != withheld
    ]
    person = asks.from_fhir(entries, LAKESIDE).record.children["client"][0]

    if withheld == "immig":
        assert (person.get("status"), person.get("doc_type"), person.get("landing_date")) == ("OTH", "NONE", None)
        assert "eligibility" not in person.children
    else:
        assert "assessment" not in person.children


def test_status_other_is_written_for_a_student_with_a_loss_line_6_2(asks):
    made = asks.to_fhir(request(), HARBOUR).resources
    status = next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:status")
    status["valueCodeableConcept"]["coding"][0]["code"] = "STU"

    back = asks.from_fhir(made, LAKESIDE)

    assert back.record.children["client"][0].get("status") == "OTH"
    assert "`STU` is written as `OTH`, which says nothing" in {loss.reason for loss in back.losses}


@pytest.mark.parametrize(
    ("sex", "gender"),
    [
        pytest.param("X", "other", id="case 59: X"),
        pytest.param("U", None, id="case 59: U is no gender"),
        pytest.param("F", "female", id="case 59: F"),
    ],
)
def test_gender_is_never_guessed_case_59(asks, sex, gender):
    assert blocks(asks, request(client={"sex": sex}))["client"].get("gender") == gender


@pytest.mark.parametrize(
    ("dob", "flag", "born", "estimated"),
    [
        pytest.param("1991-07-22", "E", "1991-07-22", False, id="case 13: exact"),
        pytest.param("1991-01-01", "Y", "1991", False, id="case 13: the year alone"),
        pytest.param("1991-01-01", "D", "1991-01-01", True, id="case 13: 1 January on the document"),
        pytest.param("", "U", None, False, id="case 13: unknown"),
    ],
)
def test_birth_dates_keep_how_sure_they_are_case_13(asks, dob, flag, born, estimated):
    person = blocks(asks, request(client={"dob": dob, "dob_flag": flag}))["client"]
    fields, _ = client(asks, dob=dob, dob_flag=flag)

    assert person.get("birthDate") == born
    assert ("_birthDate" in person) == estimated
    assert (fields.get("dob", ""), fields["dob_flag"]) == (dob, flag)


@pytest.mark.parametrize("given_name", ["", "FNU", "-", ".", "Tesfaye"])
def test_a_single_name_client_has_no_given_name_case_15(asks, given_name):
    person = blocks(asks, request(client={"surname": "Tesfaye", "given": given_name}))["client"]
    fields, lost = client(asks, surname="Tesfaye", given=given_name)

    assert person["name"][0] == {"use": "official", "family": "Tesfaye"}
    assert "given" not in fields
    assert ("client.given" in lost) == bool(given_name)


@pytest.mark.parametrize("surname", ["O'Neil", "D’Angelo", "N’Guessan", "Al-Hassan", "van der Berg Jr"])
def test_names_come_through_whole_case_16(asks, surname):
    assert client(asks, surname=surname)[0]["surname"] == surname


@pytest.mark.parametrize(
    ("path", "field", "width"),
    [
        (("name", 0, "family"), "surname", 40),
        (("name", 0, "given", 0), "given", 30),
        (("name", 1, "text"), "preferred", 30),
        (("address", 0, "line", 0), "address", 40),
        (("address", 0, "city"), "city", 30),
    ],
)
def test_what_is_too_long_is_cut_at_its_width_with_a_loss_line_case_16(asks, path, field, width):
    made = asks.to_fhir(request(), HARBOUR).resources
    node: Any = next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:client")
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = "é" * width + "x"

    back = asks.from_fhir(made, LAKESIDE)

    assert back.record.children["client"][0].get(field) == "é" * width
    assert [(loss.place, loss.reason) for loss in back.losses] == [(f"client.{field}", f"cut at {width} characters")]
    fill("CL", "A", back.record.children["client"][0].fields)  # and fits


def test_any_other_text_too_long_is_an_error_case_16(asks):
    back, _ = again(asks, request(results=[{"assessor": "somebody long"}]))

    with pytest.raises(MappingGap, match=r"AS\.ASSESSOR"):
        render(back)


def test_an_address_of_mail_is_never_cut_but_left_out(asks):
    made = asks.to_fhir(request(), HARBOUR).resources
    person = next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:client")
    next(each for each in person["telecom"] if each["system"] == "email")["value"] = "a" * 50 + "@example.org"

    back = asks.from_fhir(made, LAKESIDE)

    assert "email" not in back.record.children["client"][0].fields
    assert [loss.place for loss in back.losses] == ["client.email"]


@pytest.mark.parametrize(
    ("family", "written"),
    [
        pytest.param("Müller-Lüdenscheid", "Müller-Lüdenscheid", id="case 7: one byte each"),
        pytest.param("Tremblay Œuvrard", "Tremblay Œuvrard", id="case 7: a ligature"),
        pytest.param("Novak\u0301", "Novak", id="case 7: decomposed, with no letter of its own"),
        pytest.param("Çağlar", "Çaglar", id="case 18: a letter without its mark"),
        pytest.param("Novák", "Novák", id="case 7: composed"),
    ],
)
def test_accents_of_latin_names_case_7(asks, family, written):
    made = asks.to_fhir(request(), HARBOUR).resources
    next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:client")["name"][0]["family"] = family

    back = asks.from_fhir(made, LAKESIDE)

    assert back.record.children["client"][0].get("surname") == written
    assert [loss.place for loss in back.losses] == ([] if family == written else ["client.surname"])
    render(_numbered(back.record))


@pytest.mark.parametrize("name", ["أمينة", "ኣሚና", "Аміна", "ᐊᒥᓇ"])
def test_a_script_outside_windows_1252_is_never_a_question_mark_case_18(asks, name):
    made = asks.to_fhir(request(), HARBOUR).resources
    person = next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:client")
    person["name"][1]["text"] = name
    usual = asks.from_fhir(made, LAKESIDE)
    person["name"][0]["family"] = name
    official = asks.from_fhir(made, LAKESIDE)

    assert "preferred" not in usual.record.children["client"][0].fields
    assert [loss.place for loss in usual.losses] == ["client.preferred"]
    assert b"?" not in render(_numbered(usual.record))
    with pytest.raises(MappingGap, match=r"CL\.SURNAME") as caught:
        render(_numbered(official.record))
    assert name not in str(caught.value)


@pytest.mark.parametrize(
    "uci",
    [
        pytest.param("1234567", id="case 20: 7 digits, a zero lost"),
        pytest.param("123456789", id="case 20: 9 digits"),
        pytest.param("1.1E+07", id="case 20: scientific notation"),
        pytest.param("CAN000123", id="case 21: an application"),
        pytest.param("IMM5688", id="case 21: a form"),
        pytest.param("046454286", id="case 21: a SIN"),
    ],
)
def test_a_uci_out_of_shape_is_refused_without_its_value_cases_20_21(asks, uci):
    with pytest.raises(RecordUnreadable, match=r"client\.uci") as caught:
        asks.to_fhir(request(client={"uci": uci}), HARBOUR)

    assert uci not in str(caught.value)


@pytest.mark.parametrize("uci", ["1234-567 890", "12-345678"])
def test_a_uci_with_hyphens_is_normalised_case_20(asks, uci):
    assert client(asks, uci=uci)[0]["uci"] == uci.replace("-", "").replace(" ", "")


@pytest.mark.parametrize("number", ["046 454 286", "IMM 5688", "CAN123"])
def test_a_document_number_that_is_none_never_leaves_case_21(asks, number):
    with pytest.raises(RecordUnreadable, match=r"client\.doc_no"):
        asks.to_fhir(request(client={"doc_no": number}), HARBOUR)


def test_a_document_number_without_its_document_is_told(asks):
    fields, lost = client(asks, doc_type="NONE")

    assert "doc_no" not in fields
    assert set(lost) == {"client.doc_no"}


# ── language results ────────────────────────────────────────────────────────────────────────────────────────────────


def test_four_columns_are_one_observation_with_four_components_case_44(asks):
    made = blocks(asks, request(results=[{"l": "08", "w": "2L", "s": "IE", "r": "NA"}]))["language"]

    assert [
        (code_in(each["code"], f"{FHIR}/assessment"), code_in(each["valueCodeableConcept"], f"{FHIR}/clb-level"))
        for each in made["component"]
    ] == [
        ("clb-listening", "8"),
        ("clb-speaking", "insufficient-evidence"),
        ("clb-reading", "not-assessed"),
        ("clb-writing", "2l"),
    ]
    assert made["effectiveDateTime"] == "2025-11-18"
    assert made["performer"] == [{"type": "Organization", "identifier": {"system": f"{ID}/site", "value": "TOR001"}}]


@pytest.mark.parametrize(
    ("skill", "table"), [(s, "clb_level") for s in "ls"] + [(s, "clb_level_literacy") for s in "rw"]
)
def test_every_level_of_every_skill_both_ways_case_44(asks, skill, table):
    levels = [row["local"] for row in rows(table)]
    back, lost = again(asks, request(results=[{skill: level} for level in levels]))

    assert [each.get(skill) for each in back.children["client"][0].children["assessment"]] == levels
    assert lost == {}


@pytest.mark.parametrize("skill", "ls")
@pytest.mark.parametrize("level", ["FL", "1L", "2L", "3L", "4L"])
def test_listening_and_speaking_never_take_literacy_codes_case_44(asks, skill, level):
    with pytest.raises(MappingGap):
        asks.to_fhir(request(results=[{skill: level}]), HARBOUR)


@pytest.mark.parametrize(
    ("table", "field", "nothing"), [("assessment_type", "type", "U"), ("assessment_tool", "tool", "NONE")]
)
def test_every_type_and_tool_both_ways_and_nothing_is_nothing(asks, table, field, nothing):
    words = [*(row["local"] for row in rows(table)), nothing]
    back, lost = again(asks, request(results=[{field: word} for word in words]))

    assert [each.get(field) for each in back.children["client"][0].children["assessment"]] == words
    assert lost == {}


@pytest.mark.parametrize(("tool", "code"), [("BTC", "nclc"), ("BTC-AMA", "nclc"), ("NONE", "clb"), ("CLBA", "clb")])
def test_a_french_tool_gives_nclc_6_1(asks, tool, code):
    made = blocks(asks, request(results=[{"tool": tool}]))["language"]

    assert code_in(made["code"], f"{FHIR}/assessment") == code
    assert ("method" in made) == (tool != "NONE")


def test_nclc_without_a_tool_is_a_loss_line_out_6_1(asks):
    made = blocks(asks, request(results=[{"tool": "NONE"}]))["language"]
    made["code"]["coding"][0]["code"] = "nclc"
    del made["subject"]

    back, lost = out(asks, made)
    french, told = out(asks, {**blocks(asks, request(results=[{"tool": "BTC"}]))["language"], "subject": {}})

    assert back.children["client"][0].children["assessment"][0].get("tool") == "NONE"
    assert lost == [("Observation.code", "`nclc` comes back as `clb` where tool does not say it")]
    assert set(lost) <= {(loss.place, loss.reason) for loss in asks.loss_report()}
    assert (french.children["client"][0].children["assessment"][0].get("tool"), told) == ("BTC", [])


def test_a_result_without_a_centre(asks):
    assert "performer" not in blocks(asks, request(results=[{"centre": "NONE"}]))["language"]
    back, _ = again(asks, request(results=[{"centre": "NONE"}]))
    assert back.children["client"][0].children["assessment"][0].get("centre") == "NONE"


@pytest.mark.parametrize("row", rows("eligibility_criterion"), ids=lambda row: row["local"])
def test_every_reason_of_an_eligibility_both_ways(asks, row):
    made = blocks(asks, request(eligible=[{"reason": row["local"]}]))["eligibility"]
    back, _ = again(asks, request(eligible=[{"reason": row["local"]}]))

    assert code_in(made["valueCodeableConcept"], f"{FHIR}/eligibility-outcome") == "not-eligible"
    assert code_in(made["component"][0]["code"], f"{FHIR}/eligibility-criterion") == row["code"]
    assert made["component"][0]["valueBoolean"] is False
    assert back.children["client"][0].children["eligibility"][0].get("reason") == row["local"]


def test_an_eligibility_that_harts_cannot_say_is_no_line(asks):
    made = asks.to_fhir(request(eligible=[{"result": "1", "reason": ""}]), HARBOUR).resources
    found = next(entry["resource"] for entry in made if entry["fullUrl"] == "urn:block:eligibility")
    assert "component" not in found
    assert "EL" in drafts(_numbered(asks.from_fhir(made, LAKESIDE).record))
    found["valueCodeableConcept"]["coding"][0]["code"] = "pending"

    back = asks.from_fhir(made, LAKESIDE)

    assert "EL" not in drafts(_numbered(back.record))
    assert [loss.reason for loss in back.losses] == ["this system has no word for `pending`"]


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "state", "task"),
    [
        ("A", "accepted", "accepted"),
        ("W", "waitlisted", "accepted"),
        ("D", "declined", "rejected"),
        ("N", "no-show", "in-progress"),
        ("X", "cancelled", "cancelled"),
    ],
)
def test_every_state_of_an_answer_both_ways(answers, status, state, task):
    made = blocks(answers, answer({"status": status}))["task"]
    back, lost = again(answers, answer({"status": status}))

    assert (code_in(made["businessStatus"], STATE), made["status"]) == (state, task)
    assert made["focus"]["identifier"] == {"system": f"{ID}/referral", "value": ANSWER["ref_no"]}
    assert made["owner"]["identifier"] == {"system": f"{ID}/site", "value": "TOR001"}
    assert (back.get("status"), back.get("ref_no"), lost) == (status, ANSWER["ref_no"], {})
    assert ("statusReason" in made) == (status in "DX")  # the default of §9.4: other


@pytest.mark.parametrize("status", "DNX")
@pytest.mark.parametrize("row", rows("status_reason"), ids=lambda row: row["code"])
def test_every_reason_of_a_state_both_ways(answers, row, status):
    if row["way"] == "<->":
        made = blocks(answers, answer({"status": status, "reason": row["local"]}))["task"]["statusReason"]
        assert (code_in(made, REASON), made["text"]) == (row["code"], row["display"])
        assert drafts(_answered(answers, {"status": status, "reason": row["local"]}))["RF"]["reason"] == row["local"]
    task = blocks(answers, answer({"status": status}))["task"]
    back, lost = out(answers, task | {"statusReason": concept(REASON, row["code"])[0]})
    assert back.get("status_reason") == row["local"]
    assert bool(lost) == (row["way"] == "<")


@pytest.mark.parametrize("status", "AW")
def test_a_reason_with_accepted_or_wait_listed_is_not_read(answers, status):
    assert "statusReason" not in blocks(answers, answer({"status": status, "reason": "CAP"}))["task"]


def test_a_state_that_harts_cannot_name_is_delivered_as_nothing_6_2(answers):
    task = blocks(answers, answer())["task"]
    task["businessStatus"]["coding"][0]["code"] = "completed"

    back, lost = out(answers, task)

    assert back.get("status") is None
    assert lost == [("Task.businessStatus", "this system has no word for `completed`")]


def test_results_under_an_answer_are_its_outputs_3_11(answers):
    made = blocks(answers, answer(results=[{}, {"type": "R", "assess_date": "2026-02-02"}]))
    kind = made["task"]["output"][0]["type"]["coding"][0]

    assert kind["code"] == "additional-content"
    assert [each["valueReference"]["reference"] for each in made["task"]["output"]] == [
        "urn:block:language",
        "urn:block:language:2",
    ]
    assert "output" not in blocks(answers, answer())["task"]
    back, _ = again(answers, answer(results=[{}, {"type": "R"}]))
    assert [each.get("type") for each in back.children["client"][0].children["assessment"]] == ["I", "R"]


def test_results_alone_are_an_answer_without_a_state_7(answers):
    record = read(given(CL, [("AS", AS)]), "TOR001/2026/7/3")
    task = blocks(answers, record)["task"]

    assert record.kind == "RF_STATUS"
    assert ("businessStatus" in task, "focus" in task) == (False, False)
    assert len(task["output"]) == 1
    assert task["for"]["identifier"]["value"] == ALIAS


def test_an_answer_out_restates_nothing_about_its_client(answers):
    task = blocks(answers, answer())["task"]
    result = blocks(answers, answer(results=[{}]))["language"] | {
        "subject": {"type": "Patient", "identifier": {"system": f"{ID}/client", "value": ALIAS}}
    }

    found = orjson.loads(render(_numbered(out(answers, task, result)[0])))["lines"]

    assert [(name, action) for name, action, _ in found] == [("CL", "U"), ("AS", "A"), ("RF", "U")]
    assert found[0][2] == {"local_key": ALIAS}
    assert found[2][2]["status"] == "A"


# ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_line_is_a_later_moment_9_4(asks):
    def moment(key: str, day: str) -> str:
        record = read(given(CL, [("RF", RF)], day), key)
        return blocks(asks, record)["task"]["lastModified"]

    order = [
        moment("TOR001/2026/1/999999", "2026-03-04"),
        moment("TOR001/2026/2/2", "2026-03-04"),
        moment("TOR001/2026/2/10", "2026-03-04"),
        moment("TOR001/2026/999/3", "2026-03-04"),
        moment("TOR001/2026/3/2", "2026-03-05"),
    ]

    assert order == sorted(order)
    assert order[1] == "2026-03-04T00:00:02.000002-05:00"


@pytest.mark.parametrize(
    ("note", "text", "incomplete"),
    [
        ("INFO NOT COMPLETE", None, "1"),
        ("INFO NOT COMPLETE call first", "call first", "1"),
        ("call first", "call first", None),
        ("INFO NOT COMPLETELY known", "INFO NOT COMPLETELY known", None),
    ],
)
def test_the_marker_is_read_as_a_marker_and_never_as_a_note_i_10(asks, note, text, incomplete):
    record = request({"note": note})

    assert (record.get("note"), record.get("incomplete")) == (text, incomplete)
    assert ("INFO NOT COMPLETE" in str(blocks(asks, record))) == (
        text is not None and incomplete is None and "INFO" in text
    )
    assert drafts(record)["RF"]["note"] == note


def test_the_marker_counts_in_the_width_of_the_note():
    assert marked("") == ("INFO NOT COMPLETE", False)
    assert marked("x" * 102) == (f"INFO NOT COMPLETE {'x' * 102}", False)
    assert marked("x" * 103) == (f"INFO NOT COMPLETE {'x' * 102}", True)


def test_a_note_too_long_is_cut_with_a_loss_line(asks):
    made = asks.to_fhir(request(), HARBOUR).resources
    made[0]["resource"]["reasonCode"][0]["text"] = "x" * 121

    back = asks.from_fhir(made, LAKESIDE)

    assert back.record.get("note") == "x" * 120
    assert [loss.place for loss in back.losses] == ["note"]


@pytest.mark.parametrize(
    ("key", "document", "says"),
    [
        ("TOR001/2026/7", given(CL, [("RF", RF)]), "record key"),
        (KEY, given(CL, []), "0 RF lines"),
        (KEY, given(CL, [("RF", RF), ("RF", RF)]), "2 RF lines"),
        (KEY, given(CL, [("RF", RF | {"from_site": "OTH001"})]), "other sites"),
        (KEY, given(CL, [("RF", RF | {"status": "A"})]), "RF.STATUS"),
        (KEY, given(CL, [("RF", ANSWER | {"status": "S"})]), "RF.STATUS"),
        (KEY, given(CL, [("RF", {k: v for k, v in RF.items() if k != "status"})]), "RF.STATUS"),
        (KEY, given(CL, [("CO", {})]), "another kind"),
        (KEY, given(CL, [("RF", RF | {"nickname": "x"})]), "fields of that record"),
        (KEY, {"client": [], "lines": [[1, "RF", "A", RF]]}, "CL"),
        (KEY, {"client": CL, "lines": [[1, "RF", "D", RF]]}, "deletes"),
        (KEY, [], "lines of one client"),
        (KEY, {**given(CL, [("RF", RF)]), "faults": ["line 5: RF.STATUS: DN_SCHEMA"]}, "line 5"),
    ],
)
def test_what_is_no_record_is_refused_without_a_value(key, document, says):
    with pytest.raises(RecordUnreadable, match=says) as caught:
        parse(key, canonical(document))

    assert not any(value in str(caught.value) for value in (CL["surname"], CL["uci"], ALIAS))


def test_bytes_that_are_no_json_are_refused():
    with pytest.raises(RecordUnreadable, match="JSON"):
        parse(KEY, b"{")


def test_lines_that_delete_are_not_read(asks):
    document = {"file_date": "2026-03-04", "client": CL, "lines": [[3, "AS", "D", AS], [4, "RF", "A", RF]]}

    assert "assessment" not in read(document).children["client"][0].children


def test_what_comes_out_can_be_written_and_read_as_lines(asks):
    back, _ = again(asks, request())
    found = drafts(_numbered(back))

    assert set(found) == {"CL", "EL", "AS", "RF"}
    assert found["RF"]["reason"] == "HOU"
    for name, fields in found.items():
        fill(name, "A", fields)


def test_a_client_without_a_name_cannot_be_written_9_4(asks):
    entries = [e for e in asks.to_fhir(request(), HARBOUR).resources if e["resource"]["resourceType"] != "Patient"]

    with pytest.raises(MappingGap, match=r"CL\."):
        render(_numbered(asks.from_fhir(entries, LAKESIDE).record))


def test_another_kind_of_record_is_refused():
    with pytest.raises(MappingGap, match="kind"):
        render(Record("CONSENT", {}))


def _numbered(record: Record) -> Record:
    """With what comes of the message: the hub's number, and the places of both ends."""
    told = {"from_site": "HARB01", "to_site": "TOR001", "ref_no": "K7QM2XWBREFE"}
    return Record(record.kind, {**told, **record.fields}, record.children)


def _answered(answers: RecordMapping, rf: dict[str, str]) -> Record:
    task = blocks(answers, answer(rf))["task"]
    return out(answers, task)[0]
