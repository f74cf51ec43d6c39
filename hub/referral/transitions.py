"""The transitions that a case management system can say, and those that they imply, as rows (shared model 6.2, S47).

Rows that no system can name yet (T3, T4, T7, T12, T16 to T18, T22, T24 to T28) are not here: they are refused
until they are built. Guards of a row that are asked elsewhere (agreement, gate, FILL identifiers, who owns the
Task, the appointment that a coded no-show stands for) are not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub.referral.states import STATES, TERMINAL

Writer = Literal["S", "R"]  # a client speaks through one of the two
Guard = Literal["reason", "outcome", "output"]

PROCESS = "notify-update-process-request"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Args:
        who: ``S`` the sender's worker, ``R`` the receiver's, ``H`` the hub.
        event: the FHIR message event that tells the other side; None where the row may not be said, only implied.
        guard: what must come with it: a ``reason`` of the code system, an ``outcome`` (rule h), an ``output`` (the
            Encounter of a service that has begun).
        implied: whether it may be taken for said when a system names only a later state.
    """

    id: str
    left: frozenset[str]
    to: str
    who: frozenset[Literal["S", "R", "H"]]
    event: str | None
    guard: Guard | None = None
    implied: bool = False


_SENDER: frozenset[Literal["S", "R", "H"]] = frozenset({"S"})
_RECEIVER: frozenset[Literal["S", "R", "H"]] = frozenset({"R"})
_HUB: frozenset[Literal["S", "R", "H"]] = frozenset({"H"})

_BEFORE_ANSWER = frozenset({"requested", "received", "info-needed"})
_UNDER_WAY = frozenset({"awaiting-booking", "booked", "no-show", "appointment-cancelled", "in-service", "on-hold"})
_TAKEN_ON = _UNDER_WAY | {"accepted", "waitlisted"}
_MISSED = frozenset({"no-show", "appointment-cancelled"})

TRANSITIONS: tuple[Transition, ...] = (
    Transition("T1", frozenset({"draft"}), "requested", _SENDER, "add-service-request"),
    Transition("T2", frozenset({"requested"}), "received", _RECEIVER, "notify-add-process-request", implied=True),
    Transition("T5", frozenset({"requested", "received"}), "accepted", _RECEIVER, PROCESS, implied=True),
    Transition("T6", _BEFORE_ANSWER, "declined", _RECEIVER, PROCESS, guard="reason"),
    Transition("T8", frozenset({"accepted"}), "waitlisted", _RECEIVER, PROCESS),
    Transition("T9", frozenset({"accepted", "waitlisted"}), "awaiting-booking", _RECEIVER, PROCESS),
    Transition(
        "T10",
        _MISSED | {"accepted", "waitlisted", "awaiting-booking"},
        "booked",
        _RECEIVER,
        event=None,  # to say it takes an Appointment, which is not built yet
        implied=True,
    ),
    Transition("T11", frozenset({"booked"}), "no-show", _RECEIVER, PROCESS),
    Transition("T13", _MISSED, "awaiting-booking", _RECEIVER, PROCESS),
    Transition(
        "T14", frozenset({"accepted", "awaiting-booking", "booked"}), "in-service", _RECEIVER, PROCESS, guard="output"
    ),
    Transition("T15", frozenset({"accepted", "booked", "in-service"}), "completed", _RECEIVER, PROCESS, "outcome"),
    Transition(
        "T19", _BEFORE_ANSWER | {"accepted", "waitlisted"}, "cancelled", _SENDER, "revoke-service-request", "reason"
    ),
    Transition("T20", _UNDER_WAY, "cancel-requested", _SENDER, "revoke-service-request", "reason"),
    Transition("T21", frozenset({"cancel-requested"}), "cancelled-after-start", _HUB, PROCESS),
    Transition("T23", _TAKEN_ON, "not-completed", _RECEIVER, PROCESS, "reason"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a word means where the state it names cannot follow (S47): said in ``left``, it is this transition."""

    said: str
    left: frozenset[str]
    transition: str


READINGS: tuple[Reading, ...] = (
    Reading("accepted", frozenset({"waitlisted"}), "T9"),  # a place has come free
    Reading("accepted", _MISSED, "T13"),  # another appointment is wanted
    Reading("declined", _TAKEN_ON, "T23"),  # after acceptance it is no refusal, it is an end
    Reading("cancelled", _UNDER_WAY, "T20"),  # after booking the receiver is asked (abort Task)
)

# States in which a word that was said still stands, so that saying it again is no news. Not listed: its own state.
STILL_SAID: Mapping[str, frozenset[str]] = {
    "requested": STATES - TERMINAL - {"draft", "cancel-requested"},
    "accepted": frozenset({"accepted", "awaiting-booking", "in-service"}),
    "declined": frozenset({"declined", "not-completed"}),
    "cancelled": frozenset({"cancelled", "cancel-requested", "cancelled-after-start"}),
    "completed": frozenset({"completed", "loop-closed"}),
}
