"""The mappings of the CMS: program systems 6.1, 6.5 and the tricky cases of §10 that these records meet, by number."""

from __future__ import annotations

import pytest

from hub.errors import MappingGap, RecordUnreadable
from hub.mapping import Mappings
from hub.model.record import Record

from .samples import CLIENT, HARBOUR, LAKESIDE, REFERRAL, RESULT, blocks, referral, there_and_back

FHIR = "https://hub.example.org/fhir/CodeSystem"


@pytest.fixture
def request_(cms: Mappings):
    return cms.records["RF_REQUEST"]


@pytest.fixture
def status(cms: Mappings):
    return cms.records["RF_STATUS"]


def client_back(mapping, **change):
    read, lost = there_and_back(mapping, referral(client=change))
    return read.children["client"][0], lost


def test_a_referral_becomes_the_resources_of_shared_model_13_1(request_):
    made = blocks(request_, referral())

    assert [resource["resourceType"] for resource in made.values()] == [
        "ServiceRequest",
        "Task",
        "Patient",
        "Observation",
        "Observation",
        "Observation",
        "Observation",
        "PractitionerRole",
    ]
    asked, task = made["referral"], made["task"]
    assert asked["code"]["coding"][0] == {"system": f"{FHIR}/service-wanted", "code": "employment"}
    assert (asked["status"], asked["intent"], asked["priority"]) == ("active", "order", "stat")
    assert asked["authoredOn"] == "2026-03-03T09:01:00-05:00"
    assert asked["performer"][0]["identifier"]["value"] == "lakeside"
    assert asked["reasonCode"] == [
        {"coding": [{"system": f"{FHIR}/need", "code": "employment"}], "text": "Looks for work\nnear home"}
    ]
    assert [c["code"] for c in task["code"]["coding"]] == ["fulfill", "process-request"]
    assert task["focus"] == task["basedOn"][0] == {"reference": "urn:block:referral"}
    assert task["lastModified"] == "2026-03-03T09:02:00-05:00"
    assert made["worker"]["organization"]["identifier"]["value"] == "harbour"


def test_each_resource_but_the_workers_has_one_category(request_):
    made = blocks(request_, referral())

    labels = {name: resource["meta"]["security"][1]["code"] for name, resource in made.items() if "meta" in resource}

    assert labels == {
        "referral": "service-status",
        "task": "service-status",
        "client": "ident",
        "language": "lang",
        "status": "immig",
        "landing": "immig",
        "country": "immig",
    }


def test_what_the_receiver_gets_is_the_referral_without_the_senders_own_numbers(request_):
    read, lost = there_and_back(request_, referral())
    person = read.children["client"][0]

    own = {"referral_id", "client_id", "case_id", "consent_id"}
    assert read.fields == {name: value for name, value in REFERRAL.items() if name not in own}
    assert person.fields == {name: value for name, value in CLIENT.items() if name != "client_id"}
    assert person.children["identifier"] == (Record("identifier", {"type": "UCI", "value": "1234567890"}),)
    assert person.children["language"][0].fields == {
        k: v for k, v in RESULT.items() if k not in {"language_id", "client_id"}
    }
    assert set(read.children) == {"client"}
    assert lost == {}


def test_the_hubs_number_is_read_from_the_message_and_its_alias_goes_nowhere(request_):
    entries = request_.to_fhir(referral({"hub_referral_no": "AAAAAAAAAAAA"}), HARBOUR).resources
    assert "AAAAAAAAAAAA" not in str(entries)
    for entry in entries:
        if entry["resource"]["resourceType"] in {"ServiceRequest", "Patient"}:
            kind = "referral" if entry["resource"]["resourceType"] == "ServiceRequest" else "client"
            number = {"system": f"https://hub.example.org/id/{kind}", "value": f"K7QM2XWB{kind[:4].upper()}"}
            entry["resource"]["identifier"].insert(0, number)

    read = request_.from_fhir(entries, LAKESIDE).record

    assert read.get("hub_referral_no") == "K7QM2XWBREFE"
    assert "K7QM2XWBCLIE" not in str(read)


