"""What would have been decided otherwise with one thing changed? Asked of what was decided, before anybody changes it.

Stored facts hold no values: codes, ids, versions and places of elements. So nothing of a client's own words is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consent.decide import decide
from consent.facts import read_decision, read_facts
from consent.model import Decision, Facts
from consent.simulate import Draft, flip, let_go, read_draft
from hub.desk.consents import client_of, consent_of
from hub.desk.who import Act, Who, actor_of, allowed
from hub.errors import MessageRejected, Refused, shape
from hub.exchange.batches import batches
from hub.exchange.house import House
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Peek

DAYS_MAX = 366  # [policy] a year
PAGE = 200  # decisions read at once
NAMED_AT_ONCE = 500  # people in one entry of the log


@dataclass(frozen=True, slots=True)
class Flipped:
    """A recorded decision that would come out otherwise.

    Args:
        alias: the sender's alias of the client; "": it has none.
    """

    decision_id: str
    at: datetime
    sender: str
    recipient: str
    event: str
    alias: str
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of it.

    Args:
        replayed: decisions that were made again.
        changed_since: those of them that the rules of today answer otherwise even without the draft.
        unreadable: those whose stored facts this version cannot read.
    """

    flips: tuple[Flipped, ...]
    replayed: int
    changed_since: int
    unreadable: int


def simulate(house: House, data: bytes, days: int, who: Who, *, agency: str | None = None) -> Simulation:
    """Make the decisions of some days again with a draft.

    Args:
        agency: whose sending it is about; None: everybody's.

    Raises:
        Refused: days out of reach, a name that nothing has, or the worker may not.
        MessageRejected: the file is no draft.
    """
    if not 1 <= days <= DAYS_MAX:
        raise Refused("--days", str(days), f"1 to {DAYS_MAX}", "--days 30")
    said = read_draft(data)
    with house.store.peek() as rows:
        directory = rows.directory.all()
        acting = (
            allowed(directory, rows.now, who, Act.SIMULATE)
            if agency is None
            else actor_of(directory, rows.now, who, Act.SIMULATE, agency)
        )
        draft = _resolved(house, rows, said, agency)
        since = rows.now - timedelta(days=days)
    replayed = changed_since = unreadable = 0
    flips: list[Flipped] = []
    for decision_id, facts_, decision_ in _stored(house, since):
        try:
            facts, decision = read_facts(facts_), read_decision(decision_)
        except MessageRejected:
            unreadable += 1
            continue
        if agency not in (None, facts.sender.agency):
            continue
        replayed += 1
        changed_since += let_go(facts, decide(facts)) != let_go(facts, decision)
        if (found := flip(facts, draft)) is not None:
            flips.append(_flipped(decision_id, facts, found.before, found.after))
    details = {
        "agency": agency or "",
        "draft": f"{draft.kind} {draft.named}".strip(),
        "days": days,
        "count": len(flips),
    }
    _noted(house, acting, details, sorted({each.alias for each in flips if each.alias}))
    with house.store.peek() as rows:
        named = [replace(each, alias=rows.subjects.aliases(each.alias).get(each.sender, "")) for each in flips]
    return Simulation(
        tuple(sorted(named, key=lambda each: (each.at, each.decision_id))), replayed, changed_since, unreadable
    )


def _noted(house: House, acting: Actor, details: Mapping[str, object], people: Sequence[str]) -> None:
    """The look, with the references of those whom it showed: as many entries as keep each one short."""
    with house.store.unit() as unit:
        for named in list(batches(people, NAMED_AT_ONCE)) or [[]]:
            said = {"what": "simulation", **details, "subjects": named}
            unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting, said))


def _stored(house: House, since: datetime) -> Iterator[tuple[str, bytes, bytes]]:
    after, more = "", True
    while more:
        with house.store.peek() as rows:
            page = rows.decisions.made_since(since, PAGE, after)
        yield from page
        after, more = page[-1][0] if page else after, len(page) == PAGE


def _flipped(decision_id: str, facts: Facts, before: Decision, after: Decision) -> Flipped:
    """With the registry's reference in the alias's place, until all are known."""
    message = facts.message
    return Flipped(
        decision_id,
        facts.at,
        facts.sender.agency,
        facts.recipient.agency,
        message.event,
        message.subject or "",
        before,
        after,
    )


def _resolved(house: House, rows: Peek, draft: Draft, agency: str | None) -> Draft:
    """A draft with the registry's own ids."""
    directory = rows.directory.all()
    if draft.new and draft.kind != "agreement":
        if agency is None:
            raise Refused("--agency", "none", "the agency whose alias the client has", "--agency harbour")
        client = client_of(rows, agency, draft.named, f"draft.{draft.kind}.client")
        pack = house.packs.facts(directory.agencies[agency].pack)
        own = {"discloser": agency, "pack": pack.pack, "pack_version": pack.version} if draft.kind == "consent" else {}
        also = rows.links.files([client])[client] if draft.kind == "directive" else ()
        return replace(draft, named=client, changes={**own, **draft.changes}, also=also)
    if draft.kind == "consent":
        return replace(draft, named=_consent(rows, draft.named, agency))
    there = {each.agreement_id for each in directory.agreements}
    if draft.kind == "agreement" and not draft.new and draft.named not in there:
        raise Refused("draft.agreement", shape(draft.named), "an agreement", "hub agreements list")
    if draft.kind == "pack" and not house.packs.facts(draft.named).known:
        raise Refused("draft.pack", shape(draft.named), "a pack that the hub has", "consent/packs/")
    return draft


def _consent(rows: Peek, name: str, agency: str | None) -> str:
    if agency is not None:
        return consent_of(rows, agency, name, "draft.consent").consent_id
    if rows.consents.get(name) is None:
        expected = "the registry's id of a consent, or its agency's number with --agency"
        raise Refused("draft.consent", shape(name), expected, "hub consent show")
    return name
