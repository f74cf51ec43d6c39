"""How often who may ask: buckets in each process, and rows in the store for what tells something or is dear.

A bucket is cheap and forgotten with its process; with several ``hub serve`` a client has one in each. What a stranger
could use to find out whether somebody is known (``$match``, ``$ihe-pix``), repeats of what was refused, and declared
duties of care, is counted in the store: a row for an agency and a minute, the same for all processes.

**Wrong proofs.** Anybody may send a wrong proof under a client's id, so these lock nobody out: a right signature is
never refused for wrong ones before it. Past the limit a *wrong* one is answered 429 instead of 401. Ids that are
nobody's are counted the same way, so that the count tells nobody who is a client. What bounds the work is elsewhere: a
signature is checked in less than a millisecond (keys have a largest size), an address of keys is read once a minute,
and a server takes so many connections at once.
"""

from __future__ import annotations

import math
from threading import Lock

from hub.ports import Clock, Store, Unit

TOKENS_PER_MINUTE = 30  # [policy] of one client and process; a token lives five minutes
WRONG_PER_MINUTE = 10  # [policy] wrong proofs under one client's id
ALL_WRONG_PER_MINUTE = 120  # [policy] wrong proofs at one process
NAMES_MAX = 1000  # of a bucket; whoever invents more ids is counted by the process' own
MATCH_PER_MINUTE = 60  # [policy] of an agency: questions by name, or by identifier
REFUSED_PER_MINUTE = 30  # [policy] of an agency: repeats of what was refused
_MINUTE_S = 60


class Bucket:
    """Tokens that refill: so many a second, at most ``burst`` at once, for each name."""

    def __init__(self, clock: Clock, per_s: float, burst: int) -> None:
        self._clock, self._per_s, self._burst = clock, per_s, burst
        self._left: dict[str, tuple[float, float]] = {}  # name: what was left, and when
        self._lock = Lock()

    def take(self, name: str) -> int | None:
        """Take one. In how many whole seconds there is one again; None: it was taken."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            left, at_s = self._left.get(name, (float(self._burst), now_s))
            left = min(float(self._burst), left + (now_s - at_s) * self._per_s)
            taken = left >= 1
            if len(self._left) >= NAMES_MAX and name not in self._left:
                self._left.clear()
            self._left[name] = (left - 1 if taken else left, now_s)
            return None if taken else max(1, math.ceil((1 - left) / self._per_s))


class Rates:
    """The buckets of one process, by the ids of clients."""

    def __init__(self, clock: Clock, *, per_s: float, burst: int) -> None:
        self._requests = Bucket(clock, per_s, burst)
        self._tokens = Bucket(clock, TOKENS_PER_MINUTE / _MINUTE_S, TOKENS_PER_MINUTE)
        self._wrong = Bucket(clock, WRONG_PER_MINUTE / _MINUTE_S, WRONG_PER_MINUTE)
        self._all_wrong = Bucket(clock, ALL_WRONG_PER_MINUTE / _MINUTE_S, ALL_WRONG_PER_MINUTE)

    def request(self, client: str) -> int | None:
        """A request with a token; seconds to wait, or None."""
        return self._requests.take(client)

    def granted(self, client: str) -> int | None:
        """A right proof; seconds to wait, or None."""
        return self._tokens.take(client)

    def failed(self, client: str) -> int | None:
        """A wrong proof under an id, whether anybody has it or not; what to say of it: seconds to wait, or None."""
        waits = [self._wrong.take(client), self._all_wrong.take("all")]
        return max((wait for wait in waits if wait is not None), default=None)


def spend(unit: Unit, agency: str, what: str, per_minute: int) -> int | None:
    """Count one of an agency's requests of a kind in this minute, for all processes.

    It stands when the unit commits: let it be a unit that commits also where the request is then refused.

    Args:
        what: a word of ours for the kind: ``match``.

    Returns:
        Seconds to wait, where there were more than ``per_minute``; else None.
    """
    minute = int(unit.now.timestamp()) // _MINUTE_S
    if unit.access.spend(agency, what, minute) <= per_minute:
        return None
    return max(1, math.ceil((minute + 1) * _MINUTE_S - unit.now.timestamp()))


def spend_alone(store: Store, agency: str, what: str, per_minute: int) -> int | None:
    """The same in a unit of its own: before anything is looked up."""
    with store.unit() as unit:
        return spend(unit, agency, what, per_minute)
