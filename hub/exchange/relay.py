"""From the outbox to the bus, and from the bus to "arrived". Both repeat until it is known to have happened.

The relay publishes the lowest unconfirmed ones first, one relay at a time. The outcome of a publish may be unknown:
then all of them are published again, and a second copy changes nothing. A reader of the bus only marks arrived, by
envelope id and the SHA-256 of the sealed bytes; delivery is driven from the store, not from the bus.
"""

from __future__ import annotations

from contextlib import suppress

from hub.errors import Refused
from hub.exchange.entries import alarm
from hub.exchange.house import House
from hub.model import locks
from hub.model.canonical import sha256
from hub.model.envelope import ENDS, headers
from hub.model.rows import Outbound
from hub.ports import BusRecord, Outgoing, Unit

GROUP = "hub"  # the consumer group that marks arrivals
RELAY = "relay"  # the lease of the one relay
STUCK_MAX = 500  # [policy] messages that the bus does not take, before they keep others back


def publish(house: House) -> bool:
    """Publish one batch. True if there was anything to publish.

    Raises:
        BusUnavailable: nothing is lost; the same ones are published again.
        Refused: the bus does not take some of them; the others of the batch are published.
    """
    with house.store.peek() as rows:
        if not rows.outbox.unpublished(1):
            return _missing_again(house)
    with house.store.unit() as unit:
        if not unit.cursors.lease(RELAY, house.worker, unit.now + house.limits.relay_lease):
            return False
        batch = unit.outbox.unpublished(house.limits.batch)
    try:
        house.bus.publish([_outgoing(out) for out in batch])
    except Refused as refused:
        _publish_each(house, refused)
    else:
        _published(house, batch)
    return True


def _publish_each(house: House, refused: Refused) -> None:
    """One by one, so that what the bus does not take (of an agency without a topic) keeps nothing else back.

    Raises:
        Refused: in the end, for somebody to mend it.
    """
    with house.store.peek() as rows:
        waiting = rows.outbox.unpublished(STUCK_MAX)  # what is stuck stands at its beginning
    taken: list[Outbound] = []
    try:
        for out in waiting:
            with suppress(Refused):
                house.bus.publish([_outgoing(out)])
                taken.append(out)
            if len(taken) == house.limits.batch:
                break
    finally:
        _published(house, taken)
    raise refused


def _published(house: House, batch: list[Outbound]) -> None:
    if batch:
        with house.store.unit() as unit:
            unit.outbox.published([out.envelope_id for out in batch])


def _outgoing(out: Outbound) -> Outgoing:
    return Outgoing(out.topic, out.lane, headers(out.sealed, out.lane, out.created_at), out.sealed.body)


def _missing_again(house: House) -> bool:
    """Publish again what the bus took and nobody has seen arrive: a bus may lose what it has confirmed."""
    with house.store.peek() as rows:
        before = rows.now - house.limits.republish_after
        if not rows.outbox.missing(before):
            return False
    with house.store.unit() as unit:
        return unit.outbox.republish(before) > 0


def arrive(house: House, topic: str) -> bool:
    """Mark the next records of a topic as arrived. True if there were any."""
    records = house.bus.poll(topic, GROUP, house.limits.batch)
    if not records:
        return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        known = unit.handovers.get([record.headers.get("ce_id", "") for record in records])
        arrived = []
        for record in records:
            envelope_id = record.headers.get("ce_id", "")
            row = known.get(envelope_id)
            if row is None:
                _set_aside(unit, record, "FOREIGN", topic)
            elif row.sha256 != sha256(record.body):
                _set_aside(unit, record, "DIFFERS", topic)
            elif row.state not in ENDS:
                arrived.append(envelope_id)
        unit.handovers.arrived(arrived)
    house.bus.commit(topic, GROUP, records[-1].offset)
    return True


def _set_aside(unit: Unit, record: BusRecord, code: str, topic: str) -> None:
    """A record that the hub did not publish, or not so: kept apart by digest, with an alarm; the reader goes on."""
    digest = sha256(record.body)
    unit.handovers.set_aside(digest, f"BUS_{code}", f"{topic}@{record.offset}")
    unit.audit.append(alarm(f"BUS_{code}", unit.now, topic=topic, offset=record.offset, sha256=digest))
