"""How often: buckets that refill, and counts that all processes share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.access.rates import NAMES_MAX, Bucket, spend, spend_alone
from tests.fakes import StandingClock
from tests.network import Network, make


def test_a_bucket_refills_and_says_when() -> None:
    clock = StandingClock()
    bucket = Bucket(clock, per_s=0.5, burst=2)

    assert [bucket.take("a") for _ in range(3)] == [None, None, 2]
    assert bucket.take("b") is None, "each name has its own"
    clock.advance(timedelta(seconds=1))
    assert bucket.take("a") == 1
    clock.advance(timedelta(seconds=1))
    assert bucket.take("a") is None
    clock.advance(timedelta(days=1))
    assert [bucket.take("a") for _ in range(3)] == [None, None, 2], "it holds no more than it holds"


def test_a_bucket_keeps_so_many_names() -> None:
    bucket = Bucket(StandingClock(), per_s=1, burst=1)

    for number in range(3 * NAMES_MAX):
        bucket.take(f"{number}")

    assert len(bucket._left) <= NAMES_MAX


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = make(tmp_path)
    yield made
    made.hub.close()


def test_an_agency_asks_so_often_a_minute_whatever_process_counts(network: Network) -> None:
    store = network.hub.store
    network.clock.advance(timedelta(seconds=45))

    assert [spend_alone(store, "harbour", "match", 2) for _ in range(3)] == [None, None, 15]
    assert spend_alone(store, "lakeside", "match", 2) is None
    assert spend_alone(store, "harbour", "pix", 2) is None
    network.clock.advance(timedelta(seconds=15))
    assert spend_alone(store, "harbour", "match", 2) is None


def test_what_is_rolled_back_was_not_asked(network: Network) -> None:
    with pytest.raises(ValueError), network.hub.store.unit() as unit:
        spend(unit, "harbour", "match", 1)
        raise ValueError

    assert spend_alone(network.hub.store, "harbour", "match", 1) is None
