"""Consent rows of a system go to the registry: find or mint the person, file the version, wake who waits.

The unit owns the person and every digest of what identifies them, so a referral refused beside it is either judged
on the new consent or found waiting by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import orjson

from consent.doubts import doubt_file
from consent.files import files_of
from consent.model import Consent
from consent.model.words import Code, ConsentState
from consent.people import heard_of
from consent.registry import file, suspend
from consent.rows import ConsentRow, read_row
from consent.versions import Origin
from hub.errors import NeedsReview, Unavailable
from hub.exchange.batches import batches
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.identify import Resolution, identify, read_people
from hub.exchange.linking import note_links
from hub.exchange.match import EXACT, LOCAL, Ambiguous, Held, Nobody, One, compare, to_learn
from hub.exchange.records import ConsentRecord
from hub.exchange.unclear_no import hold_back
from hub.exchange.waiting import settle, tell, without_message
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.ports import Directory, Peek, Unit

ROUNDS_MAX = 5
_MOVED = "hub:moved"  # by record, a digest of to whom its no was last seen to have moved
FILED_AT_ONCE = 50  # subjects owned by one unit; far below the 200 of design §6, as each row is parsed anew there


@dataclass(frozen=True, slots=True)
class _Found:
    """What a peek says of a consent row's person."""

    known: tuple[Consent, str] | None
    who: Resolution
    moved: bool = False  # the record names another person than when it was filed

    @property
    def unclear(self) -> bool:
        """A human must say whose consent it is."""
        return self.known is None and isinstance(self.who, Ambiguous)

    @property
    def ref(self) -> str | None:
        """The subject; None: nobody whom the registry knows."""
        if self.known:
            return self.known[0].subject_ref
        return self.who.subject_ref if isinstance(self.who, One) else None


def file_consents(house: House, records: Sequence[ConsentRecord]) -> None:
    """File consent rows; each in the order of its page."""
    waiting = list(records)
    for _ in range(ROUNDS_MAX):
        later: list[ConsentRecord] = []
        for batch in batches(waiting, FILED_AT_ONCE):
            later += _file_batch(house, batch)
        waiting = later
        if not waiting:
            note_links(house, records)
            return
    raise Unavailable("registry", f"{len(waiting)} consent rows whose person kept changing", "", "they are read again")


def suspend_gone(house: House, system: System, keys: Sequence[str], *, reason: str) -> None:
    """A consent whose record has gone, or can no longer be read, is in doubt, and doubt means no (INV-10)."""
    if not keys:
        return
    with house.store.peek() as rows:
        filed = rows.consents.of_sources(system.id, keys)
    for batch in batches(filed.items(), FILED_AT_ONCE):
        own = {locks.subject(consent.subject_ref) for _, (consent, _) in batch}
        with house.store.unit(own=sorted(own)) as unit:
            for key, (consent, read_as) in batch:
                suspend(unit, consent.consent_id, Origin(system.id, key, read_as), acting(system), reason=reason)


def as_row(house: House, directory: Directory, record: ConsentRecord) -> ConsentRow:
    """Read the row of a record in the words of the rules."""
    if record.read is not None:
        return record.read
    agency = record.source.system.agency
    return read_row(
        record.row,
        agency=agency,
        system=record.source.system.id,
        key=record.source.key,
        pack=house.packs.facts(directory.agencies[agency].pack),
        known_agency=directory.agencies.__contains__,
        digest=lambda text: house.keys.digest("form", text),
    )


def _file_batch(house: House, batch: Sequence[ConsentRecord]) -> list[ConsentRecord]:
    """File what is clear in one unit, ask about the rest in another; return what changed between peek and unit.

    Only what is filed owns anything: to own is to wake, and a question that woke itself would never end.
    """
    with house.store.peek() as rows:
        _read_ahead(rows, batch)
        found = [(record, _find(rows, record)) for record in batch]
        rows.subjects.facts([seen.known[0].subject_ref for _, seen in found if seen.known])  # asked again for each
        news = [(record, seen) for record, seen in found if not _says_nothing_new(rows, record, seen)]
        waiting = rows.waiting.of(batch[0].source.system.id, [record.source.key for record in batch])
    new = {record.source.key for record, _ in news}
    settle(house, [row for key, row in waiting.items() if key not in new])  # filed as it stands
    for record, seen in (each for each in news if each[1].moved and each[0].says_no):
        _hear_moved(house, record, seen)
    _suspend_moved(house, [record for record, seen in news if seen.moved and not record.says_no])
    news = [(record, seen) for record, seen in news if not seen.moved]
    clear = [(record, seen) for record, seen in news if not seen.unclear]
    unclear = [(record, seen) for record, seen in news if seen.unclear]
    for record, seen in unclear:
        if record.says_no and isinstance(seen.who, Ambiguous):
            hold_back(house, record, seen.who.subject_refs)
    return _file_clear(house, clear) + _ask_about(house, unclear)


