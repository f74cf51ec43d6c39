"""How long and how much, where every stretch of the road must agree. Each with its source, or [policy]: ours to choose.

What one file alone needs stands at its top. All of them are in docs/operator.md, *Limits*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations as timedelta, or in seconds where the name ends with ``_s``."""

    batch: int = 50  # messages in one unit; design §6: a unit lasts 50 ms at most
    lease: timedelta = timedelta(seconds=10)  # design §3.4: how long an opened message may be sent
    lease_margin_s: float = 1.0  # design §3.6: a withdrawal waits for lease + 1 s at most
    return_after: timedelta = timedelta(hours=72)  # consent rules 4.2: payloads on the bus
    republish_after: timedelta = timedelta(minutes=2)  # [policy] far more than a batch takes to be seen on the bus
    repeat_after: timedelta = timedelta(seconds=60)  # design §3.1 asks for a limit; its value [policy]
    unknown_kept: timedelta = timedelta(days=30)  # design §3.7: keyed digests of people nobody knows
    resends_max: int = 3  # design §3.4: fetched and judged again by the hub itself, then a person is asked
    relay_lease: timedelta = timedelta(seconds=10)  # [policy] as long as ``lease``: a dead publisher blocks no longer
    reader_lease: timedelta = timedelta(seconds=10)  # [policy] likewise; renewed by every unit of whoever reads
