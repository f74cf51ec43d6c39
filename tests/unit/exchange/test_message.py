"""From a mapping's collection to a message, and its numbers (shared model 3.11, 7, 13.1). People are invented."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from consent.model.words import Purpose
from hub.exchange.label import label
from hub.exchange.message import ADD, PLACEHOLDER, assemble, renumber
from hub.exchange.strict import MessageSchema, NotOurMessage
from hub.model.codes import CORRELATION_ID, ID_AGENCY, ID_CLIENT, ID_REFERRAL, MESSAGE_EVENT
from hub.model.fhir import code_in, identifier_in, references, resources
from tests.unit.exchange.messages import (
    ANSWER,
    AT,
    CLB,
    NUMBERS,
    PATIENT,
    RECIPIENT,
    REQUEST,
    ROLE,
    SENDER,
    TASK,
    THERE,
    UNNUMBERED,
    answer,
    at,
    blocks,
    number,
    referral,
)

CHECK = MessageSchema()
CONSENT = {"reference": "https://hub.example.org/fhir/Consent/R5YB7CJW2LKE"}
HEADER = "Bundle.entry[0].resource"


def url(bundle: dict[str, Any], path: str) -> dict[str, str]:
    return {"reference": at(bundle, path.removesuffix(".resource"))["fullUrl"]}


def later(event: str, **changes: dict[str, Any] | None) -> dict[str, Any]:
    made = blocks(**changes)
    return assemble(made, event=event, purpose=Purpose.REFERRAL, ends=THERE, at=AT, numbers=NUMBERS)


def test_the_referral_of_13_1_is_a_strict_message():
    bundle = referral()

    CHECK.check(bundle)
    CHECK.check(label(bundle, subject="s").bundle)
    assert [r["resourceType"] for r in resources(bundle)] == [
        "MessageHeader",
        "ServiceRequest",
        "Task",
        "Patient",
        "Observation",
        "Condition",
        "PractitionerRole",
        "Organization",
        "Organization",
    ]


def test_the_header_says_who_to_whom_why_and_about_what():
    bundle = referral()
    header = at(bundle, HEADER)

    assert bundle["type"] == "message"
    assert bundle["timestamp"] == "2026-03-03T14:02:11.482Z"
    assert bundle["identifier"]["value"] == bundle["id"] == NUMBERS.envelope_id
    assert bundle["entry"][0]["fullUrl"] == f"urn:uuid:{header['id']}" == f"urn:uuid:{NUMBERS.message_id}"
    assert header["eventCoding"] == {"system": MESSAGE_EVENT, "code": "add-service-request"}
    assert header["sender"] == url(bundle, SENDER)
    assert header["author"] == url(bundle, ROLE)
    (destination,) = header["destination"]
    assert destination["receiver"] == url(bundle, RECIPIENT)
    assert destination["endpoint"] == "https://hub.example.org/agency/lakeside"
    assert header["source"]["endpoint"] == "https://hub.example.org/agency/harbour"
    assert header["focus"] == [url(bundle, REQUEST), url(bundle, TASK)]
    assert header["reason"]["coding"][0]["code"] == "new"
    assert header["definition"].endswith("/MessageDefinition/add-service-request|1.0.0")


def test_i_12_the_purpose_and_the_correlation_stand_in_the_header():
    use, correlation = at(referral(), HEADER)["extension"]

    assert [entry["code"] for entry in use["valueCodeableConcept"]["coding"]] == ["referral", "COC"]
    assert correlation == {"url": CORRELATION_ID, "valueString": NUMBERS.referral_no}


def test_the_ends_are_organizations_of_the_hub():
    bundle = referral()

    assert identifier_in(at(bundle, SENDER), ID_AGENCY) == "harbour"
    assert identifier_in(at(bundle, RECIPIENT), ID_AGENCY) == "lakeside"
    assert at(bundle, RECIPIENT)["type"][0]["coding"][0]["code"] == "prov"


def test_the_request_is_an_order_for_a_patient_referral_with_number_and_consent():
    request = at(referral(), REQUEST)

    assert (request["status"], request["intent"]) == ("active", "order")
    assert code_in(request["category"][0], "http://snomed.info/sct") == "3457005"
    assert len(request["category"]) == 2
    assert [entry["value"] for entry in request["identifier"]] == ["R-5512", "K7QM2XWBR4TD"]
    assert request["supportingInfo"][-1] == CONSENT
    assert request["supportingInfo"][:-1] == [url(referral(), CLB)]


def test_a_patient_referral_that_the_mapping_wrote_stands_there_once():
    category = [
        {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]},
        *blocks()[0]["resource"]["category"],
    ]

    assert len(at(referral(request={"category": category}), REQUEST)["category"]) == 2


def test_the_task_leads_to_the_request_and_to_the_client_and_gets_its_dates():
    bundle = referral()
    task = at(bundle, TASK)

    assert task["basedOn"] == [url(bundle, REQUEST)]
    assert task["focus"] == url(bundle, REQUEST)
    assert task["for"] == url(bundle, PATIENT)
    assert task["requester"] == url(bundle, ROLE)
    assert task["owner"] == url(bundle, RECIPIENT)
    assert task["authoredOn"] == task["lastModified"] == "2026-03-03T09:01:00-05:00"
    assert task["restriction"] == {"period": {"end": "2026-03-13"}}


def test_what_the_source_says_of_the_task_stands():
    said = {"restriction": {"period": {"end": "2026-03-06"}}, "priority": "urgent", "authoredOn": "2026-03-01"}

    task = at(referral(task=said), TASK)

    assert {name: task[name] for name in said} == said


def test_what_nobody_dates_counts_from_the_message():
    bundle = referral(request={"authoredOn": "2026"})

    assert at(bundle, TASK)["restriction"]["period"]["end"] == "2026-03-13"


def test_a_source_without_tasks_asks_for_an_answer_all_the_same():
    bundle = referral(task=None)

    CHECK.check(bundle)
    (task,) = resources(bundle, "Task")
    assert task["status"] == "requested"
    assert label(bundle, subject="s").items[-1].category == "SERVICE_STATUS"


def test_the_client_is_named_by_the_recipients_alias_and_never_by_another():
    bundle = referral(client={"identifier": [number("client", "ZZZZZZZZZZZZ"), number("harbour/client", "CMS-1")]})

    own = at(bundle, PATIENT)["identifier"]

    assert [entry["value"] for entry in own] == [NUMBERS.client_alias, "CMS-1"]


def test_another_person_gets_no_alias():
    child = {**blocks()[2]["resource"], "identifier": [number("harbour/client", "CMS-2")]}
    bundle = referral(child=child, score={**blocks()[3]["resource"], "subject": {"reference": "urn:block:child"}})

    assert identifier_in(at(bundle, "Bundle.entry[7].resource"), ID_CLIENT) is None


def test_everything_that_carries_a_clients_data_says_where_it_is_from():
    carrying = [r for r in resources(referral()) if r["resourceType"] not in ("MessageHeader", "Organization")]

    assert {r["meta"]["source"] for r in carrying} == {"https://hub.example.org/agency/harbour"}


def test_every_url_is_of_this_envelope_alone_and_the_same_for_the_same_envelope():
    first, again = referral(), referral()
    other = referral(replace(NUMBERS, envelope_id=str(uuid.UUID(int=7))))

    assert first == again
    assert not {e["fullUrl"] for e in first["entry"][1:]} & {e["fullUrl"] for e in other["entry"][1:]}
    assert all(r["id"] == e["fullUrl"][9:] for e, r in zip(first["entry"], resources(first), strict=True))
    assert not [target for target in references(first) if "urn:block" in target]


def test_the_mappings_entries_are_not_changed():
    made = blocks()
    before = copy.deepcopy(made)

    assemble(made, event=ADD, purpose=Purpose.REFERRAL, ends=THERE, at=AT, numbers=NUMBERS)

    assert made == before


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        pytest.param({"request": None}, "0 of ServiceRequest", id="no request"),
        pytest.param({"client": None}, "0 of Patient", id="no client"),
        pytest.param({"again": blocks()[0]["resource"]}, "2 of ServiceRequest", id="two requests"),
        pytest.param({"again": blocks()[1]["resource"]}, "2 of Task", id="two tasks"),
    ],
)
def test_a_referral_is_one_request_about_a_client(changes, got):
    with pytest.raises(NotOurMessage) as refused:
        referral(**changes)

    assert refused.value.faults[0].got == got


def test_an_answer_carries_the_task_alone_and_names_the_rest_by_alias_and_number():
    bundle = answer()

    CHECK.check(bundle)
    assert [r["resourceType"] for r in resources(bundle)] == ["MessageHeader", "Task", "Organization", "Organization"]
    task = at(bundle, "Bundle.entry[1].resource")
    assert task["for"] == {"type": "Patient", "identifier": {"system": ID_CLIENT, "value": "6DHT3VQXNA2M"}}
    request = {"type": "ServiceRequest", "identifier": {"system": ID_REFERRAL, "value": "K7QM2XWBR4TD"}}
    assert (task["focus"], task["basedOn"]) == (request, [request])
    assert [entry["value"] for entry in task["identifier"]] == ["IN-9", "K7QM2XWBR4TD"]
    assert at(bundle, HEADER)["reason"]["coding"][0]["code"] == "update"


def test_in_an_answer_requester_and_owner_are_those_of_the_referral():
    bundle = answer()
    task = at(bundle, "Bundle.entry[1].resource")

    assert at(bundle, HEADER)["sender"] == task["owner"] == url(bundle, "Bundle.entry[2].resource")
    assert task["requester"] == url(bundle, "Bundle.entry[3].resource")


def test_a_withdrawal_says_nothing_of_the_client_again():
    gone = {"status": "cancelled", "reasonReference": {"reference": "urn:block:need"}}

    bundle = later("revoke-service-request", task=gone)

    CHECK.check(bundle)
    CHECK.check(label(bundle, subject="s").bundle)
    assert {r["resourceType"] for r in resources(bundle)} == {
        "MessageHeader",
        "Task",
        "PractitionerRole",
        "Organization",
    }
    assert "reasonReference" not in at(bundle, "Bundle.entry[1].resource")
    written = json.dumps(bundle)
    assert not [word for word in ("Tesfaye", "CMS-20417", "416-555", "find-employment", "clb") if word in written]


def test_an_appointment_travels_with_an_answer_and_names_the_client_by_alias():
    meeting = {
        "resourceType": "Appointment",
        "meta": blocks()[0]["resource"]["meta"],
        "status": "booked",
        "start": "2026-03-09T10:00:00-04:00",
        "end": "2026-03-09T11:00:00-04:00",
        "basedOn": [{"reference": "urn:block:request"}],
        "participant": [
            {"actor": {"reference": "urn:block:client"}, "status": "accepted"},
            {"actor": {"reference": "urn:block:worker"}, "status": "accepted"},
        ],
    }

    bundle = later("notify-add-appointment", meeting=meeting)

    CHECK.check(bundle)
    (kept,) = resources(bundle, "Appointment")
    assert kept["participant"][0]["actor"]["identifier"]["value"] == NUMBERS.client_alias
    assert kept["basedOn"][0]["identifier"]["value"] == NUMBERS.referral_no


def test_a_later_event_without_a_task_is_refused():
    with pytest.raises(NotOurMessage):
        later(ANSWER, task=None)


@pytest.mark.parametrize("make", [referral, answer])
def test_renumbering_gives_what_the_numbers_would_have_given(make):
    made = make(UNNUMBERED)
    before = copy.deepcopy(made)

    numbered = renumber(made, NUMBERS)

    CHECK.check(made)
    assert numbered == make(NUMBERS)
    assert made == before
    assert PLACEHOLDER not in json.dumps(numbered)


def test_renumbering_touches_no_value_that_only_looks_like_a_placeholder():
    name = [{"family": PLACEHOLDER}]

    numbered = renumber(referral(UNNUMBERED, client={"name": name}), NUMBERS)

    assert at(numbered, PATIENT)["name"] == name


def test_a_number_that_does_not_exist_takes_its_place_with_it():
    none = replace(NUMBERS, consent_no=None, client_alias=None)

    request = renumber(referral(UNNUMBERED), none)
    notice = renumber(answer(UNNUMBERED), none)

    CHECK.check(request)
    CHECK.check(notice)
    assert CONSENT not in at(request, REQUEST)["supportingInfo"]
    assert identifier_in(at(request, PATIENT), ID_CLIENT) is None
    assert at(notice, "Bundle.entry[1].resource")["for"] == {"type": "Patient"}
    assert PLACEHOLDER not in json.dumps([request, notice])


def test_a_message_sent_again_gets_new_ids_and_keeps_its_references():
    again = replace(NUMBERS, envelope_id=str(uuid.UUID(int=8)), message_id=str(uuid.UUID(int=9)))

    bundle = renumber(referral(UNNUMBERED), again)

    CHECK.check(bundle)
    label(bundle, subject="s")
    assert bundle["id"] == bundle["identifier"]["value"] == again.envelope_id
    assert bundle["entry"][0]["fullUrl"] == f"urn:uuid:{again.message_id}"


def test_a_time_is_written_in_utc_whatever_zone_it_came_in():
    local = AT.astimezone(timezone(timedelta(hours=-5)))

    made = assemble(blocks(), event=ADD, purpose=Purpose.REFERRAL, ends=THERE, at=local, numbers=NUMBERS)

    assert made["timestamp"] == "2026-03-03T14:02:11.482Z"
