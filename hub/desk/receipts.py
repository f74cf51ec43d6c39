"""Whose receipt it is: an agency at either end of a message may have one, with its own numbers in it; each look is
written down. What a receipt is, is :mod:`hub.audit.receipts`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from hub.desk.who import Act, Who, actor_of
from hub.directory import HUB, acting
from hub.directory.cells import seen
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Unit

_CONSENT = "consent:"


@dataclass(frozen=True, slots=True)
class Released:
    """How a message was released, for one of its agencies.

    Args:
        entry_id, body: the log's entry of it, as it was kept.
        numbers: consent id to the number by which this agency knows it.
    """

    entry_id: str
    body: bytes
    agency: str
    numbers: Mapping[str, str]


def released(house: House, envelope_id: str, who: Who, agency: str | None = None) -> Released:
    """How a message was last released, and an entry that somebody has looked.

    Args:
        agency: for which of the two it is; None: the worker's own.

    Raises:
        Refused: the worker may not have it, there is no such message of this agency, or it was never released.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        agency = agency or acting(who.worker, directory.workers, rows.now).agency
        if agency == HUB:
            raise Refused("--agency", "nothing", "the sender's id or the recipient's", "a receipt is for one of both")
        by = actor_of(directory, rows.now, who, Act.RECEIPT, agency)
    return released_to(house, envelope_id, agency, by)


def released_to(house: House, envelope_id: str, agency: str, by: Actor | None = None) -> Released:
    """The same for one of its agencies.

    Args:
        by: who looks at it, which is an entry; None: it is just being opened, which is one.

    Raises:
        Refused: there is no such message of this agency, or it was never released.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        entry_id, body = _entry(unit, envelope_id, agency)
        said = orjson.loads(body)
        ids = [name.removeprefix(_CONSENT).split("/")[0] for name in said["basis"] if name.startswith(_CONSENT)]
        details = {
            "what": "receipt",
            "agency": agency,
            "envelope_id": envelope_id,
            "subject_ref": said["subject_ref"],
            "entries": [entry_id],
        }
        if by is not None:
            unit.audit.append(Entry(AuditEvent.AUDIT_READ, unit.now, by, details))
        return Released(entry_id, body, agency, {each: unit.consents.number(each, agency) for each in ids})


def _entry(unit: Unit, envelope_id: str, agency: str) -> tuple[str, bytes]:
    """The entry of the last open. Whether a message of others exists is not told."""
    row = unit.handovers.get([envelope_id]).get(envelope_id)
    message = unit.inbox.get(row.message_id) if row else None
    if row is None or message is None or agency not in (message.agency, row.recipient):
        expected = f"a message that {seen(agency)} has sent or got"
        raise Refused("ENVELOPE", shape(envelope_id), expected, "`hub deliveries list --all`")
    found = unit.audit.opened(envelope_id, row.opened_at) if row.opened_at else None
    if found is None:
        step = "of a refusal the sender has the reason"
        raise Refused("ENVELOPE", f"a message in state {row.state}, never released", "one that was released", step)
    return found
