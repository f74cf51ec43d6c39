import pytest

from hub.clock import UtcClock
from tests.contract.clock import ClockContract


class TestUtcClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return UtcClock()
