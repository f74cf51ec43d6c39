"""Messages of a referral as an agency's own FHIR client makes them (shared model 13.1). All people are invented."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from hub.model import codes
from hub.model.fhir import Resource, coding, concept
from hub.referral import TASK_STATUS
from tests.posted import agency

ADD, TAKEN, PROCESS = "add-service-request", "notify-add-process-request", "notify-update-process-request"
UPDATE, REVOKE, BOOKED = "notify-update-service-request", "revoke-service-request", "notify-add-appointment"
ASKS, SAYS_MORE, WRONG = (
    "send-communication-from-provider",
    "send-communication-from-requester",
    "notify-data-correction",
)
PLAC = concept(coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC"))
SDOH = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
AT = "2026-06-01T11:00:00-04:00"


def url() -> str:
    """A fullUrl of a Bundle's own."""
    return f"urn:uuid:{uuid.uuid4()}"


def labelled(category: str, confidentiality: str = "N") -> Resource:
    """``meta`` with both labels."""
    security = [coding(codes.CONFIDENTIALITY, confidentiality), coding(codes.CATEGORY, category)]
    return {"source": "https://client.example.org", "security": security}


def message(event: str, sender: str, recipient: str, held: Mapping[str, Resource], **more: Any) -> Resource:
    """A message Bundle; the first resource held is its focus.

    Args:
        held: ``fullUrl`` to resource.
        more: ``message_id``, ``envelope_id``; ``header`` is merged into the MessageHeader.
    """
    ends = {url(): agency(sender), url(): agency(recipient)}
    first, second = ends
    message_id = more.get("message_id") or str(uuid.uuid4())
    of = (
        codes.MESSAGE_EVENT
        if event not in ("plan-shared", "case-note-shared")
        else f"{codes.CODE_SYSTEM}/message-event"
    )
    header = {
        "resourceType": "MessageHeader",
        "id": message_id,
        "eventCoding": coding(of, event),
        "destination": [{"endpoint": f"https://{recipient}.example.org/fhir", "receiver": {"reference": second}}],
        "sender": {"reference": first},
        "source": {"endpoint": f"https://{sender}.example.org/fhir"},
        "reason": concept(coding(codes.MESSAGE_REASON, "new" if event == ADD else "update")),
        "focus": [{"reference": next(iter(held))}],
        "definition": f"{codes.HUB}/MessageDefinition/{event}|1.0.0",
        **more.get("header", {}),
    }
    entries = {f"urn:uuid:{message_id}": header, **ends, **held}
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "meta": {"security": [coding(codes.CONFIDENTIALITY, "N")]},
        "identifier": {"system": codes.ID_ENVELOPE, "value": more.get("envelope_id") or str(uuid.uuid4())},
        "type": "message",
        "timestamp": "2026-06-01T15:00:00Z",
        "entry": [
            {"fullUrl": place, "resource": {**each, "id": each.get("id", place[9:])}} for place, each in entries.items()
        ],
    }


def patient(**more: Any) -> Resource:
    """The client of ``tests/cms_builder.py``."""
    return {
        "resourceType": "Patient",
        "meta": labelled("ident"),
        "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000001"}],
        "active": True,
        "name": [{"use": "official", "family": "Okonkwo-Tremblay", "given": ["Amara"]}],
        "birthDate": "1991-07-22",
        **more,
    }


