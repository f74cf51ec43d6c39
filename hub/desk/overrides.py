"""A duty of care by command: declared for an agency without a form of its own, approved, ended, reviewed (shared model
10; settled S29, S31).

What a command enters takes the very road of what an agency's system says: it is declared, judged at gate 1, and opened
at gate 2. Nothing of it is kept here: said again after a second person has approved, the same document is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from consent.lacking import lacking
from consent.model.declared import Declaration
from consent.model.reviewed import Outcome, Part, Review, Withhold
from consent.model.words import Code
from consent.review import is_overdue
from hub.desk.days import end_of, zone_of
from hub.desk.who import Act, Who, allowed
from hub.directory import HUB
from hub.directory.cells import seen
from hub.errors import KeyGone, Refused
from hub.exchange import declaring, reviewing
from hub.exchange.declared import CHILD, END_CAUSES, turns_16
from hub.exchange.entries import override_entry
from hub.exchange.house import House
from hub.exchange.intake import judge_by_hand, read_again
from hub.exchange.reading import read_by_hand
from hub.exchange.records import ReferralRecord, Unreadable
from hub.exchange.withdraw import Drain
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.canonical import canonical
from hub.model.directory import System
from hub.ports import Peek

QUEUE_MAX = 1_000
_MAY_END = ("supervisor", "manager", "officer")  # what others declared; a mandatory report is its reporter's
OF_A_CHILD = ("child_client_id", "child_name", "child_birth_date")
_BY_COMMAND = ("override_id", "worker", "entered_by")  # said by the command, never by its document


@dataclass(frozen=True, slots=True)
class Declared:
    """What became of a document.

    Args:
        code: the deciding code of gate 1; "" where the document had gone already.
        place: what it lacks, in a sentence; "".
    """

    override_id: str
    goes: bool
    code: str
    place: str


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the queue."""

    declared: Declaration
    review: Review
    overdue: bool


@dataclass(frozen=True, slots=True)
class Said:
    """How a part of a review ended, as it was typed. Empty: nothing was said of it."""

    part: str
    outcome: str
    words: str = ""
    reason: str = ""
    recheck_on: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A declaration with its words, for who reviews it."""

    declared: Declaration
    reviews: tuple[Review, ...]
    words: Mapping[str, str]


def declare(house: House, data: bytes, system_id: str, who: Who, *, record: str | None) -> Declared:
    """Declare what a document says, in the words of ``v_hub_override``, for the agency of a system.

    Args:
        record: ``SYSTEM/KEY`` of a record of the same agency about whose person it is; None: the document says who.

    Raises:
        Refused: the document or the record cannot be read, or the worker may not.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        system = directory.systems.get(system_id)
        if system is None:
            raise Refused("--system", seen(system_id), "a system of the directory", "hub systems list")
        acting = allowed(directory, rows.now, who, Act.DECLARE, system.agency)
    key, document = _document(data, acting.ref, who.os_user)
    if record is not None:
        if any(name in document for name in OF_A_CHILD):
            step = "name the child's own record, or leave --record out and say in client who cares for the child"
            raise Refused("--record", "a document that names a child too", "one of the two", step)
        document = {"client": [{"client_id": 0, "last_name": "-"}], **document}
    read = read_by_hand(house, system, key, canonical(document))
    if not isinstance(read, ReferralRecord):
        place = read.place if isinstance(read, Unreadable) else "another record"
        raise Refused("FILE", place, "", "correct it and say it again")
    if record is not None:
        read = _about(house, read, record, system)
    message = judge_by_hand(house, read)
    with house.store.peek() as rows:
        declared = rows.overrides.of_record(system.id, read.source.key)
        assert declared is not None, "it was declared"
        if message is None:
            return Declared(declared.override_id, goes=False, code="", place="")
        decided = rows.decisions.get(message.decision_id)
    assert decided is not None, "a message rests on a decision"
    refused = not decided[1].permits
    place = lacking(decided[0], Code(message.code)) if refused else ""
    return Declared(declared.override_id, goes=not refused, code=message.code, place=place)


def approve(house: House, override_id: str, who: Who) -> bool:
    """Approve as a second person; whether anything changed.

    Raises:
        Refused: there is no such override, or it was declared under the same account of this machine.
    """
    with house.store.peek() as rows:
        declared = _known(rows, override_id)
        acting = allowed(rows.directory.all(), rows.now, who, Act.APPROVE, declared.agency)
    account = house.keys.digest("account", f"os/{who.os_user}")
    if account in declared.entered_by or acting.ref == declared.worker:
        raise Refused(
            f"override {override_id}: OX_SECOND_PERSON",
            "the person or account that declared it",
            "somebody else, at an account of their own",
            "ask a supervisor, on-call manager or privacy officer",
        )
    return declaring.approve(house, override_id, acting.ref, account, acting)


