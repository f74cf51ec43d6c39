"""The bus in the hub's own database: three tables, for a hub without Kafka and as the twin that tests use.

It sees sealed bytes, lanes and constant headers; it opens nothing and decides nothing. Offsets come from ``bus_topic``,
which survives every deletion, so that none is used twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, insert, select, update

from hub.errors import BusUnavailable, Unavailable
from hub.ports import BusRecord, Clock, Outgoing
from hub.store.scope import text
from hub.store.sql import Database, upsert
from hub.store.tables import bus_group, bus_record, bus_topic


class StoredBus:
    """See :class:`hub.ports.Bus`.

    Args:
        clock: says when a record was published, for :meth:`expire`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def publish(self, records: Sequence[Outgoing]) -> None:
        """Append records in their order, all or none.

        Raises:
            BusUnavailable: the store did not say whether they were written.
        """
        if not records:
            return
        try:
            with self._database.writing() as connection:
                _append(connection, records, at=text(self._clock.now()))
        except Unavailable as error:
            raise BusUnavailable("bus", got=error.got, next_step="publish the same records again") from None

    def poll(self, topic: str, group: str, limit: int) -> list[BusRecord]:
        """The next records that the group has not committed, at most ``limit``."""
        begin = (
            select(bus_group.c.next_offset)
            .where(bus_group.c.topic == topic, bus_group.c.group == group)
            .scalar_subquery()
        )
        query = (
            select(bus_record)
            .where(bus_record.c.topic == topic, bus_record.c.offset >= func.coalesce(begin, 0))
            .order_by(bus_record.c.offset)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [BusRecord(row.offset, str(row.key), _headers(row.headers), _octets(row.body)) for row in rows]

    def commit(self, topic: str, group: str, offset: int) -> None:
        """Mark everything up to and with ``offset`` as read; never back, never past what was published."""
        with self._database.writing() as connection:
            end = connection.execute(select(bus_topic.c.next_offset).where(bus_topic.c.topic == topic)).scalar()
            asked = upsert(bus_group).values(topic=topic, group=group, next_offset=min(offset + 1, end or 0))
            stands, new = bus_group.c.next_offset, asked.excluded.next_offset
            further = case((stands > new, stands), else_=new)
            connection.execute(
                asked.on_conflict_do_update(
                    index_elements=[bus_group.c.topic, bus_group.c.group], set_={"next_offset": further}
                )
            )

    def expire(self, before: datetime) -> int:
        """Remove records published before an instant; SQLite overwrites their bytes (``secure_delete``)."""
        old = bus_record.c.at < text(before)
        with self._database.reading() as connection:  # asked every second: an idle hub writes nothing
            if connection.execute(select(bus_record.c.topic).where(old).limit(1)).first() is None:
                return 0
        with self._database.writing() as connection:
            return connection.execute(delete(bus_record).where(old)).rowcount


def _headers(stored: object) -> dict[str, str]:
    """Headers as the hub writes them. Of a row that somebody else put there: none, so that it is set aside."""
    try:
        found = json.loads(stored) if isinstance(stored, str | bytes) else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        return {}
    return found


def _octets(stored: object) -> bytes:
    return stored if isinstance(stored, bytes) else str(stored).encode("utf-8", "replace")


def _append(connection: Connection, records: Sequence[Outgoing], *, at: str) -> None:
    counts = Counter(record.topic for record in records)
    free = {topic: _reserve(connection, topic, counts[topic]) for topic in sorted(counts)}  # all in one order
    rows = []
    for record in records:
        offset = free[record.topic]
        free[record.topic] += 1
        headers = json.dumps(dict(record.headers))
        rows.append(
            {
                "topic": record.topic,
                "offset": offset,
                "key": record.key,
                "headers": headers,
                "body": record.body,
                "at": at,
            }
        )
    connection.execute(insert(bus_record), rows)


def _reserve(connection: Connection, topic: str, count: int) -> int:
    """The first of ``count`` offsets of a topic that nobody else gets, behind whatever stands there already."""
    last = connection.execute(select(func.max(bus_record.c.offset)).where(bus_record.c.topic == topic)).scalar()
    free = 0 if last is None else last + 1
    behind = update(bus_topic).where(bus_topic.c.topic == topic, bus_topic.c.next_offset < free)
    connection.execute(behind.values(next_offset=free))
    asked = upsert(bus_topic).values(topic=topic, next_offset=free + count)
    counted = asked.on_conflict_do_update(
        index_elements=[bus_topic.c.topic], set_={"next_offset": bus_topic.c.next_offset + count}
    ).returning(bus_topic.c.next_offset)
    return int(connection.execute(counted).scalar_one()) - count
