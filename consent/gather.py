"""Gather the facts of one question: what the registry and the directory know, read at one sequence number.

Not gathered yet, because nothing provides it: lineage of items, a purpose written by the sender, a pinned version,
a token, persons and programs as recipients, other people of a message with records of their own, what names somebody
who is no client, that a women's service can be kept back as a sender. The rules about these stand in ``decide`` and
stay silent, or refuse (``README.md`` lists who provides what). Of a
registry or log that is down ``hub/exchange/outage.py`` says so: a unit that cannot be opened decides nothing.

Inside a unit the answer governs; read through a peek the facts are provisional: no writer accepts a decision on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from consent.files import as_one, locked_out, others
from consent.grant import grant
from consent.model import Facts, Message, Party, SubjectFacts, SystemFacts
from consent.model.words import Body
from consent.packs import Packs
from hub.model.directory import Agency
from hub.ports import Directory, Peek, ProvisionalFacts, Unit


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: may this message go from this sender to that recipient?

    Args:
        recipient: the agency addressed, as the message names it; it need not exist.
        speaks_for_itself: what it sends comes from a place of its own.
        routed: whether the directory leads to exactly one active service for it.
        systems: through which it goes, the sender's and the recipient's; "" where none leads there.
        identity: what matching found of the person.
        deceased: the record says that the person has died, perhaps before the registry knows.
        authenticated: it comes from the agency that it names as its sender.
        well_formed: no other message has gone under its id (C-192).
        decision_age_s: age of an earlier decision about the same message, at gate 2.
        override: id of the declaration on which it goes; "": on none.
        envelope: of the message at gate 2.
        source: the record that it is made of, as ``SYSTEM/KEY``, by which a client locks it out; "": the store knows it
            by ``message_id``.
    """

    sender: str
    recipient: str
    message: Message
    speaks_for_itself: bool = True
    routed: bool = True
    systems: tuple[str, str] = ("", "")
    identity: Literal["one", "none", "ambiguous"] = "one"
    deceased: bool = False
    decision_age_s: float | None = None
    authenticated: bool = True
    well_formed: bool = True
    override: str = ""
    envelope: str | None = None
    source: str = ""
    message_id: str = ""


def gather(unit: Unit, question: Question, packs: Packs) -> Facts:
    """Read the facts under the unit's locks. Only these may be written with a decision (INV-2)."""
    return unit.decisions.gathered(_read(unit, question, packs))


def gather_provisional(peek: Peek, question: Question, packs: Packs) -> ProvisionalFacts:
    """Read the facts without locks, to prepare what a unit will decide again."""
    return ProvisionalFacts(_read(peek, question, packs))


def _read(rows: Peek, question: Question, packs: Packs) -> Facts:
    directory = rows.directory.all()
    message = question.message
    out_of, into = (_runs(name, directory) for name in question.systems)
    sender = directory.agencies.get(question.sender)
    ends = {question.sender, question.recipient}
    recipient = directory.agencies.get(question.recipient)
    pack, subjects = sender.pack if sender else "", _subjects(rows, question)
    declared = rows.overrides.get(question.override) if question.override else None
    message = _with_ids(rows, question, subjects.values(), directory)
    return Facts(
        at=rows.now,
        pack=packs.between(pack, recipient.pack if recipient else pack),
        sender=_party(question.sender, sender, known=sender is not None and question.speaks_for_itself, runs=out_of),
        recipient=replace(
            _party(question.recipient, recipient, known=question.routed, runs=into),
            knows_abuser=_knows_abuser(directory, question.recipient, subjects.get(message.subject or ""), rows.now),
        ),
        message=message,
        profile=packs.profile(message.type),
        subjects=subjects,
        agreements=tuple(row for row in directory.agreements if set(row.parties) == ends),
        override=grant(rows, declared, packs, envelope=question.envelope) if declared else None,
        system=SystemFacts(
            authenticated=question.authenticated,
            schema=question.well_formed,
            identity=question.identity,
            registry_seq=rows.consents.head(),
            config_version=directory.version,
            decision_age_s=question.decision_age_s,
        ),
    )


def _subjects(rows: Peek, question: Question) -> dict[str, SubjectFacts]:
    """What is known of the person, who may have several files (I-07)."""
    subject = question.message.subject
    if subject is None:
        return {}
    more = others(subject, rows.links.of([subject]))
    known = rows.subjects.facts([subject, *more.every])
    if subject not in known:
        return {}
    confirmed, said = ([known[ref] for ref in refs] for refs in (more.confirmed, more.said))
    facts = as_one(known[subject], confirmed, said, question.recipient)
    dead = question.deceased or question.sender in facts.deceased_by
    return {subject: replace(facts, deceased=True) if dead else facts}


def _with_ids(rows: Peek, question: Question, known: Iterable[SubjectFacts], directory: Directory) -> Message:
    """The message, its items named by their record, where a "no" of the person names records.

    As long as one of them names a record of no system that there is, items have no name, and each may be what is meant.
    """
    message, named = question.message, {word for each in known for word in locked_out(each)}
    if not named or not all(word.partition("/")[0] in directory.systems for word in named):
        return message
    sent = rows.inbox.get(question.message_id) if question.message_id and not question.source else None
    source = f"{sent.system}/{sent.record_key}" if sent is not None else question.source
    source = source.partition(">")[0]  # a part of what is shared names its recipient behind its record
    return replace(message, items=tuple([replace(item, item_id=source or None) for item in message.items]))


def _knows_abuser(directory: Directory, agency: str, known: SubjectFacts | None, at: datetime) -> bool:
    """Whether somebody on an agency's roster was named as the alleged abuser of the client (C-117, settled S35)."""
    named = [directory.workers.get(ref) for ref in known.alleged_abusers] if known else []
    there = [each for each in named if each is not None and each.agency == agency]
    return any(each.ended_at is None or at < datetime.fromisoformat(each.ended_at) for each in there)


def _runs(system: str, directory: Directory) -> bool:
    """Whether anything may go through a system; "" is none that could be stopped."""
    row = directory.systems.get(system)
    return not directory.stopped and (not system or (row is not None and row.status == "active"))


def _party(name: str, agency: Agency | None, *, known: bool, runs: bool) -> Party:
    if agency is None:  # the name is the source's own text: it goes no further
        return Party(agency="", known=False)
    status = agency.status if runs else "suspended"
    body = Body(agency.body) if agency.body else None
    return Party(agency=name, lane=agency.lane, pack=agency.pack, status=status, known=known, body=body)