def reached(house: House, override_id: str, who: Who) -> None:
    """Note that the reporter has reached somebody in person: the duty to report is met.

    Raises:
        Refused: there is no such override, or the worker may not.
    """
    with house.store.peek() as rows:
        declared = _known(rows, override_id)
        acting = allowed(rows.directory.all(), rows.now, who, Act.DECLARE, declared.agency)
        _their_own(rows, declared, acting.ref)
    own = [locks.subject(declared.subject)] if declared.subject else []
    with house.store.unit(share=[locks.CONFIG], own=own) as unit:
        now = _known(unit, override_id)
        if now.discharged_at is None:
            unit.overrides.put(replace(now, discharged_at=unit.now))
            unit.audit.append(override_entry(AuditEvent.OVERRIDE_DISCHARGED, now, acting, unit.now))


def end(house: House, override_id: str, cause: str, who: Who) -> Drain:
    """End an override with its cause; what is under way on it is drained.

    Raises:
        Refused: there is no such override, or the worker may not.
    """
    if cause not in END_CAUSES:
        raise Refused("--cause", seen(cause), f"one of {', '.join(END_CAUSES)}", "choose one of them")
    with house.store.peek() as rows:
        declared = _known(rows, override_id)
        acting = allowed(rows.directory.all(), rows.now, who, Act.END, declared.agency)
        if house.packs.is_mandatory(declared.code) or acting.role not in _MAY_END:
            _their_own(rows, declared, acting.ref)
    declaring.end(house, override_id, cause, acting)
    return Drain(house, [f"override:{override_id}"])


def _their_own(rows: Peek, declared: Declaration, worker: str) -> None:
    """The duty to report is its reporter's own: nobody else says that it is met, and nobody takes the report back."""
    if worker != declared.worker and declared.worker in rows.directory.all().workers:
        raise Refused(
            f"override {declared.override_id}",
            "another worker",
            "who declared it; of what is no mandatory report, a supervisor or privacy officer ends it too",
            "ask them",
        )


def relate(house: House, agency: str, alias: str, worker: str, kind: str, who: Who) -> None:
    """Note that a worker is too near to a client to declare or review anything about them; "": no more.

    Raises:
        Refused: there is no such client or worker of the agency, or the one who says so may not.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        acting = allowed(directory, rows.now, who, Act.RELATE, agency)
        subject = rows.subjects.by_alias(agency, alias)
        known = directory.workers.get(worker)
    if subject is None:
        raise Refused("--alias", "no alias of this agency's", "the agency's alias of its client", "look it up there")
    if known is None or known.agency != agency:
        raise Refused("--worker", seen(worker), "a worker of this agency", "`hub workers list` shows them")
    with house.store.unit(share=[locks.CONFIG], own=[locks.subject(subject)]) as unit:
        unit.overrides.relate(worker, subject, kind or None)
        details = {"what": "conflict of interest", "name": worker, "action": kind or "removed", "subject_ref": subject}
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, details))


def queue(house: House, who: Who, agency: str | None) -> list[Due]:
    """What is to be done, the first due first; every look is an entry of the log.

    Args:
        agency: whose; None: of the officer's own, and for the hub's officer of all.

    Raises:
        Refused: the worker may not.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        known = unit.directory.all().workers.get(who.worker or "")
        if agency is None and known is not None and known.agency != HUB:
            agency = known.agency
        acting = allowed(unit.directory.all(), unit.now, who, Act.OVERRIDES, agency)
        found = [(review, unit.overrides.get(review.override_id)) for review in unit.reviews.open(QUEUE_MAX, agency)]
        due = [
            Due(declared, review, is_overdue(review, unit.now)) for review, declared in found if declared is not None
        ]
        shown = sorted({each.declared.override_id for each in due})
        details: dict[str, Any] = {"what": "override queue", "overrides": shown, "count": len(due)}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting, details))
    return due


