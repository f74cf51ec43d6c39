"""The bus in the hub's own database, where that is on PostgreSQL."""

from contextlib import closing

import pytest

from hub.bus.stored import StoredBus
from hub.store.postgres import PostgresDatabase
from tests.contract.bus import BusContract
from tests.contract.bus_in_store import TickingClock, expiring


@pytest.fixture
def clock():
    return TickingClock()


@pytest.fixture
def database(hub_url):
    with closing(PostgresDatabase(hub_url)) as database:
        yield database


@pytest.fixture
def bus(database, clock):
    return StoredBus(database, clock)


@pytest.fixture
def expire(database, bus, clock):
    return expiring(database, bus, clock)


class TestBusOnPostgres(BusContract):
    """The same promises."""
