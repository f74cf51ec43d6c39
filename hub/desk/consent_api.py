"""A system of an agency files and revokes consents itself (settled S42, S50; shared model 8, 12). The system acts.

- *File*: one Consent with whom it is about, who decides, and the evidence, in one unit. It is known again by its system
  and its ``identifier`` (else its ``id``, else all that it says), and goes the road of a system's own consent rows.
- Who files it is its discloser: nobody enters a yes to somebody else's disclosing. A "no" is heard as at the desk.
- What changes a Consent that is filed names its place in the order: ``meta.versionId`` higher than the one before, or,
  where it is named by the hub's number, the version that it was made of: a late repeat never widens what was narrowed
  since. A "no" needs none.
- *Revoke*: either party, by its own number. Who comes back with the drain is told when nothing leaves any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consent.fhir.codes import ID_CONSENT
from consent.fhir.node import Fault
from consent.files import files_of
from consent.model import Consent, Directive
from consent.model.words import Code, ConsentState
from hub.desk.consent_fhir import Client, Consents, Entering, forbid_all, suspend_closed
from hub.desk.consent_lines import Line, Wrong
from hub.desk.consent_parameters import Handed, read_handed
from hub.desk.consent_shown import as_seen_by, confidential, numbering, spelled, zone_of_pack
from hub.desk.consents import consents_of, drain_of, must_be_how, said_at_of
from hub.desk.days import zone_of
from hub.errors import Refused, Unavailable
from hub.exchange.entries import acting
from hub.exchange.filing import file_consents
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import One
from hub.exchange.records import BY_HAND, ConsentRecord
from hub.exchange.withdraw import Drain, withdraw_consent
from hub.model import locks
from hub.model.canonical import canonical
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.ports import Peek

BEFORE = f"{BY_HAND}consent:"  # its system holds no record that could be fetched again; it is answered at once
PART = "Parameters.parameter"
PATIENT = f"{PART}.where(name='patient').resource"
_MEND = "correct it and send it again"
_ENDS = (ConsentState.DECLINED, ConsentState.WITHDRAWN)


class NotAllowed(Exception):
    """A Consent that can be read and is not filed: each fault has a path, and none a value."""

    def __init__(self, faults: Sequence[Fault], code: str = "") -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults, self.code = tuple(faults), code


class Stale(Exception):
    """What is filed is as new as this, or newer."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that who files it should know."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A Consent that stands in the registry.

    Args:
        number: the discloser's own; of a standing no its id.
        resource: as the discloser sees it.
        new: it was not known before.
        drain: what relied on a consent of the client, which may have ended by it.
    """

    number: str
    version: int
    resource: Resource
    new: bool
    told: tuple[Told, ...]
    drain: Drain


def file_consent(house: House, system: System, document: Resource) -> Filed:
    """File one Consent.

    Args:
        document: the Parameters; see ``consent_parameters.py``.

    Raises:
        NotRead: parts of it cannot be read, or are not there.
        NotAllowed: the Consent itself, by its paths; ``DN_IDENTITY``: a human must say whose it is.
        Stale: the one that is filed is as new, or newer.
        Unavailable: its person kept changing; nothing is filed.
    """
    with house.store.peek() as rows:
        zone = zone_of(house, rows.directory.all(), system.agency)
        handed = read_handed(house, system, zone, document)
        reader = Consents(house, rows, _entering(rows, system, handed))
        reader.take(1, handed.path, handed.consent)
        named = _named_by(rows, system.agency, handed.consent)
    if reader.problems:
        suspend_closed(house, reader)
        raise NotAllowed([Fault(each.where, each.got, _with_step(each)) for each in reader.problems])
    if reader.noes:
        return _forbidden(house, system, reader)
    (line,) = reader.good
    return _file(house, system, _completed(house, line, handed), named)


def revoke_consent(house: House, system: System, number: str, *, at: str | None, how: str) -> Drain | None:
    """Withdraw a consent that the system's agency gave or was given; None: it has none of this number.

    Args:
        at: when the client said it, with an offset, or a local day or time; None: now.
        how: a word of ``consent.rows.HOW``, in any case.

    Raises:
        Refused: a time that is none or still to come, another word, or a consent that was declined or found void.
    """
    must_be_how(how, f"{PART}.where(name='how')")
    with house.store.peek() as rows:
        consent = party_to(rows, system.agency, number)
        zone = zone_of(house, rows.directory.all(), system.agency)
        said_at = said_at_of(at, zone, rows.now, f"{PART}.where(name='at')")
    if consent is None:
        return None
    return withdraw_consent(house, consent.consent_id, acting(system), said_at=said_at, how=how, told=system.agency)


def party_to(rows: Peek, agency: str, number: str) -> Consent | None:
    """The newest version of the consent that an agency knows by its own number; None: it knows none by it.

    Whether somebody else has a consent of this number is not looked at.
    """
    return rows.consents.get(rows.consents.by_number(agency, number) or "-")


def _entering(rows: Peek, system: System, handed: Handed) -> Entering:
    client = _client(rows, system, handed)

    def whose(record: Consent | Directive) -> Client:
        if record.subject_ref not in handed.names:
            raise Wrong("patient", "somebody else", "the parameter patient, by its id or your alias", _MEND)
        return client

    return Entering(system, acting(system), None, BEFORE, whose, ending="Consent/$revoke-consent")


def _client(rows: Peek, system: System, handed: Handed) -> Client:
    """Whom the registry knows as this person, as far as that is clear now; the unit that files asks again."""
    meant, subjects = handed.meant, rows.subjects
    if meant.alias is not None:
        ref = subjects.by_alias(system.agency, meant.alias)
        names = {digest for digest in (meant.keys.family, meant.keys.given) if digest is not None}
        known = subjects.digests_of(ref) if ref else {}
        path = f"{PATIENT}.identifier"
        if ref is None:
            raise NotAllowed([Fault(path, "an alias of nobody", "your alias of one of your clients")])
        if names and known and not names & known.keys():
            expected = "this client's alias"
            raise NotAllowed([Fault(path, "the alias of somebody of another name or date", expected)])
        return Client(files_of(ref, rows.links.of([ref])))
    who = identify(rows, meant.keys, system.agency)
    ref = who.subject_ref if isinstance(who, One) else None
    return Client(files_of(ref, rows.links.of([ref])) if ref else (), meant.keys)


def _named_by(rows: Peek, agency: str, consent: Resource) -> Consent | None:
    """The consent that the hub's own number in it means."""
    listed = consent.get("identifier")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    value = first.get("value") if first.get("system") == ID_CONSENT else None
    return party_to(rows, agency, value) if isinstance(value, str) else None


