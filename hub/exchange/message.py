"""Make a FHIR message of what a mapping produced, and put the numbers into it (shared model 3.11 and 7). Pure.

A mapping gives a collection of resources that refer to one another by block (``urn:block:…``) and to agencies by
identifier. Here they get ids, both Organizations, the header, and what the hub alone may say (``complete.py``).

Some numbers are known only inside the unit that decides. So a message is assembled with placeholders of the same form,
checked and labelled, and renumbered in the unit: a copy that needs no second check. It decides nothing and looks
nothing up.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from consent.model.words import Category, Purpose
from hub.exchange.complete import (
    ADD,
    BY_REQUESTER,
    CONSENT_URL,
    CORRECT,
    FOCUS,
    REQUESTS,
    Ends,
    Frame,
    Numbers,
    complete,
    header,
    identifier,
    instant,
    is_request,
    organization,
)
from hub.exchange.elements import ABOUT, EXEMPT
from hub.exchange.strict import Fault, NotOurMessage
from hub.model import codes
from hub.model.envelope import ABOUT_NOBODY
from hub.model.fhir import Resource, coding, references

__all__ = [
    "ADD",
    "BY_REQUESTER",
    "CORRECT",
    "PLACEHOLDER",
    "REQUESTS",
    "Ends",
    "Numbers",
    "assemble",
    "is_request",
    "override_of",
    "renumber",
    "travelling",
]

# stands where a number will be; a real one is random, one of 2^60
PLACEHOLDER = "A" * 12

# what travels with a later event of a referral
_LATER_TYPES = EXEMPT | {"Task", "Appointment", "Communication"}
SAID_MORE = "send-communication-from-requester"  # T4: what was asked for
_NUMBERED = frozenset(ABOUT) | {"MessageHeader", "Patient"}
_SENDER, _RECIPIENT, _TASK = "urn:block:hub:sender", "urn:block:hub:recipient", "urn:block:hub:task"
_LEADS_NOWHERE = frozenset(
    {"meta", "coding", "line", "given"}
)  # types of R4 that hold no reference, and are everywhere
_GONE: Any = object()  # a node that has no place in this message, until its parent has let go of it


def assemble(
    entries: Sequence[Resource],
    *,
    event: str,
    purpose: Purpose,
    ends: Ends,
    at: datetime,
    numbers: Numbers,
    state: str = "requested",
) -> Resource:
    """Make the message Bundle of one event for one recipient.

    Args:
        entries: of the mapping, ``{"fullUrl": "urn:block:…", "resource": {…}}``; not changed.
        event: a message event code. A later one than a request, or its correction, carries the Task, its outputs, an
            Appointment and what they need of the directory; whom and what it is about, it says by alias and number. One
            beside a referral carries all that there is.
        at: aware.
        numbers: message and envelope id; for the rest a ``PLACEHOLDER`` where it is not known yet.
        state: of the referral, for a Task that says none.

    Raises:
        NotOurMessage: not one ServiceRequest, and a Patient, where a service is asked for; not one of what it is for,
            and a Patient, beside a referral; else not one Task.
    """
    blocks = _blocks(entries, event)
    travels = _travelling(blocks, event) | _organizations(ends)
    envelope = uuid.UUID(numbers.envelope_id)
    ids = {block: str(uuid.uuid5(envelope, str(index))) for index, block in enumerate(travels, start=1)}
    places = {block: {"reference": f"urn:uuid:{own_id}"} for block, own_id in ids.items()}
    request, client = _people(blocks)
    frame = Frame(
        event=event,
        purpose=purpose,
        at=at,
        state=state,
        ends=ends,
        numbers=numbers,
        authored=blocks.get(request, {}).get("authoredOn"),
        sender=places[_SENDER],
        recipient=places[_RECIPIENT],
        request=places.get(request) or _by_name("ServiceRequest", codes.ID_REFERRAL, numbers.referral_no),
        client=places.get(client) or _by_name("Patient", codes.ID_CLIENT, numbers.client_alias),
    )
    # what stays behind is named by alias and number, or not at all
    moves = {block: places.get(block, _GONE) for block in blocks} | {request: frame.request, client: frame.client}
    made = {block: complete(_moved(resource, moves), ids[block], frame) for block, resource in travels.items()}
    first = {"fullUrl": f"urn:uuid:{numbers.message_id}", "resource": _header(made, places, frame)}
    rest = [{"fullUrl": places[block]["reference"], "resource": resource} for block, resource in made.items()]
    return _bundle(numbers.envelope_id, at, [first, *rest])


def travelling(entries: Sequence[Resource], event: str) -> list[str]:
    """The blocks of which a message is made, in the order of its entries behind the header."""
    return list(_travelling({entry["fullUrl"]: entry["resource"] for entry in entries}, event))


def renumber(bundle: Resource, numbers: Numbers) -> Resource:
    """A copy with these numbers in the place of the placeholders. It looks only where a number can stand.

    A number that is None takes its place with it: the alias of a client who has none, the Consent of a notice.
    """
    new = {
        codes.ID_REFERRAL: numbers.referral_no,
        codes.CORRELATION_ID: numbers.referral_no,
        codes.ID_CLIENT: numbers.client_alias,
        CONSENT_URL: numbers.consent_no,
    }
    first, *rest = bundle["entry"]
    own = {**_renumbered(first["resource"], new), "id": numbers.message_id}
    entries = [{"fullUrl": f"urn:uuid:{numbers.message_id}", "resource": own}]
    for entry in rest:
        touched = entry["resource"]["resourceType"] in _NUMBERED
        entries.append({**entry, "resource": _renumbered(entry["resource"], new)} if touched else entry)
    envelope = {"id": numbers.envelope_id, "identifier": identifier(codes.ID_ENVELOPE, numbers.envelope_id)}
    return {**bundle, **envelope, "entry": entries}


def override_of(bundle: Resource) -> str:
    """Id of the declaration on which a message goes; "" where it goes on none."""
    extensions = bundle["entry"][0]["resource"].get("extension", ())
    return next((each["valueString"] for each in extensions if each["url"] == codes.OVERRIDE_ID), "")


def _bundle(envelope_id: str, at: datetime, entries: list[Resource]) -> Resource:
    return {
        "resourceType": "Bundle",
        "id": envelope_id,
        "meta": {
            "profile": [f"{codes.EXTENSION}/hub-message-bundle"],
            "security": [coding(codes.CONFIDENTIALITY, "N"), coding(codes.ACT_CODE, "NORDSCLCD")],
        },
        "identifier": identifier(codes.ID_ENVELOPE, envelope_id),
        "type": "message",
        "timestamp": instant(at),
        "entry": entries,
    }


def _blocks(entries: Sequence[Resource], event: str) -> dict[str, Resource]:
    """The resources of the mapping by block, as many of each type as the event needs."""
    blocks: dict[str, Resource] = {entry["fullUrl"]: entry["resource"] for entry in entries}
    kinds = _kinds(blocks)
    asks = is_request(event, kinds)
    if asks and "Task" not in kinds:  # a source without tasks still asks for an answer
        labels = [coding(codes.CATEGORY, codes.kebab(Category.SERVICE_STATUS))]
        blocks[_TASK] = {"resourceType": "Task", "meta": {"security": labels}}
        kinds.append("Task")
    focus = FOCUS.get(event, ("Task",))
    once = ["Task", "ServiceRequest"] if asks else [next((k for k in focus if k in kinds), focus[0])]
    wrong = [kind for kind in once if kinds.count(kind) != 1]
    named = (asks or event in FOCUS) and event not in ABOUT_NOBODY
    wrong += ["Patient"] * (named and "Patient" not in kinds)  # others may be named beside the client
    faults = [Fault("Bundle.entry", f"{kinds.count(kind)} of {kind}", f"one for {event}") for kind in wrong]
    if faults:
        raise NotOurMessage(faults)
    return blocks


def _travelling(blocks: dict[str, Resource], event: str) -> dict[str, Resource]:
    return blocks if event in FOCUS or is_request(event, _kinds(blocks)) else _of_later(blocks, event)


def _kinds(blocks: Mapping[str, Resource]) -> list[str]:
    return [resource["resourceType"] for resource in blocks.values()]


def _of_later(blocks: Mapping[str, Resource], event: str) -> dict[str, Resource]:
    """What travels with a later event of a referral: the outputs of its Task among it; with an answer to a question all
    that its sender put there.
    """
    if event == SAID_MORE:
        return {
            b: resource
            for b, resource in blocks.items()
            if resource["resourceType"] not in ("Patient", "ServiceRequest")
        }
    outputs = {block for resource in blocks.values() for block in references(resource.get("output", []))}
    return {b: resource for b, resource in blocks.items() if resource["resourceType"] in _LATER_TYPES or b in outputs}


def _people(blocks: Mapping[str, Resource]) -> tuple[str, str]:
    """The blocks of the ServiceRequest and of the Patient whom it is for; empty where there is none."""
    request = _first(blocks, "ServiceRequest")
    subject = blocks.get(request, {}).get("subject", {}).get("reference", "")
    return request, subject if subject in blocks else _first(blocks, "Patient")


def _first(blocks: Mapping[str, Resource], kind: str) -> str:
    return next((block for block, resource in blocks.items() if resource["resourceType"] == kind), "")


def _by_name(kind: str, system: str, value: str | None) -> Resource:
    """A Reference by identifier; by its type alone where there is no number."""
    return {"type": kind, **({"identifier": identifier(system, value)} if value else {})}


def _organizations(ends: Ends) -> dict[str, Resource]:
    return {
        _SENDER: organization(ends.sender, ends.sender_name, ends.call_back),
        _RECIPIENT: organization(ends.recipient, ends.recipient_name),
    }


def _header(made: Mapping[str, Resource], places: Mapping[str, Resource], frame: Frame) -> Resource:
    kinds = FOCUS.get(frame.event, ("ServiceRequest", "Task"))
    if frame.event in FOCUS:
        held = {resource["resourceType"] for resource in made.values()}
        kinds = next(((kind,) for kind in kinds if kind in held), kinds)
    focus = [places[b] for kind in kinds for b, r in made.items() if r["resourceType"] == kind]
    workers = [places[block] for block, resource in made.items() if resource["resourceType"] == "PractitionerRole"]
    return header(frame, focus, workers[0] if len(workers) == 1 else None)


def _moved(node: Any, moves: Mapping[str, Resource]) -> Any:
    """A node with references to blocks led to where these are now; one to a block that stays behind is left out.

    What holds no such reference is the same object as before: nobody changes a message in place.
    """
    if type(node) is dict:
        if (reference := node.get("reference")) is not None and reference in moves:
            return moves[reference]
        pairs: Iterable[tuple[Any, Any]] = node.items()
    elif type(node) is list:
        pairs = enumerate(node)
    else:
        return node
    changed = {}
    for name, part in pairs:
        if type(part) is not str and name not in _LEADS_NOWHERE and (moved := _moved(part, moves)) is not part:
            changed[name] = moved
    if not changed:
        return node
    if type(node) is list:
        new = [changed.get(place, part) for place, part in enumerate(node)]
        return [part for part in new if part is not _GONE] or _GONE
    return {name: part for name, part in {**node, **changed}.items() if part is not _GONE} or _GONE


def _renumbered(node: Any, new: Mapping[str, str | None]) -> Any:
    """A node with numbers in the place of placeholders, where a placeholder can stand and nowhere else."""
    if isinstance(node, dict):
        where, element, before = _number_in(node)
        if where in new and node[element] == f"{before}{PLACEHOLDER}":
            return _GONE if new[where] is None else {**node, element: f"{before}{new[where]}"}
        parts: Resource = {}
        for name, part in node.items():
            numbered = part if isinstance(part, str) else _renumbered(part, new)
            if numbered is not _GONE:
                parts[name] = numbered
        return parts or _GONE
    if isinstance(node, list):
        return [numbered for part in node if (numbered := _renumbered(part, new)) is not _GONE] or _GONE
    return node


def _number_in(node: Resource) -> tuple[str, str, str]:
    """Which number of the hub's an object holds: its place, the element, and what stands before it there."""
    if "value" in node and "system" in node:
        return node["system"], "value", ""
    if "valueString" in node and "url" in node:
        return node["url"], "valueString", ""
    if str(node.get("reference", "")).startswith(CONSENT_URL):
        return CONSENT_URL, "reference", CONSENT_URL
    return "", "", ""
