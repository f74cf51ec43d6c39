"""States of a referral and their FHIR spelling (shared model 6.1), and the reasons that a state may carry (4).

The state is the hub's own word (``Task.businessStatus.coding[0]``). The two R4 codes follow from it, whoever moved it;
they are never read as the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a state is written in R4. ``task`` None: the Task keeps the status of the state that was left."""

    service_request: str
    task: str | None
    terminal: bool = False


STATES: Mapping[str, Spelling] = {
    "draft": Spelling("draft", "draft"),
    "requested": Spelling("active", "requested"),
    "received": Spelling("active", "received"),
    "info-needed": Spelling("active", "received"),
    "accepted": Spelling("active", "accepted"),
    "waitlisted": Spelling("active", "accepted"),
    "awaiting-booking": Spelling("active", "in-progress"),
    "booked": Spelling("active", "in-progress"),
    "no-show": Spelling("active", "in-progress"),
    "appointment-cancelled": Spelling("active", "in-progress"),
    "in-service": Spelling("active", "in-progress"),
    "on-hold": Spelling("on-hold", "on-hold"),
    "cancel-requested": Spelling("active", None),
    "completed": Spelling("active", "completed"),
    "loop-closed": Spelling("completed", "completed", terminal=True),
    "declined": Spelling("active", "rejected", terminal=True),  # its sender revokes the request afterwards
    "redirected": Spelling("active", "rejected", terminal=True),  # as declined
    "cancelled": Spelling("revoked", "cancelled", terminal=True),
    "cancelled-after-start": Spelling("revoked", "cancelled", terminal=True),
    "not-completed": Spelling("revoked", "failed", terminal=True),
    "expired": Spelling("revoked", "cancelled", terminal=True),
    "entered-in-error": Spelling("entered-in-error", "entered-in-error", terminal=True),
}

TERMINAL = frozenset(state for state, written in STATES.items() if written.terminal)

STATE_REASONS = frozenset(  # code system referral-state-reason
    {
        "no-capacity",
        "not-eligible",
        "out-of-area",
        "duplicate",
        "insufficient-information",
        "client-declined",
        "client-unreachable",
        "consent-withdrawn",
        "safety",
        "service-discontinued",
        "wrong-service",
        "no-response",
        "other",
    }
)


def spelling(state: str, left_state: str | None = None) -> tuple[str, str]:
    """``ServiceRequest.status`` and ``Task.status`` of a state.

    Args:
        state: a ``referral-state``.
        left_state: the state that ``cancel-requested`` was reached from; only there it is needed.
    """
    written = STATES[state]
    if written.task is not None:
        return written.service_request, written.task
    assert left_state is not None, f"{state} is spelled with the state that was left"
    return written.service_request, spelling(left_state)[1]