def task(state: str, by: str = "lakeside", **more: Any) -> Resource:
    """The coordination Task in a state."""
    return {
        "resourceType": "Task",
        "meta": labelled("service-status"),
        "identifier": [{"type": PLAC, "system": f"https://{by}.example.org/task", "value": "T-1"}],
        "basedOn": [{"type": "ServiceRequest"}],
        "status": TASK_STATUS[state],
        "businessStatus": concept(coding(codes.REFERRAL_STATE, state)),
        "intent": "order",
        "code": concept(coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill")),
        "focus": {"type": "ServiceRequest"},
        "for": {"type": "Patient"},
        "authoredOn": AT,
        "lastModified": AT,
        "requester": {"type": "Organization"},
        "owner": {"type": "Organization"},
        "restriction": {"period": {"end": "2026-06-11"}},
        **more,
    }


def request(
    sender: str = "harbour", recipient: str = "lakeside", own: str = "R-5512", wanted: str = "employment", **more: Any
) -> Resource:
    """T1: a request for a service, with a language result.

    Args:
        more: ``patient``, ``service`` and ``task`` are merged into these resources; the rest is the message's.
    """
    client, asked, its_task, result = url(), url(), url(), url()
    of = {"reference": client}
    placed = {"type": PLAC, "system": f"https://{sender}.example.org/referral", "value": own}
    held = {
        asked: {
            "resourceType": "ServiceRequest",
            "meta": labelled("service-status"),
            "identifier": [placed],
            "status": "active",
            "intent": "order",
            "category": [
                concept(coding("http://snomed.info/sct", "3457005")),
                concept(coding(f"{codes.CODE_SYSTEM}/program-stream", "employment")),
            ],
            "priority": "routine",
            "code": concept(coding(codes.SERVICE_WANTED, wanted)),
            "subject": of,
            "authoredOn": AT,
            "requester": {"type": "Organization"},
            "performer": [{"type": "Organization"}],
            "reasonCode": [concept(coding(f"{codes.CODE_SYSTEM}/need", "find-employment"))],
            "supportingInfo": [{"reference": result}],
            **more.pop("service", {}),
        },
        its_task: {
            **task("requested", sender),
            "basedOn": [{"reference": asked}],
            "focus": {"reference": asked},
            "for": of,
            **more.pop("task", {}),
        },
        client: {**patient(), **more.pop("patient", {})},
        result: {
            "resourceType": "Observation",
            "meta": labelled("lang"),
            "status": "final",
            "code": concept(coding(f"{codes.CODE_SYSTEM}/assessment", "clb")),
            "subject": of,
            "effectiveDateTime": "2025-11-18",
            "component": [
                {
                    "code": concept(coding(f"{codes.CODE_SYSTEM}/assessment", "clb-listening")),
                    "valueCodeableConcept": concept(coding(f"{codes.CODE_SYSTEM}/clb-level", "5")),
                }
            ],
        },
        **more.pop("held", {}),
    }
    return message(ADD, sender, recipient, held, **more)


def status(
    event: str, state: str, number: str, sender: str = "lakeside", recipient: str = "harbour", **more: Any
) -> Resource:
    """A later event of a referral: its Task says how it stands.

    Args:
        number: the hub's number of the referral.
        more: ``task`` is merged into the Task; ``held`` stands beside it; the rest is the message's.
    """
    by_number = {"type": "ServiceRequest", "identifier": {"system": codes.ID_REFERRAL, "value": number}}
    said = task(state, sender, basedOn=[by_number], focus=by_number)
    said["identifier"] = [*said["identifier"], {"system": codes.ID_REFERRAL, "value": number}]
    return message(event, sender, recipient, {url(): {**said, **more.pop("task", {})}, **more.pop("held", {})}, **more)


def appointment(start: str = "2026-06-10T10:00:00-04:00", status: str = "booked") -> Resource:
    """An Appointment of two."""
    return {
        "resourceType": "Appointment",
        "meta": labelled("service-status"),
        "status": status,
        "start": start,
        "end": start[:11] + "23" + start[13:],
        "basedOn": [{"type": "ServiceRequest"}],
        "participant": [
            {"actor": {"type": "Patient"}, "status": "accepted"},
            {"actor": {"type": "HealthcareService"}, "status": "accepted"},
        ],
    }


def question() -> Resource:
    """T3: what the receiver wants to know, as a category and in words."""
    return {
        "resourceType": "Communication",
        "meta": labelled("notes-free", "R"),
        "status": "completed",
        "category": [concept(coding(f"{codes.CODE_SYSTEM}/hub-task", "question"))],
        "subject": {"type": "Patient"},
        "sender": {"type": "Organization"},
        "reasonCode": [concept(coding(codes.CATEGORY, "lang"))],
        "payload": [{"contentString": "Which level has she in writing?"}],
    }


def level() -> Resource:
    """A language result."""
    return {
        "resourceType": "Observation",
        "meta": labelled("lang"),
        "status": "final",
        "code": concept(coding(f"{codes.CODE_SYSTEM}/assessment", "clb-writing")),
        "subject": {"type": "Patient"},
        "effectiveDateTime": "2026-05-20",
        "valueCodeableConcept": concept(coding(f"{codes.CODE_SYSTEM}/clb-level", "4")),
    }


def condition() -> Resource:
    """Of a sensitive category that the client has not ticked."""
    return {
        "resourceType": "Condition",
        "meta": labelled("health-phys", "R"),
        "code": concept(coding(f"{codes.CODE_SYSTEM}/need", "health")),
        "subject": {"type": "Patient"},
    }


def encounter(start: str = "2026-06-01T10:00:00-04:00") -> Resource:
    """What was done of a service."""
    return {
        "resourceType": "Encounter",
        "meta": labelled("service-status"),
        "status": "finished",
        "class": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB"),
        "subject": {"type": "Patient"},
        "period": {"start": start},
        "basedOn": [{"type": "ServiceRequest"}],
    }


def output(reference: str, kind: str = "additional-content") -> Resource:
    """One output of a Task."""
    return {"type": concept(coding(SDOH, kind)), "valueReference": {"reference": reference}}
