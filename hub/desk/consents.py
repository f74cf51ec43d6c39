"""What a worker says or asks at the desk, by an agency's own numbers: withdraw, forbid, lift, look, try again.

A worker speaks for one agency. A consent is named by that agency's number of it, the registry's id or the record that
it was filed from, a client by that agency's alias; nothing here takes a name or a birth date. A client says "no" to
anybody (consent rules 1.4): either party of a consent takes a withdrawal, any agency a directive of its client, and the
hub's workers both. Looking goes no further than the agency's own consents, and each look is an entry of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from consent import directives
from consent.cells import instant_or_day
from consent.model import Consent, Directive
from consent.model.words import OPENING, Category, ConsentState, GivenBy, Purpose
from consent.rows import HOW
from hub.desk.days import zone_of
from hub.desk.who import Act, Who, actor_of, allowed
from hub.directory.cells import seen
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.withdraw import Drain, withdraw_consent
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.envelope import ENDS
from hub.ports import Directory, Peek

SAID_LONGEST_AGO = timedelta(days=3_650)  # [policy] further back it is a slip of the hand

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Look:
    """What an agency may see of its own consents, each with its number, and of a client's directives.

    Args:
        alias: the agency's alias of the client; None: it has none, being the recipient.
        stands: of one consent whose newest version is a draft, the version beside it that counts until the draft is
            complete (C-37).
    """

    alias: str | None
    consents: tuple[tuple[str, Consent], ...]
    directives: tuple[Directive, ...] = ()
    stands: int | None = None


def withdraw(house: House, number: str, agency: str, who: Who, *, said_at: str | None, how: str) -> Drain:
    """Withdraw a consent that the agency gave or was given.

    Checks who may say so and for whom, how and when the client said it. What the record's state allows is checked by
    ``consent.registry.withdraw``, inside the unit that ``hub.exchange.withdraw.withdraw_consent`` opens and drains.

    Args:
        said_at: when the client said it: ISO 8601 with an offset, or a local day or time; None: now.
        how: a word of ``consent.rows.HOW``.

    Raises:
        Refused: no such consent of this agency, one that was declined or found void, a time that is none or still to
            come, or another word.
    """
    must_be_how(how)
    with house.store.peek() as rows:
        directory = rows.directory.all()
        acting = actor_of(directory, rows.now, who, Act.CLIENTS_NO, agency)
        consent = consent_of(rows, agency, number)
        zone = zone_of(house, directory, agency)
        at = said_at_of(said_at, zone, rows.now)
    return withdraw_consent(house, consent.consent_id, acting, said_at=at, how=how, told=agency)


def must_be_how(how: str, where: str = "--how") -> None:
    """How a client has said something.

    Raises:
        Refused: another word than those of ``consent.rows.HOW``.
    """
    if how not in HOW:
        raise Refused(where, shape(how), f"one of {', '.join(sorted(HOW))}", "say how the client told it")


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What a client forbids, in the words of the desk; what it does not name, it forbids wholly.

    Args:
        worker: of the one recipient, whom the client means (C-107). The hub cannot see that a recipient keeps one of
            its workers out, so all of it is forbidden.
        items: records of the agency's own systems that are kept back whole, each as ``SYSTEM/KEY``.
        said_by: who decides for the client; the same may lift it by a consent that names it.
    """

    recipients: Sequence[str] = ()
    purposes: Sequence[str] = ()
    categories: Sequence[str] = ()
    worker: str | None = None
    said_by: str = GivenBy.SELF
    items: Sequence[str] = ()


