"""What every clock promises."""

from __future__ import annotations

from datetime import timedelta

from hub.ports import Clock


class ClockContract:
    """A subclass names its clock (fixture ``clock``) and adds no test."""

    def test_now_is_aware_and_in_utc(self, clock: Clock):
        assert clock.now().utcoffset() == timedelta(0)

    def test_monotonic_seconds_never_go_back(self, clock: Clock):
        read = [clock.monotonic_s() for _ in range(1_000)]

        assert read == sorted(read)
