"""The consents that name an agency, as its own software reads them: one, its versions, a search (shared model 8, 12).

- The discloser sees all of its own. A recipient sees one of a client whom it knows, from when it is more than a draft;
  a form that the client declined it does not see: that is a no to it, and nothing that it may act on.
- Each by its own number, with no other recipient, as in ``consent_shown.py``; what is not shown cannot be found out by
  searching for it. A standing no is its taker's alone: read by its id, found by a search for its client.
- One entry of the log for each look: of one that is not there, or another agency's, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from consent.model import Consent, Directive
from consent.model.words import ConsentState
from hub.desk.consent_shown import as_seen_by, confidential, numbering, spelled, zone_of_pack
from hub.desk.days import zone_of
from hub.desk.patients import client_named
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Page, begin, page_of
from hub.exchange.index.terms import Query
from hub.model import codes, locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.ports import Directory, Peek

KIND = "Consent"
SCAN = 200  # [policy] consents that are looked at for one page
_UNSEEN = (ConsentState.DRAFT, ConsentState.DECLINED, ConsentState.ABANDONED)  # of a recipient
_NONE = "-"  # asked for in the place of nothing, so that the store is asked the same


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version of a consent, or a standing no, that an agency may see; ``alias``: its own of the client."""

    what: Consent | Directive
    alias: str
    at: datetime | None

    @property
    def name(self) -> str:
        return self.what.consent_id if isinstance(self.what, Consent) else self.what.directive_id


def read_one(house: House, system: System, number: str) -> Resource | None:
    """The newest version that the system's agency may see of a consent; None: there is none of this number."""
    found = _look_at(house, system, number)
    return found[-1] if found else None


def read_version(house: House, system: System, number: str, version: str) -> Resource | None:
    """One version; each that decided something can still be read."""
    found = _look_at(house, system, number)
    return next((each for each in found if each["meta"].get("versionId") == version), None)


def history(house: House, system: System, number: str) -> list[Resource] | None:
    """All versions that the system's agency may see, the newest first."""
    found = _look_at(house, system, number)
    return list(reversed(found)) or None


def search(house: House, system: System, parameters: Sequence[tuple[str, str]], *, strict: bool = False) -> Page:
    """One page, by the ids of consents.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    query, after = begin(house, system.agency, KIND, parameters, strict=strict)
    with house.store.peek() as rows:
        seen, scanned = _candidates(rows, system.agency, query, after[0] if after else "")
        numbers = rows.consents.numbers([each.name for each in seen])
        known = {name: of[system.agency] for name, of in numbers.items() if system.agency in of}
        reader = _reader(house, rows.directory.all(), system.agency)
    # a consent that has no number yet is not found by one
    as_known = [(each, _spelled(house, reader, each, lambda name: known.get(name, _NONE))) for each in seen]
    fit = [each for each, found in as_known if matches(_searched(found), query)]
    shown = fit[: query.count]
    last = shown[-1].name if len(fit) > query.count else scanned
    return page_of(house, system.agency, query, _shown(house, system, shown), (last,) if last else None)


def _look_at(house: House, system: System, number: str) -> list[Resource]:
    """The versions behind a number that the agency may see, the oldest first."""
    with house.store.peek() as rows:
        versions = rows.consents.versions(rows.consents.by_number(system.agency, number) or _NONE)
        no = rows.consents.directive(number)
        seen = [*_visible(rows, system.agency, versions), *_own_no(rows, system.agency, no)]
    return _shown(house, system, seen)


def _visible(rows: Peek, agency: str, versions: Sequence[Consent]) -> Iterable[_Seen]:
    """Those of a consent's versions that an agency may see."""
    ref = versions[-1].subject_ref if versions else _NONE
    alias = rows.subjects.aliases(ref).get(agency)
    times = {
        event.registry_seq: event.at for event in rows.consents.events(versions[-1].consent_id if versions else _NONE)
    }
    for each in versions if alias else ():
        mine = each.discloser == agency
        named = any(to.agency == agency for to in each.recipients) and each.state not in _UNSEEN
        if mine or named:
            yield _Seen(each, alias or "", times.get(each.registry_seq))


