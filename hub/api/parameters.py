"""The parts of a Parameters resource, by name. No rules: only how often each may be there, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.errors import kind_of
from hub.exchange.strict import FAULTS_MAX, PARAMETERS_MAX, Fault, NotOurMessage
from hub.model.fhir import Resource

# name -> elements that may hold it; how often at least, at most
Wanted = Mapping[str, tuple[tuple[str, ...], int, int]]
_TEXTS = ("valueString", "valueCode", "valueDateTime", "valueInstant", "valueDate", "valueId", "valueUri")
_KINDS: Mapping[str, type] = {
    **dict.fromkeys(_TEXTS, str),
    "valueBoolean": bool,
    "valueInteger": int,
    **dict.fromkeys(("valueReference", "valueIdentifier", "valueCoding", "valueCodeableConcept", "resource"), dict),
}


def read_parameters(document: Resource, wanted: Wanted) -> dict[str, list[Any]]:
    """The values by name, in their order.

    Raises:
        NotOurMessage: another parameter, one too often or missing, or of another kind, the first by their places; or
            so many that none is looked at.
    """
    listed = document.get("parameter", [])
    if not isinstance(listed, list):
        raise NotOurMessage([Fault("Parameters.parameter", kind_of(listed), "an array")])
    if len(listed) > PARAMETERS_MAX:
        raise NotOurMessage([Fault("Parameters.parameter", f"{len(listed)} of them", f"at most {PARAMETERS_MAX}")])
    found: dict[str, list[Any]] = {name: [] for name in wanted}
    faults = [
        fault for at, part in enumerate(listed) for fault in _take(f"Parameters.parameter[{at}]", part, wanted, found)
    ]
    for name, (_, least, most) in wanted.items():
        if not least <= len(found[name]) <= most and not faults:
            count = f"{least}" if least == most else f"{least} to {most}"
            faults.append(Fault("Parameters.parameter", f"{len(found[name])} of {name}", count))
    if faults:
        raise NotOurMessage(faults[:FAULTS_MAX])
    return found


def _take(path: str, part: Any, wanted: Wanted, found: dict[str, list[Any]]) -> Iterable[Fault]:
    if not isinstance(part, dict):
        yield Fault(path, kind_of(part), "a name and a value")
        return
    name = part.get("name")
    if not isinstance(name, str) or name not in wanted:
        yield Fault(f"{path}.name", "another parameter", f"one of {', '.join(wanted)}")
        return
    said = [element for element in part if element not in ("name", "id")]
    element = said[0] if len(said) == 1 else ""
    if element not in wanted[name][0] or not _is(part[element], _KINDS[element]):
        yield Fault(path, "another value", f"one of {', '.join(wanted[name][0])}")
        return
    found[name].append(part[element])


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def named(value: Any, kind: str, system: str) -> str | None:
    """The id that a reference, an identifier or a text means; None: it means none of this kind."""
    if isinstance(value, str):
        return value or None
    identifier = value.get("identifier", value)
    if isinstance(identifier, dict) and identifier.get("system") == system and isinstance(identifier.get("value"), str):
        return str(identifier["value"])
    url = value.get("reference")
    if not isinstance(url, str):
        return None
    head, _, own = url.rpartition("/")
    return own.removeprefix("p-") or None if head == kind or head.endswith(f"/{kind}") else None