def test_a_request_without_a_worker_comes_from_the_organization(request_):
    made = blocks(request_, referral({"worker": ""}))
    read, _ = there_and_back(request_, referral({"worker": ""}))

    assert "worker" not in made
    assert made["referral"]["requester"]["identifier"]["value"] == "harbour"
    assert read.get("from_org") == "harbour"


@pytest.mark.parametrize("withheld", ["Patient", "Observation", "Task", "PractitionerRole"])
def test_what_was_withheld_is_absent_and_the_rest_is_read(request_, withheld):
    entries = request_.to_fhir(referral(), HARBOUR).resources

    read = request_.from_fhir([e for e in entries if e["resource"]["resourceType"] != withheld], LAKESIDE).record

    assert read.get("service_wanted") == "employment"
    assert ("last_name" in read.children["client"][0].fields) == (withheld != "Patient")
    assert ("language" in read.children["client"][0].children) == (withheld != "Observation")


@pytest.mark.parametrize(
    "path", ["name", "telecom", "gender", "birthDate", "address", "communication", "extension", "identifier"]
)
def test_any_element_of_the_client_may_be_withheld(request_, path):
    entries = request_.to_fhir(referral(), HARBOUR).resources
    for entry in entries:
        entry["resource"].pop(path, None)

    assert request_.from_fhir(entries, LAKESIDE).record.get("to_org") == "lakeside"


@pytest.mark.parametrize(
    ("last", "first", "given"),
    [
        pytest.param("Tesfaye", "FNU", None, id="case 15: FNU"),
        pytest.param("Tesfaye", "fnu", None, id="case 15: fnu"),
        pytest.param("Tesfaye", "-", None, id="case 15: a hyphen"),
        pytest.param("Tesfaye", ".", None, id="case 15: a point"),
        pytest.param("Tesfaye", "TESFAYE", None, id="case 15: the name repeated"),
        pytest.param("Tesfaye", "", None, id="case 15: a single name"),
        pytest.param("D’Angelo", "Al-Hassan", "Al-Hassan", id="case 16: kept for display"),
        pytest.param("ሰላም", "Ai", "Ai", id="case 18: another script"),
    ],
)
def test_case_15_a_filler_is_no_given_name(request_, last, first, given):
    person, lost = client_back(request_, last_name=last, first_name=first)

    assert (person.get("last_name"), person.get("first_name")) == (last, given)
    assert ("client.first_name" in lost) == bool(first and not given)


@pytest.mark.parametrize(
    ("born", "quality", "sent", "again"),
    [
        pytest.param("1991-07-22", "E", "1991-07-22", ("1991-07-22", "E"), id="E whole"),
        pytest.param("1991-01-01", "D", "1991-01-01", ("1991-01-01", "D"), id="case 13: D with the extension"),
        pytest.param("1991-01-01", "Y", "1991", ("1991-01-01", "Y"), id="case 13: Y the year alone"),
        pytest.param("1991-07-22", "Y", "1991", ("1991-01-01", "Y"), id="case 13: Y with a day"),
        pytest.param("", "U", None, (None, "U"), id="U absent"),
        pytest.param("1991-07-22", "U", None, (None, "U"), id="U with a date: not sent"),
        pytest.param("", "E", None, (None, "U"), id="a quality without a date"),
    ],
)
def test_case_13_the_quality_of_a_birth_date(request_, born, quality, sent, again):
    record = referral(client={"birth_date": born, "birth_date_quality": quality})
    patient = blocks(request_, record)["client"]
    person = there_and_back(request_, record)[0].children["client"][0]

    assert patient.get("birthDate") == sent
    assert ("_birthDate" in patient) == (quality == "D")
    assert (person.get("birth_date"), person.get("birth_date_quality")) == again


