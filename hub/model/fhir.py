"""Small views on FHIR R4 resources as plain dictionaries: no class stands between us and the JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # RFC 9562, as R4 writes it: in lower case


def coding(system: str, code: str, display: str = "") -> Resource:
    """A Coding; ``system`` and ``code`` stay together."""
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(*codings: Resource) -> Resource:
    """A CodeableConcept of codings, the deciding one first."""
    return {"coding": list(codings)}


def code_in(concept: Any, system: str) -> str | None:
    """The code of a CodeableConcept in a system, or None."""
    if isinstance(concept, dict):
        for entry in concept.get("coding", ()):
            if entry.get("system") == system:
                code = entry.get("code")
                return code if isinstance(code, str) else None
    return None


def identifier_in(resource: Resource, system: str) -> str | None:
    """The value of the first identifier of a resource in a system, or None."""
    for entry in resource.get("identifier", ()):
        if entry.get("system") == system:
            value = entry.get("value")
            return value if isinstance(value, str) else None
    return None


def resources(bundle: Resource, kind: str | None = None) -> Iterator[Resource]:
    """The resources of a Bundle in order, or those of one type."""
    for entry in bundle.get("entry", ()):
        resource = entry["resource"]
        if kind is None or resource.get("resourceType") == kind:
            yield resource


def references(node: Any) -> Iterator[str]:
    """Every ``Reference.reference`` below a node."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
