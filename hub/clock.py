"""The real clock, and one that lags behind it. Tests use a standing one (``tests/fakes.py``)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class UtcClock:
    """The machine's time; see :class:`hub.ports.Clock`."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some fixed point, never back."""
        return time.monotonic()


class LateClock(UtcClock):
    """A clock that lags behind the machine's and can be put forward, never beyond it.

    What counts elapsed seconds (``monotonic_s``) does not see it put forward.
    """

    def __init__(self, begin: datetime) -> None:
        self._behind = super().now() - begin
        assert self._behind >= timedelta(), "it begins in the past"

    def now(self) -> datetime:
        """The machine's time, less how far behind it is."""
        return super().now() - self._behind

    def go_on(self, until: datetime) -> None:
        """Put it forward to an instant between what it says and what the machine's says."""
        behind = super().now() - until
        assert timedelta() <= behind <= self._behind, "neither back nor into the future"
        self._behind = behind

    @contextmanager
    def standing(self) -> Iterator[None]:
        """It stands still, however long that lasts: somebody reads."""
        at = self.now()
        try:
            yield
        finally:
            self._behind = super().now() - at