@pytest.mark.parametrize(
    ("born", "quality"), [("1991-02-30", "E"), ("22/07/1991", "E"), ("1991-07-22", "Z"), ("1991-07-22", "")]
)
def test_a_birth_date_out_of_shape_is_refused_without_its_value(request_, born, quality):
    with pytest.raises(RecordUnreadable) as caught:
        request_.to_fhir(referral(client={"birth_date": born, "birth_date_quality": quality}), HARBOUR)

    assert "cms RF_REQUEST client.birth_date" in str(caught.value)
    assert born not in str(caught.value)


@pytest.mark.parametrize(
    ("gender", "sent", "again"),
    [
        ("woman", "female", "woman"),
        ("man", "male", "man"),
        ("trans woman", "female", "woman"),
        ("trans man", "male", "man"),
        ("non-binary", "other", "other"),
        ("two-spirit", "other", "other"),
        ("other", "other", "other"),
        ("prefer not to say", None, None),
    ],
)
def test_case_59_what_fhir_cannot_say_of_a_gender_stays_at_the_source(request_, gender, sent, again):
    record = referral(client={"gender": gender})
    read, lost = there_and_back(request_, record)

    assert blocks(request_, record)["client"].get("gender") == sent
    assert read.children["client"][0].get("gender") == again
    assert ("client.gender" in lost) == (again != gender)


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        pytest.param("UCI", "12-3456-7890", "1234567890", id="case 20: hyphens"),
        pytest.param("UCI", "0123 4567", "01234567", id="case 20: a leading zero counts"),
        pytest.param("TRP", "f 1234567", "F1234567", id="permit"),
        pytest.param("CAMS_PERSON", "0123456", "0123456", id="CaMS person"),
    ],
)
def test_case_20_identifiers_are_text_and_normalised(request_, kind, value, sent):
    read, _ = there_and_back(request_, referral(identifiers=[{"type": kind, "value": value}]))

    assert read.children["client"][0].children["identifier"] == (Record("identifier", {"type": kind, "value": sent}),)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("UCI", "1234567", id="case 20: a zero may be lost"),
        pytest.param("UCI", "1.1E+07", id="case 20: scientific notation"),
        pytest.param("UCI", "CAN12345678", id="case 21: application number"),
        pytest.param("IMM", "IMM 5688", id="case 21: form number"),
        pytest.param("UCI", "046-454-286", id="case 21: passes as a SIN"),
        pytest.param("HARTS", "1234567", id="case 21: wrong type chosen"),
    ],
)
def test_case_21_another_shape_is_refused_and_the_field_named(request_, kind, value):
    with pytest.raises(RecordUnreadable) as caught:
        request_.to_fhir(referral(identifiers=[{"type": kind, "value": value}]), HARBOUR)

    assert "client.identifier.value" in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize(("kind", "value"), [("CAMS_PLAN", "77"), ("FILE_NO", "046454286"), ("FILE_NO", "L-1")])
def test_a_plan_or_another_agencys_file_number_never_travels(request_, kind, value):
    translated = request_.to_fhir(referral(identifiers=[{"type": kind, "value": value}]), HARBOUR)

    assert f"'{value}'" not in str(translated.resources)
    assert "client.identifier.type" in {loss.place for loss in translated.losses}


@pytest.mark.parametrize(
    ("text", "again", "lost"),
    [
        pytest.param("m5v2t6", "M5V 2T6", False, id="case 25: lower case, no space"),
        pytest.param("M5V-2T6", "M5V 2T6", False, id="case 25: hyphen"),
        pytest.param("K1A OB1", "K1A 0B1", False, id="case 25: letter O for zero"),
        pytest.param("M4Y", None, True, id="case 25: partial, kept in the CMS"),
        pytest.param("90210", None, True, id="case 25: no Canadian code"),
    ],
)
def test_case_25_postal_codes(request_, text, again, lost):
    person, losses = client_back(request_, postal_code=text)

    assert person.get("postal_code") == again
    assert ("client.postal_code" in losses) == lost