def _read_ahead(rows: Peek, records: Sequence[ConsentRecord]) -> None:
    """Ask at once for a batch what is asked again for each of its records: the peek or unit keeps the answers."""
    system, keys = records[0].source.system, [record.source.key for record in records]
    filed = rows.consents.of_sources(system.id, keys).values()
    rows.waiting.of(system.id, keys)
    read_people(rows, [record.person for record in records if record.person], system.agency)
    refs = {consent.subject_ref for consent, _ in filed} | {record.named for record in records if record.named}
    rows.subjects.with_alias(system.agency, refs)
    rows.subjects.digests_of_each(refs)


def _suspend_moved(house: House, records: Sequence[ConsentRecord]) -> None:
    """A consent is one person's. Under another client its record opens nothing, and tells nothing about either."""
    if not records:
        return
    system = records[0].source.system
    suspend_gone(house, system, [record.source.key for record in records], reason="OTHER_PERSON")
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for record in records:
            place = "consent: client_id: got another client than before; make a new consent record for this client"
            tell(house, unit, system.id, record.source.key, "refusal", Code.DN_IDENTITY.value, place)


def _hear_moved(house: House, record: ConsentRecord, found: _Found) -> None:
    """A "no" of a row that now stands under another client: it ends what the row had allowed, and is perhaps theirs.

    That it may be theirs is news once: a worker who has asked them is not asked again when the row is saved again.
    """
    assert found.known is not None, "what was filed has moved"
    source, ref = record.source, found.known[0].subject_ref
    theirs = found.who.subject_refs if isinstance(found.who, Ambiguous) else ()
    theirs = (found.who.subject_ref,) if isinstance(found.who, One) else theirs
    whose = house.keys.digest("moved", "\n".join([source.system.id, source.key, *theirs]))
    own = [locks.subject(each) for each in dict.fromkeys((ref, *theirs))]
    with house.store.unit(share=[locks.CONFIG], own=own) as unit:
        origin, actor = Origin(source.system.id, source.key, source.read_as), record.by or acting(source.system)
        file(unit, house.ids, as_row(house, unit.directory.all(), record), ref, origin, actor)
        if unit.cursors.remembered(_MOVED, f"{source.system.id}/{source.key}") != whose:
            unit.cursors.remember(_MOVED, f"{source.system.id}/{source.key}", whose)
            for each in theirs:
                doubt_file(unit, each, source.system.agency, actor, why="POSSIBLE_WITHDRAWAL")
            place = "consent: client_id: got another client; what it says counts for both until you have asked"
            tell(house, unit, source.system.id, source.key, "refusal", Code.DN_IDENTITY.value, place)
        unit.waiting.settle(source.system.id, [source.key])


def _file_clear(house: House, clear: Sequence[tuple[ConsentRecord, _Found]]) -> list[ConsentRecord]:
    if not clear:
        return []
    own = {locks.subject(seen.ref) for _, seen in clear if seen.ref}
    own |= {locks.digest(digest) for record, _ in clear for digest in record.found_by()}
    later = []
    with house.store.unit(share=[locks.CONFIG], own=sorted(own)) as unit:
        _read_ahead(unit, [record for record, _ in clear])
        for record, _ in clear:
            now = _find(unit, record)
            if now.unclear or now.moved or (now.ref and not unit.holds(locks.subject(now.ref))):
                later.append(record)
            else:
                _file_one(house, unit, record, now)
    return later


def _ask_about(house: House, unclear: Sequence[tuple[ConsentRecord, _Found]]) -> list[ConsentRecord]:
    if not unclear:
        return []
    share = {locks.CONFIG} | {locks.digest(digest) for record, _ in unclear for digest in record.found_by()}
    later = []
    with house.store.unit(share=share) as unit:
        _read_ahead(unit, [record for record, _ in unclear])
        for record, _ in unclear:
            if _find(unit, record).unclear:
                _ask(house, unit, record)
            else:
                later.append(record)
    return later


def _find(rows: Peek, record: ConsentRecord) -> _Found:
    source = record.source
    known = rows.consents.of_source(source.system.id, source.key)
    if record.named:
        return _Found(known, One(record.named))
    who = identify(rows, record.person, source.system.agency) if record.person else Nobody()
    moved = known is not None and _names_another(rows, record, known[0].subject_ref, who)
    return _Found(known, who, moved)


