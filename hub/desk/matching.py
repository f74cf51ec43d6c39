"""Which of its own clients an agency's software means: ``$match`` (PDQm ITI-119) and ``$ihe-pix`` (PIXm ITI-83).

Only the agency's own clients are looked at. One whom others alone know is nobody here: the same answer, the same
questions to the store, the same entry of the log (I-11, C-116). Nobody is minted, nothing is learnt (settled S50).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consent.fhir.node import Fault, Node
from consent.files import kept
from hub.desk.patients import NotRead, read_patient
from hub.exchange.entries import acting
from hub.exchange.handed_in import file_number
from hub.exchange.house import House
from hub.exchange.match import Ambiguous, Held, Nobody, One, PersonKeys, compare, local_key, resolve
from hub.model.audit import AuditEvent, Entry
from hub.model.codes import ID, ID_CLIENT
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.model.identifiers import normalise
from hub.ports import Peek, Unit

Grade = Literal["certain", "possible"]
MATCHES_MAX = 20  # [policy] more resemble nobody in particular
_CAMS = f"{ID}/eois-cams"
_NOBODY = "-"  # asked in the place of nobody, so that the store is asked the same


@dataclass(frozen=True, slots=True)
class Match:
    """One of the agency's own clients.

    Args:
        active: False: that file has gone into another one of the same person.
    """

    alias: str
    grade: Grade
    active: bool = True


def match(house: House, system: System, patient: Resource, *, only_certain: bool, limit: int) -> list[Match]:
    """Whom a Patient may be. One whom it identifies is certain; whoever resembles it is possible, each alike.

    Args:
        patient: as it was handed in.
        only_certain: what is a question is not told at all.

    Raises:
        NotRead: with what cannot be read of it.
    """
    faults: list[Fault] = []
    meant = read_patient(house, system, Node(patient, "Parameters.parameter.resource", faults))
    if faults:
        raise NotRead(faults)
    with house.store.peek() as rows:
        found = _among_own(rows, meant.keys, system.agency, meant.alias)
    grade: Grade = "certain" if isinstance(found, One) else "possible"
    refs = (found.subject_ref,) if isinstance(found, One) else getattr(found, "subject_refs", ())
    shown = refs[: min(limit, MATCHES_MAX)] if grade == "certain" or not only_certain else ()
    with house.store.unit() as unit:
        return _looked(unit, system, "match", shown, grade)


def cross_reference(house: House, system: System, source: tuple[str, str]) -> str | None:
    """The agency's alias of the client whom it knows by a number of its own; None: it has no such client.

    Known are: the alias itself, the file number of its own system, and the CaMS reference that it once told with a
    birth date. A government's number alone proves nobody (design §4).

    Args:
        source: system and value.
    """
    url, value = source
    digest = house.keys.digest
    keys = [_NOBODY]
    if url == file_number(system.agency):
        keys = [local_key(system.id, value, digest)]
    elif url == _CAMS:
        keys = [digest("reference", f"{system.agency}\n{normalise(value)}")]
    with house.store.peek() as rows:
        named = rows.subjects.by_alias(system.agency, value if url == ID_CLIENT else _NOBODY)
        refs = {ref for _, ref in rows.subjects.by_digests(keys)} | ({named} if named else set())
        own = rows.subjects.with_alias(system.agency, refs or {_NOBODY})
        links = rows.links.of(own or {_NOBODY})
        into = {ref: kept(ref, links) for ref in own}
    one = {into[ref] if into[ref] in own else ref for ref in own}
    with house.store.unit() as unit:
        found = _looked(unit, system, "cross-reference", tuple(one) if len(one) == 1 else (), "certain")
    return found[0].alias if found else None


def _among_own(rows: Peek, keys: PersonKeys, agency: str, alias: str | None) -> One | Nobody | Ambiguous:
    """As ``identify_client`` answers, with no question to the store that depends on somebody else's clients."""
    subjects = rows.subjects
    refs = {ref for _, ref in subjects.by_digests(keys.found_by() or [_NOBODY])}
    named = subjects.by_alias(agency, alias or _NOBODY)
    own = subjects.with_alias(agency, {*refs, *([named] if named else [])} or {_NOBODY})
    digests = subjects.digests_of_each(own or {_NOBODY})
    links = rows.links.of(own or {_NOBODY})
    alike = [compare(keys, Held.of(ref, digests.get(ref, {}), own=True)) for ref in sorted(own)]
    found = resolve([each for each in alike if each.subject_ref in refs], {ref: kept(ref, links) for ref in own})
    if named is None:
        return found
    into = kept(named, links)
    theirs = into if into in own else named
    if isinstance(found, One) and kept(found.subject_ref, links) != into:
        return Ambiguous(tuple(sorted((found.subject_ref, named))))
    held = Held.of(named, digests.get(named, {}), own=True)
    agrees = keys.bare or any(each.subject_ref == named and _agrees(each) for each in alike)
    unsaid = not (held.family or held.given)
    return One(theirs) if isinstance(found, One) or agrees or unsaid else Ambiguous((named,))


def _agrees(candidate: object) -> bool:
    return any(getattr(candidate, name) for name in ("exact", "resembles", "family"))


def _looked(unit: Unit, system: System, what: str, refs: tuple[str, ...], grade: Grade) -> list[Match]:
    """No entry, no answer."""
    aliases = {ref: unit.subjects.aliases(ref)[system.agency] for ref in refs}
    details = {"what": what, "agency": system.agency, "count": len(refs), "subjects": sorted(refs)}
    unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(system), details))
    links = unit.links.of(refs) if refs else {}
    return [Match(aliases[ref], grade, kept(ref, links) == ref) for ref in refs]
