"""Which of a search's terms the store answers by itself (columns and indexes). The rest is looked at afterwards.

A plan finds at least all that the search is about: every term is asked again of the resource as it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from hub.exchange.index.catalogue import organization_of
from hub.exchange.index.matching import matches, refers, when
from hub.exchange.index.spelling import organization, statuses
from hub.exchange.index.terms import Query, Term
from hub.model import codes
from hub.model.fhir import Resource, coding, concept
from hub.model.rows import Sought
from hub.ports import Directory, Peek
from hub.referral import STATES, TASK_STATUS

_ORDER: dict[str, Literal["number", "moved", "-moved"]] = {
    "_id": "number",
    "_lastUpdated": "moved",
    "-_lastUpdated": "-moved",
}
_SHOWN = timedelta(milliseconds=1)  # an instant is shown as exactly as that


def plan(rows: Peek, query: Query, agency: str) -> Sought | None:
    """What to look for in the store; None: there can be nothing."""
    directory = rows.directory.all()
    sought = Sought(agency, states=_states(query), order=_ORDER[query.order])
    for term in query.terms:
        found = _narrowed(rows, directory, sought, term, query.kind)
        if found is None:
            return None
        sought = found
    return sought


def _narrowed(rows: Peek, directory: Directory, sought: Sought, term: Term, kind: str) -> Sought | None:
    if term.modifier in ("missing", "not"):
        return sought
    agencies = _agencies(directory, sought.agency, term)
    match term.name:
        case "patient":
            sought_too = _of_person(rows, sought, term)
        case "requester":
            sought_too = replace(sought, senders=_both(agencies, sought.senders))
        case "owner" | "performer":
            sought_too = replace(sought, recipients=_both(agencies, sought.recipients))
        case "_lastUpdated":
            sought_too = _moved(sought, term)
        case _:
            sought_too = _numbered(sought, _numbers(term, kind))
    return sought_too


def _both(found: frozenset[str], before: frozenset[str] | None) -> frozenset[str]:
    return found if before is None else found & before


def _numbered(sought: Sought, numbers: list[str] | None) -> Sought:
    if numbers is None:
        return sought
    both = numbers if sought.numbers is None else [each for each in numbers if each in sought.numbers]
    return replace(sought, numbers=tuple(dict.fromkeys(both)))


def _states(query: Query) -> tuple[str, ...]:
    """The states that the terms about states leave."""
    asked = tuple(term for term in query.terms if term.name in ("status", "business-status"))
    about = replace(query, terms=asked, order="_id")
    return tuple(sorted(state for state in STATES if any(matches(each, about) for each in _stubs(query.kind, state))))


def _stubs(kind: str, state: str) -> Iterable[Resource]:
    """What a resource in a state may say of it."""
    said = concept(coding(codes.REFERRAL_STATE, state))
    before = sorted(TASK_STATUS) if state == "cancel-requested" else [""]
    for left in before:
        yield {"resourceType": kind, "status": statuses(state, left)[kind], "businessStatus": said}


def _of_person(rows: Peek, sought: Sought, term: Term) -> Sought | None:
    """Of one client alone the store is asked by itself."""
    if len(term.values) != 1:
        return sought
    alias = term.values[0].rpartition("/")[2].rpartition("|")[2]
    ref = rows.subjects.by_alias(sought.agency, alias)
    return None if ref is None or sought.subject_ref not in (None, ref) else replace(sought, subject_ref=ref)


def _agencies(directory: Directory, reader: str, term: Term) -> frozenset[str]:
    """The agencies that the reader may mean; by the relay's name all that stand behind it. Of no such term: none."""
    if term.kind != "reference":
        return frozenset()
    shown = {each: organization(organization_of(directory, each, reader)) for each in directory.agencies}
    if term.modifier == "identifier":
        values = {each.rpartition("|")[2] for each in term.values}
        return frozenset(each for each, end in shown.items() if {"", end["identifier"]["value"]} & values)
    return frozenset(
        each for each, end in shown.items() if any(refers(end["reference"], value) for value in term.values)
    )


def _numbers(term: Term, kind: str) -> list[str] | None:
    """The hub's numbers that a term names; None: it names none, or others too."""
    if term.name == "_id" or (term.name in ("focus", "based-on") and kind == "Task" and not term.modifier):
        return [value.rpartition("/")[2] for value in term.values]
    is_named = term.name == "identifier" or term.modifier == "identifier"
    if is_named and term.name in ("identifier", "focus", "based-on") and kind in ("Task", "ServiceRequest"):
        if kind == "ServiceRequest" and term.name != "identifier":
            return None
        pairs = [value.rpartition("|") for value in term.values]
        if all(system == codes.ID_REFERRAL and number for system, _, number in pairs):
            return [number for _, _, number in pairs]
    return None


def _moved(sought: Sought, term: Term) -> Sought:
    """When it last changed, as widely as any of the values asks."""
    spans = [_wide(*when(value, term.name)) for value in term.values]
    lows, highs = [low for low, _ in spans], [high for _, high in spans]
    low = None if None in lows else min(each for each in lows if each is not None)
    high = None if None in highs else max(each for each in highs if each is not None)
    return replace(
        sought,
        moved_from=_stricter(max, sought.moved_from, low),
        moved_before=_stricter(min, sought.moved_before, high),
    )


def _wide(prefix: str, span: tuple[datetime, datetime]) -> tuple[datetime | None, datetime | None]:
    low, high = span
    match prefix:
        case "eq" | "ap":
            return low, high + _SHOWN
        case "gt" | "ge" | "sa":
            return low, None
        case "lt" | "le" | "eb":
            return None, high + _SHOWN
        case _:
            return None, None


def _stricter(choose: Callable[[list[datetime]], datetime], *found: datetime | None) -> datetime | None:
    known = [each for each in found if each is not None]
    return choose(known) if known else None
