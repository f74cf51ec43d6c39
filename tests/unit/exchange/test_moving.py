"""What is kept of a referral's steps: a version and an audit entry each (rule a); shared model 6.2 holds on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.exchange.entries import HUB
from hub.exchange.moving import Mover, move_on, standing_of
from hub.model.audit import Actor, Entry
from hub.model.rows import ReferralEvent, ReferralRow
from hub.referral import STATES, TERMINAL, TRANSITIONS, Moved, Said, Unchanged, after_delivery, move
from hub.referral.transitions import REMEMBERED

NOON = datetime(2030, 6, 1, 16, tzinfo=UTC)
ACTOR = Actor("system:lakeside-cms")
ROW = ReferralRow(
    number="R1",
    lane="L1",
    back_lane="L2",
    sender="harbour",
    sender_system="harbour-cms",
    sender_key="referral_out:1",
    recipient="lakeside",
    recipient_system="lakeside-cms",
    service=None,
    subject_ref="s-1",
    consent_id=None,
    state="draft",
)
DAYS = dict.fromkeys(STATES - TERMINAL, 10)
EDGES = {(left, row.id): row.to for row in TRANSITIONS for left in row.left}


@dataclass
class Written:
    """The two rooms of a unit that a step is written to, as lists."""

    row: ReferralRow = ROW
    events: list[ReferralEvent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    now: datetime = NOON

    @property
    def referrals(self) -> Any:
        return self

    @property
    def audit(self) -> Any:
        return self

    def append(self, what: ReferralEvent | Entry) -> None:
        (self.events if isinstance(what, ReferralEvent) else self.entries).append(what)

    def put(self, row: ReferralRow) -> None:
        self.row = row

    def say(self, said: Said) -> Moved | None:
        """Judge a word on what stands, and keep what it makes."""
        answer = move(standing_of(self.row) if self.row.version else None, said)
        if not isinstance(answer, Moved):
            return None
        modified = said.modified_at.isoformat() if said.modified_at else None
        move_on(self, self.row, answer.steps, Mover(said.writer, ACTOR, "m1", modified, said.reason), DAYS)
        return answer


def test_each_step_is_a_version_and_an_entry_and_the_writers_time_is_noted() -> None:
    unit = Written(replace(ROW, state="requested", version=3, modified={"S": NOON.isoformat()}))

    unit.say(Said("R", "no-show", modified_at=NOON))

    stamps, due_at = {"S": NOON.isoformat(), "R": NOON.isoformat()}, NOON + timedelta(days=10)
    assert unit.row == replace(ROW, state="no-show", version=6, modified=stamps, due_at=due_at, moved_at=NOON)
    kept = [(event.version, event.state, event.implied, event.writer) for event in unit.events]
    assert kept == [(4, "accepted", True, "R"), (5, "booked", True, "R"), (6, "no-show", False, "R")]
    logged = [(each.details["version"], each.details["state"], each.details["implied"]) for each in unit.entries]
    assert logged == [row[:3] for row in kept]


def test_a_withdrawal_that_has_reached_the_receiver_is_ended_by_the_hub_and_no_writers_time_changes_s47() -> None:
    unit = Written(replace(ROW, state="no-show", version=3, modified={"R": NOON.isoformat()}))
    unit.say(Said("S", "cancelled", "client-declined", NOON))
    asked = unit.row

    answer = after_delivery(standing_of(asked))
    assert isinstance(answer, Moved)
    move_on(unit, asked, answer.steps, Mover("H", HUB, "m1"), DAYS)

    assert asked.state == "cancel-requested"
    assert (asked.left, asked.due_at) == (("no-show",), NOON + timedelta(days=10))
    assert unit.row == replace(asked, state="cancelled-after-start", version=5, left=(), due_at=None)


WORDS = st.builds(
    Said,
    writer=st.sampled_from(["S", "R"]),
    state=st.sampled_from(sorted(STATES)),
    reason=st.sampled_from([None, "other", "safety"]),
    modified_at=st.one_of(st.none(), st.integers(0, 5).map(lambda s: NOON + timedelta(seconds=s))),
    has_output=st.booleans(),
    coded_outcome=st.booleans(),
)


@given(st.lists(WORDS, max_size=12))
def test_random_walks_keep_every_rule(words: list[Said]) -> None:
    unit = Written()
    for word in [Said("S", "requested", modified_at=NOON), *words]:
        before = unit.row
        answer = unit.say(word)
        if answer is None:
            assert unit.row == before
            continue
        state = before.state
        assert state not in TERMINAL, "rule e: a terminal state is not left"
        for step in answer.steps:
            assert EDGES[state, step.transition] in (step.state, REMEMBERED), "only rows of the table"
            assert step.implied == (step.event is None) == (step is not answer.steps[-1]), "rule a"
            state = step.state
        assert state == unit.row.state
        assert state != "completed" or word.has_output or word.coded_outcome, "rule h"
        last = standing_of(before).last_modified.get(word.writer)
        assert last is None or (word.modified_at is not None and word.modified_at >= last), "rule d"
        assert unit.row.version == before.version + len(answer.steps) == len(unit.events) == len(unit.entries), "rule a"
        assert move(standing_of(unit.row), word) == Unchanged(), "rule b: the same message again changes nothing"


@pytest.mark.parametrize("writer", ["S", "R"])
def test_nothing_but_a_request_of_its_sender_opens_one(writer: str) -> None:
    opens = {state for state in STATES if Written().say(Said(writer, state, "other", NOON, coded_outcome=True))}

    assert opens == ({"requested"} if writer == "S" else set())