def _completed(house: House, line: Line, handed: Handed) -> ConsentRecord:
    """The record with its evidence, its deciders, and what it is known again by."""
    record, digest = line.record, house.keys.digest
    assert record.read is not None, "it came as FHIR"
    own = _order_of(handed.consent)
    whole = {
        "consent": handed.consent,
        "evidence": handed.evidence,
        "deciders": [str(each) for each in handed.deciders],
    }
    read = digest("record", canonical(whole).decode())
    draft = record.read.draft
    if draft.evidence_ref and handed.evidence:
        draft = replace(draft, evidence_ref=f"{draft.evidence_ref}#{handed.evidence}")
    return replace(
        record,
        source=replace(record.source, revision=own or read, digest=read),
        read=replace(record.read, draft=draft),
        deceased=handed.meant.deceased,
        deciders=handed.deciders,
    )


def _order_of(consent: Resource) -> str:
    """Its version in its own system, if it says one."""
    meta = consent.get("meta")
    said = meta.get("versionId") if isinstance(meta, dict) else None
    return said if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 10 else ""


def _file(house: House, system: System, record: ConsentRecord, named: Consent | None) -> Filed:
    assert record.read is not None, "it came as FHIR"
    with house.store.peek() as rows:
        before = rows.consents.of_source(system.id, record.source.key)
    if before is not None and not (record.says_no or _is_next(record, before, named)):
        raise Stale
    file_consents(house, [record])
    with house.store.peek() as rows:
        filed = rows.consents.of_source(system.id, record.source.key)
        if filed is None or _digest_of(filed) != record.source.digest:
            raise _undecided(rows, system, record.source.key)
        consent, consents = filed[0], consents_of(rows, filed[0].subject_ref)
        told = _lacking(record, consent) + _own_noes(rows, system.agency, consent)
    with house.store.unit(share=[locks.CONFIG]) as unit:
        alias = unit.subjects.alias(system.agency, consent.subject_ref)
        number = numbering(unit, system.agency)
        shown = as_seen_by(system.agency, consent, alias, number, confidential(unit.directory.all()))
    drain = drain_of(house, system.agency, consents)
    return Filed(
        shown.consent_id, consent.version, spelled(shown, zone_of_pack(house, shown)), before is None, told, drain
    )


