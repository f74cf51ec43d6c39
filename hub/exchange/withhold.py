"""Remove from a message what the decision withholds, and every trace of it (I-10, shared model 5). Pure.

Rules:
- A withheld resource goes with its entry, a withheld element with its value; what is left empty goes too.
- No reference to a removed resource stays. Where one must stand, the client is named by the recipient's own alias and
  the referral by its number; nothing says what or how much is missing.
- What is about another person who is withheld goes with that person, a Provenance with the last of its targets.
- Paths are those of the Bundle that is given, whatever else is removed from the same array.
- The Bundle's labels are computed again from what is left; REDACTED stands for what the client did not allow alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from consent.model import Withheld
from hub.exchange.label import high_water, relabelled
from hub.exchange.person import focus_of
from hub.model.codes import ID_CLIENT, ID_REFERRAL
from hub.model.fhir import Resource, identifier_in

Step = str | int
_Path = tuple[Step, ...]
_GONE: Any = object()  # stands in the place of a removed node until its parent has let go of it
_STEP = re.compile(r"\.([A-Za-z_]+)|\[(\d+)\]")

# (resource, element) where R4 or the hub demands a reference: a stand-in takes the place of what is gone
_STANDS = {
    ("ServiceRequest", "subject"),
    ("Task", "for"),
    ("Task", "focus"),
    ("Task", "basedOn"),
    ("Observation", "subject"),
    ("Condition", "subject"),
    ("RelatedPerson", "patient"),
    ("CarePlan", "subject"),
    ("Goal", "subject"),
    ("DocumentReference", "subject"),
    ("EpisodeOfCare", "patient"),
    ("Encounter", "subject"),
    ("Procedure", "subject"),
    ("Appointment", "actor"),
    ("Appointment", "basedOn"),
}
_AT_LEAST = {("Appointment", "participant"): 2, ("Provenance", "target"): 1}
# an instance of the element on the left means nothing without the reference on the right
_NEEDS = {
    "link": "other",
    "participant": "actor",
    "agent": "who",
    "entity": "what",
    "input": "valueReference",
    "output": "valueReference",
    "extension": "valueReference",
}


@dataclass(frozen=True, slots=True)
class _Lost:
    """What has been removed, by fullUrl and by identifier, with what may stand in its place (None: nothing)."""

    urls: dict[str, Resource | None]
    names: dict[tuple[str, str], Resource | None]

    def marks(self) -> list[bytes]:
        """What stands in the bytes of every resource that refers to something lost: its fullUrl or identifier."""
        return [orjson.dumps(text) for text in (*self.urls, *(value for _, value in self.names))]

    def holds(self, node: Resource) -> bool:
        """Whether a node is a reference to something lost."""
        identifier = node.get("identifier")
        return node.get("reference") in self.urls or (isinstance(identifier, dict) and _name(identifier) in self.names)

    def stand_in(self, reference: Resource) -> Resource | None:
        """What may stand instead of a reference to something lost."""
        url = reference.get("reference")
        return self.urls[url] if url in self.urls else self.names[_name(reference["identifier"])]


def withhold(bundle: Resource, withheld: Iterable[Withheld]) -> Resource:
    """The Bundle without the withheld parts. The given one is not changed.

    Args:
        bundle: labelled and valid; the paths of ``withheld`` are paths in it.

    Raises:
        LookupError: a path leads nowhere: nothing may leave on a decision about another message.
    """
    listed = tuple(withheld)
    if not listed:  # it is as it was labelled
        return bundle
    paths = _by_entry(bundle, listed)
    entries = {index: entry for index, entry in enumerate(bundle["entry"]) if () not in paths.get(index, ())}
    for index in paths.keys() & entries.keys():
        resource = _prune(entries[index]["resource"], paths[index], f"Bundle.entry[{index}].resource")
        entries[index] = {**entries[index], "resource": resource}
    whole = len(entries) == len(bundle["entry"])  # nothing can refer to an element: only resources leave traces
    left = {**bundle, "entry": list(entries.values()) if whole else _without_traces(bundle, entries)}
    return relabelled(left, high_water(left), redacted=any(item.marked for item in listed))


def _by_entry(bundle: Resource, withheld: Iterable[Withheld]) -> dict[int, list[_Path]]:
    """Paths within each entry's resource; the empty path is the resource itself."""
    found: dict[int, list[_Path]] = {}
    for item in withheld:
        steps: list[Step] = [int(number) if number else name for name, number in _STEP.findall(item.path)]
        if steps[:1] + steps[2:3] != ["entry", "resource"] or steps[1] not in range(len(bundle["entry"])):
            raise LookupError(f"{item.path}: no path of an element in this Bundle")
        found.setdefault(int(steps[1]), []).append(tuple(steps[3:]))
    return found


