"""Referrals of agencies whose own software speaks FHIR, over the whole road (settled S41, S43 to S45).

What such a client says goes through the same gate, state machine and bus as the record of any adapter; what is for it,
it opens itself, and each open is decided anew.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from consent.model.words import Category, Code, Purpose
from hub.errors import MessageRejected
from hub.exchange import opening
from hub.exchange.process import Processed, StandsAlready, process_message
from hub.exchange.strict import NotOurMessage
from hub.exchange.withdraw import withdraw_consent
from hub.model import codes
from hub.model.audit import Actor
from hub.model.canonical import content_digest
from hub.model.directory import Agency, Service, System, Worker
from hub.model.fhir import Resource, coding, concept
from hub.model.rows import ReferralRow
from tests import cms_builder as cms
from tests.network import EVENTS, NOON, Network, agreement
from tests.posted import written
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
    labelled,
    message,
    output,
    request,
    status,
    task,
    url,
)
from tests.scenario.test_index import statements
from tests.unit.commands.conftest import Desk

EVERY = (*EVENTS, ASKS, SAYS_MORE, WRONG, "plan-shared")
WORKER = Actor("harbour-worker", "worker", "harbour", os_user="tester")


@dataclass
class Clients:
    """Harbour's and Lakeside's own FHIR clients."""

    network: Network

    def system(self, agency: str) -> System:
        return self.network.directory().systems[f"{agency}-fhir"]

    def hand_in(self, bundle: Resource, by: str = "harbour") -> Processed:
        found = self.say(bundle, by)
        assert isinstance(found, Processed)
        return found

    def say(self, bundle: Resource, by: str = "harbour") -> Processed | StandsAlready:
        return process_message(self.network.hub.house, self.system(by), written(bundle))

    def code(self, bundle: Resource, by: str = "harbour") -> str:
        """Why it was refused."""
        found = self.hand_in(bundle, by)
        assert not found.decision.permits
        return found.decision.codes[0].value

    def refer(self, **more: Any) -> str:
        """A referral of Harbour that Lakeside has; its number."""
        found = self.hand_in(request(**more))
        assert found.decision.permits, found.decision
        assert self.fetch("lakeside")
        return found.message.referral_no or ""

    def moves(self, event: str, state: str, number: str, by: str = "lakeside", **more: Any) -> None:
        """A word of one of them goes, and the other one has it."""
        other = "harbour" if by == "lakeside" else "lakeside"
        found = self.hand_in(status(event, state, number, by, other, **more), by)
        assert found.decision.permits, found.decision
        assert self.referral(number).state == state
        assert self.fetch(other)

    def fetch(self, agency: str) -> list[Resource]:
        """All that is there for an agency, opened and acknowledged."""
        house, system = self.network.hub.house, self.system(agency)
        self.network.run()
        bundles: list[Resource] = []
        while listed := opening.deliveries(house, system):
            for each in listed:
                opened = opening.open_one(house, system, each.envelope_id)
                assert opened is not None
                bundles.append(json.loads(opened.content))
                assert opening.acknowledge(house, system, each.envelope_id)
            self.network.run()
        return bundles

    def referral(self, number: str | None) -> ReferralRow:
        with self.network.hub.store.peek() as rows:
            found = rows.referrals.get(number or "")
        assert found is not None
        return found

    def transitions(self, number: str) -> list[str]:
        with self.network.hub.store.peek() as rows:
            return [each.transition for each in rows.referrals.events(number)]


@pytest.fixture
def clients(network: Network) -> Clients:
    network.put(
        System("harbour-fhir", "harbour", "fhir"),
        System("lakeside-fhir", "lakeside", "fhir"),
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"),
        agreement(NOON, version=2, events=EVERY),
    )
    agree(network)
    return Clients(network)


def agree(network: Network, **consent: Any) -> None:
    """Harbour's client is known to it, and has agreed."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, **consent)
    db.close()
    network.run()


