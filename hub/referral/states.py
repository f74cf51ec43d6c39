"""States of a referral (shared model 6.1), and the reasons that a state may carry (4).

A state is the hub's own word (``Task.businessStatus.coding[0]``). The R4 codes beside it are written by the mappings
(``task_status.csv``, ``request_status.csv``) and never read as the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_OPEN = frozenset(
    {
        "draft",
        "requested",
        "received",
        "info-needed",
        "accepted",
        "waitlisted",
        "awaiting-booking",
        "booked",
        "no-show",
        "appointment-cancelled",
        "in-service",
        "on-hold",
        "cancel-requested",
        "completed",  # until its sender has read the feedback
    }
)

TERMINAL = frozenset(
    {
        "loop-closed",
        "declined",
        "redirected",
        "cancelled",
        "cancelled-after-start",
        "not-completed",
        "expired",
        "entered-in-error",
    }
)

STATES = _OPEN | TERMINAL

# the R4 Task.status that goes with a state (shared model 6.1); while a cancellation is asked for it stays as it was,
# and is this one for a Task that says neither
TASK_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "draft": "draft",
        "requested": "requested",
        "received": "received",
        "info-needed": "received",
        "accepted": "accepted",
        "waitlisted": "accepted",
        "awaiting-booking": "in-progress",
        "booked": "in-progress",
        "no-show": "in-progress",
        "appointment-cancelled": "in-progress",
        "in-service": "in-progress",
        "on-hold": "on-hold",
        "cancel-requested": "in-progress",
        "completed": "completed",
        "loop-closed": "completed",
        "declined": "rejected",
        "redirected": "rejected",
        "cancelled": "cancelled",
        "cancelled-after-start": "cancelled",
        "not-completed": "failed",
        "expired": "cancelled",
        "entered-in-error": "entered-in-error",
    }
)

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
