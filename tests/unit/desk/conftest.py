"""A small network, and what a worker of it says at the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.model import Consent
from hub.desk.who import Who
from hub.exchange import handover, intake, relay, wake
from hub.exchange.withdraw import Receipt
from tests.network import Network, make, refer

HARBOUR, LAKESIDE, STEWARD = (Who(name, "tester") for name in ("harbour-worker", "lakeside-worker", "steward"))


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = make(tmp_path)
    yield made
    made.hub.close()


class Between:
    """The hub's store; before its first unit something else happens, as a process beside this one might do it."""

    def __init__(self, real: Any, happens: Callable[[], None]) -> None:
        self._real, self._happens = real, happens

    @contextmanager
    def unit(self, **locks: Any) -> Iterator[Any]:
        happens, self._happens = self._happens, lambda: None
        happens()
        with self._real.unit(**locks) as unit:
            yield unit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Gone(Exception):
    """The process that was sending is no more."""


class Vanishing:
    """A recipient's connection whose process dies in the middle of sending: nobody will ever acknowledge it."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def source(self, system: Any) -> Any:
        return self

    def reach(self) -> None:
        pass

    def send(self, parcels: Any, commit: Any) -> Any:
        raise Gone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def arrived(network: Network) -> None:
    """One referral of Harbour is on the bus and has arrived; nobody has handed it over."""
    refer(network)
    bring_in(network)


def bring_in(network: Network) -> None:
    """What Harbour has written is read, and what waited for it; as far as the bus."""
    house = network.hub.house
    with house.store.peek() as rows:
        directory = rows.directory.all()
    intake.step(house, directory.systems["harbour-cms"])
    wake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["lakeside"].topic)


def under_way(network: Network) -> str:
    """One hand-over to Lakeside is opened, its lease runs, and whoever had it is gone; its envelope id."""
    arrived(network)
    return opened(network)


def opened(network: Network, recipient: str = "lakeside-cms") -> str:
    """What has arrived is opened; see :func:`under_way`."""
    house = network.hub.house
    with house.store.peek() as rows:
        system = rows.directory.all().systems[recipient]
    with pytest.raises(Gone):
        handover.step(replace(house, connections=Vanishing(house.connections)), system)
    with house.store.peek() as rows:
        (row,) = rows.handovers.every(10, ended=False)
    assert row.state == "opened"
    return row.envelope_id


def only_consent(network: Network) -> Consent:
    """The one consent of Harbour's CMS."""
    with network.hub.store.peek() as rows:
        known = rows.consents.of_source("harbour-cms", "consent:1")
    assert known is not None
    return known[0]


def waits_a_lease(network: Network, drain: Any) -> Receipt:
    """A drain that is not done until the lease is over; its receipt."""
    assert drain.step() is None
    network.clock.advance(network.hub.house.limits.lease)
    assert drain.step() is None
    network.clock.advance(timedelta(seconds=network.hub.house.limits.lease_margin_s))
    receipt = drain.step()
    assert isinstance(receipt, Receipt)
    return receipt