def withdraw(network: Network) -> Any:
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    return withdraw_consent(
        network.hub.house, filed[0].consent_id, WORKER, said_at=network.clock.now(), how="TELEPHONE"
    )


def resource(bundle: Resource, kind: str) -> Resource:
    return next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind)


def codes_of(concept_: Resource) -> list[str]:
    return [each["code"] for each in concept_["coding"]]


def reason(word: str) -> Resource:
    return {"statusReason": {"coding": [coding(codes.STATE_REASON, word)]}}


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
    met = {
        "resourceType": "Encounter",
        "meta": labelled("service-status"),
        "status": "finished",
        "class": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB"),
        "subject": {"type": "Patient"},
        "period": {"start": "2026-06-01T10:00:00-04:00"},
        "basedOn": [{"type": "ServiceRequest"}],
    }
    clients.moves(
        PROCESS, "in-service", number, task={"output": [output(done, "resulting-activity")]}, held={done: met}
    )
    ended = url()
    clients.moves(
        PROCESS, "completed", number, task={"output": [output(ended, "resulting-activity")]}, held={ended: met}
    )
    clients.moves(UPDATE, "loop-closed", number, by="harbour")
    said = ["T1", "T2", "T5", "T8", "T9", "T10", "T14", "T15", "T16"]
    assert clients.transitions(number) == said
    assert clients.network.verifies()


