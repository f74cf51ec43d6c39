"""What a worker notes of a client of their agency: who may decide for them, that they cannot, and safety flags.

The agency has seen the evidence and keeps it (consent rules 1.2, settled S32). Each act owns the person, and whatever
is under way on their consents is decided again before it is handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeVar, cast, get_args, get_type_hints

from consent import people
from consent.cells import instant_or_day
from consent.model import Consent, Decider, SubjectFacts
from consent.model.words import GivenBy, SafetyFlag
from hub.desk.days import zone_of
from hub.desk.who import Act, Who, actor_of
from hub.directory.cells import seen
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Peek, Unit

Barred = Literal["", "COURT", "AGE", "ABUSER"]
BARRED = tuple(word for word in get_args(get_type_hints(Decider)["barred"]) if word)

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Note:
    """What may be said of a decider, as it was typed."""

    role: str
    evidence: str
    jointly: bool = False
    access_only: bool = False
    barred: str = ""
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of it.

    Args:
        number: the registry's number of a decider; "".
        active: the agency's numbers of consents that are no drafts any more.
    """

    drain: Drain
    number: str = ""
    active: tuple[str, ...] = ()


def add_decider(house: House, agency: str, alias: str, note: Note, who: Who) -> Noted:
    """Note who may decide for a client.

    Raises:
        Refused: no such client, role, evidence or day.
    """
    role = _word("--role", GivenBy, note.role)
    if role is GivenBy.SELF:
        raise Refused("--role", "SELF", "somebody else than the client", "clients decide for themselves, unless noted")
    if note.evidence not in people.EVIDENCE:
        raise Refused("--evidence", shape(note.evidence), _among(people.EVIDENCE), "say which paper you have seen")
    if note.barred and note.barred not in BARRED:
        raise Refused("--barred", shape(note.barred), _among(BARRED), "say why this one may not decide")
    number = house.ids.number()

    def act(unit: Unit, ref: str, actor: Actor) -> list[Consent]:
        decider = Decider(
            ref=number,
            role=role,
            jointly=note.jointly,
            access_only=note.access_only,
            barred=cast(Barred, note.barred),
            from_at=unit.now,
            ends_at=_until(house, unit, agency, note.until),
            evidence=note.evidence,
        )
        return people.add_decider(unit, ref, decider, actor)

    return _noted(house, agency, alias, who, act, number)


def end_decider(house: House, agency: str, alias: str, number: str, who: Who) -> Noted:
    """Somebody decides no more for a client."""
    return _noted(house, agency, alias, who, lambda unit, ref, actor: people.end_decider(unit, ref, number, actor))


def found_incapable(house: House, agency: str, alias: str, who: Who, *, on: str | None) -> Noted:
    """Note that a client was found not capable of such decisions.

    Args:
        on: when: a local day or time; None: now.
    """

    def act(unit: Unit, ref: str, actor: Actor) -> list[Consent]:
        at = _said(house, unit, agency, "--on", on) if on else unit.now
        if at > unit.now:
            raise Refused("--on", "a time to come", "when the finding was made", "YYYY-MM-DD")
        return people.find_incapable(unit, ref, at, actor)

    return _noted(house, agency, alias, who, act)


def lift_finding(house: House, agency: str, alias: str, who: Who) -> Noted:
    """The client decides again."""
    return _noted(house, agency, alias, who, people.lift_finding)


def add_flag(house: House, agency: str, alias: str, flag: str, who: Who, *, of: str | None) -> Noted:
    """Raise a safety flag.

    Args:
        of: of ALLEGED_ABUSER, whom: a decider's number or a worker's id.
    """
    word = _word("FLAG", SafetyFlag, flag)
    if (word is SafetyFlag.ALLEGED_ABUSER) != (of is not None):
        raise Refused("--of", "nothing" if of is None else "somebody", "whom, with ALLEGED_ABUSER alone", "see --help")

    def act(unit: Unit, ref: str, actor: Actor) -> None:
        known = unit.subjects.facts([ref])[ref].deciders
        if of is not None and of not in unit.directory.all().workers and of not in {each.ref for each in known}:
            expected = "a worker of the directory, or a decider of this client"
            raise Refused("--of", shape(of), expected, "`hub workers list`, `hub subjects show`")
        people.add_flag(unit, ref, word, actor, of=of)

    return _noted(house, agency, alias, who, act)


def end_flag(house: House, agency: str, alias: str, flag: str, who: Who) -> Noted:
    """Take a safety flag down."""
    word = _word("FLAG", SafetyFlag, flag)
    return _noted(house, agency, alias, who, lambda unit, ref, actor: people.end_flag(unit, ref, word, actor))


def look(house: House, agency: str, alias: str, who: Who) -> SubjectFacts:
    """What is noted of a client; the look is an entry."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        actor = actor_of(unit.directory.all(), unit.now, who, Act.NOTE, agency)
        ref = _client(unit, agency, alias)
        details = {"what": "noted", "agency": agency, "count": 1, "subject_ref": ref}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, actor, details))
    with house.store.peek() as rows:
        return rows.subjects.facts([ref])[ref]


def _noted(
    house: House,
    agency: str,
    alias: str,
    who: Who,
    act: Callable[[Unit, str, Actor], list[Consent] | None],
    number: str = "",
) -> Noted:
    with house.store.peek() as rows:
        actor = actor_of(rows.directory.all(), rows.now, who, Act.NOTE, agency)
        ref = _client(rows, agency, alias)
    with house.store.unit(share=[locks.CONFIG], own=[locks.subject(ref)]) as unit:
        opened = act(unit, ref, actor) or []
        own = {consent.consent_id for consent in unit.subjects.facts([ref])[ref].consents}
        active = tuple(unit.consents.number(consent.consent_id, agency) for consent in opened)
    return Noted(Drain(house, [f"consent:{consent_id}" for consent_id in sorted(own)]), number, active)


def _client(rows: Peek, agency: str, alias: str) -> str:
    ref = rows.subjects.by_alias(agency, alias)
    if ref is None:
        raise Refused("ALIAS", seen(alias), f"{seen(agency)}'s alias of one of its clients", "hub subjects find")
    return ref


def _until(house: House, unit: Unit, agency: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    at = _said(house, unit, agency, "--until", text)
    if at <= unit.now:
        raise Refused("--until", "a time that is over", "when the evidence ends", "YYYY-MM-DD")
    return at


def _said(house: House, unit: Unit, agency: str, where: str, text: str) -> datetime:
    try:
        at = instant_or_day(text, zone=zone_of(house, unit.directory.all(), agency))
    except ValueError:
        at = None
    if at is None:
        raise Refused(where, shape(text), "a local day or time", "YYYY-MM-DD")
    return at


def _word(where: str, words: type[_Word], text: str) -> _Word:
    if text not in words.__members__:
        raise Refused(where, shape(text), _among(words.__members__), "choose one of them")
    return words[text]


def _among(words: object) -> str:
    return f"one of {', '.join(sorted(cast(frozenset[str], words)))}"
