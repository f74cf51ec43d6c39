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
from hub.referral.transitions import READINGS, REMEMBERED, STILL_SAID

NOON = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(state: str, **change: object) -> Standing:
    return replace(Standing(state), **change)


REASONED = (
    "declined",
    "cancelled",
    "not-completed",
    "redirected",
    "on-hold",
    "appointment-cancelled",
    "cancel-requested",
)


def said(writer: str, state: str, **change: object) -> Said:
    reason = "no-capacity" if state in REASONED else None
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
        pytest.param("info-needed", "S", "received", ["T4"], "received", id="T4 the sender has answered"),
        pytest.param("booked", "R", "appointment-cancelled", ["T12"], "appointment-cancelled", id="T12 called off"),
        pytest.param("completed", "S", "loop-closed", ["T16"], "loop-closed", id="T16 the feedback was read"),
        pytest.param("received", "R", "on-hold", ["T17"], "on-hold", id="T17 paused by the receiver"),
        pytest.param("in-service", "S", "on-hold", ["T17"], "on-hold", id="T17 paused by the sender"),
        pytest.param("in-service", "S", "cancel-requested", ["T20"], "cancel-requested", id="T20 in its own word"),
        pytest.param("on-hold", "R", "not-completed", ["T23"], "not-completed", id="T23 ended in a pause"),
        pytest.param("received", "H", "expired", ["T24"], "expired", id="T24 no answer"),
        pytest.param("requested", "S", "entered-in-error", ["T25"], "entered-in-error", id="T25 never meant"),
        pytest.param("completed", "D", "entered-in-error", ["T26"], "entered-in-error", id="T26 by a steward"),
        pytest.param(
            "declined", "D", "entered-in-error", ["T26"], "entered-in-error", id="T26 rule e: from an end too"
        ),
        pytest.param("info-needed", "H", "cancelled", ["T27"], "cancelled", id="T27 the consent was withdrawn"),
        pytest.param("completed", "H", "loop-closed", ["T28"], "loop-closed", id="T28 nobody reads the feedback"),
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
        pytest.param("accepted", "R", "booked", id="T10 without an appointment that is still to come"),
        pytest.param("received", "R", "info-needed", id="T3 without the categories asked for"),
        pytest.param("requested", "R", "redirected", id="T7 without the service to go to"),
        pytest.param("accepted", "R", "redirected", id="T7 after acceptance"),
        pytest.param("requested", "S", "on-hold", id="T17 the sender, before it was received"),
        pytest.param("cancel-requested", "R", "on-hold", id="T17 while a cancellation is asked for"),
        pytest.param("booked", "S", "appointment-cancelled", id="T12 is the receiver's (S47)"),
        pytest.param("accepted", "S", "loop-closed", id="T16 before there is any feedback"),
        pytest.param("completed", "R", "loop-closed", id="T16 is the sender's"),
        pytest.param("accepted", "H", "expired", id="T24 once it was accepted it does not expire"),
        pytest.param("accepted", "H", "cancelled", id="T27 a service that was accepted goes on"),
        pytest.param("accepted", "S", "entered-in-error", id="T25 once it was accepted only a steward may"),
        pytest.param("requested", "R", "entered-in-error", id="T25 is the sender's"),
        pytest.param("cancel-requested", "R", "in-service", id="a service does not begin on what is being withdrawn"),
        pytest.param("completed", "R", "in-service", id="a service that is over does not begin again"),
        pytest.param("accepted", "S", "accepted", id="rule g: the sender does not answer, even what stands"),
        pytest.param("requested", "S", "declined", id="rule g: the sender does not decline"),
        pytest.param("requested", "R", "cancelled", id="rule g: the receiver does not withdraw"),
        pytest.param("cancel-requested", "R", "completed", id="a withdrawal that is asked for is not overtaken"),
        pytest.param("cancel-requested", "S", "requested", id="a withdrawal is not taken back by the sender"),
        pytest.param("cancel-requested", "R", "cancelled-after-start", id="T21 without an abort Task"),
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
    assert {"S": "sender", "R": "receiver", "H": "hub", "D": "steward"}[writer] in answer.reason
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


def test_no_row_but_t26_leaves_a_terminal_state_rule_e():
    for row in TRANSITIONS:
        assert row.id == "T26" or not row.left & TERMINAL, row.id
    for reading in READINGS:
        assert not reading.left & TERMINAL, reading


def test_an_end_can_be_reached_from_every_open_state_by_its_two_ends_alone_rule_f():
    ending, told = set(TERMINAL), [row for row in TRANSITIONS if row.who <= {"S", "R"}]
    while more := {left for row in told if row.to in ending for left in row.left} - ending:
        ending |= more

    assert set(STATES) == ending


def test_the_rows_name_known_states_and_readings_known_rows():
    for row in TRANSITIONS:
        assert row.left | ({row.to} - {REMEMBERED}) <= set(STATES)
    for reading in READINGS:
        (row,) = [row for row in TRANSITIONS if row.id == reading.transition]
        assert reading.left <= row.left
        assert row.to in STILL_SAID[reading.said]


