from datetime import timedelta

import pytest

from tests.contract.clock import ClockContract
from tests.fakes import BEFORE_SPRING, StandingClock


class TestStandingClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return StandingClock()


def test_a_clock_that_jumps_back_does_not_move_the_monotonic_seconds():
    clock = StandingClock()
    before = clock.monotonic_s()

    clock.set(BEFORE_SPRING - timedelta(days=1))

    assert clock.now() == BEFORE_SPRING - timedelta(days=1)
    assert clock.monotonic_s() == before
