"""Records that name no recipient: they go to each agency that has a hub referral of their client (settled S3).

A plan, a note, a service, an end, a follow-up: its system says whose it is, and the referrals say who works with that
client. Such a record is taken apart here; a part is a message to one agency, rides on that agency's referral and has a
key of its own, so that the gate decides for each, and each waits, is woken and is told by itself.

- A referral counts once its request has arrived: what rides on it would name a number that nobody knows.
- A plan, note or follow-up goes to whoever is at the other end of a referral of its agency, in whatever system that
  stands. Where there is nobody yet it is looked at again, if the client is known to the hub.
- What is about one case goes to those whose referrals are of that case.
- A service and the end of a case go to those whose referrals the case came of; they name them. Where its kind of record
  names none, to those whose referrals of the client its system received.
- Where a record names a place that it is for, nobody but that place's agency gets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import Nobody, One, PersonKeys
from hub.exchange.records import Read, ReferralRecord, Source, Unreadable, own_number
from hub.model.directory import System
from hub.model.record import PART
from hub.model.rows import ReferralRow, Waiting
from hub.ports import Peek
from hub.referral import TERMINAL


def source_key(record_key: str) -> str:
    """The key that the source knows: of a part that of its record."""
    return record_key.partition(PART)[0]


def recipient_of(record_key: str) -> str:
    """The agency that a part is for; "" of a whole record."""
    return record_key.partition(PART)[2]


@dataclass(frozen=True, slots=True)
class Apart:
    """What became of the records of a page.

    Args:
        read: the records, those that name no recipient as a part for each agency that they go to.
        over: what waited of whole records, and of parts of theirs that are none any more: nothing is left to wait for.
        lost: keys of these parts; what of them is under way is called back.
        early: of clients whom the hub knows, and with whom nobody works yet: they are looked at again.
    """

    read: list[Read]
    over: list[Waiting]
    lost: list[str]
    early: list[Source]


def take_apart(house: House, system: System, read: Sequence[Read]) -> Apart:
    """Take the records that name no recipient apart.

    Of one of these that cannot be read nobody is told where it would go to nobody.
    """
    found, over = Apart([], [], [], []), list[str]()
    if not any(_is_whole(record) for record in read):
        return replace(found, read=list(read))
    with house.store.peek() as rows:
        partners = sorted(rows.referrals.partners(system.agency))
        for record in read:
            if not _is_whole(record):
                found.read.append(record)
                continue
            whole = record.source.key
            parts = _parts(house, rows, system, record) if isinstance(record, ReferralRecord) else []
            if isinstance(record, Unreadable) and _referrals(rows, system, record.about, None):
                found.read.append(record)
                continue
            if isinstance(record, ReferralRecord) and not parts and _is_early(rows, system, record):
                found.early.append(record.source)
            else:
                over.append(whole)
            found.read.extend(parts)
            left = {_part_key(whole, agency) for agency in partners} - {part.source.key for part in parts}
            found.lost.extend(sorted(left))
        return replace(found, over=list(rows.waiting.of(system.id, [*over, *found.lost]).values()))


def keys_of(house: House, system: System, keys: Sequence[str]) -> list[str]:
    """These keys with those of every part that a record under one of them may have made."""
    if not keys:
        return []
    with house.store.peek() as rows:
        partners = sorted(rows.referrals.partners(system.agency))
    return [*keys, *(_part_key(key, agency) for key in keys for agency in partners)]


def _is_whole(record: Read) -> bool:
    """Whether a record names no recipient and has not been taken apart; one that cannot be read is whole too."""
    if isinstance(record, Unreadable):
        return record.about is not None
    return isinstance(record, ReferralRecord) and record.shared


def _parts(house: House, rows: Peek, system: System, record: ReferralRecord) -> list[ReferralRecord]:
    if record.kind == "referral-status":  # what came of a case goes to those whose referrals it came of
        named = _came_of(rows, system, record)
        referrals = [row for row in named if row.recipient_system == system.id]
    else:
        theirs = _referrals(rows, system, record.person, record.alias)
        referrals = [row for row in theirs if record.opened is None or _is_of_case(system, row, record)]
    arrived = rows.inbox.arrived([row.number for row in referrals])
    fit = [row for row in referrals if row.number in arrived and _takes(house, rows, system, row, record)]
    return [
        replace(
            record,
            number=row.number,
            source=replace(record.source, key=_part_key(record.source.key, agency)),
        )
        for agency, row in _one_each(system, fit)
        if _is_for(rows, system, record, agency)
    ]


def _came_of(rows: Peek, system: System, record: ReferralRecord) -> list[ReferralRow]:
    """The referrals that a record names; where its kind names none, those of its client."""
    if record.numbers is None:
        return _referrals(rows, system, record.person, record.alias)
    return list(rows.referrals.of_numbers(record.numbers).values())


def _is_for(rows: Peek, system: System, record: ReferralRecord, agency: str) -> bool:
    """Whether a record that names a place is for this agency; one that names none is for each."""
    if not record.place:
        return True
    sites = rows.directory.all().sites
    return any((site.kind, site.code, site.agency) == (system.kind, record.place, agency) for site in sites)


def _is_of_case(system: System, row: ReferralRow, record: ReferralRecord) -> bool:
    """Whether a referral was opened in the case that a record is about, or came into it."""
    ours = row.sender_system == system.id and own_number(row.sender_key) in (record.opened or ())
    return ours or (row.recipient_system == system.id and row.number in (record.numbers or ()))


def _is_early(rows: Peek, system: System, record: ReferralRecord) -> bool:
    """Whether a plan or note may yet go somewhere: its client is one whom the hub knows, or may be."""
    if record.kind != "shared" or record.person is None:
        return False
    return not isinstance(identify_client(rows, record.person, record.alias, system.agency), Nobody)


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
    card = house.adapters[known.kind]
    kinds = (kind for kind in card.records if kind.parcel)
    return card.remote or any((kind.event, kind.holds) == (record.event, record.holds) for kind in kinds)


def _part_key(key: str, agency: str) -> str:
    return f"{key}{PART}{agency}"