@pytest.mark.parametrize("text", ["H0H 0H0", "h0h0h0", "HOH OHO"])
def test_case_25_the_invented_postal_code_is_refused(request_, text):
    with pytest.raises(RecordUnreadable, match=r"client\.postal_code"):
        request_.to_fhir(referral(client={"postal_code": text}), HARBOUR)


@pytest.mark.parametrize(
    ("change", "again", "lost"),
    [
        pytest.param({"address_line": "", "unit": ""}, (None, None), False, id="case 27: no fixed address"),
        pytest.param({"unit": ""}, ("123, rue Ste-Catherine O", None), False, id="case 27: French street order"),
        pytest.param({"address_line": ""}, (None, None), True, id="case 27: a unit alone says nothing"),
    ],
)
def test_case_27_addresses(request_, change, again, lost):
    person, losses = client_back(request_, **change)

    assert (person.get("address_line"), person.get("unit")) == again
    assert ("client.unit" in losses) == lost


@pytest.mark.parametrize(
    ("text", "sent", "lost"),
    [
        pytest.param("(416) 555.0142", "+1-416-555-0142", False, id="signs"),
        pytest.param("+1 416 555 0142", "+1-416-555-0142", False, id="case 28: country code"),
        pytest.param("1-416-555-0142 ext 7", "+1-416-555-0142", True, id="case 28: extension"),
        pytest.param("416-555-0142 / 647-555-0100", "+1-416-555-0142", True, id="case 28: two numbers in a cell"),
        pytest.param("+44 20 7946 0958", None, True, id="case 28: no ten-digit number"),
        pytest.param("call the neighbour", None, True, id="case 28: words"),
    ],
)
def test_case_28_one_number_and_the_rest_in_the_losses(request_, text, sent, lost):
    record = referral(client={"phone": text, "email": ""})
    telecom = blocks(request_, record)["client"].get("telecom", [{}])[0]

    assert telecom.get("value") == sent
    assert ("client.phone" in there_and_back(request_, record)[1]) == lost


@pytest.mark.parametrize("mark", ["0", ""])
def test_s11_an_unsafe_or_unmarked_channel_is_not_read_and_leaves_no_trace(request_, mark):
    marked = referral(client={"phone_safe": mark, "email_safe": mark})
    without = referral(client={"phone": "", "phone_safe": "", "email": "", "email_safe": ""})

    assert request_.to_fhir(marked, HARBOUR) == request_.to_fhir(without, HARBOUR)
    assert "telecom" not in blocks(request_, marked)["client"]


@pytest.mark.parametrize(
    ("local", "sent", "again"),
    [
        pytest.param("amh", "am", "amh", id="a two-letter code where BCP 47 has one"),
        pytest.param("prs", "prs", "prs", id="a three-letter code where it has none"),
    ],
)
def test_languages_are_bcp_47_and_home_is_preferred(request_, local, sent, again):
    record = referral(client={"home_language": local})
    home, service = blocks(request_, record)["client"]["communication"]

    assert (home["preferred"], home["language"]["coding"][0]["code"]) == (True, sent)
    assert ("preferred" in service, service["language"]["coding"][0]["code"]) == (False, "fr-CA")
    assert there_and_back(request_, record)[0].children["client"][0].get("home_language") == again


def test_case_22_no_status_makes_no_observation_and_its_date_is_told(request_):
    translated = request_.to_fhir(referral(client={"status_in_canada": "UNK"}), HARBOUR)

    assert "urn:block:status" not in {entry["fullUrl"] for entry in translated.resources}
    assert {"client.status_in_canada", "client.status_date"} == {loss.place for loss in translated.losses}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tool": "BTC"}, "nclc"),
        ({"tool": "BTC-AMA"}, "nclc"),
        ({"tool": "CLBA"}, "clb"),
        ({"tool": ""}, "clb"),
        ({"tool": "NONE"}, "clb"),
    ],
)
def test_a_french_tool_makes_an_nclc_result(request_, change, code):
    made = blocks(request_, referral(results=[change]))["language"]

    assert made["code"]["coding"][0]["code"] == code
    assert [c["code"]["coding"][0]["code"] for c in made["component"]] == [
        "clb-listening",
        "clb-speaking",
        "clb-reading",
        "clb-writing",
    ]


