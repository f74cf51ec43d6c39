"""Whose record is it? What a human says about identities (design §4).

- *Resolve*: a record that stopped as DN_IDENTITY is one of the agency's own clients, or none of them. Its keyed digests
  are filed with that person; the unit owns the locks of the digests, so the record is woken by it.
- *Duplicates*: pairs of people of different agencies who look alike, and those of whom a system says that they are one,
  for the hub's steward alone. Each look is logged.

Merging two people is in ``merging.py``. A record that would still lead to two of them is refused, and it is said why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from hub.desk.who import Act, Who, actor_of, allowed
from hub.directory.cells import seen
from hub.errors import Refused
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Held, Likeness, One, PersonKeys, lookalike
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import System
from hub.model.rows import Waiting
from hub.ports import Peek, Unit


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which client a record is about from now on, by the agency's own alias."""

    agency: str
    alias: str
    system: str
    record_key: str
    minted: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who look alike, each as agency -> alias; ``said``: a system says that one has gone into the other."""

    likeness: Likeness | Literal["said"]
    one: Mapping[str, str]
    other: Mapping[str, str]


def resolve(house: House, waiting_id: str, who: Who, *, same_as: str | None) -> Resolved:
    """Say whose record a waiting one is.

    Args:
        same_as: the agency's alias of its own client; None: the record is about somebody new.

    Raises:
        Refused: nothing waits for this, the alias is nobody's, the worker is of another agency, or the record would
            still lead to two people.
    """
    with house.store.peek() as rows:
        row, system, kinds = _asked(rows, waiting_id)
        actor = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_YES, system.agency)
        ref = _client(rows, system.agency, same_as) if same_as is not None else None
    own = [locks.digest(digest) for digest in kinds] + ([locks.subject(ref)] if ref else [])
    with house.store.unit(share=[locks.CONFIG], own=own) as unit:
        _asked(unit, waiting_id)  # still the same question
        return _link(unit, row, system, kinds, ref or unit.subjects.mint(), actor, minted=ref is None)


def duplicates(house: House, who: Who, *, limit: int) -> list[Pair]:
    """Pairs of whom a system says that they are one person, and pairs who look alike and are not clients of one agency.

    A pair that somebody has merged or parted is not listed again.

    Raises:
        Refused: the worker is not the hub's steward or administrator.
    """
    with house.store.peek() as rows:
        actor = allowed(rows.directory.all(), rows.now, who, Act.DUPLICATES)
        aliases = rows.subjects.aliases
        pairs = [Pair("said", aliases(link.gone), aliases(link.kept)) for link in rows.links.unconfirmed(limit)]
        alike = [refs for refs in rows.subjects.sharing(limit) if not rows.links.was(*refs)]
        pairs += [pair for refs in alike if (pair := _pair(rows, *refs)) is not None]
    with house.store.unit() as unit:
        details = {"what": "duplicates", "count": len(pairs)}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, actor, details))
    return pairs


def _asked(rows: Peek, waiting_id: str) -> tuple[Waiting, System, dict[str, str]]:
    row = rows.waiting.get(waiting_id)
    if row is None or row.keys is None:
        got = "a number that nothing waits under" if row is None else f"a record that waits as {row.code}"
        raise Refused("WAITING", got, "one that waits as DN_IDENTITY", "`hub deliveries waiting` lists them")
    return row, rows.directory.all().systems[row.system], orjson.loads(row.keys)


def _client(rows: Peek, agency: str, alias: str) -> str:
    ref = rows.subjects.by_alias(agency, alias)
    if ref is None:
        raise Refused("--same-as", seen(alias), f"{seen(agency)}'s alias of one of its clients", "look it up there")
    return ref


def _link(
    unit: Unit, row: Waiting, system: System, kinds: dict[str, str], ref: str, actor: Actor, *, minted: bool
) -> Resolved:
    if isinstance(identify(unit, PersonKeys.of(kinds), system.agency), One):
        raise Refused("WAITING", "a record whose person is known by now", "a question", "it is read again by itself")
    alias = unit.subjects.alias(system.agency, ref)
    unit.subjects.add_digests(ref, kinds)
    if identify(unit, PersonKeys.of(kinds), system.agency) != One(ref):
        raise Refused(
            f"record {row.system}/{row.record_key}",
            "what identifies another client of this agency as well",
            "a record that identifies one person",
            "correct its identifiers in its own system; it is read again then",
        )
    details = {
        "subject_ref": ref,
        "reason_code": "NEW" if minted else "SAME_AS",
        "source": f"{row.system}/{row.record_key}",
    }
    unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, actor, details))
    unit.waiting.snooze(row.waiting_id, unit.now)  # a record without anything that identifies waits on no digest
    return Resolved(system.agency, alias, row.system, row.record_key, minted)


def _pair(rows: Peek, one: str, other: str) -> Pair | None:
    if _own_client_of(rows, one) & _own_client_of(rows, other):
        return None  # an agency that has both among its own clients has been asked
    aliases, others = rows.subjects.aliases(one), rows.subjects.aliases(other)
    held, held_other = (Held.of(ref, rows.subjects.digests_of(ref), own=False) for ref in (one, other))
    likeness = lookalike(held, held_other)
    return Pair(likeness, aliases, others) if likeness else None


def _own_client_of(rows: Peek, ref: str) -> set[str]:
    """The agencies from whose own records a person is known; an alias that came with a referral makes nobody theirs."""
    consents = rows.subjects.facts([ref])[ref].consents
    return {consent.discloser for consent in consents} or set(rows.subjects.aliases(ref))
