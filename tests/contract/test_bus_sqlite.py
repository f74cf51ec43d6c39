from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from hub.bus.sqlite import SqliteBus
from hub.errors import BusUnavailable
from hub.store.sqlite import SqliteDatabase
from hub.store.tables import bus_group, bus_record, bus_topic, metadata
from tests.contract.bus import TOPIC, BusContract, bodies, outgoing
from tests.fakes import StandingClock


class TickingClock(StandingClock):
    """No two records are of one instant."""

    def now(self) -> datetime:
        self.advance(timedelta(seconds=1))
        return super().now()


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
    return SqliteBus(database, clock)


@pytest.fixture
def expire(database, bus, clock):
    def remove(count: int) -> None:
        first = select(bus_record.c.at).where(bus_record.c.topic == TOPIC).order_by(bus_record.c.offset)
        with database.reading() as connection:
            times = [datetime.fromisoformat(at) for (at,) in connection.execute(first)]
        assert bus.expire(times[count] if count < len(times) else clock.now()) == count

    return remove


class TestSqliteBus(BusContract):
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
