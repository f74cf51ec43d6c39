"""What a message that was handed in may say, and what of it stays behind (settled S41; INV-2)."""

from __future__ import annotations

import json

import pytest

from consent.model.words import Category, Code, Purpose
from hub.exchange.strict import NotOurMessage
from hub.model import codes
from hub.model.directory import Agency, System
from hub.model.fhir import coding, concept
from tests.fhir_clients import EVERY, resource
from tests.network import NOON, agreement
from tests.referral_messages import PROCESS, condition, labelled, level, message, output, request, status, url
from tests.statements import statements

THIRD = {"system": f"{codes.ID}/bayview/file", "value": "Zqmark"}
WORDS = "Zqmark was seen with John"
LOCAL = f"{codes.CODE_SYSTEM}/need"
ASKED = "Bundle.entry[3].resource"


def test_what_the_client_did_not_allow_is_left_out_and_its_sender_sees_what(clients):
    found = clients.hand_in(request(held={url(): condition()}))
    assert found.decision.permits
    assert [each.code for each in found.decision.withheld] == [Code.RD_SENSITIVE]
    [bundle] = clients.fetch("lakeside")
    assert "Condition" not in json.dumps(bundle)


@pytest.mark.parametrize(
    "system",
    [
        "https://bayview.example.org/file",
        f"{codes.ID}/bayview/file",
        "https://fhir.infoway-inforoute.ca/NamingSystem/ca-on-patient-hcn",
    ],
)
def test_a_number_of_a_third_agency_or_a_health_card_does_not_travel(clients, system):
    with pytest.raises(NotOurMessage) as told:
        clients.say(request(patient={"identifier": [{"system": system, "value": "4321"}]}))
    assert told.value.faults[0].path == "Bundle.entry[5].resource.identifier[0].system"
    assert "4321" not in str(told.value)


def test_a_plan_beside_a_referral_goes_to_its_other_end_alone(network, clients):
    number = clients.refer()
    network.put(
        agreement(
            NOON,
            version=3,
            events=EVERY,
            purposes=(Purpose.REFERRAL, Purpose.COORDINATION),
            categories=tuple(Category),
        )
    )
    plan, goal = url(), url()
    held = {
        plan: {
            "resourceType": "CarePlan",
            "meta": labelled("plan"),
            "status": "active",
            "intent": "plan",
            "category": [concept(coding(f"{codes.CODE_SYSTEM}/plan", "isp"))],
            "subject": {"type": "Patient"},
            "goal": [{"reference": goal}],
        },
        goal: {
            "resourceType": "Goal",
            "meta": labelled("plan"),
            "lifecycleStatus": "active",
            "description": {"text": "a job as a welder"},
            "subject": {"type": "Patient"},
        },
    }
    correlation = [{"url": codes.CORRELATION_ID, "valueString": number}]
    shared = message("plan-shared", "harbour", "lakeside", held, header={"extension": correlation})
    with pytest.raises(NotOurMessage):
        clients.say(shared)  # a plan of nobody
    whole = {**held, url(): {**resource(request(), "Patient")}}
    refused = message("plan-shared", "harbour", "lakeside", whole, header={"extension": correlation})
    assert clients.code(refused) == "DN_PURPOSE"


def test_no_id_that_a_sender_chose_and_nobodys_name_is_in_the_log_or_on_the_bus(network, clients):
    asked = request()
    clients.hand_in(asked)
    network.run()
    log = json.dumps(network.entries())
    for word in (asked["entry"][0]["resource"]["id"], asked["identifier"]["value"], "R-5512", "Okonkwo", "1991-07-22"):
        assert word not in log


