"""What a writer's word makes of a referral: the steps it means, a repeat, or nothing that is allowed.

Rules of shared model 6.2 that are held here: (d) what a writer said earlier never overtakes what it said later, and
clocks of two writers are never compared; (e) a terminal state is not left; (g) only the writer of a row may say it;
(h) no ``completed`` without an outcome. Versions competing in the store (c) are the store's to compare.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.errors import shape
from hub.referral.states import STATE_REASONS, STATES, TERMINAL
from hub.referral.transitions import READINGS, STILL_SAID, TRANSITIONS, Transition, Writer

_NAMES = {"S": "sender", "R": "receiver"}
_BY_ID = {row.id: row for row in TRANSITIONS}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a referral is.

    Args:
        state: a ``referral-state``.
        last_modified: per writer (``S``, ``R``) the ``lastModified`` of what it said last, aware.
    """

    state: str
    last_modified: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """A state that a writer reports.

    Args:
        state: a ``referral-state``; unknown ones are forbidden. "": results alone, which change none.
        reason: a ``referral-state-reason`` code.
        modified_at: the writer's own ``lastModified``, aware.
        has_output: the Task carries at least one ``output``.
        coded_outcome: the system's word for ``completed`` is itself a coded outcome.
    """

    writer: Writer
    state: str
    reason: str | None = None
    modified_at: datetime | None = None
    has_output: bool = False
    coded_outcome: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the referral. An implied one has no event."""

    transition: str
    state: str
    implied: bool
    event: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The steps, implied ones first; the last is what was said, and its event goes on the wire."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Nothing that is allowed. ``reason`` names from, to and actor, and nothing personal."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What was said stands already."""


def move(standing: Standing | None, said: Said) -> Moved | Forbidden | Unchanged:
    """Judge a reported state against the stored one.

    Args:
        standing: None where no referral stands yet: only ``requested`` by the sender opens one.
    """
    if standing and not said.state:
        return Unchanged()
    state = standing.state if standing else "draft"
    if standing and _may_say(said) and state in STILL_SAID.get(said.state, frozenset({said.state})):
        return Unchanged()
    if (barred := _barred(standing, state, said)) is not None:
        return _forbidden(state, said, barred)
    path = _path(state, said)
    if path is None:
        return _forbidden(state, said, "no transition leads there")
    if (missing := _missing(path[-1], said)) is not None:
        return _forbidden(state, said, missing)
    return Moved((*(Step(row.id, row.to, True, None) for row in path[:-1]), _step(path[-1])))


def after_delivery(standing: Standing) -> Moved | Unchanged:
    """What follows when the sender's withdrawal has reached a kind of system that cannot answer an abort (S47).

    The hub itself then ends a ``cancel-requested`` referral (T21). Kinds that can answer must not be asked here.
    """
    row = _BY_ID["T21"]
    return Moved((_step(row),)) if standing.state in row.left else Unchanged()


def _step(row: Transition) -> Step:
    return Step(row.id, row.to, False, row.event)


def _named_by(word: str) -> Iterator[Transition]:
    """Rows that a word can mean, wherever the referral stands."""
    yield from (row for row in TRANSITIONS if row.to == word and row.event is not None)
    for reading in READINGS:
        if reading.said == word:
            yield replace(_BY_ID[reading.transition], left=reading.left)


def _may_say(said: Said) -> bool:
    """Rule (g): whether a word is this side's to say at all."""
    return any(said.writer in row.who for row in _named_by(said.state))


def _barred(standing: Standing | None, state: str, said: Said) -> str | None:
    """Why nothing this side says, or nothing more, can move it."""
    if not _may_say(said):
        return "this side cannot say that"
    if state in TERMINAL:
        return "that state is final; a new referral is needed"
    if standing and not _in_order(standing, said):
        return "older than what this side said last, or without a time"
    return None


def _meant(state: str, said: Said) -> Transition | None:
    """The row that a word means in this very state."""
    for row in _named_by(said.state):
        if state in row.left and said.writer in row.who:
            return row
    return None


def _path(state: str, said: Said) -> tuple[Transition, ...] | None:
    """The shortest way from a state to what was said, through implied rows of the same writer alone."""
    seen = {state}
    ahead: deque[tuple[str, tuple[Transition, ...]]] = deque([(state, ())])
    while ahead:
        here, taken = ahead.popleft()
        if (row := _meant(here, said)) is not None:
            return (*taken, row)
        for row in TRANSITIONS:
            if row.implied and here in row.left and said.writer in row.who and row.to not in seen:
                seen.add(row.to)
                ahead.append((row.to, (*taken, row)))
    return None


def _in_order(standing: Standing, said: Said) -> bool:
    """Rule (d). No time at all cannot be put in order once a time is known."""
    last = standing.last_modified.get(said.writer)
    return last is None or (said.modified_at is not None and said.modified_at >= last)


def _missing(row: Transition, said: Said) -> str | None:
    """What the guard of a row asks for and does not find."""
    if row.guard == "reason" and said.reason not in STATE_REASONS:
        return "a reason of referral-state-reason must come with it"
    if row.guard == "outcome" and not (said.has_output or said.coded_outcome):
        return "an output or a coded outcome must come with it"
    if row.guard == "output" and not said.has_output:
        return "an output must come with it"
    return None


def _forbidden(state: str, said: Said, why: str) -> Forbidden:
    to = said.state if said.state in STATES else f"an unknown state ({shape(said.state)})"
    return Forbidden(f"from {state} to {to} by the {_NAMES[said.writer]}: {why}")