MODEL = """
T1 draft > requested S
T2 requested > received R
T3 received > info-needed R
T4 info-needed > received S
T5 requested received > accepted R
T6 requested received info-needed > declined R
T7 requested received info-needed > redirected R
T8 accepted > waitlisted R
T9 accepted waitlisted > awaiting-booking R
T10 accepted waitlisted awaiting-booking no-show appointment-cancelled > booked R
T11 booked > no-show R
T12 booked > appointment-cancelled R
T13 no-show appointment-cancelled > awaiting-booking R
T14 accepted awaiting-booking booked > in-service R
T15 accepted booked in-service > completed R
T16 completed > loop-closed S
T17 received info-needed accepted waitlisted MISSED_OR_AT_WORK > on-hold S R
T18 on-hold > remembered S R
T19 requested received info-needed accepted waitlisted > cancelled S
T20 MISSED_OR_AT_WORK on-hold > cancel-requested S
T21 cancel-requested > cancelled-after-start R H
T22 cancel-requested > remembered R
T23 accepted waitlisted MISSED_OR_AT_WORK on-hold > not-completed R
T24 requested received info-needed > expired H
T25 draft requested received info-needed > entered-in-error S
T27 requested received info-needed > cancelled H
T28 completed > loop-closed H
""".replace("MISSED_OR_AT_WORK", "awaiting-booking booked no-show appointment-cancelled in-service")
# shared model 6.2, with settled S47; T26: from anywhere


def test_the_table_is_that_of_the_shared_model_6_2():
    ours: dict[tuple[str, str, frozenset[str]], set[str]] = {}
    for row in TRANSITIONS:
        ours.setdefault((row.id, row.to, row.left), set()).update(row.who)
    rows = [(words[0], *" ".join(words[1:]).split(" > ")) for words in map(str.split, MODEL.split("\n")) if words]
    model = {(name, to.split()[0], frozenset(left.split())): set(to.split()[1:]) for name, left, to in rows}
    model["T26", "entered-in-error", STATES - {"entered-in-error"}] = {"D"}

    assert ours == model


SAYS_ALL = {"question": True, "redirect": True, "appointment": True, "has_output": True, "reason": "safety"}


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.id} {'/'.join(row.who)}")
def test_each_row_leads_where_it_says_from_each_state_that_it_leaves_and_from_no_other(row):
    (writer,) = row.who
    abort = {"agreed": "accepted", "refused": "rejected"}
    for state in sorted(STATES):
        standing = (
            at(state, left=("accepted",), paused_by=writer) if state in ("on-hold", "cancel-requested") else at(state)
        )
        word = said(writer, row.to if row.to != REMEMBERED else "accepted", **SAYS_ALL)
        word = replace(word, abort=next((abort[guard] for guard in row.guards if guard in abort), ""))
        answer = move(standing, word)
        taken = ids(answer) if isinstance(answer, Moved) else []
        if state in row.left:
            assert taken == [row.id], (state, answer)
        else:  # a word may lead there on the way from another state too, through what it implies
            assert row.id not in taken[-1:] or len(taken) > 1, (state, answer)


@pytest.mark.parametrize(
    ("row", "missing"),
    [(row, guard) for row in TRANSITIONS for guard in row.guards],
    ids=lambda each: each if isinstance(each, str) else f"{each.id} {'/'.join(each.who)}",
)
def test_a_row_whose_guard_finds_nothing_is_forbidden(row, missing):
    (writer,) = row.who
    state = sorted(row.left)[0]
    standing = at(state, left=("accepted",), paused_by=writer)
    bare = {"reason": {"reason": None}, "outcome": {"has_output": False, "coded_outcome": False}}
    lacks = {"output": {"has_output": False}, "agreed": {"abort": ""}, "refused": {"abort": ""}, "pauser": {}}
    without = bare.get(missing) or lacks.get(missing, {missing: False})
    abort = "rejected" if missing == "reason" and "refused" in row.guards else ""
    whole = replace(said(writer, row.to if row.to != REMEMBERED else "accepted", **SAYS_ALL), abort=abort)
    if missing == "pauser":
        standing = replace(standing, paused_by="S" if writer == "R" else "R")

    assert isinstance(move(standing, replace(whole, **without)), Forbidden)


def test_a_pause_remembers_where_it_was_and_who_paused_t17_t18():
    paused = move(at("booked"), said("S", "on-hold")).steps[-1]
    standing = at("on-hold", left=paused.left, paused_by=paused.paused_by)

    assert (paused.left, paused.paused_by, paused.event) == (("booked",), "S", "notify-update-service-request")
    assert isinstance(move(standing, said("R", "booked")), Forbidden)
    back = move(standing, said("S", "booked")).steps[-1]
    assert (back.transition, back.state, back.left, back.paused_by) == ("T18", "booked", (), "")


def test_who_paused_it_goes_on_from_where_it_was_t18_is_implied():
    standing = at("on-hold", left=("accepted",), paused_by="R")

    assert ids(move(standing, said("R", "completed"))) == ["T18", "T15"]
    assert isinstance(move(replace(standing, paused_by="S"), said("R", "completed")), Forbidden)


def test_a_cancellation_that_was_asked_for_in_a_pause_leads_back_into_the_pause_t20_t22():
    paused = at("on-hold", left=("accepted",), paused_by="R")
    asked = move(paused, said("S", "cancelled")).steps[-1]
    standing = at(asked.state, left=asked.left, paused_by=asked.paused_by)
    refused = move(standing, said("R", "on-hold", abort="rejected", reason="safety")).steps[-1]

    assert (asked.left, asked.paused_by) == (("on-hold", "accepted"), "R")
    assert (refused.transition, refused.state, refused.left, refused.paused_by) == (
        "T22",
        "on-hold",
        ("accepted",),
        "R",
    )


def test_the_receiver_agrees_to_a_cancellation_t21():
    standing = at("cancel-requested", left=("in-service",))
    answer = move(standing, said("R", "cancelled-after-start", abort="accepted")).steps

    assert [(step.transition, step.state, step.left, step.event) for step in answer] == [
        ("T21", "cancelled-after-start", (), "notify-update-process-request")
    ]


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
