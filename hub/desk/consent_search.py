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

from consent.model import Consent, Directive
from consent.model.words import ConsentState
from hub.desk.consent_shown import as_seen_by, confidential, numbering, spelled, zone_of_pack
from hub.desk.days import zone_of
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Page, open_page, page_of, seal_page
from hub.exchange.index.terms import Query, Term, read_query
from hub.model import codes, locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.ports import Peek

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
    """One page, by the registry's order.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    token = page_of(parameters)
    with house.store.peek() as rows:
        now = rows.now
        used, after = open_page(house, system.agency, KIND, token, now) if token else (tuple(parameters), ("",))
        query = read_query(KIND, used, strict=strict and not token)
        seen, more = _candidates(rows, system.agency, query, after[0])
        numbers = rows.consents.numbers([each.name for each in seen])
        known = {name: of[system.agency] for name, of in numbers.items() if system.agency in of}
        hidden = confidential(rows.directory.all())
    # a consent that has no number yet is not found by one
    as_known = [(each, _spelled(house, system, each, lambda name: known.get(name, _NONE), hidden)) for each in seen]
    fit = [each for each, found in as_known if matches(_searched(found), query)]
    shown = fit[: query.count]
    last = shown[-1].name if len(fit) > query.count else seen[-1].name if more else ""
    found = _shown(house, system, shown)
    link = seal_page(house, system.agency, KIND, query.used, (last,), now) if last else None
    return Page(tuple(found), (), query.used, link)


def _look_at(house: House, system: System, number: str) -> list[Resource]:
    """The versions behind a number that the agency may see, the oldest first."""
    with house.store.peek() as rows:
        consent_id = rows.consents.by_number(system.agency, number)
        versions = rows.consents.versions(consent_id or _NONE)
        no = rows.consents.directive(number)
        seen = list(_visible(rows, system.agency, versions))
        seen += _own_noes(rows, system.agency, [no] if no else [])
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


def _own_noes(rows: Peek, agency: str, noes: Iterable[Directive]) -> Iterable[_Seen]:
    for no in noes:
        alias = rows.subjects.aliases(no.subject_ref).get(agency)
        if no.taken_by == agency and no.lifted_by is None and alias:
            yield _Seen(no, alias, None)


def _candidates(rows: Peek, agency: str, query: Query, after: str) -> tuple[list[_Seen], bool]:
    """What a page may hold, behind a key: the newest of each that the agency may see. Whether there is more."""
    named = next((term for term in query.terms if _is_about_one(term)), None)
    found: list[Consent | Directive]
    if named is not None:
        ref = rows.subjects.by_alias(agency, _alias(named.values[0])) or _NONE
        said = [known for each in (rows.subjects.facts([ref]),) for known in each.values()]
        files = rows.subjects.facts(rows.links.files([ref]).get(ref, (ref,))).values()
        newest = {each.consent_id: each for known in said for each in sorted(known.consents, key=_by_version)}
        noes = [no for known in files for no in known.directives]
        found = [*newest.values(), *(replace(no, subject_ref=ref) for no in noes)]
        found = sorted((each for each in found if _name(each) > after), key=_name)
    else:
        found = list(rows.consents.naming(agency, after, SCAN + 1))
    seen = [one for each in found[:SCAN] if (one := _newest(rows, agency, each)) is not None]
    return seen, len(found) > SCAN


def _newest(rows: Peek, agency: str, found: Consent | Directive) -> _Seen | None:
    """What an agency may see of it now: of a draft that stands beside what counts, a recipient sees that (C-37)."""
    if isinstance(found, Directive):
        return next(iter(_own_noes(rows, agency, [found])), None)
    older = found.discloser != agency and found.state is ConsentState.DRAFT
    versions = rows.consents.versions(found.consent_id) if older else [found]
    return next(iter(reversed(list(_visible(rows, agency, versions)))), None)


def _is_about_one(term: Term) -> bool:
    return (
        term.name in ("patient", "patient.identifier") and term.modifier in ("", "identifier") and len(term.values) == 1
    )


def _alias(value: str) -> str:
    return value.rpartition("/")[2].rpartition("|")[2].removeprefix("p-")


def _by_version(consent: Consent) -> int:
    return consent.version


def _name(found: Consent | Directive) -> str:
    return found.consent_id if isinstance(found, Consent) else found.directive_id


def _shown(house: House, system: System, seen: Sequence[_Seen]) -> list[Resource]:
    """As the agency sees them, by numbers that it gets now; no entry, no look."""
    agency = system.agency
    with house.store.unit(share=[locks.CONFIG]) as unit:
        hidden, number = confidential(unit.directory.all()), numbering(unit, agency)
        given = {name: number(name) for each in seen for name in _names(each.what)}
        subjects = sorted({each.what.subject_ref for each in seen})
        names = sorted({each.name for each in seen})
        details = {"what": KIND, "agency": agency, "count": len(names), "subjects": subjects, "consents": names}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(system), details))
    return [_spelled(house, system, each, given.__getitem__, hidden) for each in seen]


def _names(what: Consent | Directive) -> tuple[str, ...]:
    return (what.consent_id, *what.supersedes, *what.lifts) if isinstance(what, Consent) else ()


def _spelled(
    house: House, system: System, seen: _Seen, number: Callable[[str], str], hidden: frozenset[str]
) -> Resource:
    """In FHIR."""
    if isinstance(seen.what, Directive):
        with house.store.peek() as rows:
            zone = zone_of(house, rows.directory.all(), system.agency)
        return spelled(replace(seen.what, subject_ref=seen.alias), zone)
    shown = as_seen_by(system.agency, seen.what, seen.alias, number, hidden)
    found = spelled(shown, zone_of_pack(house, shown))
    if seen.at is not None:
        found["meta"]["lastUpdated"] = seen.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return found


def _searched(found: Resource) -> Resource:
    """A Consent as a search looks at it: with the identifier behind its patient."""
    reference = found["patient"].get("reference", "")
    known = {"system": codes.ID_CLIENT, "value": reference.rpartition("/")[2]}
    return {**found, "patient": {**found["patient"], "identifier": known}}
