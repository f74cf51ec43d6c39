"""Content-free words to senders: written into their own system, audited, repeated until they are there.

They do not travel on the bus: nobody but the sender's own system sees them, and they say a record number and a code.
A recall goes the same way to a recipient, and says which message is to be laid aside; so does the word that a consent
has changed on which it holds data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from adapters.contract import Parcel, SentState
from hub.errors import MappingGap, RecordUnreadable, Unavailable
from hub.exchange.entries import alarm, changed, recalled, told
from hub.exchange.house import House
from hub.exchange.retry import RetryAt, after_failure
from hub.exchange.writing import CONSENT_CHANGED, RECALL, write_notice
from hub.model import locks
from hub.model.directory import System
from hub.model.rows import Notice
from hub.ports import Unit


def step(house: House, system: System) -> bool:
    """Write the notices that are due in one system. True if there were any."""
    with house.store.peek() as rows:
        due = rows.notices.due(system.id, rows.now, house.limits.batch)
    if not due:
        return False
    if house.adapters[system.kind].notice is None:
        return _said_otherwise(house, due)
    try:
        sent = house.connections.source(system).send(list(_written(house, system, due)), _at_once)
    except Unavailable:
        sent = []
    written = {each.envelope_id for each in sent if each.state is SentState.ACKNOWLEDGED}
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in due:
            if row.notice_id in written:
                if unit.notices.sent(row.notice_id):  # else another worker has written it too, and said so
                    note(unit, row)
            else:
                end = row.created_at + house.limits.return_after
                again = after_failure(row.attempts + 1, unit.now, end, random=house.ids.fraction())
                unit.notices.postpone(
                    row.notice_id, again.at if isinstance(again, RetryAt) else unit.now + house.limits.return_after
                )
    return True


def _written(house: House, system: System, due: Sequence[Notice]) -> Iterator[Parcel]:
    """As parcels; one that cannot be written stops no other, and is tried again like one that did not arrive."""
    for row in due:
        with suppress(RecordUnreadable, MappingGap, AssertionError):
            yield write_notice(house, system, row)


def note(unit: Unit, row: Notice) -> None:
    """A word is where it was to go: the log hears of it."""
    if row.kind == RECALL:
        unit.incidents.reached(row.notice_id)
        unit.audit.append(recalled(row, unit.now))
    elif row.kind == CONSENT_CHANGED:
        unit.audit.append(changed(row, unit.now))
    else:
        unit.audit.append(told(row.kind, row.code, row.system, row.record_key, row.notice_id, unit.now))


def _said_otherwise(house: House, due: Sequence[Notice]) -> bool:
    """To a system that is answered record by record: its answer says it, save what comes after the last word of it."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in due:
            if unit.notices.sent(row.notice_id) and row.kind == "rejected":
                source = f"{row.system}/{row.record_key}"
                unit.audit.append(alarm("NOT_TOLD", unit.now, system=row.system, source=source, rejection=row.code))
    return True


def _at_once() -> None:
    """A notice tells its own sender a code about its own record: there is no lease to be inside of."""
