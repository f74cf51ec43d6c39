"""Referrals of agencies whose own software speaks FHIR, step by step, over the whole road (settled S41, S45).

What such a client says goes through the same gate, state machine and bus as the record of any adapter.
"""

from __future__ import annotations

import json
import uuid

import pytest

from consent.model.words import Category, Code, Purpose
from hub.errors import MessageRejected
from hub.exchange.process import StandsAlready
from hub.exchange.strict import NotOurMessage
from hub.model import codes
from hub.model.directory import Agency, System
from hub.model.fhir import coding, concept
from tests import cms_builder as cms
from tests.fhir_clients import EVERY, codes_of, reason, resource
from tests.network import NOON, agreement
from tests.referral_messages import (
    ADD,
    ASKS,
    BOOKED,
    PROCESS,
    REVOKE,
    SAYS_MORE,
    TAKEN,
    UPDATE,
    WRONG,
    appointment,
    encounter,
    labelled,
    level,
    output,
    question,
    request,
    status,
    task,
    url,
)


def test_t1_a_request_goes_with_the_hubs_numbers_and_the_recipients_alias(clients):
    found = clients.hand_in(request())
    assert found.decision.permits, found.decision
    row = clients.referral(found.message.referral_no)
    assert (row.sender, row.recipient, row.state, row.sender_key) == ("harbour", "lakeside", "requested", "/R-5512")
    assert row.recipient_system == "lakeside-fhir"
    [bundle] = clients.fetch("lakeside")
    with clients.network.hub.store.peek() as rows:
        aliases, consent = rows.subjects.aliases(row.subject_ref), row.consent_id
    client, asked = resource(bundle, "Patient"), resource(bundle, "ServiceRequest")
    assert {"system": codes.ID_REFERRAL, "value": row.number} in asked["identifier"]
    assert aliases["lakeside"] in json.dumps(client["identifier"])
    assert aliases["harbour"] not in json.dumps(bundle)
    assert consent is not None
    assert consent not in json.dumps(bundle)
    assert any(each["reference"].startswith(f"{codes.HUB}/Consent/") for each in asked["supportingInfo"])
    assert "client.example.org" not in json.dumps(bundle)  # what its software is called is nobody's business
    assert resource(bundle, "MessageHeader")["id"] != found.posted.message_id