def _names_another(rows: Peek, record: ConsentRecord, ref: str, who: Resolution) -> bool:
    """Whether a filed consent now stands under somebody else: nothing identifies its subject any more."""
    same = files_of(ref, rows.links.of([ref]))
    if record.person is None or (isinstance(who, One) and who.subject_ref in same):
        return False
    subject = Held.of(ref, rows.subjects.digests_of(ref), own=True)
    unnamed = not any(subject.traits.values())  # filed when nothing of its client could be read
    return not unnamed and bool(subject.exact | subject.local) and not compare(record.person, subject).exact


def _says_nothing_new(rows: Peek, record: ConsentRecord, found: _Found) -> bool:
    """The record is filed as it stands, and what identifies the person is known: nothing to own, nobody to wake."""
    if found.moved and record.says_no:
        return found.known is not None and found.known[1] == record.source.read_as
    if found.moved:
        return found.known is not None and _in_doubt(found.known[0])
    if found.known is None or found.known[1] != record.source.read_as or _in_doubt(found.known[0]):
        return False
    ref = found.known[0].subject_ref
    return not _corrects_death(rows, record, ref) and _is_known(rows, record, ref)


def _is_known(rows: Peek, record: ConsentRecord, ref: str) -> bool:
    """Whether the index would learn nothing of the person."""
    known = rows.subjects.digests_of(ref)
    return record.person is None or to_learn(record.person, Held.of(ref, known, own=True)).items() <= known.items()


def _corrects_death(rows: Peek, record: ConsentRecord, ref: str) -> bool:
    """Whether the client's own row says another thing of their death than the registry has from this agency."""
    said = record.source.system.agency in rows.subjects.facts([ref])[ref].deceased_by
    return record.tells_of_death and record.deceased != said


def _in_doubt(consent: Consent) -> bool:
    """Suspended because its record had gone or could not be read: that it can be read again settles the doubt."""
    return consent.state is ConsentState.SUSPENDED


def _file_one(house: House, unit: Unit, record: ConsentRecord, found: _Found) -> None:
    source, agency = record.source, record.source.system.agency
    actor = record.by or acting(source.system)
    days = _of_a_minor(record, unit)
    ref = found.ref or unit.subjects.mint(*days)
    if found.ref:
        unit.subjects.set_birthdays(ref, *days)
    if found.ref is None:
        details = {"subject_ref": ref, "reason_code": "MINTED", "source": f"{source.system.id}/{source.key}"}
        unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, actor, details))
    unit.subjects.alias(agency, ref)
    if record.person:
        subject = Held.of(ref, unit.subjects.digests_of(ref), own=True)
        unit.subjects.add_digests(ref, to_learn(record.person, subject))
    if record.deceased or (found.ref and _corrects_death(unit, record, ref)):
        unit.subjects.set_deceased(ref, agency, source.system.id, dead=record.deceased)
    if found.known is None or found.known[1] != source.read_as or _in_doubt(found.known[0]):
        origin = Origin(source.system.id, source.key, source.read_as)
        for decider in record.deciders:
            heard_of(unit, ref, decider, actor, but=found.known[0].consent_id if found.known else "")
        file(unit, house.ids, as_row(house, unit.directory.all(), record), ref, origin, actor)
    unit.waiting.settle(source.system.id, [source.key])


def _of_a_minor(record: ConsentRecord, unit: Unit) -> tuple[date | None, date | None]:
    """When the person is 16 and 18 (settled S30); of who is 18 by now nothing is kept, since nothing asks for it."""
    person = record.person
    if person is None or person.turns_18_on is None or person.turns_18_on <= unit.now.date():
        return None, None
    return person.turns_16_on, person.turns_18_on


def _ask(house: House, unit: Unit, record: ConsentRecord) -> None:
    """Whose consent is it? A human of the agency says so (``hub subjects resolve``); until then nothing rests on it."""
    source = record.source
    if record.by is not None:  # entered by hand: there is no source from which it could be fetched again
        raise NeedsReview("consent", "a person who resembles another client", "LOCAL_KEY", "enter it again with it")
    asked = unit.waiting.of(source.system.id, [source.key]).get(source.key)
    if asked is not None and (asked.code, asked.digest) == (Code.DN_IDENTITY.value, source.digest):
        return  # the question stands already
    until_at = unit.now + house.limits.unknown_kept
    on = tuple(locks.digest(d) for d, kind in record.found_by().items() if kind in (EXACT, LOCAL))
    keys = orjson.dumps(record.kinds()).decode()
    row = without_message(house, unit, source, Code.DN_IDENTITY)
    unit.waiting.put(replace(row, until_at=until_at, locks=on, keys=keys))
    tell(house, unit, source.system.id, source.key, "refusal", Code.DN_IDENTITY.value)