def test_t3_t4_a_question_is_codes_and_its_answer_passes_the_gate_again(clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    asks = {
        "resourceType": "Communication",
        "meta": labelled("notes-free", "R"),
        "status": "completed",
        "category": [concept(coding(f"{codes.CODE_SYSTEM}/hub-task", "question"))],
        "subject": {"type": "Patient"},
        "sender": {"type": "Organization"},
        "reasonCode": [concept(coding(codes.CATEGORY, "lang"))],
        "payload": [{"contentString": "Which level has she in writing?"}],
    }
    found = clients.hand_in(status(ASKS, "info-needed", number, held={url(): asks}), "lakeside")
    assert found.decision.permits
    [asked] = clients.fetch("harbour")
    assert "Which level" not in json.dumps(asked)  # its own words would need the mirrored consent (C-72)
    level = {
        "resourceType": "Observation",
        "meta": labelled("lang"),
        "status": "final",
        "code": concept(coding(f"{codes.CODE_SYSTEM}/assessment", "clb-writing")),
        "subject": {"type": "Patient"},
        "effectiveDateTime": "2026-05-20",
        "valueCodeableConcept": concept(coding(f"{codes.CODE_SYSTEM}/clb-level", "4")),
    }
    secret = {**level, "meta": labelled("health-mental", "R")}
    answer = status(SAYS_MORE, "received", number, "harbour", "lakeside", held={url(): level, url(): secret})
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


def test_what_the_client_did_not_allow_is_left_out_and_its_sender_sees_what(clients):
    sick = {
        "resourceType": "Condition",
        "meta": labelled("health-phys", "R"),
        "code": concept(coding(f"{codes.CODE_SYSTEM}/need", "health")),
        "subject": {"type": "Patient"},
    }
    found = clients.hand_in(request(held={url(): sick}))
    assert found.decision.permits
    assert [each.code for each in found.decision.withheld] == [Code.RD_SENSITIVE]
    [bundle] = clients.fetch("lakeside")
    assert "Condition" not in json.dumps(bundle)


def test_each_open_decides_anew_and_after_a_withdrawal_it_opens_nothing_more(network, clients):
    clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    [listed] = opening.deliveries(house, system)
    first = opening.open_one(house, system, listed.envelope_id)
    again = opening.open_one(house, system, listed.envelope_id)
    assert first is not None
    assert again is not None
    assert first.content == again.content
    withdraw(network)
    network.clock.advance(timedelta(seconds=12))
    assert opening.open_one(house, system, listed.envelope_id) is None
    assert opening.acknowledge(house, system, listed.envelope_id)  # it has it: it opened it before
    assert network.states() == {"delivered": 1}


def test_what_was_never_opened_ends_refused_after_a_withdrawal_and_its_sender_is_told(network, clients):
    found = clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    [listed] = opening.deliveries(house, system)
    withdraw(network)
    assert opening.open_one(house, system, listed.envelope_id) is None
    assert not opening.acknowledge(house, system, listed.envelope_id)
    assert network.states() == {"refused": 1}
    [word] = clients.fetch("harbour")
    header = resource(word, "MessageHeader")
    assert header["response"] == {"identifier": found.posted.message_id, "code": "fatal-error"}
    assert codes_of(resource(word, "OperationOutcome")["issue"][0]["details"]) == ["DN_WITHDRAWN"]
    assert clients.fetch("harbour") == []


def test_what_is_in_the_log_is_the_digest_of_what_was_given(network, clients):
    clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    [listed] = opening.deliveries(house, system)
    opened = opening.open_one(house, system, listed.envelope_id)
    assert opened is not None
    [entry] = [each for each in network.entries() if each["event_type"] == "DELIVERY"]
    assert entry["payload_digest"] == content_digest(bytes.fromhex(opened.salt), opened.content)


def test_one_agency_neither_lists_nor_opens_nor_acknowledges_what_is_anothers(network, clients):
    clients.hand_in(request())
    network.run()
    house = network.hub.house
    [listed] = opening.deliveries(house, clients.system("lakeside"))
    harbour = clients.system("harbour")
    assert opening.deliveries(house, harbour) == []
    assert opening.open_one(house, harbour, listed.envelope_id) is None
    assert not opening.acknowledge(house, harbour, listed.envelope_id)
    assert network.states() == {"released": 1}


def test_of_a_lane_only_the_first_is_there(network, clients):
    number = clients.refer()
    clients.hand_in(status(TAKEN, "received", number), "lakeside")
    clients.hand_in(status(PROCESS, "accepted", number), "lakeside")
    network.run()
    house, system = network.hub.house, clients.system("harbour")
    [first] = opening.deliveries(house, system)
    assert opening.open_one(house, system, first.envelope_id) is not None
    assert [each.envelope_id for each in opening.deliveries(house, system)] == [first.envelope_id]
    opening.acknowledge(house, system, first.envelope_id)
    [second] = opening.deliveries(house, system)
    assert second.envelope_id != first.envelope_id


def test_an_acknowledgement_may_be_repeated_and_before_an_open_it_is_none(network, clients):
    clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    [listed] = opening.deliveries(house, system)
    assert not opening.acknowledge(house, system, listed.envelope_id)
    opening.open_one(house, system, listed.envelope_id)
    assert opening.acknowledge(house, system, listed.envelope_id)
    assert opening.acknowledge(house, system, listed.envelope_id)
    assert opening.open_one(house, system, listed.envelope_id) is None
    assert network.states() == {"delivered": 1}


def test_s44_opened_and_never_acknowledged_ends_as_delivered_unopened_is_returned(network, clients):
    opened, unopened = clients.hand_in(request()), clients.hand_in(request(own="R-2"))
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    opening.open_one(house, system, opened.message.envelope_id or "")
    network.clock.advance(timedelta(hours=73))
    network.run()
    with network.hub.store.peek() as rows:
        ends = [rows.inbox.get(each.message.message_id) for each in (opened, unopened)]
    assert [(each.state.value, each.code) for each in ends if each] == [
        ("delivered", "UNACKNOWLEDGED"),
        ("returned", "NOT_ACKNOWLEDGED"),
    ]
    [word] = clients.fetch("harbour")
    assert resource(word, "MessageHeader")["response"]["identifier"] == unopened.posted.message_id
    again = clients.hand_in(request(own="R-2"))  # under a new id; the referral is the same
    assert again.decision.permits
    assert again.message.referral_no == unopened.message.referral_no
    assert clients.referral(again.message.referral_no).state == "requested"


def test_a_refused_request_is_woken_by_its_consent_and_its_sender_hands_it_in_again(network, clients):
    other = {
        "name": [{"family": "Lindqvist", "given": ["Maja"]}],
        "birthDate": "1988-03-04",
        "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000002"}],
    }
    asked = request(patient=other)
    assert clients.code(asked) == "DN_NO_CONSENT"
    db = network.db("harbour")
    client = cms.add_client(db, last_name="Lindqvist", first_name="Maja", birth_date="1988-03-04")
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    db.close()
    network.settle()
    [word] = clients.fetch("harbour")
    header = resource(word, "MessageHeader")
    assert (header["eventCoding"]["code"], header["response"]["code"]) == ("woken", "ok")
    assert header["response"]["identifier"] == asked["entry"][0]["resource"]["id"]
    assert clients.hand_in(asked).decision.permits


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


