"""What a writer's word makes of a referral: the steps it means, a repeat, or nothing that is allowed.

Rules of shared model 6.2 that are held here: (d) what a writer said earlier never overtakes what it said later, and
clocks of two writers are never compared; (e) a terminal state is not left, save as entered in error (T26); (g) only the
writer of a row may say it; (h) no ``completed`` without an outcome. Versions competing in the store (c) are the store's
to compare; that a day has come (T24, T28) is ``due.py``'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from hub.errors import shape
from hub.referral.states import STATE_REASONS, STATES, TERMINAL
from hub.referral.transitions import READINGS, REMEMBERED, STILL_SAID, TRANSITIONS, Guard, Transition, Writer

_NAMES: Mapping[Writer, str] = {"S": "sender", "R": "receiver", "H": "hub", "D": "data steward"}
_LEAVES = ("T17", "T20")  # and remembers from where


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a referral is.

    Args:
        state: a ``referral-state``.
        last_modified: per writer (``S``, ``R``) the ``lastModified`` of what it said last, aware.
        left: of a pause, or a cancellation that was asked for, the state that was left; of both, the later one first.
        paused_by: who paused it, "" where nobody has.
    """

    state: str
    last_modified: Mapping[str, datetime] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    paused_by: Writer | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A state that a writer reports.

    Args:
        state: a ``referral-state``; unknown ones are forbidden. "": results alone, which change none.
        reason: a ``referral-state-reason`` code.
        modified_at: the writer's own ``lastModified``, aware.
        has_output: the Task carries at least one ``output``.
        coded_outcome: the system's word for ``completed`` is itself a coded outcome.
        question: the categories asked for are coded.
        redirect: the service to which it may go instead is named.
        appointment: one is booked, and still to come.
        abort: what the receiver answers to a cancellation that was asked for; "": nothing.
    """

    writer: Writer
    state: str
    reason: str | None = None
    modified_at: datetime | None = None
    has_output: bool = False
    coded_outcome: bool = False
    question: bool = False
    redirect: bool = False
    appointment: bool = False
    abort: Literal["", "accepted", "rejected"] = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the referral. An implied one has no event.

    Args:
        left, paused_by: as they stand then.
    """

    transition: str
    state: str
    implied: bool
    event: str | None
    left: tuple[str, ...] = ()
    paused_by: Writer | Literal[""] = ""


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
    here = standing or Standing("draft")
    if standing and _stands_still(here, said):
        return Unchanged()
    if (barred := _barred(standing, here, said)) is not None:
        return _forbidden(here.state, said, barred)
    path = _path(here, said)
    if path is None:
        return _forbidden(here.state, said, "no transition leads there")
    if (missing := _missing(path[-1], here, said)) is not None:
        return _forbidden(here.state, said, missing)
    return Moved(tuple(_walk(here, said.writer, path)))


def after_delivery(standing: Standing) -> Moved | Unchanged:
    """What follows when the sender's withdrawal has reached a kind of system that cannot answer an abort (S47).

    The hub itself then ends a ``cancel-requested`` referral (T21). Kinds that can answer must not be asked here.
    """
    found = move(standing, Said("H", "cancelled-after-start"))
    return found if isinstance(found, Moved) else Unchanged()


def _walk(standing: Standing, writer: Writer, path: tuple[Transition, ...]) -> Iterator[Step]:
    """The versions that a path makes, implied ones first."""
    for place, row in enumerate(path, start=1):
        standing = _after(standing, row, writer)
        implied = place < len(path)
        event = None if implied else row.event
        yield Step(row.id, standing.state, implied, event, standing.left, standing.paused_by)


def _after(standing: Standing, row: Transition, writer: Writer) -> Standing:
    state = _to(row, standing)
    assert state is not None, "a path leads somewhere"
    if row.id in _LEAVES:
        paused_by = writer if row.id == "T17" else standing.paused_by
        return replace(standing, state=state, left=(standing.state, *standing.left), paused_by=paused_by)
    left = standing.left[1:] if row.to == REMEMBERED else ()
    return replace(standing, state=state, left=left, paused_by=standing.paused_by if state == "on-hold" else "")


