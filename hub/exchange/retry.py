"""When to try again. Pure: no clock, no randomness of its own.

- A hand-over that failed is tried again with exponential backoff and jitter, until its 72 hours are over.
- A record refused because the hub itself was not well (P-0 and P-12) is fetched again with backoff, without end.
- A system that could not be reached several times in a row rests (:mod:`hub.exchange.breaker`).

Every delay has jitter over its upper half, so that what failed together does not come back together.

What any other refused record waits for: :mod:`hub.exchange.wakes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.model.words import Code
from hub.exchange.wakes import Wake, wakes_on

FIRST_S = 2.0  # [policy] a lock or a restart is over in seconds
FACTOR = 2.0  # [policy]
LONGEST_S = 15 * 60.0  # [policy] after an outage of any length a recipient waits no longer than this
SYSTEM_FIRST_S = 15.0  # [policy] a store or log that is down is not helped by haste
REST_FIRST_S = 5.0  # [policy] a restart of an agency's database takes seconds
REST_LONGEST_S = 120.0  # [policy] when a system is back, it is found within two minutes
_DOUBLINGS_MAX = 32  # beyond it the longest delay holds anyway; keeps the power small


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this instant, aware UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No further try fits before the message is returned: leave it to the return."""


def after_failure(attempts: int, now: datetime, return_at: datetime, *, random: float) -> RetryAt | GiveUp:
    """When a hand-over that failed, or whose outcome is unknown, is prepared again.

    Args:
        attempts: failed tries so far, this one counted, from 1.
        return_at: the end of its 72 hours (half-open: returned at the instant itself).
        random: in [0, 1).
    """
    at = now + timedelta(seconds=_delay_s(FIRST_S, LONGEST_S, attempts, random))
    return RetryAt(at) if at < return_at else GiveUp()


def after_system_code(code: Code, attempts: int, now: datetime, *, random: float) -> RetryAt:
    """When a record that was refused with a system code is fetched again.

    Args:
        attempts: refusals in a row with such a code, this one counted, from 1.
        random: in [0, 1).
    """
    assert Wake.BACKOFF in wakes_on(code), f"{code} is not helped by time"
    return RetryAt(now + timedelta(seconds=_delay_s(SYSTEM_FIRST_S, LONGEST_S, attempts, random)))


def rest_s(rests: int, *, random: float) -> float:
    """How many seconds a system that cannot be reached is left alone.

    Args:
        rests: rests in a row, this one counted, from 1.
        random: in [0, 1).
    """
    return _delay_s(REST_FIRST_S, REST_LONGEST_S, rests, random)


def _delay_s(first_s: float, longest_s: float, attempts: int, random: float) -> float:
    assert attempts >= 1
    assert 0.0 <= random < 1.0
    return min(first_s * FACTOR ** min(attempts - 1, _DOUBLINGS_MAX), longest_s) * (0.5 + random / 2)
