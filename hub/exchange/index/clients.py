"""An agency's clients in the index: its own alias of each, whether that still stands, and what it leads to (S50).

Nothing in it comes from another agency, so nothing is decided; that somebody looked is an entry of the log all the
same. Of two files that are one person's, a link is shown where the hub's steward has confirmed it and the agency has an
alias of both: what another agency only says would tell that it knows the client (I-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Page, begin, page_of
from hub.exchange.index.terms import Query, own_part
from hub.model import codes, locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.ports import Unit

KIND = "Patient"
SCAN = 150  # [policy] people in one unit: it may hold 200, and the other files of the same people come to these


def read_client(house: House, system: System, alias: str) -> Resource | None:
    """The Patient of an alias; None: this agency has no client of that alias."""
    found, _ = _look(house, system, Query(KIND), [alias], "")
    return found[0] if found else None


def search_clients(
    house: House, system: System, parameters: Sequence[tuple[str, str]], *, strict: bool = False
) -> Page:
    """One page of an agency's clients, by alias.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    query, after = begin(house, system.agency, KIND, parameters, strict=strict)
    found, last = _look(house, system, query, _named(query), after[0] if after else "")
    return page_of(house, system.agency, query, found, (last,) if last else None)


def _named(query: Query) -> list[str] | None:
    """The aliases that a search names; None: it names none."""
    named = [term for term in query.terms if term.name in ("_id", "identifier") and not term.modifier]
    if not named:
        return None
    return [own_part(value) for value in named[0].values]


def _look(
    house: House, system: System, query: Query, named: Sequence[str] | None, after: str
) -> tuple[list[Resource], str]:
    """The Patients of a page, and the alias behind which the next one begins; "": this is the last.

    An alias leads to the same person for good, so those whom a peek finds are those whom the unit locks.
    """
    agency = system.agency
    with house.store.peek() as rows:
        if named is None:
            people = rows.subjects.of_agency(agency, after, SCAN + 1)
        else:
            pairs = ((alias, rows.subjects.by_alias(agency, alias)) for alias in sorted(set(named)))
            people = [(alias, ref) for alias, ref in pairs if ref is not None and alias > after]
    more = len(people) > SCAN
    people = people[:SCAN]
    with house.store.unit(share=[locks.subject(ref) for _, ref in people]) as unit:
        shown = _patients(unit, agency, people)
        matching = [(alias, ref) for alias, ref in people if matches(shown[ref], query)]
        page = matching[: query.count]
        subjects = sorted(ref for _, ref in page)
        details = {"what": KIND, "agency": agency, "count": len(page), "subjects": subjects}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(system), details))
    last = page[-1][0] if len(matching) > query.count else people[-1][0] if more else ""
    return [shown[ref] for _, ref in page], last


def _patients(unit: Unit, agency: str, people: Sequence[tuple[str, str]]) -> dict[str, Resource]:
    """By reference, what the agency may see of each."""
    refs = [ref for _, ref in people]
    links = unit.links.of(refs)
    ways = {ref: {(way.gone, way.kept) for way in links.get(ref, ()) if way.confirmed} for ref in refs}
    others = {one for found in ways.values() for way in found for one in way} - set(refs)
    aliases = {ref: alias for alias, ref in people}
    aliases |= {ref: unit.subjects.alias(agency, ref) for ref in unit.subjects.with_alias(agency, others)}
    return {ref: _patient(alias, ref, ways[ref], aliases) for alias, ref in people}


def _patient(alias: str, ref: str, ways: set[tuple[str, str]], aliases: Mapping[str, str]) -> Resource:
    links = [
        {"other": {"reference": f"Patient/{aliases[other]}"}, "type": kind}
        for gone, kept in sorted(ways)
        for other, kind in (((kept, "replaced-by"),) if gone == ref else ((gone, "replaces"),) if kept == ref else ())
        if other in aliases
    ]
    return {
        "resourceType": KIND,
        "id": alias,
        "identifier": [{"system": codes.ID_CLIENT, "value": alias}],
        "active": not any(gone == ref for gone, _ in ways),
        **({"link": links} if links else {}),
    }
