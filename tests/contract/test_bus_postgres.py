"""The bus in the hub's own database, where that is on PostgreSQL."""

from contextlib import closing

import pytest

from hub.bus.sqlite import SqliteBus
from hub.store.postgres import PostgresDatabase
from tests.contract.bus import BusContract
from tests.fakes import StandingClock


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def bus(hub_url, clock):
    with closing(PostgresDatabase(hub_url)) as database:
        yield SqliteBus(database, clock)


class TestBusOnPostgres(BusContract):
    """The same promises."""