@pytest.mark.parametrize("level", ["01", "12", "PC", "IE", "NA", "FL", "1L", "4L"])
def test_case_44_mixed_profiles_and_three_codes_none_of_which_is_zero(request_, level):
    read, lost = there_and_back(request_, referral(results=[{"reading": level, "writing": level, "listening": "08"}]))
    result = read.children["client"][0].children["language"][0]

    assert (result.get("reading"), result.get("writing"), result.get("listening")) == (level, level, "08")
    assert lost == {}


@pytest.mark.parametrize(
    ("skill", "level"), [("listening", "2L"), ("speaking", "FL"), ("reading", "13"), ("writing", "0")]
)
def test_case_44_listening_and_speaking_never_take_literacy_codes(request_, skill, level):
    with pytest.raises(MappingGap, match=rf"client\.language\.{skill}"):
        request_.to_fhir(referral(results=[{skill: level}]), HARBOUR)


def test_an_older_result_stays_beside_a_newer_one(request_):
    read, _ = there_and_back(request_, referral(results=[{}, {"assessed_on": "2026-01-05"}]))

    days = [result.get("assessed_on") for result in read.children["client"][0].children["language"]]
    assert days == ["2025-11-18", "2026-01-05"]


@pytest.mark.parametrize(("code", "seen"), [("S7", "`S7`"), ("Tremblay", "a code of shape aaaaaaaa")])
def test_an_unknown_code_names_the_file_to_edit_and_never_what_may_be_a_name(request_, code, seen):
    with pytest.raises(MappingGap, match=rf"service_wanted: got {seen}.*mappings/cms/service_wanted\.csv"):
        request_.to_fhir(referral({"service_wanted": code}), HARBOUR)


@pytest.mark.parametrize(
    ("cms_state", "state", "task"),
    [
        ("SENT", "requested", "requested"),
        ("RECEIVED", "received", "received"),
        ("ACCEPTED", "accepted", "accepted"),
        ("WAITLISTED", "waitlisted", "accepted"),
        ("DECLINED", "declined", "rejected"),
        ("NO_SHOW", "no-show", "in-progress"),
        ("COMPLETED", "completed", "completed"),
        ("WITHDRAWN", "cancelled", "cancelled"),
    ],
)
def test_every_state_that_a_cms_can_name_goes_and_comes_back(status, cms_state, state, task):
    record = Record("RF_STATUS", {"referral_id": "9", "hub_referral_no": "K7QM2XWBR4TD", "status": cms_state})
    entries = status.to_fhir(record, LAKESIDE).resources
    (made,) = (entry["resource"] for entry in entries)

    assert (made["businessStatus"]["coding"][0]["code"], made["status"]) == (state, task)
    assert status.from_fhir(entries, HARBOUR).record.fields == {"hub_referral_no": "K7QM2XWBR4TD", "status": cms_state}


def test_an_answer_carries_numbers_reason_time_and_appointment(status):
    fields = {
        "referral_id": "9",
        "hub_referral_no": "K7QM2XWBR4TD",
        "status": "DECLINED",
        "status_reason": "no-capacity",
        "status_at": "2026-03-05 16:40:00",
        "appointment_at": "2026-03-12 10:00:00",
        "worker": "w-9",
    }
    entries = status.to_fhir(Record("RF_STATUS", fields), LAKESIDE).resources
    task = entries[0]["resource"]

    assert [(i["system"], i["value"]) for i in task["identifier"]] == [
        ("https://hub.example.org/id/lakeside/referral", "9"),
        ("https://hub.example.org/id/referral", "K7QM2XWBR4TD"),
    ]
    assert task["statusReason"]["text"] == task["statusReason"]["coding"][0]["display"] == "No capacity"
    assert task["owner"]["identifier"]["value"] == "lakeside"
    assert task["executionPeriod"] == {"start": "2026-03-12T10:00:00-04:00"}
    assert "w-9" not in str(entries)
    expected = {name: value for name, value in fields.items() if name not in {"referral_id", "worker"}}
    assert status.from_fhir(entries, HARBOUR).record.fields == expected


