"""What a worker notes of a client of their agency: who may decide for them, that they cannot, and safety flags.

The agency has seen the evidence and keeps it (consent rules 1.2, settled S32). Each act owns the person, and whatever
is under way on their consents is decided again before it is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

from consent import people
from consent.cells import day_end, instant_or_day
from consent.model import Barred, Consent, Decider, Finding, Raised
from consent.model.words import GivenBy, SafetyFlag
from hub.desk.consents import client_of, consents_of, drain_of, words_of
from hub.desk.days import zone_of
from hub.desk.who import Act, Who, actor_of
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Unit

BARRED = tuple(word for word in get_args(Barred) if word)


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
    role = words_of("--role", GivenBy, [note.role])[0]
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
            taken_by=agency,
        )
        return people.add_decider(unit, ref, decider, actor)

    return _noted(house, agency, alias, who, act, number)


def end_decider(house: House, agency: str, alias: str, number: str, who: Who) -> Noted:
    """Somebody decides no more for a client."""

    def act(unit: Unit, ref: str, actor: Actor) -> None:
        people.end_decider(unit, ref, number, actor, agency=agency)

    return _noted(house, agency, alias, who, act)


def found_incapable(house: House, agency: str, alias: str, who: Who, *, on: str | None) -> Noted:
    """Note that a client was found not capable of such decisions.

    Args:
        on: when: a local day or time; None: now.
    """

    def act(unit: Unit, ref: str, actor: Actor) -> list[Consent]:
        at = unit.now if on is None else _said(house, unit, agency, "--on", on)
        if at > unit.now:
            raise Refused("--on", "a time to come", "when the finding was made", "YYYY-MM-DD")
        return people.find_incapable(unit, ref, at, actor, agency=agency)

    return _noted(house, agency, alias, who, act)


def lift_finding(house: House, agency: str, alias: str, who: Who) -> Noted:
    """The client decides again."""

    def act(unit: Unit, ref: str, actor: Actor) -> None:
        people.lift_finding(unit, ref, actor, agency=agency)

    return _noted(house, agency, alias, who, act)


def add_flag(house: House, agency: str, alias: str, flag: str, who: Who, *, of: str | None) -> Noted:
    """Raise a safety flag.

    Args:
        of: of ALLEGED_ABUSER, whom: a decider's number or a worker's id.
    """
    word = _flag(flag, of)

    def act(unit: Unit, ref: str, actor: Actor) -> None:
        known = {each.ref for each in unit.subjects.facts([ref])[ref].deciders if each.taken_by == agency}
        if of is not None and of not in unit.directory.all().workers and of not in known:
            expected = "a worker of the directory, or a decider of this client"
            raise Refused("--of", shape(of), expected, "`hub workers list`, `hub subjects show`")
        people.add_flag(unit, ref, Raised(word, agency, of or ""), actor)

    return _noted(house, agency, alias, who, act)


def end_flag(house: House, agency: str, alias: str, flag: str, who: Who, *, of: str | None) -> Noted:
    """Take a safety flag down that the agency raised; not the one that is about the worker who asks."""
    word = _flag(flag, of)

    def act(unit: Unit, ref: str, actor: Actor) -> None:
        # whom it is about gets the answer of one that is not up
        people.end_flag(unit, ref, Raised(word, agency, "" if of == who.worker else of or ""), actor)

    return _noted(house, agency, alias, who, act)


def _flag(flag: str, of: str | None) -> SafetyFlag:
    word = words_of("FLAG", SafetyFlag, [flag])[0]
    if (word is SafetyFlag.ALLEGED_ABUSER) != (of is not None):
        raise Refused("--of", "nothing" if of is None else "somebody", "whom, with ALLEGED_ABUSER alone", "see --help")
    return word


@dataclass(frozen=True, slots=True)
class Seen:
    """What an agency has noted of its client, and nothing of what others have."""

    deciders: tuple[Decider, ...]
    findings: tuple[Finding, ...]
    raised: tuple[Raised, ...]


def look(house: House, agency: str, alias: str, who: Who) -> Seen:
    """What the agency has noted of a client; the look is an entry. A flag about the worker who asks is not shown."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        actor = actor_of(unit.directory.all(), unit.now, who, Act.NOTE, agency)
        ref = client_of(unit, agency, alias, "ALIAS")
        details = {"what": "noted", "agency": agency, "count": 1, "subject_ref": ref}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, actor, details))
    with house.store.peek() as rows:
        known, raised = rows.subjects.facts([ref])[ref], rows.subjects.raised(ref)
    return Seen(
        deciders=tuple(each for each in known.deciders if each.taken_by == agency),
        findings=tuple(each for each in known.findings if each.taken_by == agency),
        raised=tuple(each for each in raised if each.taken_by == agency and each.of != who.worker),
    )


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
        ref = client_of(rows, agency, alias, "ALIAS")
    with house.store.unit(share=[locks.CONFIG], own=[locks.subject(ref)]) as unit:
        opened = act(unit, ref, actor) or []
        consents = consents_of(unit, ref)
        mine = [consent for consent in opened if consent.discloser == agency]
        active = tuple(unit.consents.number(consent.consent_id, agency) for consent in mine)
    return Noted(drain_of(house, agency, consents), number, active)


def _until(house: House, unit: Unit, agency: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    at = day_end(text, zone_of(house, unit.directory.all(), agency))  # the whole of that day (I-05)
    at = at or _said(house, unit, agency, "--until", text)
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


def _among(words: Iterable[str]) -> str:
    return f"one of {', '.join(sorted(words))}"