def test_what_no_output_refers_to_stays_behind_and_is_told(clients):
    number = clients.refer()
    referred = url()
    held = {url(): level(), referred: level()}
    said = status(PROCESS, "accepted", number, held=held, task={"output": [output(referred)]})
    found = clients.hand_in(said, "lakeside")
    urls = [entry["fullUrl"] for entry in said["entry"]]
    assert [urls[index] for index in found.behind] == [next(iter(held))]
    assert urls.index(referred) in found.places.values()
    [told] = clients.fetch("harbour")
    assert all(each["resource"]["resourceType"] != "Observation" for each in told["entry"])  # C-72: no mirrored consent


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"service": {"supportingInfo": [{"type": "Consent", "identifier": THIRD}]}}, id="a consent"),
        pytest.param(
            {"service": {"supportingInfo": [{"identifier": {"system": f"{codes.ID}/consent", "value": "Zqmark"}}]}},
            id="a consent's number",
        ),
        pytest.param({"patient": {"link": [{"other": {"identifier": THIRD}, "type": "seealso"}]}}, id="a link"),
        pytest.param(
            {
                "patient": {
                    "identifier": [
                        {**THIRD, "system": f"{codes.ID}/uci", "value": "1100000001", "assigner": {"display": WORDS}}
                    ]
                }
            },
            id="an assigner",
        ),
        pytest.param(
            {
                "service": {
                    "code": {"coding": [{"system": codes.SERVICE_WANTED, "code": "employment", "display": WORDS}]}
                }
            },
            id="a display",
        ),
        pytest.param(
            {
                "service": {
                    "code": {
                        "coding": [
                            coding(codes.SERVICE_WANTED, "employment"),
                            {"system": "https://zqmark.example", "code": WORDS},
                        ]
                    }
                }
            },
            id="a second coding",
        ),
        pytest.param(
            {
                "service": {
                    "code": {"coding": [{"system": codes.SERVICE_WANTED, "code": "employment", "version": WORDS}]}
                }
            },
            id="a version",
        ),
        pytest.param(
            {"service": {"requester": {"type": "Organization", "display": WORDS}}}, id="a reference's display"
        ),
        pytest.param(
            {"held": {url(): {"resourceType": "Practitioner", "name": [{"text": WORDS}]}}}, id="a practitioner"
        ),
    ],
)
def test_words_and_numbers_of_third_parties_do_not_travel_in_coded_places(clients, more):
    found = clients.hand_in(request(**more))
    assert found.decision.permits, found.decision
    [bundle] = clients.fetch("lakeside")
    assert "Zqmark" not in json.dumps(bundle)
    assert "zqmark" not in json.dumps(bundle)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        pytest.param({"service": {"identifier": [THIRD]}}, f"{ASKED}.identifier[0].system", id="a number"),
        pytest.param(
            {"service": {"supportingInfo": [{"identifier": THIRD}]}},
            f"{ASKED}.supportingInfo[0].identifier",
            id="a reference",
        ),
        pytest.param(
            {"service": {"reasonCode": [concept(coding("https://zqmark.example/codes", "x"))]}},
            f"{ASKED}.reasonCode[0].coding",
            id="a code of nobody knows what",
        ),
        pytest.param(
            {"service": {"reasonCode": [concept(coding(LOCAL, WORDS))]}},
            f"{ASKED}.reasonCode[0].coding[0]",
            id="words as a code",
        ),
        pytest.param(
            {"patient": {"communication": [{"language": concept(coding("urn:ietf:bcp:47", "Zqmark"))}]}},
            "Bundle.entry[5].resource.communication[0].language.coding[0]",
            id="words as a language",
        ),
        pytest.param(
            {
                "service": {
                    "identifier": [
                        {
                            "type": concept(coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC")),
                            "system": "https://harbour.example.org",
                            "value": WORDS,
                        }
                    ]
                }
            },
            f"{ASKED}.identifier[0].value",
            id="words as a number",
        ),
    ],
)
def test_what_would_say_more_than_a_code_or_a_number_is_told_by_its_place(network, clients, more, place):
    with pytest.raises(NotOurMessage) as told:
        clients.say(request(**more))
    assert place in [each.path for each in told.value.faults]
    assert "Zqmark" not in str(told.value)
    assert network.states() == {}


def test_a_senders_own_number_travels_without_its_hosts_name(clients):
    clients.hand_in(request())
    [bundle] = clients.fetch("lakeside")
    own = resource(bundle, "ServiceRequest")["identifier"][0]
    assert (own["system"], own["value"]) == (f"{codes.ID}/harbour/referral", "R-5512")
    assert "harbour.example.org" not in json.dumps(bundle)


def test_i_11_a_request_about_somebody_elses_client_asks_the_store_what_one_about_nobody_asks(network, clients):
    network.put(
        Agency("bayview", "Bayview", "general", "ca-on", "delivery.BAYVIEWAAAAA"),
        System("bayview-fhir", "bayview", "fhir"),
        agreement(NOON, agreement_id="bayview-lakeside", parties=("bayview", "lakeside"), events=EVERY),
    )
    known = request("bayview", own="R-1")
    nobody = request(
        "bayview",
        own="R-2",
        patient={
            "name": [{"family": "Lindqvist", "given": ["Maja"]}],
            "birthDate": "1988-03-04",
            "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000099"}],
        },
    )
    clients.code(request("bayview", own="R-0"), "bayview")  # the directory is read
    asked = []
    for bundle in (known, nobody):
        with statements() as said:
            assert clients.code(bundle, "bayview") == "DN_NO_CONSENT"
        asked.append(len(said))
    assert asked[0] == asked[1]
