"""A small sample network on files, and one of its databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from hub.sample import database
from hub.sample.network import Network, make_network

TODAY = date(2026, 6, 1)
NOW = "2026-06-01 12:00:00"
CLIENTS, SEED = 90, 11  # there is somebody of each scenario


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return make_network(tmp_path / "systems", CLIENTS, SEED, TODAY)


@pytest.fixture
def lakeside(network: Network) -> Iterator[sqlite3.Connection]:
    """The database of the agency to which the told people are referred."""
    db = database.connect(network.database("lakeside"))
    yield db
    db.close()