def _is_next(record: ConsentRecord, before: tuple[Consent, str], named: Consent | None) -> bool:
    """Whether it says what is filed, or comes after it."""
    said, filed = record.source.revision, before[1].partition("/")[0]
    if _digest_of(before) == record.source.digest:
        return True
    if named is not None:
        return said == str(before[0].version)
    return said.isdigit() and filed.isdigit() and int(said) > int(filed)


def _digest_of(filed: tuple[Consent, str]) -> str:
    return filed[1].rpartition("/")[2]


def _undecided(rows: Peek, system: System, key: str) -> Exception:
    """It was not filed: a human must say whose it is; or its person changed while it was being filed."""
    row = rows.waiting.of(system.id, [key]).get(key)
    if row is None or row.code != Code.DN_IDENTITY.value:
        return Unavailable("registry", "a person who kept changing", "", "send it again")
    step = f"a steward of your agency decides: `hub subjects resolve {row.waiting_id}`; then send it again"
    fault = Fault(PATIENT, "a person who resembles clients of your agency", f"one of them by your alias, or {step}")
    return NotAllowed([fault], Code.DN_IDENTITY.value)


def _lacking(record: ConsentRecord, consent: Consent) -> tuple[Told, ...]:
    missing = record.read.missing if record.read is not None and consent.state is ConsentState.DRAFT else ()
    return tuple(Told(Code.DN_PENDING, f"a draft: nothing goes on it until this is said: {each}") for each in missing)


def _own_noes(rows: Peek, agency: str, consent: Consent) -> tuple[Told, ...]:
    """The noes of this client that the filer itself has taken down, and that go before what it files (S50)."""
    if consent.state in _ENDS:
        return ()
    known = rows.subjects.facts(rows.links.files([consent.subject_ref])[consent.subject_ref]).values()
    noes = [no for facts in known for no in facts.directives if no.taken_by == agency and _touches(no, consent)]
    said = [
        each.consent_id
        for facts in known
        for each in facts.consents
        if each.state is ConsentState.DECLINED and each.discloser == agency and _shares(each, consent)
    ]
    numbers = rows.consents.numbers(said)
    names = [no.directive_id for no in noes if no.directive_id not in consent.lifts]
    names += [numbers.get(each, {}).get(agency, "a declined form") for each in said if each not in consent.lifts]
    text = "a no of this client that your agency has taken down goes before it: {}; it ends when `supersedes` names it"
    return tuple(Told(Code.DN_DIRECTIVE, text.format(name)) for name in names)


def _touches(no: Directive, consent: Consent) -> bool:
    """Whether a standing no is about something that a consent allows; what it does not name, it forbids wholly."""
    to, granted = {each.agency for each in consent.recipients}, {each.category for each in consent.categories}
    return all(
        not said or not allowed.isdisjoint(said)
        for said, allowed in (
            (set(no.recipients), to),
            (set(no.purposes), set(consent.purposes)),
            (set(no.categories), granted),
        )
    )


def _shares(declined: Consent, consent: Consent) -> bool:
    asked, to = {each.agency for each in declined.recipients}, {each.agency for each in consent.recipients}
    return (not asked or not asked.isdisjoint(to)) and not set(declined.purposes).isdisjoint(consent.purposes)


def _forbidden(house: House, system: System, reader: Consents) -> Filed:
    """A standing no: added, or found where it stands already."""
    ref = reader.noes[0].subject
    with house.store.peek() as rows:
        before = {no.directive_id for no in rows.subjects.facts([ref])[ref].directives}
    ((_, name),) = forbid_all(house, reader)
    with house.store.unit(share=[locks.CONFIG]) as unit:
        alias = unit.subjects.alias(system.agency, ref)
        no = unit.consents.directive(name)
        zone = zone_of(house, unit.directory.all(), system.agency)
    assert no is not None, "it has just been added, or found"
    with house.store.peek() as rows:
        drain = drain_of(house, system.agency, consents_of(rows, ref))
    return Filed(name, 1, spelled(replace(no, subject_ref=alias), zone), name not in before, (), drain)


def _with_step(problem: Refused) -> str:
    return f"{problem.expected}; {problem.next_step}" if problem.next_step else problem.expected
