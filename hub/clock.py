"""The real clock. Tests use a standing one (``tests/fakes.py``)."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class UtcClock:
    """The machine's time; see :class:`hub.ports.Clock`."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some fixed point, never back."""
        return time.monotonic()
