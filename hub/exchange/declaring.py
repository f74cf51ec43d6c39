"""A duty of care is declared, approved, discharged and ended: the registry's side of it (consent rules 3.5, 3.6).

What a record declares is filed before its message is judged, as a consent is: the person is found or minted, and the
clock of the grant starts at the unit's instant. The words are not kept before something goes on them (``grants.py``). A
correction before it is used is declared anew: it is approved anew, and its hours count anew; what has ended stays
ended. After it was used only its end, and that the duty is met, are heard; other words of a mandatory report go as
another message under the same declaration. Whether it opens anything is the gate's to ask (``consent/override.py``).

The unit owns the person: to declare, to approve and to end is to wake, so a message that waited for a second person is
fetched again at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from consent.declaration import MAY_APPROVE
from consent.grant import hand_of
from consent.model.declared import EXPIRED, Declaration, Limb
from consent.model.reviewed import Outcome, Part
from hub.errors import Refused, Unavailable
from hub.exchange.entries import acting, declared_entry, override_entry
from hub.exchange.grants import keep_words, mark
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Ambiguous, Held, Nobody, One, to_learn
from hub.exchange.records import Declared, ReferralRecord, WordRecord
from hub.exchange.reviewing import Finding, finish
from hub.exchange.waiting import tell
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import System
from hub.ports import Directory, Peek, Unit

UNLISTED = "unlisted"  # stands for a worker whom the directory has not
ROUNDS_MAX = 5  # times a record is looked at anew because the world moved between peek and unit
OLDER = "of_version: got an older one, or none, expected the row_version that is approved; read it and approve it again"
NOT_THERE = "override: got the number of no declaration, expected one that was saved before it; look at override_id"


@dataclass(frozen=True, slots=True)
class _Found:
    """What a peek says of a declaration and of its person."""

    standing: Declaration | None
    who: One | Nobody | Ambiguous
    wordless: bool = False  # it went while the store was down: its words are not kept yet


def declare_all(house: House, records: Sequence[ReferralRecord]) -> None:
    """File what records declare, each in a unit of its own: they are few, and none waits for another."""
    for record in records:
        if not any(_declare(house, record) for _ in range(ROUNDS_MAX)):
            got = f"{record.source.key}: a person who kept changing"
            raise Unavailable("registry", got, next_step="it is read again")
        if record.declared is not None:
            with suppress(Unavailable):  # then this machine may send it twice while the store is away; it is no loss
                house.journal.know(record.declared.content)


def heed(house: House, words: Sequence[WordRecord]) -> None:
    """Hear what others say of declarations."""
    for word in words:
        with house.store.peek() as rows:
            declared = rows.overrides.of_record(word.source.system.id, word.about)
        if declared is None:
            with house.store.unit(share=[locks.CONFIG]) as unit:
                tell(house, unit, word.source.system.id, word.source.key, "refusal", "OX_CONTENT", NOT_THERE)
        elif word.kind == "approval":
            _approve_what_was_read(house, declared, word)
        else:
            _review_oneself(house, declared, word)


def _approve_what_was_read(house: House, declared: Declaration, word: WordRecord) -> None:
    """An approval is of what its worker had before them: of something older it is none, and they are told."""
    actor, of = acting(word.source.system), word.of or 0
    if of >= declared.revision:
        approve(house, declared.override_id, word.worker, word.entered_by, actor, of=of)
        return
    with house.store.unit(share=[locks.CONFIG]) as unit:
        tell(house, unit, word.source.system.id, word.source.key, "refusal", "OX_SECOND_PERSON", OLDER)


def _review_oneself(house: House, declared: Declaration, word: WordRecord) -> None:
    """Whoever declared it says what happened; what is wrong with that is told to them."""
    finding = Finding(Part.SELF, Outcome.DONE, word.said)
    try:
        finish(house, declared.override_id, finding, word.worker, acting(word.source.system))
    except Refused as error:
        with house.store.unit(share=[locks.CONFIG]) as unit:
            tell(house, unit, word.source.system.id, word.source.key, "refusal", "OX_CONTENT", str(error))


def end_gone(house: House, system: System, keys: Sequence[str]) -> None:
    """A declaration whose record has gone is revoked: nobody stands behind it any more."""
    with house.store.peek() as rows:
        gone = [found for key in keys if (found := rows.overrides.of_record(system.id, key)) and not found.ended_at]
    for declared in gone:
        end(house, declared.override_id, "revoked", acting(system))


def approve(house: House, override_id: str, worker: str, account: str, actor: Actor, *, of: int | None = None) -> bool:
    """A second person approves; whether anything changed. Whether they may is asked at the gate (OX_SECOND_PERSON).

    Args:
        of: the revision that they read; None: it stands as it is shown to them.

    One who signed in under the account that declared it is nobody else: that is kept as no approval.
    """
    with house.store.peek() as rows:
        declared = rows.overrides.get(override_id)
    if declared is None:
        return False
    with house.store.unit(share=[locks.CONFIG], own=_own(declared)) as unit:
        now = unit.overrides.get(override_id)
        if now is None or now.used_by or now.ended_at or now.approver == worker:
            return False
        if not account or account in now.entered_by or (of is not None and of < now.revision):
            return False
        directory = unit.directory.all()
        if worker not in directory.workers:
            return False  # a name that the directory has not approves nothing
        if now.approver and hand_of(directory, now.agency, worker, unit.now).role not in MAY_APPROVE:
            return False  # nor does it undo that somebody did
        unit.overrides.put(replace(now, approver=worker, approved_at=unit.now))
        unit.audit.append(override_entry(AuditEvent.OVERRIDE_APPROVED, now, actor, unit.now, approver=worker))
    return True


def end(house: House, override_id: str, cause: str, actor: Actor) -> Declaration | None:
    """The danger has passed, the client can decide or has consented, or it is revoked; None: there is none such.

    What is under way on it is drained by the caller (``withdraw.py``), as after a withdrawal.
    """
    with house.store.peek() as rows:
        declared = rows.overrides.get(override_id)
    if declared is None:
        return None
    with house.store.unit(share=[locks.CONFIG], own=_own(declared)) as unit:
        now = unit.overrides.get(override_id)
        assert now is not None, "no declaration is ever removed under its lock"
        if now.ended_at is None:
            _end(house, unit, now, cause, actor)
    return declared


def _declare(house: House, record: ReferralRecord) -> bool:
    """One record; whether it is settled. False: what a peek saw has changed, look again."""
    said = record.declared
    assert said is not None, "a declaration declares"
    with house.store.peek() as rows:
        found = _find(rows, record)
    standing = found.standing
    if standing is not None:
        chosen = found.wordless or (standing.subject is None and isinstance(found.who, One))
        if _says_nothing_new(standing, said, chosen=chosen):
            return True
    with house.store.unit(share=[locks.CONFIG], own=_owned(record, found)) as unit:
        now = _find(unit, record)
        if now != found:
            return False
        _file(house, unit, record, now, said)
    return True


def _find(rows: Peek, record: ReferralRecord) -> _Found:
    source = record.source
    standing = rows.overrides.of_record(source.system.id, source.key)
    if standing is not None and standing.subject is not None:
        wordless = standing.journaled and not rows.overrides.words(standing.override_id)
        return _Found(standing, One(standing.subject), wordless)
    who = identify(rows, record.person, source.system.agency) if record.person else Nobody()
    return _Found(standing, who)


def _owned(record: ReferralRecord, found: _Found) -> list[str]:
    refs = {found.who.subject_ref} if isinstance(found.who, One) else set()
    digests = record.person.found_by() if record.person else {}
    return sorted({locks.subject(ref) for ref in refs} | {locks.digest(digest) for digest in digests})


def _own(declared: Declaration) -> list[str]:
    return [locks.subject(declared.subject)] if declared.subject else []


def _says_nothing_new(standing: Declaration, said: Declared, *, chosen: bool) -> bool:
    """Whether nothing of a record is to be filed.

    Args:
        chosen: somebody has said since about whom it is, or its words are not kept yet.
    """
    ends = said.ended and standing.ended_at is None
    met = said.discharged and standing.discharged_at is None
    return not _is_corrected(standing, said) and not ends and not met and not chosen


def _is_corrected(standing: Declaration, said: Declared) -> bool:
    """Whether it says something else, and may still: of what has ended only a report that arrived may be said anew."""
    may = standing.ended_at is None or (standing.end_cause == EXPIRED and standing.used_by is not None)
    return standing.content != said.content and may


def _file(house: House, unit: Unit, record: ReferralRecord, found: _Found, said: Declared) -> None:
    actor, standing = acting(record.source.system), found.standing
    if standing is None or (_is_corrected(standing, said) and standing.used_by is None):
        standing = _declared_anew(house, unit, record, found, said)
    elif _is_corrected(standing, said):
        of = int(record.source.revision)
        standing = replace(standing, content=said.content, revision=of, version=standing.version + 1)
        unit.overrides.put(standing)
    elif standing.subject is None and isinstance(found.who, One):
        standing = replace(standing, subject=found.who.subject_ref)
        unit.overrides.put(standing)
    if found.wordless and standing.content == said.content:
        keep_words(house, unit, standing, said)
    if said.discharged and standing.discharged_at is None:
        standing = replace(standing, discharged_at=unit.now)
        unit.overrides.put(standing)
        unit.audit.append(override_entry(AuditEvent.OVERRIDE_DISCHARGED, standing, actor, unit.now))
    if said.ended and standing.ended_at is None:
        _end(house, unit, standing, said.end_cause, actor)


def _declared_anew(house: House, unit: Unit, record: ReferralRecord, found: _Found, said: Declared) -> Declaration:
    subject = _subject(house, unit, record, found, said)
    declared = as_declared(house, unit.directory.all(), record, found.standing, subject, unit.now)
    unit.overrides.put(declared)
    unit.audit.append(declared_entry(declared, acting(record.source.system), unit.now))
    return declared


def as_declared(
    house: House,
    directory: Directory,
    record: ReferralRecord,
    before: Declaration | None,
    subject: str | None,
    at: datetime,
) -> Declaration:
    """What a record declares, as it is kept: ids of the directory, codes, counts; a text of the record's is none of it.

    What was approved were other words: a correction is approved anew.

    Args:
        before: what it declared before it was corrected.
        at: the instant from which its hours count.
    """
    source, said = record.source, record.declared
    assert said is not None, "a declaration declares"
    return Declaration(
        override_id=before.override_id if before else house.ids.number(),
        revision=int(source.revision),
        version=before.version + 1 if before else 1,
        agency=source.system.agency,
        recipient=record.performer.agency if record.performer.agency in directory.agencies else "",
        code=said.code,
        subject=subject,
        system=source.system.id,
        record_key=source.key,
        content=said.content,
        declared_at=at,
        worker=_known_worker(directory, said.worker),
        entered_by=tuple(dict.fromkeys((*(before.entered_by if before else ()), said.entered_by))),
        limbs=tuple(Limb(each.id, each.attested, bool(each.fact)) for each in said.limbs),
        imminent=said.imminent,
        told=len(said.told),
        narrative=len(said.narrative),
        words=said.words,
        sentences=said.sentences,
        attempts=int(bool(said.attempts)),
        consent_sought=said.consent_sought,
        notice=said.notice,
        risks=said.risks,
        narrowed=said.narrowed,
        covers=said.covers,
        child_turns_16_on=said.child_turns_16_on,
        discharged_at=before.discharged_at if before else None,
    )


def _known_worker(directory: Directory, name: str) -> str:
    """An id of the directory; whom it has not is a person all the same, and their name is nobody's business here."""
    return name if not name or name in directory.workers else UNLISTED