def forbid(house: House, agency: str, alias: str, who: Who, wanted: Forbidden = Forbidden()) -> tuple[str, Drain]:
    """Add a standing "no" of a client.

    Returns:
        Its id, and the drain of what is under way on the client's consents.

    Raises:
        Refused: no such client, agency, worker of it, purpose or category, or nobody who decides.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        acting = actor_of(directory, rows.now, who, Act.CLIENTS_NO, agency)
        ref = client_of(rows, agency, alias)
    _are_there(directory, wanted)
    _are_records(directory, agency, wanted)
    directive = Directive(
        directive_id=f"d-{house.ids.uuid()}",
        subject_ref=ref,
        registry_seq=0,
        recipients=tuple(wanted.recipients),
        taken_by=agency,
        purposes=words_of("--purpose", Purpose, wanted.purposes),
        categories=words_of("--category", Category, wanted.categories),
        items=tuple(wanted.items),
        worker=wanted.worker,
        said_by=words_of("--said-by", GivenBy, [wanted.said_by])[0],
    )
    with house.store.unit(own=[locks.subject(ref)]) as unit:
        # under the lock: one that is filed and relied on just before this "no" is drained too
        consents = consents_of(unit, ref)
        directives.add_directive(unit, directive, acting)
    return directive.directive_id, drain_of(house, agency, consents)


def _are_there(directory: Directory, wanted: Forbidden) -> None:
    """The agencies that a no names, and the worker whom it means."""
    for name in wanted.recipients:
        if name not in directory.agencies:
            raise Refused("--recipient", seen(name), "the id of an agency of the directory", "hub agencies list")
    if wanted.worker is None:
        return
    meant = directory.workers.get(wanted.worker)
    if meant is None or list(wanted.recipients) != [meant.agency]:
        raise Refused("--worker", seen(wanted.worker), "a worker of the one `--recipient`", "hub workers list")


def _are_records(directory: Directory, agency: str, wanted: Forbidden) -> None:
    """That each names a record of the agency's own systems. Whether it is there is not asked: it may not be signed."""
    if wanted.items and wanted.categories:
        raise Refused("--item", "records beside categories", "one of the two", "add a directive for each")
    for name in wanted.items:
        system, _, key = name.partition("/")
        row = directory.systems.get(system)
        if row is None or row.agency != agency or not key:
            expected = f"SYSTEM/KEY of a record of a system of {seen(agency)}"
            raise Refused("--item", shape(name), expected, "as harbour-cms/note:12, with the number of its row")


def consents_of(rows: Peek, ref: str) -> list[Consent]:
    """All consents of a person, whatever file they are in: what is forbidden in one counts for each (I-07)."""
    files = rows.subjects.facts(rows.links.files([ref])[ref])
    return [consent for known in files.values() for consent in known.consents]


def drain_of(house: House, agency: str, consents: Iterable[Consent]) -> Drain:
    """All that is under way on a person's consents; the receipt tells an agency of its own alone (I-08)."""
    return Drain(house, sorted({f"consent:{each.consent_id}" for each in consents}), agency)


def lift(house: House, directive_id: str, agency: str, who: Who) -> None:
    """Lift a directive that the agency has taken, because the client said so to this worker (C-105).

    Whether it may, is ``consent.directives.may_lift``'s answer, as for a consent row that lifts.

    Raises:
        Refused: no such directive that this agency has taken.
    """
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_YES, agency)
        directive = rows.consents.directive(directive_id)
    own = [locks.subject(directive.subject_ref)] if directive else []
    with house.store.unit(own=own) as unit:
        directives.lift_directive(unit, directive_id, agency, acting)


def look_at_number(house: House, agency: str, number: str, who: Who) -> Look:
    """One consent.

    Raises:
        Refused: it is none of this agency's, or the worker may not look.
    """
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.LOOK, agency)
        consent = consent_of(rows, agency, number)
        alias = rows.subjects.aliases(consent.subject_ref).get(agency)
        every = rows.subjects.facts([consent.subject_ref])[consent.subject_ref].consents
    beside = [each for each in every if each.consent_id == consent.consent_id and each.state in OPENING]
    stands = beside[0].version if consent.state is ConsentState.DRAFT and beside else None
    if acting.agency == agency != consent.discloser:  # a recipient sees no other one (shared model 8)
        consent = replace(consent, recipients=tuple([each for each in consent.recipients if each.agency == agency]))
    return Look(alias, _viewed(house, acting, agency, consent.subject_ref, [consent]), stands=stands)


def look_at_client(house: House, agency: str, alias: str, who: Who) -> Look:
    """The consents that the agency holds of its client in this file, and the directives that it has taken, in any.

    Raises:
        Refused: there is no such client, or the worker may not look.
    """
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.LOOK, agency)
        ref = client_of(rows, agency, alias)
        facts = rows.subjects.facts([ref])[ref]
        files = rows.subjects.facts(rows.links.files([ref])[ref]).values()
    own = [consent for consent in facts.consents if consent.discloser == agency]
    taken = tuple(no for known in files for no in known.directives if no.taken_by == agency)  # a no counts for all
    return Look(alias, _viewed(house, acting, agency, ref, own), taken)


def state_at(consent: Consent, at: datetime) -> str:
    """Its state in a word; an end that has passed is computed, not waited for (consent rules 1.4)."""
    over = consent.state == "ACTIVE" and consent.expires_at is not None and at >= consent.expires_at
    return "EXPIRED" if over else consent.state.value


