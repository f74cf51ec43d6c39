"""What the two ends of a referral say of it, over a whole hub (shared model 6.2, settled S47)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import cms_builder as cms
from tests.network import Network
from tests.scenario.rows import ask, client, heard, inbox, row, save, say, sent
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

LATER = timedelta(minutes=2)


def withdraw(network: Network, at: str = "2026-05-30 09:00:00") -> None:
    cms.update(network.db("harbour"), "referral", 1, status="WITHDRAWN", status_at=at)
    network.run()


def standing(network: Network, number: str) -> tuple[str, list[str]]:
    """State of a referral, and its steps; an implied one in brackets."""
    with network.hub.store.peek() as rows:
        referral, events = rows.referrals.get(number), rows.referrals.events(number)
    assert referral is not None
    return referral.state, [f"({each.transition})" if each.implied else each.transition for each in events]


@pytest.mark.parametrize(
    ("status", "fields", "state", "steps"),
    [
        pytest.param("RECEIVED", {}, "received", ["T2"], id="T2 received"),
        pytest.param("ACCEPTED", {}, "accepted", ["(T2)", "T5"], id="T5 accepted, received is implied"),
        pytest.param("WAITLISTED", {}, "waitlisted", ["(T2)", "(T5)", "T8"], id="T8 waitlisted, both are implied"),
        pytest.param("DECLINED", {"status_reason": "no-capacity"}, "declined", ["T6"], id="T6 declined with a reason"),
        pytest.param("NO_SHOW", {}, "no-show", ["(T2)", "(T5)", "(T10)", "T11"], id="T11 no-show, booked is implied"),
        pytest.param("COMPLETED", {}, "completed", ["(T2)", "(T5)", "T15"], id="T15 completed is the coded outcome"),
    ],
)
def test_what_the_receiver_says_moves_the_referral_and_reaches_the_sender_once(
    network: Network, status: str, fields: dict[str, Any], state: str, steps: list[str]
) -> None:
    number = sent(network)

    say(network, number, status, **fields)

    found, taken = standing(network, number)
    assert (found, [step for step in taken if step != "T1"]) == (state, _shortest(steps, taken))
    (answer,) = heard(network, "harbour")
    assert (answer["referral_id"], answer["status"], answer.get("status_reason")) == (
        1,
        status,
        fields.get("status_reason"),
    )
    assert network.verifies()


def _shortest(steps: list[str], taken: list[str]) -> list[str]:
    """T5 may follow ``requested`` at once, so whether T2 is implied is the table's to say; the rest is not."""
    return [step for step in steps if step != "(T2)" or "(T2)" in taken]


def test_t6_declined_without_a_reason_is_refused_and_the_receiver_is_told(network: Network) -> None:
    number = sent(network)

    say(network, number, "DECLINED")

    assert standing(network, number)[0] == "requested"
    assert heard(network, "harbour") == []
    assert network.told("lakeside") == [("referral_id", 1, "DN_TRANSITION")]
    assert network.codes()["DN_TRANSITION"] == 1

    say(network, number, "DECLINED", status_reason="not-eligible")

    assert standing(network, number)[0] == "declined"
    assert heard(network, "harbour")[0]["status_reason"] == "not-eligible"


def test_the_same_answer_saved_twice_is_one_answer_rule_b(network: Network) -> None:
    number = sent(network)
    say(network, number, "ACCEPTED")
    before = standing(network, number)

    say(network, number, "ACCEPTED")
    say(network, number, "ACCEPTED", at="2026-05-06 09:00:00")  # saved a day later: still no news

    assert standing(network, number) == before
    assert len(heard(network, "harbour")) == 1
    assert network.told("lakeside") == []


@pytest.mark.parametrize("number", ["AAAAAAAAAAAA", "aaaaaaaaaaaa", "Amara Okonkw"])
def test_an_answer_that_names_no_number_of_this_system_is_unreadable_and_says_what_to_copy(
    network: Network, number: str
) -> None:
    known = sent(network)
    cms.answer(network.db("lakeside"), number, "ACCEPTED")

    network.run()

    place = network.waits()["referral_in:1"].place
    assert "hub_referral_no: got a number of no referral that came to this system" in place
    assert "copy the number that came with the referral" in place
    assert number not in place
    assert network.told("lakeside") == [("referral_id", 1, "DN_SCHEMA")]
    assert standing(network, known)[0] == "requested"
    assert heard(network, "harbour") == []


def test_i_11_an_answer_to_somebody_elses_referral_is_answered_as_one_to_no_referral(network: Network) -> None:
    """Harbour answers its own referral's number as if it had received it: the words are those of an unknown number."""
    number = sent(network)
    cms.answer(network.db("harbour"), number, "ACCEPTED", client_id=1)

    network.run()

    assert "got a number of no referral that came to this system" in network.waits()["referral_in:2"].place
    assert standing(network, number)[0] == "requested"