def _own_no(rows: Peek, agency: str, no: Directive | None) -> Iterable[_Seen]:
    alias = rows.subjects.aliases(no.subject_ref if no else _NONE).get(agency)
    if no is not None and no.taken_by == agency and no.lifted_by is None and alias:
        yield _Seen(no, alias, None)


def _candidates(rows: Peek, agency: str, query: Query, after: str) -> tuple[list[_Seen], str]:
    """What a page may hold, behind a key: the newest of each that the agency may see. Where to go on; "": it ends."""
    alias = client_named(query)
    if alias is None:
        found: Sequence[Consent | Directive] = rows.consents.naming(agency, after, SCAN + 1)
    else:
        ref = rows.subjects.by_alias(agency, alias) or _NONE
        file = rows.subjects.facts([ref]).values()
        files = rows.subjects.facts(rows.links.files([ref]).get(ref, (ref,))).values()
        known: dict[str, Consent | Directive] = {
            each.consent_id: each for facts in file for each in sorted(facts.consents, key=_by_version)
        }
        known |= {no.directive_id: replace(no, subject_ref=ref) for facts in files for no in facts.directives}
        found = [known[name] for name in sorted(known) if name > after]
    seen = [one for each in found[:SCAN] if (one := _newest(rows, agency, each)) is not None]
    return seen, _name(found[SCAN - 1]) if len(found) > SCAN else ""


def _newest(rows: Peek, agency: str, found: Consent | Directive) -> _Seen | None:
    """What an agency may see of it now: of a draft that stands beside what counts, a recipient sees that (C-37)."""
    if isinstance(found, Directive):
        return next(iter(_own_no(rows, agency, found)), None)
    older = found.discloser != agency and found.state is ConsentState.DRAFT
    versions = rows.consents.versions(found.consent_id) if older else [found]
    return next(iter(reversed(list(_visible(rows, agency, versions)))), None)


def _by_version(consent: Consent) -> int:
    return consent.version


def _name(found: Consent | Directive) -> str:
    return found.consent_id if isinstance(found, Consent) else found.directive_id


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who looks, and the zone of its days; ``hidden`` are the agencies that it knows as the relay."""

    agency: str
    hidden: frozenset[str]
    zone: ZoneInfo


def _reader(house: House, directory: Directory, agency: str) -> _Reader:
    return _Reader(agency, confidential(directory), zone_of(house, directory, agency))


def _shown(house: House, system: System, seen: Sequence[_Seen]) -> list[Resource]:
    """As the agency sees them, by numbers that it gets now; no entry, no look."""
    agency = system.agency
    with house.store.unit(share=[locks.CONFIG]) as unit:
        reader, number = _reader(house, unit.directory.all(), agency), numbering(unit, agency)
        given = {name: number(name) for each in seen for name in _names(each.what)}
        subjects = sorted({each.what.subject_ref for each in seen})
        names = sorted({each.name for each in seen})
        details = {"what": KIND, "agency": agency, "count": len(names), "subjects": subjects, "consents": names}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(system), details))
    return [_spelled(house, reader, each, given.__getitem__) for each in seen]


def _names(what: Consent | Directive) -> tuple[str, ...]:
    return (what.consent_id, *what.supersedes, *what.lifts) if isinstance(what, Consent) else ()


def _spelled(house: House, reader: _Reader, seen: _Seen, number: Callable[[str], str]) -> Resource:
    """In FHIR."""
    if isinstance(seen.what, Directive):
        return spelled(replace(seen.what, subject_ref=seen.alias), reader.zone)
    shown = as_seen_by(reader.agency, seen.what, seen.alias, number, reader.hidden)
    found = spelled(shown, zone_of_pack(house, shown))
    if seen.at is not None:
        found["meta"]["lastUpdated"] = seen.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return found


def _searched(found: Resource) -> Resource:
    """A Consent as a search looks at it: with the identifier behind its patient."""
    reference = found["patient"].get("reference", "")
    known = {"system": codes.ID_CLIENT, "value": reference.rpartition("/")[2]}
    return {**found, "patient": {**found["patient"], "identifier": known}}
