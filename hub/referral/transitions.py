"""The transitions T1 to T28 as rows (shared model 6.2, settled S47).

Guards of a row that are asked elsewhere (agreement, gate, FILL identifiers, who owns the Task, whether a day has come)
are not repeated here. A row whose ``to`` is REMEMBERED leads back to the state that was left for a pause or for a
cancellation that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub.referral.states import STATES, TERMINAL

Writer = Literal[
    "S", "R", "H", "D"
]  # sender, receiver, hub, data steward; a client speaks through one of the first two
Guard = Literal["reason", "outcome", "output", "question", "redirect", "appointment", "agreed", "refused", "pauser"]

REMEMBERED = "remembered"
PROCESS, UPDATE = "notify-update-process-request", "notify-update-service-request"
REVOKE, CORRECTION = "revoke-service-request", "notify-data-correction"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Args:
        to: a state, or REMEMBERED.
        who: ``S`` the sender's worker, ``R`` the receiver's, ``H`` the hub, ``D`` a data steward.
        event: the FHIR message event that tells the other side.
        guards: what must come with it: a ``reason`` of the code system, an ``outcome`` (rule h), an ``output`` (the
            Encounter of a service that has begun), a coded ``question``, the service to ``redirect`` to, an
            ``appointment`` that is still to come, that the receiver has ``agreed`` to an abort or ``refused`` it; and
            that it is said by the ``pauser``, who paused it.
        implied: whether it may be taken for said when a system names only a later state; its guards are not asked
            then, save who paused it.
    """

    id: str
    left: frozenset[str]
    to: str
    who: frozenset[Writer]
    event: str
    guards: tuple[Guard, ...] = ()
    implied: bool = False


_S: frozenset[Writer] = frozenset({"S"})
_R: frozenset[Writer] = frozenset({"R"})
_H: frozenset[Writer] = frozenset({"H"})
_D: frozenset[Writer] = frozenset({"D"})

_ASKED = frozenset({"requested", "received", "info-needed"})
_MISSED = frozenset({"no-show", "appointment-cancelled"})
_BOOKING = _MISSED | {"accepted", "waitlisted", "awaiting-booking"}
_AT_WORK = _MISSED | {"awaiting-booking", "booked", "in-service"}
_UNDER_WAY = _AT_WORK | {"on-hold"}
_TAKEN_ON = _UNDER_WAY | {"accepted", "waitlisted"}
_PAUSABLE = _AT_WORK | {"received", "info-needed", "accepted", "waitlisted"}
_WAITING = frozenset({"accepted", "waitlisted"})
_WITH_RECEIVER = frozenset({"accepted", "awaiting-booking", "booked"})
_HELD = frozenset({"on-hold"})
_ABORTING = frozenset({"cancel-requested"})
_DONE = frozenset({"completed"})

TRANSITIONS: tuple[Transition, ...] = (
    Transition("T1", frozenset({"draft"}), "requested", _S, "add-service-request"),
    Transition("T2", frozenset({"requested"}), "received", _R, "notify-add-process-request", implied=True),
    Transition(
        "T3", frozenset({"received"}), "info-needed", _R, "send-communication-from-provider", guards=("question",)
    ),
    Transition("T4", frozenset({"info-needed"}), "received", _S, "send-communication-from-requester"),
    Transition("T5", frozenset({"requested", "received"}), "accepted", _R, PROCESS, implied=True),
    Transition("T6", _ASKED, "declined", _R, PROCESS, guards=("reason",)),
    Transition("T7", _ASKED, "redirected", _R, PROCESS, guards=("reason", "redirect")),
    Transition("T8", frozenset({"accepted"}), "waitlisted", _R, PROCESS),
    Transition("T9", _WAITING, "awaiting-booking", _R, PROCESS),
    Transition("T10", _BOOKING, "booked", _R, "notify-add-appointment", guards=("appointment",), implied=True),
    Transition("T11", frozenset({"booked"}), "no-show", _R, PROCESS),
    Transition("T12", frozenset({"booked"}), "appointment-cancelled", _R, PROCESS, guards=("reason",)),
    Transition("T13", _MISSED, "awaiting-booking", _R, PROCESS),
    Transition("T14", _WITH_RECEIVER, "in-service", _R, PROCESS, guards=("output",)),
    Transition("T15", frozenset({"accepted", "booked", "in-service"}), "completed", _R, PROCESS, guards=("outcome",)),
    Transition("T16", _DONE, "loop-closed", _S, UPDATE),
    Transition("T17", _PAUSABLE, "on-hold", _R, PROCESS, guards=("reason",)),
    Transition("T17", _PAUSABLE, "on-hold", _S, UPDATE, guards=("reason",)),
    Transition("T18", _HELD, REMEMBERED, _R, PROCESS, guards=("pauser",), implied=True),
    Transition("T18", _HELD, REMEMBERED, _S, UPDATE, guards=("pauser",), implied=True),
    Transition("T19", _ASKED | _WAITING, "cancelled", _S, REVOKE, guards=("reason",)),
    Transition("T20", _UNDER_WAY, "cancel-requested", _S, REVOKE, guards=("reason",)),
    Transition("T21", _ABORTING, "cancelled-after-start", _R, PROCESS, guards=("agreed",)),
    Transition("T21", _ABORTING, "cancelled-after-start", _H, PROCESS),
    Transition("T22", _ABORTING, REMEMBERED, _R, PROCESS, guards=("refused", "reason")),
    Transition("T23", _TAKEN_ON, "not-completed", _R, PROCESS, guards=("reason",)),
    Transition("T24", _ASKED, "expired", _H, PROCESS),
    Transition("T25", _ASKED | {"draft"}, "entered-in-error", _S, CORRECTION),
    Transition("T26", STATES - {"entered-in-error"}, "entered-in-error", _D, CORRECTION),
    Transition("T27", _ASKED, "cancelled", _H, "consent-changed", guards=("reason",)),
    Transition("T28", _DONE, "loop-closed", _H, UPDATE),
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
