"""What is for an agency's own client, which it opens itself: each open is decided anew (settled S43, S44), and what may
not go any more ends (T27).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hub.exchange import opening
from hub.model import codes
from hub.model.advice import advice
from hub.model.canonical import content_digest
from hub.model.directory import System, Worker
from hub.model.rows import Notice
from tests import cms_builder as cms
from tests.fhir_clients import codes_of, resource, withdraw
from tests.network import Network
from tests.referral_messages import (
    PROCESS,
    TAKEN,
    request,
    status,
)
from tests.unit.commands.conftest import Desk


def deliveries_of(network: Network) -> list[dict[str, Any]]:
    return [each for each in network.entries() if each["event_type"] == "DELIVERY"]


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
    [issue] = resource(word, "OperationOutcome")["issue"]
    assert codes_of(issue["details"]) == ["DN_WITHDRAWN"]
    assert issue["diagnostics"] == advice("DN_WITHDRAWN").en, "INV-10: why, and what to do"
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


def test_words_that_nobody_opens_hide_no_message(network, clients):
    with network.hub.store.unit() as unit:
        for number in range(opening.LISTED_MAX):
            unit.notices.put(
                Notice(f"n-{number}", "lakeside-fhir", "refusal", "DN_SCHEMA", f"r:{number}", unit.now, unit.now)
            )
    network.clock.advance(timedelta(minutes=1))
    clients.hand_in(request())
    network.run()

    listed = opening.deliveries(network.hub.house, clients.system("lakeside"))

    assert [each for each in listed if each.size]


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
    assert "hand it in again" in resource(word, "OperationOutcome")["issue"][0]["diagnostics"]
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
