"""What the bus in the hub's own database needs to be tested, on whichever database that is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.bus.stored import StoredBus
from hub.store.sql import Database
from hub.store.tables import bus_record
from tests.contract.bus import TOPIC
from tests.fakes import StandingClock


class TickingClock(StandingClock):
    """No two records are of one instant."""

    def now(self) -> datetime:
        self.advance(timedelta(seconds=1))
        return super().now()


def expiring(database: Database, bus: StoredBus, clock: StandingClock) -> Callable[[int], None]:
    """Remove the first records of the topic, by their time."""

    def remove(count: int) -> None:
        first = select(bus_record.c.at).where(bus_record.c.topic == TOPIC).order_by(bus_record.c.offset)
        with database.reading() as connection:
            times = [datetime.fromisoformat(at) for (at,) in connection.execute(first)]
        assert bus.expire(times[count] if count < len(times) else clock.now()) == count

    return remove
