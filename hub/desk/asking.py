"""What would become of a referral? The answer of the rules as things stand, or as they stood, before anybody sends one.

It is no decision: nothing is handed over on it, and the gate asks again when the referral comes (INV-2). Asking is a
look at what a client has said, and an entry of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.decide import decide
from consent.explain import Words, explain
from consent.facts import policy_digest
from consent.gather import Question, gather_provisional
from consent.model import Decision, Facts, Item, Message, Profile
from consent.model.words import Category
from consent.records import reference
from hub.desk.consents import client_of, words_of
from hub.desk.days import as_of, zone_of
from hub.desk.who import Act, Who, actor_of
from hub.errors import Refused, shape
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.message import ADD
from hub.exchange.question import required_of
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import Service, System
from hub.ports import Peek


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules say now.

    Args:
        relied: the agency's own numbers of the consents that it rests on.
    """

    facts: Facts
    decision: Decision
    relied: tuple[str, ...]

    @property
    def explained(self) -> Words:
        """What the answer means, in both languages."""
        return explain(self.decision)

    @property
    def policy(self) -> str:
        """The digest of the rules that it was made by."""
        return policy_digest(self.facts)

    @property
    def goes(self) -> tuple[Category, ...]:
        """Categories of which something would go, in the order of the profile."""
        kept_back = {each.path for each in self.decision.withheld}
        items = self.facts.message.items if self.decision.permits else ()
        return tuple(item.category for item in items if item.path not in kept_back)


def would_go(
    house: House,
    agency: str,
    alias: str,
    service: str,
    categories: Sequence[str],
    who: Who,
    *,
    on: str | None = None,
) -> Answer:
    """Ask of one client and one service of the directory.

    Its own systems are taken to be open: through which of them it would go, nobody has said yet.

    Args:
        service: id of a service that takes referrals.
        categories: words of what it would hold; empty: all that such a referral may hold.
        on: a local day that is over: as the registry and the directory stood at its end, by the packs of today; None:
            now.

    Raises:
        Refused: there is, or was then, no such client or service; no such category or day; or the worker may not look.
    """
    asked = words_of("--category", Category, categories)
    with house.store.peek() as rows:
        directory = rows.directory.all()
        actor = actor_of(directory, rows.now, who, Act.LOOK, agency)
        ref = client_of(rows, agency, alias)
        at = as_of(on, zone_of(house, directory, agency), rows.now) if on is not None else None
    return answer(house, ref, Asked(agency, service, asked, at), actor)


def would_go_from(house: House, system: System, alias: str, service: str, asked: Sequence[Category]) -> Answer | None:
    """The same for a system of the agency, which would send it; None: the agency has no client of that alias.

    Raises:
        Refused: there is no such service.
    """
    with house.store.peek() as rows:
        ref = rows.subjects.by_alias(system.agency, alias)
    if ref is not None:
        wanted = Asked(system.agency, service, asked, out_of=system.id)
        return answer(house, ref, wanted, acting(system))
    with house.store.unit() as unit:
        details = {"what": "question", "agency": system.agency, "consents": [], "count": 0}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(system), details))
    return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What would go from an agency's client.

    Args:
        service: id of the service addressed.
        categories: what it would hold; none: all that such a referral may hold.
        at: an instant that is over; None: now.
        out_of: the system that it would come from; "": any that runs.
    """

    agency: str
    service: str
    categories: Sequence[Category] = ()
    at: datetime | None = None
    out_of: str = ""


def answer(house: House, ref: str, asked: Asked, actor: Actor) -> Answer:
    """The same for whoever may ask: a worker, or a system of the agency.

    Args:
        ref: the registry's reference of a client of the agency.

    Raises:
        Refused: there is, or was then, no such client or service.
    """
    agency, at = asked.agency, asked.at
    with house.store.peek(as_of=at) as rows:
        if ref not in rows.subjects.facts([ref]):
            raise Refused("--as-of", "a day before the registry knew this client", "a later day", "leave it out")
        to = _service(rows, asked.service)
        message = referral_of(house, ref, to, asked.categories)
        question = Question(sender=agency, recipient=to.agency, message=message, systems=(asked.out_of, to.system))
        facts = gather_provisional(rows, question, house.packs).facts
    decision = decide(facts)
    with house.store.unit() as unit:
        named = {*decision.basis}
        relied = sorted(each.consent_id for each in facts.subjects[ref].consents if reference(each) in named)
        details: dict[str, object] = {"what": "question", "agency": agency, "subject_ref": ref}
        details |= {"consents": relied, "count": len(relied)}
        details |= {"as_of": at.isoformat()} if at else {}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, actor, details))
        return Answer(facts, decision, tuple([unit.consents.number(each, agency) for each in relied]))


def _service(rows: Peek, name: str) -> Service:
    found = next((each for each in rows.directory.all().services if each.id == name), None)
    if found is None or found.status != "active":
        raise Refused("--to", shape(name), "an active service of the directory", "hub services list")
    return found


def referral_of(house: House, ref: str, to: Service | None, asked: Sequence[Category] = ()) -> Message:
    """A referral with one part of each category, named by it; what it cannot go without is always there.

    Args:
        ref: the registry's reference of the client.
        to: the service addressed; None: the directory has it no more.
        asked: what it would hold; empty: all that such a referral may hold.
    """
    kind = house.packs.type_of(ADD, to.wanted if to else None) or ""
    profile = house.packs.profile(kind)
    assert profile is not None, "each type of an event has its profile (packs)"
    needed = required_of(to) or profile.required
    held = tuple(dict.fromkeys((*needed, *(asked or _all_of(profile)))))
    return Message(
        type=kind,
        event=ADD,
        purpose=profile.purpose,
        items=tuple([Item(each.value, each, ref, essential=each in needed) for each in held]),
        subject=ref,
        required=required_of(to),
        service=to.id if to else None,
    )


def _all_of(profile: Profile) -> tuple[Category, ...]:
    return profile.required + profile.optional + profile.coarse