def _prune(node: Any, paths: Sequence[_Path], place: str) -> Any:
    """A copy of a node without the parts at these paths; ``_GONE`` if one is the node itself or nothing is left."""
    if () in paths:
        return _GONE
    below: dict[Step, list[_Path]] = {}
    for first, *rest in paths:
        below.setdefault(first, []).append(tuple(rest))
    is_array = isinstance(node, list)
    if not below.keys() <= (set(range(len(node))) if is_array else set(node) if isinstance(node, dict) else set()):
        raise LookupError(f"{place}: a decision names an element that is not there")
    if is_array:
        return _array([_prune(part, below[i], place) if i in below else part for i, part in enumerate(node)])
    return _object({name: _prune(part, below[name], place) if name in below else part for name, part in node.items()})


def _without_traces(bundle: Resource, entries: dict[int, Resource]) -> list[Resource]:
    """The entries without references to what is gone; an entry that means nothing without it goes too."""
    focus = focus_of(bundle)
    while True:
        lost = _lost(bundle["entry"], entries, focus)
        marks = lost.marks()
        left = {}
        for index, entry in entries.items():
            resource = entry["resource"]
            written = orjson.dumps(resource)
            if any(mark in written for mark in marks):
                resource = _forget(resource, lost, resource["resourceType"], "")
            if resource is not _GONE:
                left[index] = {**entry, "resource": resource}
        if len(left) == len(entries):
            return list(left.values())
        entries = {index: entries[index] for index in left}


def _lost(before: Sequence[Resource], entries: dict[int, Resource], focus: frozenset[int]) -> _Lost:
    """Name what is gone by its fullUrl and identifiers, save by what the recipient knows anyway."""
    lost = _Lost({}, {})
    for index, entry in enumerate(before):
        if index in entries:
            continue
        instead = _known_as(entry["resource"]) if index in focus else None
        lost.urls[entry["fullUrl"]] = instead
        for identifier in entry["resource"].get("identifier", ()):
            known = identifier["system"] == ID_REFERRAL or (identifier["system"] == ID_CLIENT and instead is not None)
            if not known:
                lost.names[_name(identifier)] = instead
    return lost


def _name(identifier: Resource) -> tuple[str, str]:
    return identifier["system"], identifier["value"]


def _known_as(resource: Resource) -> Resource:
    """A reference that says nothing new: the type, with the recipient's own alias or the number of the referral."""
    kind = resource["resourceType"]
    system = ID_CLIENT if kind == "Patient" else ID_REFERRAL
    value = identifier_in(resource, system)
    return {"type": kind} | ({"identifier": {"system": system, "value": value}} if value else {})


def _forget(node: Any, lost: _Lost, kind: str, name: str) -> Any:
    """A node without references to what is lost; ``_GONE`` if it is one, or nothing useful is left of it.

    Args:
        kind: type of the resource in which the node stands.
        name: of the element that it is an instance of; empty for the resource itself.
    """
    if isinstance(node, list):
        return _array([_forget(part, lost, kind, name) for part in node])
    if not isinstance(node, dict):
        return node
    if lost.holds(node):
        return (lost.stand_in(node) or _GONE) if (kind, name) in _STANDS else _GONE
    parts = {}
    for element, value in node.items():
        part = _forget(value, lost, kind, element)
        if part is _GONE and (element == _NEEDS.get(name) or (not name and (kind, element) in _STANDS)):
            return _GONE
        if not name and _too_few(kind, element, part):
            return _GONE
        parts[element] = part
    return _object(parts)


def _too_few(kind: str, element: str, part: Any) -> bool:
    least = _AT_LEAST.get((kind, element), 0)
    return least > (0 if part is _GONE else len(part) if isinstance(part, list) else least)


def _object(parts: dict[str, Any]) -> Any:
    return {name: part for name, part in parts.items() if part is not _GONE} or _GONE


def _array(parts: list[Any]) -> Any:
    return [part for part in parts if part is not _GONE] or _GONE