def test_t19_withdrawn_before_an_answer_is_over_and_the_receiver_hears_it(network: Network) -> None:
    number = sent(network)

    withdraw(network)

    assert standing(network, number) == ("cancelled", ["T1", "T19"])
    (word,) = heard(network, "lakeside")
    assert (word["status"], "client" in word) == ("WITHDRAWN", False)
    assert network.codes() == {"OK_CONSENT": 1, "OK_STATUS_ONLY": 1}
    assert network.verifies()


@pytest.mark.parametrize("answer", ["ACCEPTED", "WAITLISTED"])
def test_t19_withdrawn_after_acceptance_is_over_too(network: Network, answer: str) -> None:
    number = sent(network)
    say(network, number, answer)

    withdraw(network)

    assert standing(network, number)[0] == "cancelled"
    assert standing(network, number)[1][-1] == "T19"


def test_t20_t21_withdrawn_after_booking_asks_for_the_end_which_the_hub_writes_on_delivery_s47(
    network: Network,
) -> None:
    number = sent(network)
    say(network, number, "NO_SHOW")  # implies that it was booked

    withdraw(network)

    state, steps = standing(network, number)
    assert (state, steps[-2:]) == ("cancelled-after-start", ["T20", "T21"])
    assert len(network.inbox("lakeside")) == 2  # the receiver heard of the withdrawal
    assert network.verifies()


def test_a_withdrawal_before_anything_was_sent_leaves_nothing_to_take_back(network: Network) -> None:
    client(network)
    ask(network)  # refused: there is no consent

    withdraw(network)
    row(network)
    network.run()

    assert inbox(network) == []
    assert set(network.codes()) == {"DN_NO_CONSENT"}, "there is nothing to say about what never went"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(
            {"status": "DECLINED", "status_reason": "no-capacity"}, {"status": "ACCEPTED"}, id="rule e: final"
        ),
        pytest.param({"status": "COMPLETED"}, {"status": "WAITLISTED"}, id="completed and waitlisted"),
        pytest.param({"status": "ACCEPTED"}, {"status": "RECEIVED"}, id="accepted and only received"),
        pytest.param(
            {"status": "ACCEPTED", "at": "2026-05-05 09:00:00"},
            {"status": "WAITLISTED", "at": "2026-05-04 09:00:00"},
            id="rule d: older than what was said last",
        ),
        pytest.param(
            {"status": "ACCEPTED"}, {"status": "WITHDRAWN", "status_reason": "other"}, id="rule g: not its to say"
        ),
    ],
)
def test_what_is_forbidden_is_dn_transition_moves_nothing_and_is_told_to_whoever_said_it(
    network: Network, first: dict[str, Any], then: dict[str, Any]
) -> None:
    number = sent(network)
    say(network, number, **first)
    before = standing(network, number)

    say(network, number, **{"at": "2026-05-10 09:00:00", **then})

    assert standing(network, number) == before
    assert len(heard(network, "harbour")) == 1
    assert network.told("lakeside") == [("referral_id", 1, "DN_TRANSITION")]
    assert network.told("harbour") == []
    assert [waiting.code for waiting in network.waits().values()] == ["DN_TRANSITION"]
    assert network.verifies()


def test_a_request_that_is_changed_after_it_was_sent_does_not_travel_and_is_told(network: Network) -> None:
    sent(network)

    cms.update(network.db("harbour"), "referral", 1, reason_code="housing")
    network.run()

    assert inbox(network) == ["referral"]
    assert network.told("harbour") == [("referral_id", 1, "DN_TRANSITION")]


def test_an_answer_after_the_consent_was_withdrawn_does_not_pass_and_the_state_stays(network: Network) -> None:
    """Sharing is suspended: nothing about that client passes, nor a status that rested on that consent (6.2)."""
    number = sent(network)
    say(network, number, "ACCEPTED")
    save(network, 1, withdrawn_at="2026-06-01")
    network.run()

    say(network, number, "WAITLISTED")

    assert [each["status"] for each in heard(network, "harbour")] == ["ACCEPTED"]
    assert network.codes()["DN_WITHDRAWN"] == 1
    assert standing(network, number)[0] == "accepted"
    assert network.told("lakeside") == [("referral_id", 1, "DN_WITHDRAWN")]

    row(network, captured_at="2026-06-01 09:00:00", signed_on="2026-06-01")
    network.clock.advance(LATER)
    network.run()

    assert [each["status"] for each in heard(network, "harbour")] == ["ACCEPTED", "WAITLISTED"]
    assert standing(network, number)[0] == "waitlisted"


def test_t27_a_request_that_nobody_has_taken_on_ends_with_its_consent(network: Network) -> None:
    number = sent(network)
    save(network, 1, withdrawn_at="2026-06-01")
    network.run()

    assert standing(network, number)[0] == "cancelled"
    assert ("referral_id", 1, "CONSENT_WITHDRAWN") in network.told("harbour", "returned")
    say(network, number, "ACCEPTED")
    assert heard(network, "harbour") == []
    assert network.told("lakeside") == [("referral_id", 1, "DN_TRANSITION")]
