"""Retry (design §3.4): every limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.model.words import Code
from hub.exchange.retry import LONGEST_S, GiveUp, RetryAt, after_failure, after_system_code
from hub.exchange.wakes import Wake, wakes_on
from tests.unit.exchange.test_wakes import REFUSALS

NOW = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)
HOURS_72 = timedelta(hours=72)


def delay_s(attempts: int, random: float = 0.0) -> float:
    answer = after_failure(attempts, NOW, NOW + HOURS_72, random=random)
    assert isinstance(answer, RetryAt)
    return (answer.at - NOW).total_seconds()


def test_the_delay_doubles_up_to_its_limit():
    assert [delay_s(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert delay_s(30) == delay_s(10_000) == LONGEST_S / 2
    assert delay_s(10_000, 0.999_999) < LONGEST_S


def test_jitter_spreads_over_the_upper_half():
    assert delay_s(3, 0.0) == 4
    assert delay_s(3, 0.5) == 6
    assert 7.9 < delay_s(3, 0.99) < 8


def test_no_try_is_planned_at_or_past_the_end_of_the_72_hours():
    assert after_failure(1, NOW, NOW + timedelta(seconds=1), random=0.0) == GiveUp()
    assert after_failure(1, NOW, NOW + timedelta(seconds=1.001), random=0.0) == RetryAt(NOW + timedelta(seconds=1))
    assert after_failure(1, NOW, NOW - timedelta(seconds=1), random=0.0) == GiveUp()


@given(st.integers(1, 10**6), st.integers(-10, 80 * 3600), st.floats(0, 1, exclude_max=True))
def test_a_retry_is_later_than_now_and_before_the_return(attempts, left_s, random):
    return_at = NOW + timedelta(seconds=left_s)
    answer = after_failure(attempts, NOW, return_at, random=random)

    if isinstance(answer, RetryAt):
        assert NOW < answer.at < return_at
        assert (answer.at - NOW).total_seconds() <= LONGEST_S
    else:
        assert left_s <= LONGEST_S


def test_an_outage_that_ends_is_noticed_before_the_72_hours_are_over():
    now, attempts = NOW, 0
    while isinstance(answer := after_failure(attempts + 1, now, NOW + HOURS_72, random=0.5), RetryAt):
        now, attempts = answer.at, attempts + 1

    assert now > NOW + HOURS_72 - timedelta(seconds=LONGEST_S)
    assert attempts < 1000


@pytest.mark.parametrize("code", [Code.DN_REGISTRY_DOWN, Code.DN_AUDIT_DOWN, Code.DN_STALE])
def test_system_codes_are_tried_again_by_time_alone(code):
    first, later = after_system_code(code, 1, NOW, random=0.0), after_system_code(code, 500, NOW, random=0.0)

    assert wakes_on(code) == {"backoff"}
    assert NOW < first.at < later.at == NOW + timedelta(seconds=LONGEST_S / 2), "the lower end of its jitter"


def test_time_alone_helps_no_other_code():
    for code in REFUSALS:
        if code not in (Code.DN_REGISTRY_DOWN, Code.DN_AUDIT_DOWN, Code.DN_STALE):
            assert Wake.BACKOFF not in wakes_on(code), code
    with pytest.raises(AssertionError):
        after_system_code(Code.DN_NO_CONSENT, 1, NOW, random=0.0)
