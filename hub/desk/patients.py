"""Whom an agency's own software means: a Patient is read, made into keyed digests, and dropped; an alias says it.

Read are identifiers, names and the birth date (shared model 3.2); whatever else stands there is not looked at, and
nothing of it is kept or repeated. Who it is then, say ``hub/exchange/identify.py`` and ``match.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from consent.fhir.node import Fault, Node
from hub.errors import kind_of
from hub.exchange.handed_in import file_number
from hub.exchange.house import House
from hub.exchange.index.terms import Query, own_part
from hub.exchange.match import PersonKeys, person_keys
from hub.model.codes import ID_CLIENT
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.model.identifiers import GOVERNMENT, normalise, shape_problem

IDENTIFIERS_MAX = 20  # [policy] of one person, or one Consent
_NAMES = ("patient", "patient.identifier")
_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


class NotRead(Exception):
    """What cannot be read of what was handed in: each fault has a path, and none a value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(dict.fromkeys(faults))


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a Patient means.

    Args:
        alias: the agency's own of one of its clients, where it is given.
        keys: what is said of the person, as digests.
        named: it says a name; ``identifies``: something by which somebody can be found who has no alias yet.
        deceased: it says that the person has died.
    """

    alias: str | None
    keys: PersonKeys
    named: bool
    identifies: bool
    deceased: bool


def read_patient(house: House, system: System, root: Node) -> Meant:
    """Read a Patient. What cannot be read is a fault by its path; the value is in none."""
    numbers = list(_numbers(root))
    names = [_name(each) for each in root.each("name")]
    born = _born(root)
    plain: Resource = {"identifier": [{"system": url, "value": value} for url, value in numbers], "name": names}
    if born is not None:
        plain["birthDate"] = born
    local = next((value for url, value in numbers if url == file_number(system.agency)), None)
    keys = person_keys(plain, system=system.id, local_id=local, digest=house.keys.digest, agency=system.agency)
    return Meant(
        alias=next((value for url, value in numbers if url == ID_CLIENT), None),
        keys=keys,
        named=any(name.get("family") or name.get("given") for name in names),
        identifies=bool(keys.exact),
        deceased=_died(root),
    )


def client_named(query: Query) -> str | None:
    """The one client whom a search names, by the agency's alias; None: it names none, or any of several."""
    named = [term for term in query.terms if term.name in _NAMES and term.modifier in ("", "identifier")]
    return next((own_part(term.values[0]) for term in named if len(term.values) == 1), None)


def _numbers(root: Node) -> Iterator[tuple[str, str]]:
    """The identifiers that could say who it is; others are nobody's business here."""
    listed = root.each("identifier")
    if len(listed) > IDENTIFIERS_MAX:
        root.fault(f"{len(listed)} of them", f"at most {IDENTIFIERS_MAX}", "identifier")
    for each in listed[:IDENTIFIERS_MAX]:
        if not each.is_object():
            continue
        system, value = each.at("system"), each.at("value")
        if system is None or value is None or not isinstance(system.value, str) or not _is_text(value.value):
            each.fault("not both of them", "system and value, each a text")
            continue
        kind = GOVERNMENT.get(system.value)
        problem = shape_problem(kind, normalise(value.value)) if kind else None
        if problem:
            value.fault(problem, "the number on the document")
            continue
        yield system.value, value.value.strip()


def _name(node: Node) -> Resource:
    """Family and given names, with their use."""
    found: Resource = {}
    if not node.is_object():
        return found
    for element in ("use", "family"):
        there = node.at(element)
        if there is None:
            continue
        if _is_text(there.value):
            found[element] = there.value
        else:
            there.fault(kind_of(there.value), "a text")
    for each in node.each("given"):
        if _is_text(each.value):
            found.setdefault("given", []).append(each.value)
        else:
            each.fault(kind_of(each.value), "a text")
    return found


def _born(root: Node) -> str | None:
    there = root.at("birthDate")
    if there is None:
        return None
    value = there.value
    if isinstance(value, str) and _DAY.fullmatch(value) and _is_day(value):
        return value
    there.fault(kind_of(value), "YYYY-MM-DD, or as much of it as is known")
    return None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text + "0000-01-01"[len(text) :])
    except ValueError:
        return False
    return True


def _died(root: Node) -> bool:
    said = root.at("deceasedBoolean")
    if said is not None and not isinstance(said.value, bool):
        said.fault(kind_of(said.value), "true or false")
    return root.at("deceasedDateTime") is not None or (said is not None and said.value is True)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= 200