def retry(house: House, name: str, who: Who) -> str:
    """Let a message that is stuck, or a record that waits, be tried again at once; it takes its usual way.

    Args:
        name: a message's envelope id, or the number of a waiting record.

    Returns:
        ``delivery`` or ``waiting``.

    Raises:
        Refused: there is nothing of that name, nothing to try again, or it is neither the worker's own agency's nor
            the worker the hub's.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory = unit.directory.all()
        waiting = unit.waiting.get(name)
        agency = directory.systems[waiting.system].agency if waiting else _sender(unit, name)
        acting = allowed(directory, unit.now, who, Act.RETRY, agency)
        if waiting is not None:
            unit.waiting.snooze(name, unit.now)
        elif not unit.handovers.due_now(name):
            raise _not_stuck(unit, name)
        what = "delivery" if waiting is None else "waiting"
        unit.audit.append(
            Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, {"what": what, "name": name, "action": "retry"})
        )
    return what


def _sender(rows: Peek, envelope_id: str) -> str | None:
    """The agency whose record a message was made of; None: there is no such message."""
    row = rows.handovers.get([envelope_id]).get(envelope_id)
    message = rows.inbox.get(row.message_id) if row else None
    return message.agency if message else None


def _not_stuck(rows: Peek, name: str) -> Refused:
    row = rows.handovers.get([name]).get(name)
    if row is None:
        return Refused(
            "ID", "a name that nothing has", "a message or a waiting record", "`hub deliveries list|waiting`"
        )
    why = "it has ended" if row.state in ENDS else "it is on its way"
    return Refused(f"message {name}", f"state {row.state}: {why}", "one that is stuck", "nothing is to be done")


def consent_of(rows: Peek, agency: str, number: str, where: str = "NUMBER") -> Consent:
    """By the agency's number, the registry's id, or the record it was filed from, as ``harbour-cms/consent:7``."""
    system, slash, key = number.partition("/")
    filed = rows.consents.of_source(system, key) if slash else None
    consent = filed[0] if filed else rows.consents.get(rows.consents.by_number(agency, number) or number)
    # a draft may stand beside what still opens, for somebody else (C-37): either is a party
    every = rows.subjects.facts([consent.subject_ref])[consent.subject_ref].consents if consent else ()
    same = [consent, *(each for each in every if each.consent_id == consent.consent_id)] if consent else []
    parties = {name for each in same for name in (each.discloser, *(one.agency for one in each.recipients))}
    if consent is None or agency not in parties:
        raise Refused(where, shape(number), f"{seen(agency)}'s number of a consent", "`hub consent show --alias`")
    return consent


def client_of(rows: Peek, agency: str, alias: str, where: str = "--alias") -> str:
    """The registry's reference of an agency's client.

    Raises:
        Refused: it has no client of that alias.
    """
    ref = rows.subjects.by_alias(agency, alias)
    if ref is None:
        raise Refused(where, shape(alias), f"{seen(agency)}'s alias of one of its clients", "look it up there")
    return ref


def _viewed(
    house: House, acting: Actor, agency: str, ref: str, consents: Sequence[Consent]
) -> tuple[tuple[str, Consent], ...]:
    """Each with the agency's number of it, which it gets when it is first asked for. No entry, no look."""
    with house.store.unit() as unit:
        ids = sorted({consent.consent_id for consent in consents})
        details = {"what": "consents", "agency": agency, "subject_ref": ref, "consents": ids, "count": len(ids)}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting, details))
        return tuple((unit.consents.number(consent.consent_id, agency), consent) for consent in consents)


def words_of(option: str, kind: type[_Word], texts: Iterable[str]) -> tuple[_Word, ...]:
    """Words of a closed list, as an option gave them.

    Raises:
        Refused: one of them is not of that list.
    """
    for text in (texts := tuple(texts)):
        if text not in kind.__members__:
            raise Refused(option, shape(text), f"one of {', '.join(kind.__members__)}", "once for each word")
    return tuple(kind(text) for text in texts)


def said_at_of(text: str | None, zone: ZoneInfo, now: datetime, where: str = "--said-at") -> datetime:
    """When a client has said something.

    Args:
        text: ISO 8601 with an offset, or a day or time of the zone; None: now.

    Raises:
        Refused: it is none, still to come, or too long ago to be meant.
    """
    if text is None:
        return now
    try:
        at = instant_or_day(text, zone) or datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None:
        raise Refused(where, shape(text), "a local day or time, or ISO 8601 with an offset", "2026-06-01 14:30:00")
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if not now - SAID_LONGEST_AGO <= at <= now:
        expected = f"when the client said it, at most {SAID_LONGEST_AGO.days // 365} years ago"
        raise Refused(where, "another time", expected, "leave it out if it was just now")
    return at
