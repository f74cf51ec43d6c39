"""The breaker: what makes a system rest, how long, and what ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.errors import Unavailable
from hub.exchange.breaker import RESTS_AFTER, Breaker
from hub.exchange.connections import StoreMemory, Watched
from hub.exchange.retry import REST_FIRST_S, REST_LONGEST_S, rest_s
from tests.fakes import SeededIds, StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def breaker(clock: StandingClock) -> Breaker:
    return Breaker(clock, SeededIds())


def fail(breaker: Breaker, times: int, system: str = "cms-a") -> None:
    for _ in range(times):
        breaker.failed(system)


def test_a_few_failures_are_no_rest(breaker: Breaker) -> None:
    fail(breaker, RESTS_AFTER - 1)

    assert not breaker.rests("cms-a")
    assert breaker.opened() == {}


def test_an_answer_between_them_ends_the_count(breaker: Breaker) -> None:
    fail(breaker, RESTS_AFTER - 1)
    breaker.reached("cms-a")
    fail(breaker, RESTS_AFTER - 1)

    assert not breaker.rests("cms-a")


def test_after_several_in_a_row_it_rests_and_its_neighbour_does_not(breaker: Breaker) -> None:
    fail(breaker, RESTS_AFTER)

    assert breaker.rests("cms-a")
    assert not breaker.rests("cms-b")
    assert breaker.opened() == {"cms-a": 1}


def test_after_the_rest_it_is_tried_and_one_failure_is_a_longer_rest(breaker: Breaker, clock: StandingClock) -> None:
    fail(breaker, RESTS_AFTER)
    clock.advance(timedelta(seconds=REST_FIRST_S))
    assert not breaker.rests("cms-a")
    assert breaker.opened() == {"cms-a": 1}, "nobody has reached it yet"

    fail(breaker, 1)

    clock.advance(timedelta(seconds=REST_FIRST_S - 0.001))
    assert breaker.rests("cms-a"), "twice as long, and the lower half at least"
    assert breaker.opened() == {"cms-a": 2}


def test_calls_that_were_under_way_when_the_rest_began_do_not_prolong_it(breaker: Breaker) -> None:
    fail(breaker, 10 * RESTS_AFTER)

    assert breaker.opened() == {"cms-a": 1}


def test_an_answer_after_the_rest_begins_anew(breaker: Breaker, clock: StandingClock) -> None:
    fail(breaker, RESTS_AFTER)
    clock.advance(timedelta(seconds=REST_FIRST_S))
    breaker.reached("cms-a")
    fail(breaker, RESTS_AFTER - 1)

    assert not breaker.rests("cms-a")
    assert breaker.opened() == {}


def test_a_clock_that_is_set_changes_no_rest(breaker: Breaker, clock: StandingClock) -> None:
    fail(breaker, RESTS_AFTER)
    clock.set(clock.now() + timedelta(days=1))
    assert breaker.rests("cms-a")


def test_rests_double_to_a_limit_with_jitter_over_the_upper_half() -> None:
    assert [rest_s(n, random=0.0) for n in (1, 2, 3)] == [REST_FIRST_S / 2, REST_FIRST_S, 2 * REST_FIRST_S]
    assert rest_s(10_000, random=0.0) == REST_LONGEST_S / 2
    assert rest_s(10_000, random=0.999_999) < REST_LONGEST_S


def test_a_store_of_ours_that_is_away_counts_against_no_system(breaker: Breaker) -> None:
    memory = StoreMemory(Away(), "cms-a", lambda domain, text: f"{domain}/{text}")
    watched = Watched(Remembering(memory), "cms-a", breaker, memory)

    for _ in range(10 * RESTS_AFTER):
        with pytest.raises(Unavailable):
            watched.fetch("")

    assert breaker.opened() == {}


class Away:
    """A store that cannot be reached."""

    def peek(self) -> Any:
        raise Unavailable("store")


class Remembering:
    """A source that looks into its memory first."""

    def __init__(self, memory: StoreMemory) -> None:
        self._memory = memory

    def fetch(self, _since: str) -> None:
        self._memory.get("gaps")