def _to(row: Transition, standing: Standing) -> str | None:
    """Where a row leads; None: it leads back, and nothing was left."""
    if row.to != REMEMBERED:
        return row.to
    return standing.left[0] if standing.left else None


def _named_by(word: str, standing: Standing) -> Iterator[Transition]:
    """Rows that a word can mean, wherever the referral stands."""
    yield from (row for row in TRANSITIONS if _to(row, standing) == word)
    for reading in READINGS:
        if reading.said == word:
            yield from (replace(row, left=reading.left) for row in TRANSITIONS if row.id == reading.transition)


def _may_say(said: Said, standing: Standing) -> bool:
    """Rule (g): whether a word is this side's to say at all."""
    return any(said.writer in row.who for row in _named_by(said.state, standing))


def _stands_still(standing: Standing, said: Said) -> bool:
    """Whether what was said stands already."""
    stands = STILL_SAID.get(said.state, frozenset({said.state}))
    return standing.state in stands and _may_say(said, standing)


def _pauses(standing: Standing, said: Said) -> bool:
    return standing.paused_by == said.writer


def _barred(standing: Standing | None, here: Standing, said: Said) -> str | None:
    """Why nothing this side says, or nothing more, can move it."""
    if not _may_say(said, here):
        return "this side cannot say that"
    if standing is None and said.state != "requested":
        return "no referral stands"
    if here.state in TERMINAL and said.writer != "D":
        return "that state is final; a new referral is needed"
    if standing and not _in_order(standing, said):
        return "older than what this side said last, or without a time"
    return None


def _meant(standing: Standing, said: Said) -> Transition | None:
    """The row that a word means in this very state."""
    for row in _named_by(said.state, standing):
        if standing.state in row.left and said.writer in row.who:
            return row
    return None


def _path(standing: Standing, said: Said) -> tuple[Transition, ...] | None:
    """The shortest way from a state to what was said, through implied rows of the same writer alone."""
    seen = {standing.state}
    ahead: deque[tuple[Standing, tuple[Transition, ...]]] = deque([(standing, ())])
    while ahead:
        here, taken = ahead.popleft()
        if (row := _meant(here, said)) is not None:
            return (*taken, row)
        for row in TRANSITIONS:
            may = row.implied and here.state in row.left and said.writer in row.who
            if may and (to := _to(row, here)) and to not in seen and _is_met("pauser", row, here, said):
                seen.add(to)
                ahead.append((_after(here, row, said.writer), (*taken, row)))
    return None


def _in_order(standing: Standing, said: Said) -> bool:
    """Rule (d). No time at all cannot be put in order once a time is known."""
    last = standing.last_modified.get(said.writer)
    return last is None or (said.modified_at is not None and said.modified_at >= last)


_GUARDS: Mapping[Guard, tuple[Callable[[Standing, Said], bool], str]] = {
    "reason": (lambda _, said: said.reason in STATE_REASONS, "a reason of referral-state-reason must come with it"),
    "outcome": (
        lambda _, said: said.has_output or said.coded_outcome,
        "an output or a coded outcome must come with it",
    ),
    "output": (lambda _, said: said.has_output, "an output must come with it"),
    "question": (lambda _, said: said.question, "the categories asked for must come with it"),
    "redirect": (lambda _, said: said.redirect, "the service to go to instead must come with it"),
    "appointment": (lambda _, said: said.appointment, "an appointment that is still to come must come with it"),
    "agreed": (lambda _, said: said.abort == "accepted", "an abort Task that is accepted must come with it"),
    "refused": (lambda _, said: said.abort == "rejected", "an abort Task that is rejected must come with it"),
    "pauser": (_pauses, "whoever paused it resumes it"),
}


def _is_met(guard: Guard, row: Transition, standing: Standing, said: Said) -> bool:
    return guard not in row.guards or _GUARDS[guard][0](standing, said)


def _missing(row: Transition, standing: Standing, said: Said) -> str | None:
    """What the guards of a row ask for and do not find."""
    return next((_GUARDS[guard][1] for guard in row.guards if not _is_met(guard, row, standing, said)), None)


def _forbidden(state: str, said: Said, why: str) -> Forbidden:
    to = said.state if said.state in STATES else f"an unknown state ({shape(said.state)})"
    return Forbidden(f"from {state} to {to} by the {_NAMES[said.writer]}: {why}")
