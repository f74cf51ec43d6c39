"""Writing to ``hub_inbox``: many messages in one transaction, each idempotent by its envelope id.

Program systems 9.2, "Write" and "Concurrency". One transaction carries a whole batch, because its commit costs what a
thousand inserts cost; yet each message keeps what a transaction of its own would give it: a row that the database
refuses undoes itself alone, and a repeat is success. If the commit fails, none of them is there.

The client is looked up in the agency's own views, by identifiers, never by name; two candidates, or a birth date that
contradicts, leave it to the agency's worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from adapters.cms.record import IDENTIFIER_KINDS
from adapters.cms.sql import Database, unique
from adapters.cms.values import local_time
from adapters.contract import Commit, Parcel, Sent, SentState
from hub.errors import Unavailable
from hub.model.codes import ID
from hub.model.identifiers import normalise

_TYPE_OF = {f"{ID}/{kind}": type_ for type_, kind in IDENTIFIER_KINDS.items()}
_MERGES_MAX = 10  # a chain of merged clients longer than this is a mistake of the agency

Client = tuple[int, int] | tuple[None, None]  # id and row version


def deliver(database: Database, parcels: Sequence[Parcel], commit: Commit, now: datetime) -> list[Sent]:
    """Write parcels, one answer each, in their order.

    Args:
        commit: called once, immediately before the database's commit; not called where nothing is to be committed.
        now: aware; becomes ``received_at``.

    Raises:
        LeaseOver: from ``commit``; nothing was written.
        Unavailable: nothing was written.
    """
    database.begin()
    try:
        clients = _clients(database, parcels)
        sent = [_one(database, parcel, clients[parcel.envelope_id], now) for parcel in parcels]
        written = any(one.state is SentState.ACKNOWLEDGED for one in sent)
        if written:
            commit()
    except BaseException:
        database.rollback()
        raise
    if not written:
        database.rollback()
        return sent
    try:
        database.commit()
    except Unavailable as error:
        database.rollback()
        return _after_failed_commit(database, parcels, sent, error)
    return sent


def _one(database: Database, parcel: Parcel, client: Client, now: datetime) -> Sent:
    payload = parcel.body.decode()
    row = (
        parcel.envelope_id, parcel.kind, parcel.referral_no, *client, payload, int(parcel.incomplete), local_time(now),
    )  # fmt: skip
    match database.insert(row):
        case True:
            return Sent(parcel.envelope_id, SentState.ACKNOWLEDGED)
        case None:
            return Sent(parcel.envelope_id, SentState.FAILED, "CONSTRAINT")
        case False:
            return _repeat(database, parcel, payload)


def _repeat(database: Database, parcel: Parcel, payload: str) -> Sent:
    """The id is there already: the same message is success, another one under its id is not."""
    if database.payloads([parcel.envelope_id]).get(parcel.envelope_id) == (parcel.kind, payload):
        return Sent(parcel.envelope_id, SentState.ACKNOWLEDGED)
    return Sent(parcel.envelope_id, SentState.FAILED, "DUPLICATE")


def _after_failed_commit(
    database: Database, parcels: Sequence[Parcel], sent: Sequence[Sent], error: Unavailable
) -> list[Sent]:
    """Look what the failed commit left. Nothing there: raise the error. Cannot be seen, or may still come: unknown."""
    try:
        ended = database.ended()  # asked first: what is not there afterwards never comes
        there = database.payloads([parcel.envelope_id for parcel in parcels])
    except Unavailable:
        ended, there = False, {}
    if all(one.envelope_id in there for one in sent if one.state is SentState.ACKNOWLEDGED):
        return list(sent)
    if ended:
        raise error
    return [Sent(one.envelope_id, SentState.UNKNOWN) if one.state is SentState.ACKNOWLEDGED else one for one in sent]


def _clients(database: Database, parcels: Sequence[Parcel]) -> dict[str, Client]:
    """The agency's own client of each parcel, by envelope id."""
    candidates = _candidates(database, parcels)
    rows = _with_survivors(database, unique(number for numbers in candidates.values() for number in numbers))
    found: dict[str, Client] = {}
    for parcel in parcels:
        survivors = {_survivor(rows, number) for number in candidates[parcel.envelope_id]}
        only = survivors.pop() if len(survivors) == 1 else None
        known = rows.get(only) if only is not None else None
        agrees = only is not None and known is not None and not _contradicts(parcel.body, known[2])
        found[parcel.envelope_id] = (only, known[0]) if agrees and only is not None and known else (None, None)
    return found


def _candidates(database: Database, parcels: Sequence[Parcel]) -> dict[str, set[int]]:
    """Clients that have one of the parcel's identifiers, by envelope id."""
    wanted: dict[str, set[str]] = {}
    for parcel in parcels:
        for kind, value in _identifiers(parcel.lookup):
            wanted.setdefault(kind, set()).add(value)
    clients: dict[tuple[str, str], set[int]] = {}
    for kind, values in wanted.items():
        for value, client_id in database.clients_by_identifier(kind, sorted(values)):
            clients.setdefault((kind, value), set()).add(client_id)
    return {
        parcel.envelope_id: {number for one in _identifiers(parcel.lookup) for number in clients.get(one, ())}
        for parcel in parcels
    }


def _identifiers(lookup: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The identifiers that this system has a type for: type and normalised value."""
    return [(_TYPE_OF[system], normalise(value)) for system, value in lookup.items() if system in _TYPE_OF]


def _with_survivors(database: Database, numbers: Sequence[int]) -> dict[int, tuple[int, int | None, str | None]]:
    """Rows of these clients and of those they were merged into."""
    rows: dict[int, tuple[int, int | None, str | None]] = {}
    asked = list(numbers)
    for _ in range(_MERGES_MAX):
        if not asked:
            break
        found = database.clients(asked)
        rows.update(found)
        asked = unique(survivor for _, survivor, _ in found.values() if survivor is not None and survivor not in rows)
    return rows


def _survivor(rows: Mapping[int, tuple[int, int | None, str | None]], number: int) -> int | None:
    """The client that is left of a merge; None where the chain does not end in a row that we see."""
    for _ in range(_MERGES_MAX):
        if number not in rows:
            return None
        survivor = rows[number][1]
        if survivor is None:
            return number
        number = survivor
    return None


def _contradicts(body: bytes, birth_date: str | None) -> bool:
    """Whether the message itself names another birth date: an identifier proves nobody against it (§1)."""
    document: Any = orjson.loads(body)
    clients = document.get("client") if isinstance(document, dict) else None
    theirs = clients[0].get("birth_date") if clients else None
    return theirs is not None and birth_date is not None and theirs != birth_date
