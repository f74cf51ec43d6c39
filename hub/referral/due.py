"""By when something must happen to a referral (settled S48): none is ever pending past its deadline without somebody
being told. Pure.

What is late is told (``AlertCode.REFERRAL_LATE``) until it moves on. Two ends come by themselves: a request that nobody
has answered expires (T24), and what was completed is closed when nobody says that the feedback was read (T28). A day
that a record names counts for a year at most: one in 2206 that was meant to be in 2026 would keep its referral silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hub.referral.states import TERMINAL

UNANSWERED = frozenset({"requested", "received", "info-needed"})
ENDS: Mapping[str, str] = {**dict.fromkeys(UNANSWERED, "expired"), "completed": "loop-closed"}  # T24, T28
AHEAD_MAX = timedelta(days=365)  # [policy] how far off a day that a record names may be
_FROM_ITS_DATE = ("waitlisted", "booked")  # counted from when the service, or the appointment, is to begin


def due_at(
    state: str,
    since: datetime,
    days: Mapping[str, int],
    *,
    before: tuple[str, datetime | None] = ("", None),
    answer_by: datetime | None = None,
    starts: datetime | None = None,
) -> datetime | None:
    """The instant by which a referral must have moved on; None: it is at its end.

    Args:
        since: when it came into the state.
        days: state -> days, as the pack of its sender says.
        before: the state before it, and by when something was due there: an answer that is due stays due, whatever is
            said meanwhile.
        answer_by: the end of the day that the request gives for an answer; one that is over says nothing.
        starts: when the service or the appointment is to begin. Neither is looked at beyond ``AHEAD_MAX``.
    """
    if state in TERMINAL:
        return None
    if state in UNANSWERED:
        was, due = before
        if answer_by is not None and answer_by > since:
            return min(answer_by, since + AHEAD_MAX)
        return due if was in UNANSWERED and due else since + timedelta(days=days[state])
    begins = starts if starts is not None and state in _FROM_ITS_DATE else since
    return min(max(begins, since), since + AHEAD_MAX) + timedelta(days=days[state])
