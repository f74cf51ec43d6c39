"""What a search asks for: parameters in, terms out (FHIR R4 search; shared model 12). Pure.

A parameter that is not known is left out, and the self link does not show it; a caller who prefers strict handling is
refused instead. What would tell how many there are is refused always: ``_total``, ``_summary=count``, ``_count=0``.
A refusal names a parameter by its shape, since somebody may have typed a name there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.errors import MessageRejected, shape
from hub.exchange.index.dates import asked_span
from hub.model import codes

Kind = Literal["token", "reference", "date", "string"]

COUNT_DEFAULT, COUNT_MAX = 20, 50  # settled S49
TERMS_MAX, VALUES_MAX, VALUE_MAX = 20, 20, 512  # [policy] of one search; characters of a value
QUERY_MAX = 2048  # [policy] characters of all of it: the link to its next page holds it, and is a URL
_MODIFIERS: Mapping[Kind, frozenset[str]] = {
    "token": frozenset({"not", "missing"}),
    "reference": frozenset({"identifier", "missing"}),
    "date": frozenset({"missing"}),
    "string": frozenset({"exact", "contains", "missing"}),
}
_ALL: dict[str, tuple[Kind, str]] = {"_id": ("token", "id")}
_KEPT = {**_ALL, "_lastUpdated": ("date", "meta.lastUpdated"), "identifier": ("token", "identifier")}

# resource type -> parameter -> its type and where in the resource it looks
PARAMETERS: Mapping[str, Mapping[str, tuple[Kind, str]]] = {
    "ServiceRequest": {
        **_KEPT,
        "patient": ("reference", "subject"),
        "status": ("token", "status"),
        "requester": ("reference", "requester"),
        "performer": ("reference", "performer"),
        "category": ("token", "category"),
        "code": ("token", "code"),
        "authored": ("date", "authoredOn"),
        "requisition": ("token", "requisition"),
        "based-on": ("reference", "basedOn"),
        "replaces": ("reference", "replaces"),
    },
    "Task": {
        **_KEPT,
        "owner": ("reference", "owner"),
        "requester": ("reference", "requester"),
        "status": ("token", "status"),
        "business-status": ("token", "businessStatus"),
        "focus": ("reference", "focus"),
        "based-on": ("reference", "basedOn"),
        "part-of": ("reference", "partOf"),
        "patient": ("reference", "for"),
        "code": ("token", "code"),
        "modified": ("date", "lastModified"),
        "authored-on": ("date", "authoredOn"),
    },
    "Consent": {
        **_ALL,
        "_lastUpdated": ("date", "meta.lastUpdated"),
        "patient": ("reference", "patient"),
        "patient.identifier": ("token", "patient.identifier"),
        "status": ("token", "status"),
        "actor": ("reference", "provision.actor.reference"),
        "organization": ("reference", "organization"),
        "consentor": ("reference", "performer"),
        "period": ("date", "provision.period"),
        "date": ("date", "dateTime"),
        "category": ("token", "category"),
        "purpose": ("token", "provision.purpose"),
        "scope": ("token", "scope"),
        "security-label": ("token", "provision.securityLabel"),
        "source-reference": ("reference", "sourceReference"),
    },
    "AuditEvent": {
        **_ALL,
        "patient": ("reference", "patient"),
        "date": ("date", "recorded"),
        "type": ("token", "type"),
        "subtype": ("token", "subtype"),
        "action": ("token", "action"),
        "outcome": ("token", "outcome"),
        "agent": ("reference", "agent.who"),
        "entity": ("reference", "entity.what"),
    },
    "Patient": {
        **_ALL,
        "identifier": ("token", "identifier"),
        "active": ("token", "active"),
        "link": ("reference", "link.other"),
    },
    "Organization": {
        **_ALL,
        "identifier": ("token", "identifier"),
        "name": ("string", "name"),
        "type": ("token", "type"),
        "active": ("token", "active"),
    },
    "HealthcareService": {
        **_ALL,
        "service-type": ("token", "type"),
        "service-category": ("token", "category"),
        "program": ("token", "program"),
        "organization": ("reference", "providedBy"),
        "location": ("reference", "location"),
        "name": ("string", "name"),
        "characteristic": ("token", "characteristic"),
        "active": ("token", "active"),
    },
}
SORTS: Mapping[str, tuple[str, ...]] = {
    "ServiceRequest": ("_id", "_lastUpdated", "-_lastUpdated"),
    "Task": ("_id", "_lastUpdated", "-_lastUpdated"),
    **dict.fromkeys(("Patient", "Organization", "HealthcareService", "Consent", "AuditEvent"), ("_id",)),
}
INCLUDES = {("_include", "Task"): "Task:focus", ("_revinclude", "ServiceRequest"): "Task:focus"}
_SILENT = frozenset({"_format", "_pretty"})  # of the answer's form: the frame has read them
_COUNT = re.compile(r"[0-9]{1,6}")
_ALIAS = re.compile(r"[A-Z2-7]{12}")  # as the hub gives one
_PEOPLE = frozenset({"patient", "patient.identifier"})


class Unsupported(MessageRejected):
    """A parameter that this search does not have, or that would tell what is not told."""


@dataclass(frozen=True, slots=True)
class Term:
    """One parameter: any of its values will do."""

    name: str
    kind: Kind
    place: str
    modifier: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A search.

    Args:
        order: ``_id``, ``_lastUpdated`` or ``-_lastUpdated``.
        include: the resource at the other end of ``Task.focus`` too.
        used: the parameters as they were understood, for the self link.
    """

    kind: str
    terms: tuple[Term, ...] = ()
    count: int = COUNT_DEFAULT
    order: str = "_id"
    include: bool = False
    used: tuple[tuple[str, str], ...] = ()