def show(house: House, override_id: str, who: Who) -> Shown:
    """A declaration with its words. No entry, no look.

    Raises:
        Refused: there is no such override, or the worker may not.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        declared = _known(unit, override_id)
        acting = allowed(unit.directory.all(), unit.now, who, Act.OVERRIDES, declared.agency)
        unit.audit.append(override_entry(AuditEvent.VIEW, declared, acting, unit.now, what="override", count=1))
        reviews = unit.reviews.of(override_id)
        sealed = unit.overrides.words(override_id)
        key = unit.overrides.subject_key(declared.subject) if declared.subject else None
    words = {part: _opened(house, key, f"{override_id}/{part}", text) for part, text in sorted(sealed.items())}
    return Shown(declared, tuple(reviews[part] for part in Part if part in reviews), words)


def review(house: House, override_id: str, said: Said, who: Who) -> Review:
    """Say how a part of a review ended.

    Raises:
        Refused: a word is none of its list, the part is not due, or the worker may not.
    """
    with house.store.peek() as rows:
        declared = _known(rows, override_id)
        directory = rows.directory.all()
        acting = allowed(directory, rows.now, who, Act.REVIEW, declared.agency)
        zone = zone_of(house, directory, declared.agency)
    finding = reviewing.Finding(
        part=_word("--part", Part, said.part),
        outcome=_word("--outcome", Outcome, said.outcome),
        words=" ".join(said.words.split()),
        reason=_word("--reason", Withhold, said.reason) if said.reason else None,
        recheck_at=_after(said.recheck_on, zone) if said.recheck_on else None,
        incident=said.incident,
    )
    return reviewing.finish(house, override_id, finding, acting.ref, acting)


def _document(data: bytes, worker: str, account: str) -> tuple[str, dict[str, Any]]:
    """Its key, and the document with what the command says."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refused("FILE", f"{len(data)} bytes", "JSON", "docs/agency.md shows one") from None
    if not isinstance(document, dict) or any(name in document for name in _BY_COMMAND):
        expected = f"one object without {', '.join(_BY_COMMAND)}"
        raise Refused("FILE", "something else", expected, "docs/agency.md shows one")
    number = int.from_bytes(sha256(data).digest()[:7])
    people = document.get("client")
    if isinstance(people, list) and people and isinstance(people[0], dict):
        document = {**document, "client": [{"client_id": 0, **people[0]}, *people[1:]]}
    own = {"override_id": number, "client_id": 0, "worker": worker, "entered_by": account}
    return f"override:{number}", {**document, **own}


def _about(house: House, declared: ReferralRecord, name: str, system: System) -> ReferralRecord:
    """A declaration about the person of a record, which is fetched again for it."""
    of, _, key = name.partition("/")
    with house.store.peek() as rows:
        source = rows.directory.all().systems.get(of)
    if source is None or source.agency != system.agency or not key:
        raise Refused("--record", seen(of), "SYSTEM/KEY of a record of the same agency", "`hub deliveries waiting`")
    read = read_again(house, source, key)
    if not isinstance(read, ReferralRecord) or read.person is None:
        raise Refused("--record", "a record that names nobody", "one about a client", "name another, or say who it is")
    (person,) = [entry["resource"] for entry in read.entries if entry["resource"]["resourceType"] == "Patient"]
    entries = tuple(
        {**entry, "resource": person} if entry["resource"]["resourceType"] == "Patient" else entry
        for entry in declared.entries
    )
    said = declared.declared
    if said is not None and said.code in CHILD:  # it is the child's own record
        said = replace(said, child_turns_16_on=turns_16(person))
    return replace(
        declared, entries=entries, person=read.person, alias=read.alias, deceased=read.deceased, declared=said
    )


def _known(rows: Peek, override_id: str) -> Declaration:
    declared = rows.overrides.get(override_id)
    if declared is None:
        raise Refused("ID", "the number of no override", "one that `hub override list` shows", "look there")
    return declared


def _opened(house: House, key: tuple[str, bytes] | None, where: str, sealed: bytes) -> str:
    if key is None:
        return "(erased)"
    try:
        return house.words.open(*key, where, sealed)
    except KeyGone:
        return "(erased)"


def _word(option: str, kind: type[Any], text: str) -> Any:
    words: Sequence[str] = [each.value for each in kind]
    if text not in words:
        raise Refused(option, seen(text), f"one of {', '.join(words)}", "choose one of them")
    return kind(text)


def _after(text: str, zone: ZoneInfo) -> datetime:
    """The end of a local day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused("--recheck-on", "no day", "a day as YYYY-MM-DD", "write it so") from None
    return end_of(day, zone)
