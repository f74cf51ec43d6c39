"""By when a referral must have moved on (settled S48): from each state that is no end, from days that are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.packs import PACKAGED, load_packs
from consent.packs.loop import STATES as IN_A_PACK
from hub.referral import STATES, TERMINAL, TRANSITIONS
from hub.referral.due import AHEAD_MAX, ENDS, UNANSWERED, due_at

NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = {state: number for number, state in enumerate(sorted(STATES - TERMINAL - {"draft"}), start=1)}


@pytest.mark.parametrize("state", sorted(STATES - {"draft"}))
def test_every_state_that_is_no_end_has_a_day(state: str) -> None:
    due = due_at(state, NOON, DAYS)

    assert due == (None if state in TERMINAL else NOON + DAYS[state] * DAY)


def test_every_pack_gives_days_for_every_state_that_is_stored_and_no_end() -> None:
    packs = load_packs(PACKAGED)

    assert set(IN_A_PACK) == STATES - TERMINAL - {"draft"}  # a draft is never stored (S41)
    assert packs.loop.keys() == packs.packs.keys()
    assert all(days.keys() == set(IN_A_PACK) for days in packs.loop.values())


def test_of_a_pack_that_is_there_no_more_the_least_that_any_gives_counts() -> None:
    packs = load_packs(PACKAGED)
    more = replace(packs, loop={**packs.loop, "eager": {**packs.loop["ca-on"], "accepted": 1}})

    assert more.days_in_state("ca-on") == packs.loop["ca-on"]
    assert more.days_in_state("gone") == {**packs.loop["ca-on"], "accepted": 1}


@pytest.mark.parametrize("state", sorted(UNANSWERED))
def test_an_answer_is_due_on_the_day_that_the_request_names_whatever_is_said_meanwhile(state: str) -> None:
    named = due_at("requested", NOON, DAYS, answer_by=NOON + 40 * DAY)

    assert named == NOON + 40 * DAY
    assert due_at(state, NOON + 39 * DAY, DAYS, before=("requested", named)) == named
    assert due_at("accepted", NOON + 39 * DAY, DAYS, before=(state, named)) == NOON + (39 + DAYS["accepted"]) * DAY


def test_a_day_for_an_answer_that_is_over_when_the_request_goes_says_nothing() -> None:
    assert due_at("requested", NOON, DAYS, answer_by=NOON - DAY) == NOON + DAYS["requested"] * DAY


@pytest.mark.parametrize(("state", "counts"), [("waitlisted", True), ("booked", True), ("accepted", False)])
def test_what_begins_later_is_waited_for(state: str, counts: bool) -> None:
    due = due_at(state, NOON, DAYS, starts=NOON + 20 * DAY)

    assert due == NOON + ((20 if counts else 0) + DAYS[state]) * DAY
    assert due_at(state, NOON, DAYS, starts=NOON - 20 * DAY) == NOON + DAYS[state] * DAY


def test_a_day_that_is_named_beyond_a_year_keeps_no_referral_silent() -> None:
    far = NOON.replace(year=2206)  # meant to be 2026

    assert due_at("requested", NOON, DAYS, answer_by=far) == NOON + AHEAD_MAX
    for state in ("waitlisted", "booked"):
        assert due_at(state, NOON, DAYS, starts=far) == NOON + AHEAD_MAX + DAYS[state] * DAY


def test_what_ends_by_itself_ends_by_a_row_of_the_hub() -> None:
    by_hub = {(left, row.to) for row in TRANSITIONS if row.id in ("T24", "T28") for left in row.left}

    assert set(ENDS.items()) == by_hub
