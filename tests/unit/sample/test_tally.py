"""Counting: from entries of the log and rows of the inboxes, and where the two disagree."""

from __future__ import annotations

from typing import Any

import pytest

from hub.sample.tally import Received, disagreements, messages, tally, unreadable, withdrawals


def decision(number: int, code: str = "OK_CONSENT", **fields: Any) -> dict[str, Any]:
    refused = code.startswith("DN_")
    return {
        "event_type": "DECISION",
        "message_type": "ReferralRequest",
        "event": "add-service-request",
        "message_id": f"m-{number}",
        "source": f"a-cms/referral_out:{number}",
        "recipient": "b",
        "outcome": "DENY" if refused else "PERMIT",
        "codes": [code],
        "categories_removed": [],
        "basis": [] if refused else ["consent:c-1/1", "agreement:a-b/1"],
        **({} if refused else {"envelope_id": f"e-{number}"}),
        **fields,
    }


def opened(number: int, code: str = "OK_CONSENT", **fields: Any) -> dict[str, Any]:
    outcome = "DENY" if code.startswith("DN_") else "PERMIT"
    about = {"message_id": f"m-{number}", "outcome": outcome, "codes": [code], "categories_removed": []}
    return {"event_type": "DELIVERY", **about, **fields}


def acknowledged(number: int, system: str = "b-cms") -> dict[str, Any]:
    return {"event_type": "ACK", "message_id": f"m-{number}", "envelope_id": f"e-{number}", "system": system}


WITHDRAWN = {"event_type": "CONSENT_WITHDRAWN", "consent_id": "c-1/2"}
DELIVERED = [decision(1), opened(1), acknowledged(1)]
INBOXES = {"a-cms": [], "b-cms": [Received("e-1", "referral")]}


def count(entries: list[dict[str, Any]], inboxes: dict[str, list[Received]]) -> Any:
    return tally(messages(entries), withdrawals(entries), inboxes)


def complaints(entries: list[dict[str, Any]], inboxes: dict[str, list[Received]]) -> list[str]:
    return disagreements(messages(entries), withdrawals(entries), inboxes)


def test_a_delivered_message_is_counted_at_both_ends_and_nobody_complains() -> None:
    numbers = count(DELIVERED, INBOXES)

    assert (numbers.accepted, numbers.delivered, numbers.refused, numbers.open) == (1, 1, 0, 0)
    assert (numbers.sent, numbers.received) == ({"a-cms": 1, "b-cms": 0}, {"a-cms": 0, "b-cms": 1})
    assert complaints(DELIVERED, INBOXES) == []


def test_delivered_is_counted_from_the_inboxes_so_a_row_that_is_missing_leaves_the_message_open() -> None:
    numbers = count(DELIVERED, {"a-cms": [], "b-cms": []})

    assert (numbers.delivered, numbers.open) == (0, 1)


@pytest.mark.parametrize(
    ("entries", "inboxes", "complaint"),
    [
        pytest.param(DELIVERED, {"b-cms": []}, "in no hub_inbox", id="acknowledged, and nowhere"),
        pytest.param(DELIVERED[:2], INBOXES, "not delivered by the log", id="there, and never acknowledged"),
        pytest.param([], INBOXES, "not delivered by the log", id="there, and the log knows nothing of it"),
        pytest.param(DELIVERED, {**INBOXES, "c-cms": INBOXES["b-cms"]}, "in 2 inboxes", id="there twice"),
        pytest.param([decision(1)], {"b-cms": []}, "message m-1 is open", id="accepted, and never ended"),
        pytest.param(
            [decision(1, "DN_EXPIRED")], {"a-cms": []}, "a-cms was not told", id="refused, and its sender knows nothing"
        ),
        pytest.param(
            [DELIVERED[0], WITHDRAWN, *DELIVERED[1:]], INBOXES, "left after its consent", id="left after the withdrawal"
        ),
    ],
)
def test_what_disagrees_is_named_by_its_id(
    entries: list[dict[str, Any]], inboxes: dict[str, list[Received]], complaint: str
) -> None:
    found = complaints(entries, inboxes)

    assert any(complaint in each for each in found), found


def test_a_withdrawal_counts_what_it_stopped_and_what_had_left_before() -> None:
    entries = [*DELIVERED, decision(2), WITHDRAWN, opened(2, "DN_WITHDRAWN")]
    told = [Received("n-1", "refusal", "referral_out:2", "DN_WITHDRAWN")]

    numbers = count(entries, {**INBOXES, "a-cms": told})

    assert (numbers.stopped, numbers.left_before) == (1, 1)
    assert numbers.refused_by_code == {"DN_WITHDRAWN": 1}
    assert complaints(entries, {**INBOXES, "a-cms": told}) == []


def test_what_one_gate_or_the_other_withholds_counts_once_for_a_message() -> None:
    entries = [
        decision(1, categories_removed=["IMMIG", "LANG"]),
        opened(1, categories_removed=["LANG"]),
        acknowledged(1),
    ]

    assert count(entries, INBOXES).withheld_by_category == {"IMMIG": 1, "LANG": 1}


def test_a_returned_message_is_neither_delivered_nor_open() -> None:
    entries = [decision(1), {"event_type": "RETURNED", "message_id": "m-1", "reason_code": "NOT_ACKNOWLEDGED"}]

    numbers = count(entries, {"a-cms": []})

    assert (numbers.returned, numbers.open) == (1, 0)


def test_a_record_that_was_told_unreadable_is_no_message_and_one_that_was_judged_is() -> None:
    told = [
        Received("n-1", "refusal", "referral_out:1", "DN_SCHEMA"),
        Received("n-2", "refusal", "referral_out:2", "DN_SCHEMA"),
    ]

    assert unreadable(messages([decision(1, "DN_SCHEMA")]), {"a-cms": told}) == {"a-cms/referral_out:2"}


def for_harts(number: int, state: str) -> list[dict[str, Any]]:
    moved = {"event_type": "REFERRAL_MOVED", "message_id": f"m-{number}", "state": state}
    said = decision(number, message_type="StatusNotice")
    return [moved, said, opened(number), acknowledged(number, "b-harts")]


FILES = {"a-cms": [], "b-harts": [Received("", "referral-status", state="ACCEPTED", number="B-1 A")]}


def test_a_state_that_harts_has_no_word_for_is_delivered_by_the_log_and_lies_in_no_file() -> None:
    entries = [*for_harts(1, "accepted"), *for_harts(2, "received")]

    numbers = count(entries, FILES)

    assert (numbers.delivered, numbers.unsaid, numbers.open) == (2, 1, 0)
    assert numbers.received == {"a-cms": 0, "b-harts": 1}
    assert complaints(entries, FILES) == []


def test_what_has_not_ended_at_the_end_of_the_story_is_named() -> None:
    assert complaints([decision(2)], {"a-cms": []}) == ["message m-2 is open"]


def test_files_that_hold_more_or_less_than_the_log_delivered_are_named() -> None:
    less = complaints([*for_harts(1, "accepted"), *for_harts(2, "declined")], FILES)
    twice = complaints(for_harts(1, "accepted"), {**FILES, "b-harts": FILES["b-harts"] * 2})

    assert less == ["b-harts: 2 of referral-status are delivered by the log, and 1 are in its files"]
    assert "b-harts: B-1 A is in its files more than once" in twice
