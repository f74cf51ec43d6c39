import pytest

from hub.bus.stored import StoredBus
from hub.errors import BusUnavailable
from hub.store.sqlite import SqliteDatabase
from hub.store.tables import bus_group, bus_record, bus_topic, metadata
from tests.contract.bus import TOPIC, BusContract, bodies, outgoing
from tests.contract.bus_in_store import TickingClock, expiring


@pytest.fixture
def clock():
    return TickingClock()


@pytest.fixture
def database(tmp_path):
    database = SqliteDatabase(tmp_path / "hub.sqlite")
    with database.writing() as connection:
        metadata.create_all(connection, tables=[bus_record, bus_group, bus_topic])
    yield database
    database.close()


@pytest.fixture
def bus(database, clock):
    return StoredBus(database, clock)


@pytest.fixture
def expire(database, bus, clock):
    return expiring(database, bus, clock)


class TestStoredBus(BusContract):
    """The bus in the hub's own database."""


def test_a_publish_that_fails_is_of_unknown_outcome_and_leaves_nothing_half_written(database, bus):
    with database.writing() as connection:
        metadata.drop_all(connection, tables=[bus_record])

    with pytest.raises(BusUnavailable, match="publish the same records again"):
        bus.publish([outgoing(b"1")])

    with database.writing() as connection:
        metadata.create_all(connection, tables=[bus_record])
    bus.publish([outgoing(b"2")])
    assert bodies(bus, TOPIC) == [b"2"]
    assert bus.poll(TOPIC, "a7", 1)[0].offset == 0  # the offset of the failed publish was rolled back with it