def read_query(kind: str, parameters: Sequence[tuple[str, str]], *, strict: bool = False) -> Query:
    """Read the parameters of a search.

    Args:
        parameters: name and value, in their order, decoded.
        strict: whether what is not known is refused (``Prefer: handling=strict``).

    Raises:
        Unsupported: see above, and what cannot be read.
    """
    terms: list[Term] = []
    used: list[tuple[str, str]] = []
    count, order, include = COUNT_DEFAULT, "_id", False
    for name, value in parameters:
        _tells_no_total(name, value)
        if name in _SILENT or not value:
            continue
        if name == "_count":
            count = _count(value)
        elif name == "_sort" and value in SORTS[kind]:
            order = value
        elif INCLUDES.get((name, kind)) == value:
            include = True
        elif (term := _term(kind, name, value)) is not None:
            terms.append(term)
        elif strict:
            raise _unknown(kind, name)
        else:
            continue
        used.append((name, value))
    length = sum(len(name) + len(value) for name, value in used)
    if len(terms) > TERMS_MAX or length > QUERY_MAX:
        got = f"{len(terms)} parameters, {length} characters"
        raise Unsupported("http.query", got, f"at most {TERMS_MAX} and {QUERY_MAX}", "ask for less at once")
    return Query(kind, tuple(terms), count, order, include, tuple(used))


def _tells_no_total(name: str, value: str) -> None:
    is_zero = name == "_count" and value != "" and value.strip("0") == ""
    if name == "_total" or (name == "_summary" and value == "count") or is_zero:
        expected = f"a page of 1 to {COUNT_MAX}: how many there are is not told"
        raise Unsupported(f"http.{name}", "a question for a number", expected, "leave it out")


def _count(value: str) -> int:
    if not _COUNT.fullmatch(value):
        raise Unsupported("http._count", shape(value), f"a number from 1 to {COUNT_MAX}", "correct it")
    return min(int(value), COUNT_MAX)


def _term(kind: str, written: str, value: str) -> Term | None:
    """A parameter as a term; None: there is no such parameter."""
    name, _, modifier = written.partition(":")
    known = PARAMETERS[kind].get(name)
    if known is None:
        return None
    sort, place = known
    where = f"http.{name}"
    if modifier and modifier not in _MODIFIERS[sort]:
        expected = f"one of {', '.join(sorted(_MODIFIERS[sort]))}, or none"
        raise Unsupported(where, f"a modifier of shape {shape(modifier)}", expected, "leave it out")
    values = tuple(each for each in _split(value) if each)
    if not values or len(values) > VALUES_MAX or any(len(each) > VALUE_MAX for each in values):
        expected = f"1 to {VALUES_MAX} values of at most {VALUE_MAX} characters"
        raise Unsupported(where, f"{len(values)} values", expected, "correct it")
    if modifier == "missing" and values not in (("true",), ("false",)):
        raise Unsupported(f"{where}:missing", shape(value), "true or false", "correct it")
    if sort == "date" and modifier != "missing" and None in [asked_span(each) for each in values]:
        raise Unsupported(where, shape(value), "a date or time, as ge2026-06-01T09:00:00Z", "correct it")
    _names_by_alias(kind, name, modifier, values)
    return Term(name, sort, place, modifier, values)


def _names_by_alias(kind: str, name: str, modifier: str, values: Sequence[str]) -> None:
    """A person is asked for by the asker's own alias alone: a name or number of theirs is not repeated in a link."""
    names_somebody = name in _PEOPLE or (kind == "Patient" and name in ("_id", "identifier", "link"))
    if not names_somebody or modifier == "missing":
        return
    for value in values:
        system, _, own = value.rpartition("|")
        if system not in ("", codes.ID_CLIENT) or not _ALIAS.fullmatch(own_part(own)):
            expected = f"your own alias of the client, as Patient/[alias] or {codes.ID_CLIENT}|[alias]"
            raise Unsupported(f"http.{name}", "another value", expected, "by other numbers: Patient/$match")


def own_part(value: str) -> str:
    """The id or number by itself, of ``Type/id``, a URL that ends so, or ``system|value``."""
    return value.rpartition("/")[2].rpartition("|")[2]


def _split(value: str) -> list[str]:
    r"""Values between commas; ``\,`` is no such comma."""
    parts = re.split(r"(?<!\\),", value)
    return [re.sub(r"\\([,|$\\])", r"\1", part) for part in parts]


def _unknown(kind: str, name: str) -> Unsupported:
    known = ", ".join(sorted(PARAMETERS[kind]))
    text = f"a parameter of shape {shape(name)}, or a value of it that is not known"
    return Unsupported(
        "http.query", text, f"one of {known}, _count, _sort", "leave it out, or ask without strict handling"
    )