@pytest.mark.parametrize("state", ["booked", "in-service", "redirected", "loop-closed", "expired"])
def test_a_state_that_a_cms_cannot_name_is_a_loss_line_and_no_field(status, state):
    entries = status.to_fhir(Record("RF_STATUS", {"hub_referral_no": "A", "status": "ACCEPTED"}), LAKESIDE).resources
    entries[0]["resource"]["businessStatus"]["coding"][0]["code"] = state

    read = status.from_fhir(entries, HARBOUR)

    assert "status" not in read.record.fields
    assert [loss.place for loss in read.losses if state in loss.reason] == ["Task.businessStatus"]


def test_a_withdrawal_is_read_by_its_receiver_from_the_task_alone(request_, status):
    made = blocks(request_, referral({"status": "WITHDRAWN"}))

    read = status.from_fhir([{"fullUrl": "urn:uuid:1", "resource": made["task"]}], LAKESIDE).record

    assert made["referral"]["status"] == "revoked"
    assert read.fields == {"status": "WITHDRAWN", "status_reason": "other", "status_at": "2026-03-03 09:02:00"}


def test_an_abort_task_is_no_answer(status):
    abort = {
        "resourceType": "Task",
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "abort"}]},
    }

    assert status.from_fhir([{"fullUrl": "urn:uuid:1", "resource": abort}], HARBOUR).record.fields == {}


@pytest.mark.parametrize(
    ("place", "block"),
    [
        pytest.param("worker", "worker", id="the worker"),
        pytest.param("client.language.assessor", "language", id="the assessor"),
        pytest.param("client.language.centre_site", "language", id="the centre"),
        pytest.param("client.province", "client", id="the province"),
    ],
)
@pytest.mark.parametrize("told", ["ask her sister Zyxwvut", "Zyxwvut (hiv)", "x" * 21, "-7", "Zoé"])
def test_c1_a_story_in_the_place_of_a_code_stays_at_the_source_with_a_loss_line(request_, place, block, told):
    name = place.rpartition(".")[2]
    record = referral(
        {name: told} if place == "worker" else None,
        client={name: told} if place == "client.province" else None,
        results=[{name: told}] if block == "language" else None,
    )

    translated = request_.to_fhir(record, HARBOUR)

    assert f"{told!r}" not in str(translated.resources)
    assert [loss.place for loss in translated.losses] == [place]
    assert told not in str(translated.losses)
    assert (f"urn:block:{block}" in str(translated.resources)) == (block != "worker"), "only its own line is left out"


@pytest.mark.parametrize("told", ["fr-Tremblay", "en Zyxwvut", "speaks Amharic", "en-x-sister"])
def test_c1_a_language_that_has_not_the_shape_of_bcp_47_is_a_gap_that_is_not_shown(request_, told):
    for column in ("service_language", "home_language"):
        with pytest.raises(MappingGap) as gap:
            request_.to_fhir(referral(client={column: told}), HARBOUR)

        assert f"client.{column}" in str(gap.value)
        assert told not in str(gap.value)


@pytest.mark.parametrize("told", ["en", "fr-CA", "zh-Hant", "zh-Hans-CN", "es-419", "prs"])
def test_c1_what_has_the_shape_of_bcp_47_goes_as_it_is(request_, told):
    assert (
        there_and_back(request_, referral(client={"service_language": told}))[0]
        .children["client"][0]
        .get("service_language")
        == told
    )
