"""Whether a resource is what a term asks for (FHIR R4 search 3.1.1.4). Pure.

It looks at the resource as the reader is shown it, and at nothing behind it: what is not shown cannot be found out by
searching for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from hub.exchange.index.dates import Span, asked_span, span_of, utc
from hub.exchange.index.spelling import is_suspended
from hub.exchange.index.terms import Query, Term, own_part
from hub.model.fhir import Resource

# what finds one whose sharing is suspended: its number, and that the reader is at that end of it
_STAYS = frozenset({"_id", "identifier", "focus", "based-on"})
_ENDS = frozenset({"owner", "requester", "performer"})


def matches(resource: Resource, query: Query, *, reader: str = "", ends: Resource | None = None) -> bool:
    """Whether a resource is what all terms ask for.

    Args:
        ends: of one whose sharing is suspended, who it is from and to, as the reader may know of them; it is found by
            its number, and by which of its ends the reader is, and by nothing else.
    """
    if not is_suspended(resource):
        return all(_matches(resource, term) for term in query.terms)
    return query.order == "_id" and all(_found_suspended(resource, term, reader, ends or {}) for term in query.terms)


def _found_suspended(resource: Resource, term: Term, reader: str, ends: Resource) -> bool:
    if term.modifier in ("missing", "not"):
        return False
    if term.name in _ENDS:
        return any(own_part(value) == reader for value in term.values) and _matches(ends, term)
    if term.name not in _STAYS or (term.name == "based-on" and resource["resourceType"] != "Task"):
        return False
    number = resource["id"]
    focus = {"reference": f"ServiceRequest/{number}", "identifier": resource["identifier"][0]}
    return _matches({**resource, "focus": focus, "basedOn": [focus]}, term)


def _matches(resource: Resource, term: Term) -> bool:
    found = list(_at(resource, term.place.split(".")))
    if term.modifier == "missing":
        return (not found) == (term.values == ("true",))
    if term.modifier == "not":
        return not any(_is_token(each, value) for each in found for value in term.values)
    return any(_is(each, value, term) for each in found for value in term.values)


def _is(found: Any, value: str, term: Term) -> bool:
    match term.kind:
        case "token":
            return _is_token(found, value)
        case "reference" if term.modifier == "identifier":
            return _is_token(found.get("identifier", {}), value)
        case "reference":
            return refers(str(found.get("reference", "")), value)
        case "date":
            return _is_when(found, value)
        case _:
            return _is_text(str(found), value, term.modifier)


def _at(node: Any, steps: list[str]) -> Iterable[Any]:
    """What stands at a place of a resource, each instance of it."""
    if isinstance(node, list):
        for each in node:
            yield from _at(each, steps)
    elif not steps:
        if node is not None:
            yield node
    elif isinstance(node, dict) and steps[0] in node:
        yield from _at(node[steps[0]], steps[1:])


def _is_token(found: Any, value: str) -> bool:
    """A code, Identifier, CodeableConcept or boolean against ``code``, ``system|code``, ``|code`` or ``system|``."""
    system, stroke, code = value.rpartition("|")
    if isinstance(found, dict):
        named = found.get("coding", [found]) if "coding" in found or "value" not in found else [found]
        pairs = [(each.get("system", ""), each.get("code", each.get("value", ""))) for each in named]
    else:
        pairs = [("", str(found).lower() if isinstance(found, bool) else str(found))]
        if system:  # an element of type code says no system; its value set is R4's own
            return code == pairs[0][1] and system.startswith("http://hl7.org/fhir/")
    if not stroke:
        return any(each == code for _, each in pairs)
    return any(own == system and (not code or each == code) for own, each in pairs)


def refers(reference: str, value: str) -> bool:
    """Whether a relative reference is meant by a value: an id, ``Type/id``, or a URL that ends so."""
    kind, _, own = reference.rpartition("/")
    head, stroke, asked = value.rpartition("/")
    return asked == own and (not stroke or head == kind or head.endswith(f"/{kind}"))


def _is_text(found: str, value: str, modifier: str) -> bool:
    if modifier == "exact":
        return found == value
    one, other = _folded(found), _folded(value)
    return other in one if modifier == "contains" else any(part.startswith(other) for part in (one, *one.split()))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def _is_when(found: Any, value: str) -> bool:
    span = _period(found) if isinstance(found, dict) else span_of(str(found))
    asked = asked_span(value)
    if span is None or asked is None:
        return False
    prefix, (first, last) = asked
    low, high = span
    is_within = first <= low and high <= last
    found_so = {
        "eq": is_within,
        "ne": not is_within,
        "gt": high > last,
        "lt": low < first,
        "ge": high > last or is_within,
        "le": low < first or is_within,
        "sa": low >= last,
        "eb": high <= first,
        "ap": low < last and first < high,
    }
    return found_so[prefix]


def _period(found: Resource) -> Span | None:
    """What a Period covers; an end that is not there is open."""
    start, end = (span_of(str(found[name])) if name in found else None for name in ("start", "end"))
    return (start[0] if start else utc(1, 1)), (end[1] if end else utc(9999, 1))