def test_a_referral_goes_the_whole_loop_between_two_clients(clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    clients.moves(PROCESS, "accepted", number)
    clients.moves(PROCESS, "waitlisted", number, task={"executionPeriod": {"start": "2026-06-20"}})
    clients.moves(PROCESS, "awaiting-booking", number)
    clients.moves(BOOKED, "booked", number, held={url(): appointment()})
    done = url()
    clients.moves(
        PROCESS, "in-service", number, task={"output": [output(done, "resulting-activity")]}, held={done: encounter()}
    )
    ended = url()
    clients.moves(
        PROCESS, "completed", number, task={"output": [output(ended, "resulting-activity")]}, held={ended: encounter()}
    )
    clients.moves(UPDATE, "loop-closed", number, by="harbour")
    said = ["T1", "T2", "T5", "T8", "T9", "T10", "T14", "T15", "T16"]
    assert clients.transitions(number) == said
    assert clients.network.verifies()


def test_t3_t4_a_question_is_codes_and_its_answer_passes_the_gate_again(clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    found = clients.hand_in(status(ASKS, "info-needed", number, held={url(): question()}), "lakeside")
    assert found.decision.permits
    [asked] = clients.fetch("harbour")
    assert "Which level" not in json.dumps(asked)  # its own words would need the mirrored consent (C-72)
    secret = {**level(), "meta": labelled("health-mental", "R")}
    answer = status(SAYS_MORE, "received", number, "harbour", "lakeside", held={url(): level(), url(): secret})
    found = clients.hand_in(answer)
    assert found.decision.permits
    assert [each.code for each in found.decision.withheld] == [Code.RD_SENSITIVE]
    [told] = clients.fetch("lakeside")
    kinds = [each["resource"]["resourceType"] for each in told["entry"]]
    assert kinds.count("Observation") == 1
    assert clients.referral(number).state == "received"


def test_t3_a_question_in_words_alone_is_none(clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    assert clients.code(status(ASKS, "info-needed", number), "lakeside") == "DN_TRANSITION"


@pytest.mark.parametrize(
    ("word", "more"),
    [
        pytest.param("declined", {"task": reason("no-capacity")}, id="T6"),
        pytest.param(
            "redirected",
            {
                "task": {
                    **reason("wrong-service"),
                    "output": [
                        {
                            "type": concept(coding(f"{codes.CODE_SYSTEM}/hub-task", "redirect-to")),
                            "valueReference": {"identifier": {"system": codes.ID_SERVICE, "value": "another"}},
                        }
                    ],
                }
            },
            id="T7",
        ),
    ],
)
def test_t6_t7_a_referral_is_over_when_it_is_declined_or_sent_elsewhere(clients, word, more):
    number = clients.refer()
    clients.moves(PROCESS, word, number, **more)
    late = status(PROCESS, "accepted", number, task={"lastModified": "2026-06-01T12:30:00-04:00"})
    assert clients.code(late, "lakeside") == "DN_TRANSITION"


@pytest.mark.parametrize("word", ["declined", "redirected", "not-completed", "on-hold"])
def test_no_end_and_no_pause_without_a_coded_reason(clients, word):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    assert clients.code(status(PROCESS, word, number), "lakeside") == "DN_TRANSITION"


def test_t11_t12_t13_a_missed_appointment_and_a_new_one(clients):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    clients.moves(BOOKED, "booked", number, held={url(): appointment()})
    clients.moves(PROCESS, "no-show", number)
    clients.moves(PROCESS, "awaiting-booking", number)
    clients.moves(BOOKED, "booked", number, held={url(): appointment()})
    clients.moves(PROCESS, "appointment-cancelled", number, task=reason("client-unreachable"))
    assert clients.transitions(number)[-5:] == ["T10", "T11", "T13", "T10", "T12"]


def test_t10_an_appointment_that_is_over_books_nothing(clients):
    number = clients.refer()
    past = status(BOOKED, "booked", number, held={url(): appointment("2026-05-02T10:00:00-04:00")})
    assert clients.code(past, "lakeside") == "DN_TRANSITION"


def test_t17_t18_whoever_pauses_resumes(clients):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    clients.moves(UPDATE, "on-hold", number, by="harbour", task=reason("client-unreachable"))
    assert clients.code(status(PROCESS, "accepted", number), "lakeside") == "DN_TRANSITION"
    clients.moves(UPDATE, "accepted", number, by="harbour")
    assert clients.transitions(number)[-2:] == ["T17", "T18"]


def test_t19_what_is_taken_back_before_it_is_booked_is_cancelled(clients):
    number = clients.refer()
    clients.moves(REVOKE, "cancelled", number, by="harbour", task=reason("client-declined"))
    assert clients.transitions(number) == ["T1", "T19"]


@pytest.mark.parametrize(
    ("answer", "said", "last"),
    [("accepted", "cancelled-after-start", "T21"), ("rejected", "booked", "T22")],
)
def test_t20_after_booking_the_receiver_is_asked_and_answers_with_an_abort(clients, answer, said, last):
    number = clients.refer()
    clients.moves(BOOKED, "booked", number, held={url(): appointment()})
    revoke = status(REVOKE, "cancelled", number, "harbour", "lakeside", task=reason("client-declined"))
    assert clients.hand_in(revoke).decision.permits
    assert clients.referral(number).state == "cancel-requested"
    [asked] = clients.fetch("lakeside")
    tasks = [each["resource"] for each in asked["entry"] if each["resource"]["resourceType"] == "Task"]
    assert [codes_of(each["code"])[0] for each in tasks] == ["fulfill", "abort"]
    assert codes_of(tasks[0]["businessStatus"]) == ["cancel-requested"]
    assert clients.code(status(PROCESS, said, number), "lakeside") == "DN_TRANSITION"
    kind = concept(coding("http://hl7.org/fhir/CodeSystem/task-code", "abort"))
    abort = {**task("requested"), "code": kind, "status": answer}
    clients.moves(PROCESS, said, number, held={url(): abort}, task=reason("service-discontinued"))
    assert clients.transitions(number)[-2:] == ["T20", last]


def test_t25_what_was_referred_in_error_is_marked_so_by_its_sender(clients):
    number = clients.refer()
    clients.moves(WRONG, "entered-in-error", number, by="harbour")
    assert clients.transitions(number) == ["T1", "T25"]


def test_h_completed_without_an_output_is_impossible(clients):
    number = clients.refer()
    assert clients.code(status(PROCESS, "completed", number), "lakeside") == "DN_TRANSITION"


def test_d_what_was_said_before_overtakes_nothing(clients):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    earlier = status(PROCESS, "waitlisted", number, task={"lastModified": "2026-05-01T10:00:00-04:00"})
    assert clients.code(earlier, "lakeside") == "DN_TRANSITION"


def test_b_the_same_message_again_gets_the_first_answer_and_changes_nothing(clients):
    first = request()
    found = clients.hand_in(first)
    again = clients.hand_in(first)
    assert again.repeated
    assert (again.message, again.decision) == (found.message, found.decision)
    retry = {**first, "identifier": {**first["identifier"], "value": str(uuid.uuid4())}}
    assert clients.hand_in(retry).repeated  # a new envelope of the same message
    assert clients.transitions(found.message.referral_no or "") == ["T1"]


def test_c_192_an_envelope_holds_one_message_and_an_id_is_one_message(clients):
    first = request()
    clients.hand_in(first)
    same_envelope = request(own="R-5513", envelope_id=first["identifier"]["value"])
    assert clients.code(same_envelope) == "DN_SCHEMA"
    same_id = request(own="R-5514", message_id=first["entry"][0]["resource"]["id"])
    assert clients.code(same_id) == "DN_SCHEMA"


def test_what_stands_already_is_no_message(clients):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    assert isinstance(clients.say(status(PROCESS, "accepted", number), "lakeside"), StandsAlready)


def test_a_second_request_under_the_same_own_number_is_no_other_referral(clients):
    clients.refer()
    assert clients.code(request(service={"priority": "urgent"})) == "DN_TRANSITION"


def test_i_a_new_referral_after_a_no_has_a_number_of_its_own(clients):
    number = clients.refer()
    clients.moves(PROCESS, "declined", number, task=reason("no-capacity"))
    assert clients.refer(own="R-5513") != number


def test_who_has_agreed_to_nothing_is_refused_and_leaves_no_referral(network, clients):
    stranger = request(
        patient={
            "name": [{"family": "Lindqvist", "given": ["Maja"]}],
            "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000077"}],
        }
    )
    found = clients.hand_in(stranger)
    assert found.decision.codes == (Code.DN_NO_CONSENT,)
    with network.hub.store.peek() as rows:
        assert rows.referrals.of_sender("harbour-fhir", "/R-5512") is None
    assert clients.fetch("lakeside") == []


def test_a_referral_of_a_cms_is_answered_by_a_client_and_the_cms_hears_it(network, clients):
    db = network.db("harbour")
    own = cms.add_referral(db, 1)
    db.close()
    network.run()
    [bundle] = clients.fetch("lakeside")
    number = next(
        each["value"]
        for each in resource(bundle, "ServiceRequest")["identifier"]
        if each["system"] == codes.ID_REFERRAL
    )
    found = clients.hand_in(status(PROCESS, "accepted", number), "lakeside")
    assert found.decision.permits
    network.run()
    [row] = network.inbox("harbour", "referral-status")
    assert (row["payload"]["referral_id"], row["payload"]["status"]) == (own, "ACCEPTED")


def test_who_is_no_party_of_a_referral_says_nothing_of_it(network, clients):
    number = clients.refer()
    network.put(
        Agency("bayview", "Bayview", "general", "ca-on", "delivery.BAYVIEWAAAAA"),
        System("bayview-fhir", "bayview", "fhir"),
    )
    with pytest.raises(MessageRejected) as foreign:
        clients.say(status(PROCESS, "accepted", number, sender="bayview"), "bayview")
    with pytest.raises(MessageRejected) as unknown:
        clients.say(status(PROCESS, "accepted", "AAAAAAAAAAAA", sender="bayview"), "bayview")
    assert (foreign.value.got, foreign.value.expected) == (unknown.value.got, unknown.value.expected)
    assert clients.transitions(number) == ["T1"]


def test_the_sender_does_not_answer_for_the_receiver_nor_the_receiver_for_the_sender(clients):
    number = clients.refer()
    with pytest.raises(MessageRejected):
        clients.say(status(PROCESS, "accepted", number, "harbour", "lakeside"), "harbour")
    with pytest.raises(MessageRejected):
        clients.say(status(REVOKE, "cancelled", number, task=reason("client-declined")), "lakeside")


def test_what_comes_from_another_agency_than_it_says_is_refused(clients):
    assert clients.code(request(), by="lakeside") == "DN_SENDER"


def test_an_alias_of_somebody_else_is_a_question_and_an_answer_about_another_client_is_none(network, clients):
    number = clients.refer()
    with network.hub.store.peek() as rows:
        theirs = rows.subjects.aliases(clients.referral(number).subject_ref)
    named = {"for": {"type": "Patient", "identifier": {"system": codes.ID_CLIENT, "value": theirs["lakeside"]}}}
    wrong = {"for": {"type": "Patient", "identifier": {"system": codes.ID_CLIENT, "value": theirs["harbour"]}}}
    with pytest.raises(MessageRejected):
        clients.say(status(PROCESS, "accepted", number, task=wrong), "lakeside")
    clients.moves(PROCESS, "accepted", number, task=named)


HEADER = "Bundle.entry[0].resource"


@pytest.mark.parametrize(
    ("bundle", "place"),
    [
        pytest.param(
            lambda number: status(PROCESS, "received", number), f"{HEADER}.eventCoding", id="the event of another step"
        ),
        pytest.param(
            lambda number: status(PROCESS, "accepted", number, task={"status": "requested"}),
            "Bundle.entry[3].resource.status",
            id="a status of another state",
        ),
        pytest.param(
            lambda number: status(
                PROCESS, "accepted", number, task={"businessStatus": concept(coding(codes.REFERRAL_STATE, "gone"))}
            ),
            "Bundle.entry[3].resource.businessStatus",
            id="an unknown state",
        ),
        pytest.param(
            lambda number: status(PROCESS, "accepted", number, recipient="bayview"),
            f"{HEADER}.destination[0].receiver",
            id="to somebody else",
        ),
        pytest.param(
            lambda number: status(PROCESS, "accepted", number, held={url(): task("accepted")}),
            "Bundle.entry",
            id="two Tasks",
        ),
        pytest.param(
            lambda number: status(
                PROCESS, "accepted", number, header={"definition": f"{codes.HUB}/MessageDefinition/{ADD}|1.0.0"}
            ),
            f"{HEADER}.definition",
            id="the definition of another message",
        ),
    ],
)
def test_a_header_and_a_content_that_differ_are_told_by_their_place(clients, bundle, place):
    number = clients.refer()
    with pytest.raises(NotOurMessage) as told:
        clients.say(bundle(number), "lakeside")
    assert told.value.faults[0].path == place
    assert clients.transitions(number) == ["T1"]


def test_c_64_a_purpose_that_is_not_the_events_is_refused(clients):
    said = {
        "extension": [
            {"url": codes.PURPOSE_OF_USE, "valueCodeableConcept": concept(coding(codes.PURPOSE, "follow-up"))}
        ]
    }
    assert clients.code(request(header=said)) == "DN_PURPOSE"


def test_a_request_without_a_number_of_its_senders_own_is_told_so(clients):
    with pytest.raises(NotOurMessage) as told:
        clients.say(
            request(
                service={"identifier": [{"system": "https://harbour.example.org", "value": "1"}]},
                task={"identifier": [{"system": "https://harbour.example.org", "value": "1"}]},
            )
        )
    assert told.value.faults[0].path == "Bundle.entry[3].resource.identifier"


def test_what_a_cms_shares_of_a_client_goes_to_the_client_of_its_partner(network, clients):
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    network.run()
    assert clients.fetch("lakeside")
    network.put(agreement(NOON, version=3, events=EVERY, purposes=tuple(Purpose), categories=tuple(Category)))
    db = network.db("harbour")
    cms.add_consent(db, 1, purposes="COORDINATION", categories="IDENT PLAN SERVICE_STATUS")
    plan = cms.add_plan(db, 1)
    cms.add_goal(db, plan)
    db.close()
    network.settle()
    [shared] = clients.fetch("lakeside")
    assert resource(shared, "MessageHeader")["eventCoding"]["code"] == "plan-shared"
    assert resource(shared, "CarePlan")