def _subject(house: House, unit: Unit, record: ReferralRecord, found: _Found, said: Declared) -> str | None:
    """Whom it is about. Of several who fit a human says who; a mandatory report waits for nobody (settled S31)."""
    agency = record.source.system.agency
    if isinstance(found.who, Ambiguous) and not house.packs.is_mandatory(said.code):
        return None
    ref = found.who.subject_ref if isinstance(found.who, One) else unit.subjects.mint()
    if not isinstance(found.who, One):
        source = record.source
        details = {"subject_ref": ref, "reason_code": "MINTED", "source": f"{source.system.id}/{source.key}"}
        unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, acting(source.system), details))
    unit.subjects.alias(agency, ref)
    if record.person is not None and not isinstance(found.who, Ambiguous):
        unit.subjects.add_digests(ref, to_learn(record.person, Held.of(ref, unit.subjects.digests_of(ref), own=True)))
    return ref


def _end(house: House, unit: Unit, declared: Declaration, cause: str, actor: Actor) -> None:
    unit.overrides.put(replace(declared, ended_at=unit.now, end_cause=cause))
    unit.audit.append(override_entry(AuditEvent.OVERRIDE_ENDED, declared, actor, unit.now, end_cause=cause))
    with suppress(Unavailable):
        house.journal.know(mark(house, "ended", declared))
