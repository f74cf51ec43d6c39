"""Twins of the world for tests: time that stands still, randomness from a seed."""

from __future__ import annotations

import base64
import random
import time
import uuid
from datetime import UTC, datetime, timedelta

BEFORE_SPRING = datetime(2030, 3, 10, 6, 59, 59, 500_000, tzinfo=UTC)  # clocks in Toronto go forward a second later


class StandingClock:
    """Time stands until a test moves it. ``set`` may jump either way; the monotonic seconds never go back."""

    def __init__(self, at: datetime = BEFORE_SPRING) -> None:
        self._now = at
        self._monotonic_s = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, by: timedelta) -> None:
        """Let time pass, for both readings."""
        assert by >= timedelta(), "time passes forward; a machine's clock that jumps is `set`"
        self._now += by
        self._monotonic_s += by.total_seconds()

    def set(self, at: datetime) -> None:
        """The machine's clock jumps; no time passes."""
        self._now = at


class SeededIds:
    """Ids from a seed: equal seeds give equal runs."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def number(self) -> str:
        return base64.b32encode(self._random.randbytes(8)).decode()[:12]

    def octets(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def fraction(self) -> float:
        return self._random.random()


class FastClock:
    """Time that runs faster than the machine's, the same in every process of one machine.

    A lease of ten seconds is over in ``10 / speed`` real ones, so races and kills meet many leases in little time.
    """

    def __init__(self, speed: float, start: datetime, began_s: float) -> None:
        self.speed, self.start, self.began_s = speed, start, began_s

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        return (time.monotonic() - self.began_s) * self.speed
