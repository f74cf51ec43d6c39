"""The code tables of a kind as FHIR R4 ConceptMaps: of each table one for the way in and one for the way out.

Standard: FHIR R4 ConceptMap; ``equivalence`` is read from the source to the target. A word and a code that lead to one
another are ``equivalent``; where the way back is another, the target is ``wider`` (in: several words are one code) or
``inexact`` (out: the system has no word of its own for the code). What says nothing, or has no word, is ``unmatched``.
A blank that stands for a code is no code, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.mapping import Mappings
from hub.mapping.table import Line, Table
from hub.mapping.trial import blocks_of
from hub.model.codes import CODE_SYSTEM, HUB
from hub.model.fhir import Resource

# R4's own code systems, of elements that hold a bare code
_OF_R4 = {
    "Patient.gender": "http://hl7.org/fhir/administrative-gender",
    "ServiceRequest.status": "http://hl7.org/fhir/request-status",
    "ServiceRequest.priority": "http://hl7.org/fhir/request-priority",
    "Task.status": "http://hl7.org/fhir/task-status",
    "Goal.lifecycleStatus": "http://hl7.org/fhir/goal-status",
}


def concept_maps(mappings: Mappings) -> list[Resource]:
    """The ConceptMaps of a kind of system, in the order of their tables' names."""
    systems = dict(sorted(_systems(mappings)))
    made = []
    for name, system in systems.items():
        table = mappings.tables[name]
        for way, out in (("in", False), ("out", True)):
            if elements := list(_elements(table, out=out)):
                made.append(_concept_map(mappings, name, system, way, elements))
    return made


def _systems(mappings: Mappings) -> Iterator[tuple[str, str]]:
    """Each table with the code system of its codes: the line's own, else R4's, else one of the hub's of its name."""
    for record in mappings.records.values():
        for block in blocks_of(record):
            for step in block.steps:
                name, system = step.coded
                if name:
                    yield name, system or _OF_R4.get(step.element) or f"{CODE_SYSTEM}/{name.replace('_', '-')}"


def _concept_map(mappings: Mappings, name: str, system: str, way: str, elements: list[Resource]) -> Resource:
    own = f"{CODE_SYSTEM}/{mappings.kind}-{name.replace('_', '-')}"
    source, target = (own, system) if way == "in" else (system, own)
    number = f"{mappings.kind}-{name.replace('_', '-')}-{way}"
    return {
        "resourceType": "ConceptMap",
        "id": number,
        "url": f"{HUB}/ConceptMap/{number}",
        "version": mappings.digest[:12],
        "name": "".join(part.capitalize() for part in number.split("-")),
        "status": "active",
        "description": f"mappings/{mappings.kind}/{name}.csv, the way {way}",
        "group": [{"source": source, "target": target, "element": elements}],
    }


def _elements(table: Table, *, out: bool) -> Iterator[Resource]:
    there: Mapping[str, str | None] = table.to_local if out else table.to_code
    back: Mapping[str, str | None] = table.to_code if out else table.to_local
    for line in table.lines:
        if line.way == (">" if out else "<"):
            continue
        source, target = (line.code, line.local) if out else (line.local, line.code)
        if source and there.get(source) == (target or None):
            yield _element(line, source, target, out=out, returns=back.get(target) == source)


def _element(line: Line, source: str, target: str, *, out: bool, returns: bool) -> Resource:
    if not target:
        match: dict[str, Any] = {"equivalence": "unmatched"}
    else:
        match = {"code": target, "equivalence": "equivalent" if returns else "inexact" if out else "wider"}
    if line.display and target == line.code:
        match["display"] = line.display
    if note := "; ".join(text for text in (line.owner, line.source) if text):
        match["comment"] = note
    return {"code": source, "target": [match]}
