"""Records that name no recipient: they go to each agency that has a hub referral of their client (settled S3).

A plan, a note, a session: its system says whose it is, and the referrals say who works with that client. Such a record
is taken apart here; a part is a message to one agency, rides on that agency's referral and has a key of its own, so
that the gate decides for each, and each waits, is woken and is told by itself. Nobody to share with: no message.

What was done for a client goes to those who referred the client here, into this very system; a plan or note to whoever
is at the other end of a referral of its agency, also of one that stands in another system of the agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import One, PersonKeys
from hub.exchange.reading import Read, ReferralRecord, Unreadable
from hub.model.directory import System
from hub.model.record import PART
from hub.model.rows import ReferralRow
from hub.ports import Peek
from hub.referral import TERMINAL


def source_key(record_key: str) -> str:
    """The key that the source knows: of a part that of its record."""
    return record_key.partition(PART)[0]


def recipient_of(record_key: str) -> str:
    """The agency that a part is for; "" of a whole record."""
    return record_key.partition(PART)[2]


def take_apart(house: House, system: System, read: Sequence[Read]) -> list[Read]:
    """The same records, those that name no recipient as a part for each agency that they go to.

    Of one of these that cannot be read nobody is told where it would go to nobody.
    """
    whole = [record for record in read if isinstance(record, ReferralRecord) and record.shared]
    wrong = [record for record in read if isinstance(record, Unreadable) and record.about]
    if not whole and not wrong:
        return list(read)
    with house.store.peek() as rows:
        apart = {record.source.key: _parts(house, rows, system, record) for record in whole}
        apart |= {record.source.key: [] for record in wrong if not _referrals(rows, system, record.about, None)}
    taken: list[Read] = []
    for record in read:
        taken += apart.get(record.source.key, [record])
    return taken


def keys_of(house: House, system: System, keys: Sequence[str]) -> list[str]:
    """These keys with those of every part that a record under one of them may have made."""
    if not keys:
        return []
    with house.store.peek() as rows:
        partners = sorted(rows.referrals.partners(system.agency))
    return [*keys, *(_part_key(key, agency) for key in keys for agency in partners)]


def _parts(house: House, rows: Peek, system: System, record: ReferralRecord) -> list[Read]:
    referrals = _referrals(rows, system, record.person, record.alias)
    if record.kind == "referral-status":
        referrals = [row for row in referrals if row.recipient_system == system.id]
    return [
        replace(
            record,
            number=row.number,
            source=replace(record.source, key=_part_key(record.source.key, agency)),
        )
        for agency, row in _one_each(system, referrals)
        if _takes(house, rows, system, row, record)
    ]


def _referrals(rows: Peek, system: System, person: PersonKeys | None, alias: str | None) -> list[ReferralRow]:
    """The referrals of a person that a system's agency sent or received; none of somebody whom nobody knows."""
    who = identify_client(rows, person, alias, system.agency) if person else None
    return rows.referrals.of_subject(system.agency, who.subject_ref) if isinstance(who, One) else []


def _one_each(system: System, referrals: Iterable[ReferralRow]) -> list[tuple[str, ReferralRow]]:
    """Each agency at the other end of a referral, with one referral of it: an open one before one that is over."""
    found: dict[str, ReferralRow] = {}
    for row in sorted(referrals, key=lambda row: (row.state in TERMINAL, row.number)):
        found.setdefault(row.recipient if row.sender == system.agency else row.sender, row)
    return sorted(found.items())


def _takes(house: House, rows: Peek, system: System, row: ReferralRow, record: ReferralRecord) -> bool:
    """Whether the system at the other end has a place for such a record (``hub systems matrix`` says so)."""
    other = row.recipient_system if row.sender == system.agency else row.sender_system
    known = rows.directory.all().systems.get(other)
    if known is None or known.kind not in house.adapters:
        return False
    kinds = (kind for kind in house.adapters[known.kind].records if kind.parcel)
    return any((kind.event, kind.holds) == (record.event, record.holds) for kind in kinds)


def _part_key(key: str, agency: str) -> str:
    return f"{key}{PART}{agency}"
