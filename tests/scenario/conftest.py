"""The networks on which most scenarios stand. A file whose network has more on it adds that to these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.model.directory import Service, System
from tests.fhir_clients import EVERY, Clients, agree
from tests.mixed import Both, make_both
from tests.network import NOON, Network, agreement, make
from tests.shapes import Shape


@pytest.fixture
def network(tmp_path: Path, shape: Shape) -> Iterator[Network]:
    """Harbour and Lakeside, on each store in turn."""
    made = make(tmp_path, shape=shape)
    yield made
    made.hub.close()


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Harbour and Lakeside, and Maple with HARTS."""
    made = make_both(tmp_path)
    yield made
    made.network.hub.close()


@pytest.fixture
def clients(network: Network) -> Clients:
    network.put(
        System("harbour-fhir", "harbour", "fhir"),
        System("lakeside-fhir", "lakeside", "fhir"),
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"),
        agreement(NOON, version=2, events=EVERY),
    )
    agree(network)
    return Clients(network)
