"""``PUT Task/[number]``: a step for which the Task alone suffices, as the message that says it (settled S45).

What the Task leaves out, the hub knows: which referral, which client, whose it is. From there it goes the road of every
message.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.exchange.complete import instant
from hub.exchange.house import House
from hub.exchange.moving import standing_of
from hub.exchange.posted import Posted, read_posted
from hub.exchange.strict import Fault, NotOurMessage
from hub.model import codes
from hub.model.directory import System
from hub.model.envelope import HUB_URL
from hub.model.fhir import Resource, code_in, coding, concept
from hub.model.rows import ReferralRow
from hub.referral import Moved, Said, Writer, move
from hub.referral.transitions import PROCESS, UPDATE

SUFFICES = frozenset({"T2", "T5", "T6", "T7", "T8", "T9", "T13", "T17", "T18", "T23"})
LAST = datetime.max.replace(tzinfo=UTC)  # which step it would be; whether it comes in order is asked where it is judged
TASK = "Bundle.entry[1].resource"  # where the Task stands in what is made of it


def as_message(house: House, system: System, number: str, task: Resource, version: str) -> Posted | None:
    """The message of a Task.

    Args:
        number: of the referral; the Task's id.
        version: of which its writer has read it.

    Returns:
        None: there is no such referral of this agency, or none that it has acknowledged (it reads none such either).

    Raises:
        NotOurMessage: the Task is none, or of a step for which it does not suffice; places are of the Bundle.
    """
    with house.store.peek() as rows:
        referral, now = rows.referrals.get(number), rows.now
        there = bool(rows.inbox.arrived([number]))
    agency = system.agency
    if referral is None or agency not in (referral.sender, referral.recipient if there else ""):
        return None
    by_sender = agency == referral.sender
    other = referral.recipient if by_sender else referral.sender
    writer: Writer = "S" if by_sender else "R"
    whole = _filled(task, number, version, now)
    house.schema.check(_bundle(house, PROCESS, agency, other, whole, now))  # before anything of it is read
    event = _event(referral, task, writer)
    posted = read_posted(house.schema, orjson.dumps(_bundle(house, event, agency, other, whole, now)))
    return replace(posted, dated="lastModified" in task)


def _filled(task: Resource, number: str, version: str, now: datetime) -> Resource:
    """The Task with what the hub knows of it."""
    by_number = {"type": "ServiceRequest", "identifier": {"system": codes.ID_REFERRAL, "value": number}}
    owned: Resource = {
        "id": number,
        "meta": _meta(task, version),
        "identifier": _identifiers(task, number),
        "basedOn": [by_number],
        "focus": by_number,
        "requester": {"type": "Organization"},
        "owner": {"type": "Organization"},
    }
    defaults: Resource = {
        "for": {"type": "Patient"},
        "intent": "order",
        "code": concept(coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill")),
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "restriction": {"period": {"end": now.date().isoformat()}},
    }
    return {**defaults, **task, **owned}


def _bundle(house: House, event: str, agency: str, other: str, task: Resource, now: datetime) -> Resource:
    ids = house.ids
    message_id = ids.uuid()
    header = {
        "resourceType": "MessageHeader",
        "id": message_id,
        "eventCoding": coding(codes.MESSAGE_EVENT, event),
        "destination": [{"endpoint": f"{HUB_URL}/agency/{other}", "receiver": _end(other)}],
        "sender": _end(agency),
        "source": {"endpoint": f"{HUB_URL}/agency/{agency}"},
        "reason": concept(coding(codes.MESSAGE_REASON, "update")),
        "focus": [{"reference": f"{codes.HUB}/Task/{task['id']}"}],
        "definition": f"{codes.HUB}/MessageDefinition/{event}|1.0.0",
    }
    return {
        "resourceType": "Bundle",
        "id": ids.uuid(),
        "meta": {"security": [coding(codes.CONFIDENTIALITY, "N")]},
        "identifier": {"system": codes.ID_ENVELOPE, "value": ids.uuid()},
        "type": "message",
        "timestamp": instant(now),
        "entry": [
            {"fullUrl": f"urn:uuid:{message_id}", "resource": header},
            {"fullUrl": f"urn:uuid:{ids.uuid()}", "resource": task},
        ],
    }


def _event(referral: ReferralRow, task: Resource, writer: Writer) -> str:
    """The event of the step that a Task says; where none is allowed, what it would have been."""
    state = code_in(task.get("businessStatus"), codes.REFERRAL_STATE) or ""
    reason = code_in(task.get("statusReason"), codes.STATE_REASON)
    outputs = bool(task.get("output"))
    found = move(standing_of(referral), Said(writer, state, reason, LAST, has_output=outputs, redirect=outputs))
    if not isinstance(found, Moved):
        return UPDATE if writer == "S" else PROCESS
    last = found.steps[-1]
    if last.transition not in SUFFICES:
        expected = "a step for which a Task suffices; hand this one in by $process-message, with what belongs to it"
        raise NotOurMessage([Fault(f"{TASK}.businessStatus", "a step that wants more than a Task", expected)])
    assert last.event is not None, "what was said is not implied"
    return last.event


def _meta(task: Resource, version: str) -> Any:
    given = task.get("meta", {})
    if not isinstance(given, dict):
        return given  # the schema tells its place
    labels = given.get("security")
    own = [coding(codes.CONFIDENTIALITY, "N"), coding(codes.CATEGORY, "service-status")]
    return {"versionId": version, "source": HUB_URL, "security": labels or own}


def _identifiers(task: Resource, number: str) -> object:
    """Its own numbers, and the hub's, which is the URL's; what is no list is told by the schema.

    Raises:
        NotOurMessage: it names another referral.
    """
    given = task.get("identifier", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        return given
    numbers = {str(each.get("value")) for each in given if each.get("system") == codes.ID_REFERRAL}
    if numbers - {number}:
        raise NotOurMessage([Fault(f"{TASK}.identifier", "the number of another referral", "the URL's, or none")])
    return given if numbers else [*given, {"system": codes.ID_REFERRAL, "value": number}]


def _end(agency: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": codes.ID_AGENCY, "value": agency}}
