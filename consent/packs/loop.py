"""How long a referral may stay in a state before somebody is told: ``[loop]`` of a pack (settled S48), in days."""

from __future__ import annotations

from collections.abc import Mapping

from consent.packs.reading import Table

LOOP_DAYS_MAX = 366
STATES = (
    *("requested", "received", "info-needed", "accepted", "waitlisted", "awaiting-booking", "booked", "no-show"),
    *("appointment-cancelled", "in-service", "on-hold", "cancel-requested", "completed"),
)


def read_loop(table: Table) -> Mapping[str, int]:
    """State -> days.

    Raises:
        Refused: a state is missing or unknown, or a number that is too large.
    """
    days = {state: table.count(state, LOOP_DAYS_MAX) for state in STATES}
    table.done()
    return days
