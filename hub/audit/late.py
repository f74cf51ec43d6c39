"""A promise that was not kept is an alarm (design §5).

Whoever gets a delivered message has the hub's word that its entry has a place in the log a second after it was written
(:mod:`hub.audit.receipts`). The integrator sees when it gives a place later, and says so in the log itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.model.audit import Actor, AuditEvent, Entry
from hub.store.audit import instant_of, stamp

PROMISED = timedelta(seconds=1)  # design §5: merged by commit + 1 s
LATE = "PROMISE_LATE"
_RELEASED = (b'"event_type":"DELIVERY"', b'"payload_digest":')  # as canonical bodies spell it; a refusal has no digest


def alarm(rows: Sequence[tuple[str, bytes]], now: datetime, size: int) -> tuple[str, bytes] | None:
    """The entry that tells of broken promises among those that get their place now, as id and body; None: all kept.

    Args:
        rows: ids and bodies. An id begins with the instant of its unit, as the store has it.
        now: by the same clock.
        size: entries of the log before them: it makes the new id one of its own, since a log grows by one at a time.
    """
    kept_from = stamp(now - PROMISED)
    late = [
        entry_id
        for entry_id, body in rows
        if entry_id[: len(kept_from)] < kept_from and all(mark in body for mark in _RELEASED)
    ]
    since = instant_of(min(late, default=None))
    if since is None:
        return None
    entry_id = f"{stamp(now)}-00000-{size:012d}"
    details = {"reason_code": LATE, "count": len(late), "longest_ms": (now - since) // timedelta(milliseconds=1)}
    return entry_id, Entry(AuditEvent.ALARM, now, Actor(ref="system:hub"), details).body(entry_id)
