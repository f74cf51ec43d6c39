"""``to``: a reference to another block's resource, or to the directory by identifier.

``to`` may be a list: the first that exists is written; at a path that is a whole list, all of them. Directory names
are ``agency``, ``site`` and ``service``, with ``field`` their id; ``agency`` without ``field`` is the one whose record
it is. A directory reference is read by its identifier, or by following it to an Organization, or to a
PractitionerRole and its organization; one id of an Organization of the message leads to its others. ``absent`` is what
the system writes in the field where there is nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.errors import RecordUnreadable
from hub.mapping.model import Key, Run, Step
from hub.mapping.words.spot import Spot, tidy
from hub.model import codes
from hub.model.fhir import Resource

DIRECTORY = {
    "agency": ("Organization", codes.ID_AGENCY),
    "site": ("Organization", codes.ID_SITE),
    "service": ("HealthcareService", codes.ID_SERVICE),
}


def to(spot: Spot) -> Step:
    """``{ to = "client" }``, ``{ to = ["worker", "agency"], field = "from_org" }``."""
    targets = _targets(spot)
    name = spot.text("field") if "field" in spot.spec else ""
    entry = next((DIRECTORY[target] for target in targets if target in DIRECTORY), None)
    if name and entry is None:
        raise spot.fault(
            "`field` without a directory name", "agency, site or service in `to`", "name one, or remove it"
        )
    blocks = tuple(target for target in targets if target not in DIRECTORY)
    path, own = spot.path, tuple(spot.prefix.split(".")[:-1])
    nobody = spot.text("absent") if "absent" in spot.spec else ""
    if nobody and not name:
        raise spot.fault("`absent` without a field", "the field that says so", "name it in `field`, or remove `absent`")

    def write(fields: Mapping[str, str], _out: Resource, _run: Run) -> bool:
        return bool(name and fields.get(name) and fields[name] != nobody)

    def link(fields: Mapping[str, str], out: Resource, key: Key, run: Run) -> None:
        found = [url for block in blocks if block in run.built for url in _instances(spot, own, block, key, run)]
        if path.whole:
            if found:
                path.put(out, [{"reference": url} for url in found])
        elif found:
            path.put(out, {"reference": found[0]})
        elif entry:
            value = tidy(fields.get(name, "")) if name else run.context.agency
            if value and value != nobody:
                path.put(out, {"type": entry[0], "identifier": {"system": entry[1], "value": value}})

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        if name and entry and (value := _identified(path.get(resource), entry[1], run)):
            fields[name] = value

    return Step(
        spot.element,
        (path.top,),
        (name,) if name else (),
        (),
        spot.way,
        write if name else None,
        link,
        read if name else None,
        leads=blocks,
        reference=path.get,
        lost=(spot.lost(name, f"blank comes back as `{nobody}`"),) if nobody else (),
        absent=(name, nobody) if nobody else None,
    )


def _targets(spot: Spot) -> tuple[str, ...]:
    value = spot.spec["to"]
    targets = tuple(value) if isinstance(value, list) else (value,)
    if not targets or spot.path.type != "Reference":
        raise spot.fault("`to`", "a block or directory name, at a path to a Reference", "mend the line")
    for target in targets:
        if target not in spot.blocks and target not in DIRECTORY:
            known = ", ".join(sorted(spot.blocks | DIRECTORY.keys()))
            raise spot.fault(f"`{target}`", f"one of {known}", "mend the name")
    return targets


def _instances(spot: Spot, own: tuple[str, ...], block: str, key: Key, run: Run) -> list[str]:
    """Instances of a block as seen from one instance: its own ancestor or descendants, else all."""
    built = run.built[block]
    same = 0
    for ours, theirs in zip(own, built.child, strict=False):
        if ours != theirs:
            break
        same += 1
    near = [url for place, url in built.instances if not same or place[:same] == key[:same]]
    if len(near) > 1 and not spot.path.whole:
        raise RecordUnreadable(
            f"{spot.record} {block}", f"{len(near)} records", "exactly one", "send one record for each of them"
        )
    return near


def _identified(reference: Any, system: str, run: Run, hops: int = 2) -> str | None:
    """The directory id that a reference stands for, or None."""
    if not isinstance(reference, dict):
        return None
    target = run.index.get(reference.get("reference", ""), {})
    for item in (reference.get("identifier"), *target.get("identifier", ())):
        if isinstance(item, dict) and item.get("system") == system and isinstance(item.get("value"), str):
            return str(item["value"])
    if hops and target:
        return _identified(target.get("organization"), system, run, hops - 1)
    named = reference.get("identifier")
    return _beside(named, system, run) if isinstance(named, dict) else None


def _beside(named: Resource, system: str, run: Run) -> str | None:
    """The id of an Organization of this message that bears another id: its place beside its agency."""
    for resource in run.index.values():
        if resource.get("resourceType") == "Organization" and named in resource.get("identifier", ()):
            return next((str(item["value"]) for item in resource["identifier"] if item.get("system") == system), None)
    return None
