"""Which of a search's terms the store answers by itself (columns and indexes). The rest is looked at afterwards.

A plan finds at least all that the search is about: every term is asked again of the resource as it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from hub.exchange.index.catalogue import organization_of
from hub.exchange.index.dates import Span, asked_span
from hub.exchange.index.matching import matches, refers
from hub.exchange.index.spelling import organization, statuses
from hub.exchange.index.terms import Query, Term, own_part
from hub.model import codes
from hub.model.fhir import Resource, coding, concept
from hub.model.rows import Sought
from hub.ports import Peek
from hub.referral import STATES, TASK_STATUS

_ORDER: dict[str, Literal["number", "moved", "-moved"]] = {
    "_id": "number",
    "_lastUpdated": "moved",
    "-_lastUpdated": "-moved",
}
_SHOWN = timedelta(milliseconds=1)  # an instant is shown as exactly as that
_ALWAYS: Span = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def plan(rows: Peek, query: Query, agency: str) -> Sought:
    """What to look for in the store."""
    sought = Sought(agency, states=_states(query), order=_ORDER[query.order])
    for term in query.terms:
        if term.modifier not in ("missing", "not"):
            sought = _narrowed(rows, sought, term, query.kind)
    return sought


def _narrowed(rows: Peek, sought: Sought, term: Term, kind: str) -> Sought:
    match term.name:
        case "patient":
            return replace(sought, subjects=_both(_people(rows, sought.agency, term), sought.subjects))
        case "requester":
            return replace(sought, senders=_both(_agencies(rows, sought.agency, term), sought.senders))
        case "owner" | "performer":
            return replace(sought, recipients=_both(_agencies(rows, sought.agency, term), sought.recipients))
        case "_lastUpdated":
            return _moved(sought, term)
        case _:
            numbers = _numbers(term, kind)
            return sought if numbers is None else replace(sought, numbers=_both(numbers, sought.numbers))


def _both(found: frozenset[str], before: frozenset[str] | None) -> frozenset[str]:
    return found if before is None else found & before


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


def _people(rows: Peek, agency: str, term: Term) -> frozenset[str]:
    found = (rows.subjects.by_alias(agency, own_part(value)) for value in term.values)
    return frozenset(ref for ref in found if ref is not None)


def _agencies(rows: Peek, reader: str, term: Term) -> frozenset[str]:
    """The agencies that the reader may mean; by the relay's name all that stand behind it."""
    directory = rows.directory.all()
    shown = {each: organization(organization_of(directory, each, reader)) for each in directory.agencies}
    if term.modifier == "identifier":
        values = {own_part(each) for each in term.values}
        return frozenset(each for each, end in shown.items() if {"", end["identifier"]["value"]} & values)
    return frozenset(
        each for each, end in shown.items() if any(refers(end["reference"], value) for value in term.values)
    )


def _numbers(term: Term, kind: str) -> frozenset[str] | None:
    """The hub's numbers that a term names; None: it names none, or others too."""
    of_itself = ("_id", "identifier", *(("focus", "based-on") if kind == "Task" else ()))
    if term.name not in of_itself:
        return None
    by_identifier = term.name == "identifier" or term.modifier == "identifier"
    if by_identifier and not all(value.startswith(f"{codes.ID_REFERRAL}|") for value in term.values):
        return None
    return frozenset(own_part(value) for value in term.values)


def _moved(sought: Sought, term: Term) -> Sought:
    """When it last changed, as widely as any of the values asks."""
    spans = [_wide(*asked) for value in term.values if (asked := asked_span(value)) is not None]
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    first, last = sought.moved or _ALWAYS
    return replace(sought, moved=(max(low, first), min(high, last)))


def _wide(prefix: str, span: Span) -> Span:
    low, high = span
    match prefix:
        case "eq" | "ap":
            return low, high + _SHOWN
        case "gt" | "ge" | "sa":
            return low, _ALWAYS[1]
        case "lt" | "le" | "eb":
            return _ALWAYS[0], high + _SHOWN
        case _:
            return _ALWAYS
