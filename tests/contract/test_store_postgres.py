"""The store on PostgreSQL: the same contract, and what is PostgreSQL's alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.store.postgres import PostgresDatabase
from hub.store.unit import SqlStore
from tests.contract.store import StoreContract
from tests.fakes import SeededIds, StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(hub_url: str, clock: StandingClock) -> Iterator[SqlStore]:
    made = SqlStore(PostgresDatabase(hub_url), clock, SeededIds())
    yield made
    made.close()


class TestPostgresStore(StoreContract):
    pass
