"""Referral states: rules (a) to (h) of shared model 6.2, S47, and what a case management system can say."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.kinds import PACKAGED_MAPPINGS
from hub.referral import (
    STATES,
    TERMINAL,
    TRANSITIONS,
    Forbidden,
    Moved,
    Said,
    Standing,
    Step,
    Unchanged,
    after_delivery,
    move,
)
from hub.referral.transitions import READINGS, STILL_SAID

NOON = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(state: str, **change: object) -> Standing:
    return replace(Standing(state), **change)


def said(writer: str, state: str, **change: object) -> Said:
    reason = "no-capacity" if state in ("declined", "cancelled", "not-completed") else None
    return replace(Said(writer, state, reason, NOON, coded_outcome=state == "completed"), **change)


def ids(answer: object) -> list[str]:
    assert isinstance(answer, Moved), answer
    return [step.transition for step in answer.steps]


@pytest.mark.parametrize(
    ("before", "writer", "word", "steps", "state"),
    [
        pytest.param(None, "S", "requested", ["T1"], "requested", id="T1 the sender opens it"),
        pytest.param("requested", "R", "received", ["T2"], "received", id="T2 received"),
        pytest.param("requested", "R", "accepted", ["T5"], "accepted", id="T5 accepted without received: not implied"),
        pytest.param("received", "R", "accepted", ["T5"], "accepted", id="T5 accepted after received"),
        pytest.param("requested", "R", "declined", ["T6"], "declined", id="T6 declined at once"),
        pytest.param("info-needed", "R", "declined", ["T6"], "declined", id="T6 declined while asking"),
        pytest.param("accepted", "R", "waitlisted", ["T8"], "waitlisted", id="T8 waitlisted"),
        pytest.param("requested", "R", "waitlisted", ["T5", "T8"], "waitlisted", id="waitlisted implies accepted"),
        pytest.param("waitlisted", "R", "accepted", ["T9"], "awaiting-booking", id="S47 accepted from waitlisted"),
        pytest.param("no-show", "R", "accepted", ["T13"], "awaiting-booking", id="S47 accepted from no-show"),
        pytest.param("requested", "R", "no-show", ["T5", "T10", "T11"], "no-show", id="no-show implies both before"),
        pytest.param("awaiting-booking", "R", "no-show", ["T10", "T11"], "no-show", id="no-show implies booked"),
        pytest.param("accepted", "R", "completed", ["T15"], "completed", id="T15 completed"),
        pytest.param("requested", "R", "completed", ["T5", "T15"], "completed", id="completed implies accepted"),
        pytest.param("waitlisted", "R", "completed", ["T10", "T15"], "completed", id="completed implies booked"),
        pytest.param("no-show", "R", "completed", ["T10", "T15"], "completed", id="completed after another booking"),
        pytest.param("accepted", "R", "declined", ["T23"], "not-completed", id="S47 declined after acceptance"),
        pytest.param("no-show", "R", "declined", ["T23"], "not-completed", id="S47 declined after a no-show"),
        pytest.param("waitlisted", "S", "cancelled", ["T19"], "cancelled", id="T19 withdrawn before booking"),
        pytest.param("no-show", "S", "cancelled", ["T20"], "cancel-requested", id="S47 withdrawn after booking"),
    ],
)
def test_what_is_said_moves_it(before, writer, word, steps, state):
    answer = move(at(before) if before else None, said(writer, word))

    assert ids(answer) == steps
    assert answer.steps[-1].state == state


@pytest.mark.parametrize(
    ("before", "writer", "word"),
    [
        pytest.param(None, "R", "received", id="the receiver cannot open one"),
        pytest.param(None, "S", "cancelled", id="nothing stands that could be withdrawn"),
        pytest.param("accepted", "R", "received", id="no way back to received"),
        pytest.param("awaiting-booking", "R", "waitlisted", id="no way back to the waiting list"),
        pytest.param("accepted", "R", "booked", id="booked is implied, never said (T10 needs an Appointment)"),
        pytest.param("cancel-requested", "R", "in-service", id="a service does not begin on what is being withdrawn"),
        pytest.param("completed", "R", "in-service", id="a service that is over does not begin again"),
        pytest.param("accepted", "S", "accepted", id="rule g: the sender does not answer, even what stands"),
        pytest.param("requested", "S", "declined", id="rule g: the sender does not decline"),
        pytest.param("requested", "R", "cancelled", id="rule g: the receiver does not withdraw"),
        pytest.param("cancel-requested", "R", "completed", id="a withdrawal that is asked for is not overtaken"),
        pytest.param("cancel-requested", "S", "requested", id="a withdrawal is not taken back by the sender"),
        pytest.param("cancel-requested", "R", "cancelled-after-start", id="T21 is the hub's alone"),
        pytest.param("completed", "R", "declined", id="completed is not undone"),
        pytest.param("completed", "S", "cancelled", id="completed is not withdrawn"),
        pytest.param("cancelled", "S", "requested", id="what was withdrawn is asked for anew, not again"),
        pytest.param("requested", "R", "banana", id="a word that is no state"),
    ],
)
def test_what_is_not_in_the_table_is_forbidden(before, writer, word):
    answer = move(at(before) if before else None, said(writer, word))

    assert isinstance(answer, Forbidden)
    assert f"from {before or 'draft'} to " in answer.reason
    assert {"S": "sender", "R": "receiver"}[writer] in answer.reason
    assert "banana" not in answer.reason


@pytest.mark.parametrize(
    ("before", "writer", "word"),
    [
        pytest.param("requested", "S", "requested", id="the same request"),
        pytest.param("waitlisted", "S", "requested", id="the sender's row says SENT while the receiver goes on"),
        pytest.param("in-service", "R", "accepted", id="accepted still stands while the service goes on"),
        pytest.param("awaiting-booking", "R", "accepted", id="accepted is how awaiting-booking was said"),
        pytest.param("no-show", "R", "no-show", id="the same no-show"),
        pytest.param("not-completed", "R", "declined", id="declined was heard as not-completed"),
        pytest.param("cancel-requested", "S", "cancelled", id="the withdrawal is on its way"),
        pytest.param("cancelled-after-start", "S", "cancelled", id="the withdrawal has ended it"),
        pytest.param("declined", "R", "declined", id="the same end"),
    ],
)
def test_the_same_thing_said_again_changes_nothing(before, writer, word):
    assert move(at(before), said(writer, word)) == Unchanged()


def test_implied_steps_have_no_event_and_the_last_one_has_it_rule_a():
    answer = move(at("requested"), said("R", "no-show"))

    assert answer == Moved(
        (
            Step("T5", "accepted", implied=True, event=None),
            Step("T10", "booked", implied=True, event=None),
            Step("T11", "no-show", implied=False, event="notify-update-process-request"),
        )
    )


def test_received_is_never_implied_because_every_answer_may_follow_the_request():
    for word in ("accepted", "waitlisted", "declined", "no-show", "completed"):
        assert "T2" not in ids(move(at("requested"), said("R", word)))


@pytest.mark.parametrize(("state", "word"), [("requested", "declined"), ("accepted", "declined")])
@pytest.mark.parametrize("reason", [None, "", "because", "No-Capacity"])
def test_an_end_without_a_coded_reason_is_forbidden(state, word, reason):
    answer = move(at(state), said("R", word, reason=reason))

    assert isinstance(answer, Forbidden)
    assert "because" not in answer.reason


@pytest.mark.parametrize("state", ["accepted", "no-show"])
def test_withdrawing_needs_a_reason(state):
    assert isinstance(move(at(state), said("S", "cancelled", reason=None)), Forbidden)


def test_guards_of_implied_steps_are_not_asked_but_the_said_one_is():
    assert ids(move(at("requested"), said("R", "completed", reason=None))) == ["T5", "T15"]
    assert isinstance(move(at("requested"), said("R", "completed", coded_outcome=False)), Forbidden)


@pytest.mark.parametrize("state", ["requested", "accepted", "waitlisted", "no-show"])
def test_completed_without_output_is_impossible_rule_h(state):
    bare = said("R", "completed", coded_outcome=False)

    assert isinstance(move(at(state), bare), Forbidden)
    assert isinstance(move(at(state), replace(bare, has_output=True)), Moved)
    assert isinstance(move(at(state), replace(bare, coded_outcome=True)), Moved)


def test_what_the_same_writer_said_later_is_not_overtaken_rule_d():
    standing = at("accepted", last_modified={"R": NOON})

    assert isinstance(move(standing, said("R", "waitlisted", modified_at=NOON - SECOND)), Forbidden)
    assert isinstance(move(standing, said("R", "waitlisted", modified_at=NOON)), Moved)  # a clock of whole seconds
    assert isinstance(move(standing, said("R", "waitlisted", modified_at=NOON + SECOND)), Moved)


def test_a_word_without_a_time_cannot_be_put_in_order_rule_d():
    untimed = said("R", "waitlisted", modified_at=None)

    assert isinstance(move(at("accepted", last_modified={"R": NOON}), untimed), Forbidden)
    assert isinstance(move(at("accepted"), untimed), Moved)


def test_the_clocks_of_two_writers_are_never_compared_rule_d():
    ahead = at("accepted", last_modified={"R": NOON + timedelta(days=400)})

    assert isinstance(move(ahead, said("S", "cancelled")), Moved)


def test_of_two_competing_words_the_second_is_judged_on_what_the_first_has_made_rule_c():
    first, second = said("R", "completed"), said("S", "cancelled")

    assert isinstance(move(at("accepted"), first), Moved)
    assert isinstance(move(at("accepted"), second), Moved)
    assert isinstance(move(at("completed"), second), Forbidden)


def test_a_withdrawal_after_booking_ends_by_the_hub_once_delivered_s47():
    assert move(at("no-show"), said("S", "cancelled")).steps[-1].state == "cancel-requested"

    assert ids(after_delivery(at("cancel-requested"))) == ["T21"]


def test_delivery_of_anything_else_ends_nothing():
    for state in set(STATES) - {"cancel-requested"}:
        assert after_delivery(at(state)) == Unchanged()


def test_no_row_leaves_a_terminal_state_rule_e():
    for row in TRANSITIONS:
        assert not row.left & TERMINAL, row.id
    for reading in READINGS:
        assert not reading.left & TERMINAL, reading


def test_an_end_can_be_reached_from_every_open_state_rule_f():
    ending = set(TERMINAL)
    while more := {left for row in TRANSITIONS if row.to in ending for left in row.left} - ending:
        ending |= more

    # completed is closed by T16 (the sender has read the feedback) or T28 (30 days), which are not built yet
    assert set(STATES) - ending == {"completed"}


def test_the_request_is_written_by_its_sender_and_the_task_by_its_receiver_rule_g():
    for row in TRANSITIONS:
        on_request = row.event in ("add-service-request", "revoke-service-request")
        assert row.who == ({"S"} if on_request else {"H"} if row.id == "T21" else {"R"}), row.id


def test_the_rows_name_known_states_and_none_stands_twice():
    assert len({row.id for row in TRANSITIONS}) == len(TRANSITIONS)
    for row in TRANSITIONS:
        assert row.left | {row.to} <= set(STATES)
        assert row.event or row.implied, "a row that can neither be said nor implied is dead"
    for reading in READINGS:
        row = next(row for row in TRANSITIONS if row.id == reading.transition)
        assert reading.left <= row.left
        assert row.to in STILL_SAID[reading.said]


R4 = {  # shared model 6.1: ServiceRequest.status, Task.status; the mappings write them beside the state
    "draft": ("draft", "draft"),
    "requested": ("active", "requested"),
    "received": ("active", "received"),
    "accepted": ("active", "accepted"),
    "waitlisted": ("active", "accepted"),
    "declined": ("active", "rejected"),
    "no-show": ("active", "in-progress"),
    "completed": ("active", "completed"),
    "cancelled": ("revoked", "cancelled"),
}


def codes(name: str) -> dict[str, str]:
    """A table of a mapping: the system's word to the code."""
    with (PACKAGED_MAPPINGS / "cms" / name).open(encoding="utf-8", newline="") as file:
        return {row["local"]: row["code"] for row in csv.DictReader(file) if row["local"]}


def test_a_system_that_says_a_state_says_the_two_fhir_codes_of_that_state_6_1():
    states, request, task = (codes(f"{name}.csv") for name in ("referral_state", "request_status", "task_status"))

    assert {state: (request[word], task[word]) for word, state in states.items()} == R4