def test_a_request_without_a_number_of_its_senders_own_is_told_so(clients):
    with pytest.raises(NotOurMessage) as told:
        clients.say(
            request(
                service={"identifier": [{"system": "https://harbour.example.org", "value": "1"}]},
                task={"identifier": [{"system": "https://harbour.example.org", "value": "1"}]},
            )
        )
    assert told.value.faults[0].path == "Bundle.entry[3].resource.identifier"


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


def test_t27_a_request_that_was_not_taken_on_ends_with_its_consent(network, clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    withdraw(network)
    network.run()
    assert clients.transitions(number) == ["T1", "T2", "T27"]
    with network.hub.store.peek() as rows:
        assert rows.referrals.events(number)[-1].reason == "consent-withdrawn"
    [changed] = clients.fetch("lakeside")
    assert resource(changed, "MessageHeader")["eventCoding"]["code"] == "consent-changed"
    told = [codes_of(resource(each, "OperationOutcome")["issue"][0]["details"]) for each in clients.fetch("harbour")]
    assert sorted(told) == [["CONSENT_WITHDRAWN"], ["WITHDRAWN"]]
    assert clients.code(status(PROCESS, "accepted", number), "lakeside") in ("DN_TRANSITION", "DN_WITHDRAWN")


def test_t27_what_was_taken_on_goes_on_and_nothing_more_of_it_passes(network, clients):
    number = clients.refer()
    clients.moves(PROCESS, "accepted", number)
    withdraw(network)
    network.run()
    assert clients.referral(number).state == "accepted"
    assert clients.code(status(PROCESS, "waitlisted", number), "lakeside") == "DN_WITHDRAWN"


def test_t27_what_never_arrived_waits_for_another_consent_as_the_same_referral(network, clients):
    found = clients.hand_in(request())
    withdraw(network)
    network.run()
    assert clients.transitions(found.message.referral_no or "") == ["T1"]


def test_t27_where_another_consent_carries_the_pair_the_request_stands(network, clients):
    number = clients.refer()
    db = network.db("harbour")
    cms.add_consent(db, 1, valid_from="2026-05-01", signed_on="2026-05-01", captured_at="2026-05-01 10:00:00")
    db.close()
    network.run()
    withdraw(network)
    network.run()
    assert clients.referral(number).state == "requested"


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


def test_nothing_is_sent_to_who_fetches_and_a_suspended_client_gets_nothing(network, clients):
    clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    assert not network.hub.exchange.hand_over(system)
    [listed] = opening.deliveries(house, system)
    network.put(System("lakeside-fhir", "lakeside", "fhir", "suspended"))
    assert opening.open_one(house, clients.system("lakeside"), listed.envelope_id) is None
    assert "delivered" not in network.states()


def test_a_recall_reaches_who_has_fetched_and_names_the_message(network, clients):
    clients.hand_in(request())
    [bundle] = clients.fetch("lakeside")
    network.put(Worker("officer", "hub", "officer"))
    desk = Desk(network.hub.settings.dir, network.clock, [])
    envelope = bundle["identifier"]["value"]
    told = desk.run("incident", "open", envelope, "--kind", "wrong-person", "--as", "officer")
    assert told.exit_code == 0, told.output
    [word] = clients.fetch("lakeside")
    header = resource(word, "MessageHeader")
    assert header["eventCoding"]["code"] == "recall"
    assert header["response"]["identifier"] == resource(bundle, "MessageHeader")["id"]


def deliveries_of(network: Network) -> list[dict[str, Any]]:
    return [each for each in network.entries() if each["event_type"] == "DELIVERY"]


def test_what_was_opened_and_may_not_be_opened_again_has_left_and_ends_with_one_no(network, clients):
    clients.hand_in(request())
    network.run()
    house, system = network.hub.house, clients.system("lakeside")
    [listed] = opening.deliveries(house, system)
    assert opening.open_one(house, system, listed.envelope_id) is not None
    withdraw(network)
    before = len(deliveries_of(network))
    for _ in range(3):
        assert opening.open_one(house, system, listed.envelope_id) is None
    assert len(deliveries_of(network)) == before + 1
    assert listed not in opening.deliveries(house, system)
    with network.hub.store.peek() as rows:
        row = rows.handovers.get([listed.envelope_id])[listed.envelope_id]
        assert rows.outbox.sizes([listed.envelope_id]) == {}  # nothing of it is kept
    assert (row.state.value, row.opened_at is not None) == ("delivered", True)


def test_what_nobody_has_fetched_ends_at_a_withdrawal_and_not_after_three_days(network, clients):
    found = clients.hand_in(request())
    network.run()
    withdraw(network)
    network.run()
    with network.hub.store.peek() as rows:
        message = rows.inbox.get(found.message.message_id)
        assert rows.outbox.sizes([found.message.envelope_id or ""]) == {}
    assert message is not None
    assert (message.state.value, message.code) == ("refused", "DN_WITHDRAWN")
    assert opening.deliveries(network.hub.house, clients.system("lakeside")) == []
    [word] = clients.fetch("harbour")
    assert resource(word, "MessageHeader")["eventCoding"]["code"] == "refusal"
    network.settle()
    assert clients.fetch("harbour") == []  # nothing has changed: nobody is woken


def test_a_consent_that_changes_leaves_what_may_still_go_where_it_is(network, clients):
    clients.hand_in(request())
    network.run()
    db = network.db("harbour")
    cms.update(db, "consent", 1, categories="IDENT NEEDS LANG SERVICE_STATUS")
    db.close()
    network.settle()
    [bundle] = clients.fetch("lakeside")
    assert resource(bundle, "ServiceRequest")


def test_what_no_output_refers_to_stays_behind_and_is_told(clients):
    number = clients.refer()
    level = {
        "resourceType": "Observation",
        "meta": labelled("lang"),
        "status": "final",
        "code": concept(coding(f"{codes.CODE_SYSTEM}/assessment", "clb-writing")),
        "subject": {"type": "Patient"},
        "effectiveDateTime": "2026-05-20",
        "valueCodeableConcept": concept(coding(f"{codes.CODE_SYSTEM}/clb-level", "4")),
    }
    referred = url()
    held = {url(): level, referred: level}
    said = status(PROCESS, "accepted", number, held=held, task={"output": [output(referred)]})
    found = clients.hand_in(said, "lakeside")
    urls = [entry["fullUrl"] for entry in said["entry"]]
    assert [urls[index] for index in found.behind] == [next(iter(held))]
    assert urls.index(referred) in found.places.values()
    [told] = clients.fetch("harbour")
    assert all(each["resource"]["resourceType"] != "Observation" for each in told["entry"])  # C-72: no mirrored consent


THIRD = {"system": f"{codes.ID}/bayview/file", "value": "Zqmark"}
WORDS = "Zqmark was seen with John"
LOCAL = f"{codes.CODE_SYSTEM}/need"
ASKED = "Bundle.entry[3].resource"


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
