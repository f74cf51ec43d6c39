"""Message Bundles as an agency's own software makes them: about nobody, or of what the hub does not carry."""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from hub.model import codes
from hub.model.fhir import Resource, coding, concept

EVENTS = f"{codes.CODE_SYSTEM}/message-event"


def message(event: str, sender: str, recipient: str, *held: Resource, number: str = "", **ids: str) -> Resource:
    """A message of one event, with its ends and what it holds; the first resource held is its focus."""
    urls = [f"urn:uuid:{uuid.uuid4()}" for _ in range(2 + len(held))]
    message_id = ids.get("message_id", str(uuid.uuid4()))
    extension = [{"url": codes.CORRELATION_ID, "valueString": number}] if number else []
    header = {
        "resourceType": "MessageHeader",
        "id": message_id,
        **({"extension": extension} if extension else {}),
        "eventCoding": coding(EVENTS, event),
        "destination": [{"endpoint": f"https://{recipient}.example.org", "receiver": {"reference": urls[1]}}],
        "sender": {"reference": urls[0]},
        "source": {"endpoint": f"https://{sender}.example.org"},
        "reason": concept(coding(codes.MESSAGE_REASON, "new")),
        "focus": [{"reference": urls[2] if held else urls[1]}],
        "definition": f"{codes.HUB}/MessageDefinition/{event}|1.0.0",
    }
    resources = [agency(sender), agency(recipient), *held]
    entries = [{"fullUrl": url, "resource": {**each, "id": url[9:]}} for url, each in zip(urls, resources, strict=True)]
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "meta": {"security": [coding(codes.CONFIDENTIALITY, "U")]},
        "identifier": {"system": codes.ID_ENVELOPE, "value": ids.get("envelope_id", str(uuid.uuid4()))},
        "type": "message",
        "timestamp": "2026-06-01T16:00:00Z",
        "entry": [{"fullUrl": f"urn:uuid:{message_id}", "resource": header}, *entries],
    }


def agency(name: str) -> Resource:
    """An end, as its agency names itself."""
    return {
        "resourceType": "Organization",
        "identifier": [{"system": codes.ID_AGENCY, "value": name}],
        "active": True,
        "type": [concept(coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov"))],
        "name": name.title(),
    }


def basic(event: str, *elements: tuple[str, str, Any], **more: Any) -> Resource:
    """What a message about nobody holds: ``(name, value[x], value)`` each."""
    extension = [{"url": f"{codes.EXTENSION}/{name}", kind: value} for name, kind, value in elements]
    return {
        "resourceType": "Basic",
        "meta": {"security": [coding(codes.CONFIDENTIALITY, "U")]},
        **({"extension": extension} if extension else {}),
        "code": concept(coding(EVENTS, event)),
        **more,
    }


def written(bundle: Resource) -> bytes:
    """As it is handed in."""
    return orjson.dumps(bundle)
