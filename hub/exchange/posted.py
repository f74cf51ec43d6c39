"""A message that an agency hands in itself, in FHIR: who sends it, to whom, of which event, and what it holds (shared
model 7; settled S38). Pure.

Its own ids name it to its sender alone; on the bus it has the hub's. Of what the hub does not carry only the header is
read: what lies beneath, a court's order, say, is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.model.words import OFF_BUS_EVENTS
from hub.exchange.complete import HUB_EVENT, OF_ONTARIO
from hub.exchange.label import event_of
from hub.exchange.screen import RECORD_MAX
from hub.exchange.strict import Fault, MessageSchema, NotOurMessage, read_message
from hub.model import codes
from hub.model.canonical import canonical, sha256
from hub.model.envelope import ABOUT_NOBODY, BESIDE_A_REFERRAL
from hub.model.fhir import UUID, Resource, code_in, identifier_in

OF_A_REFERRAL = OF_ONTARIO | BESIDE_A_REFERRAL
EVENTS = OF_A_REFERRAL | ABOUT_NOBODY | OFF_BUS_EVENTS  # what may be handed in so


@dataclass(frozen=True, slots=True)
class Posted:
    """One message as it was handed in.

    Args:
        message_id: the same on a retry; ``envelope_id``: new for every submission. Both UUIDs; of what the hub does not
            carry the latter is its digest, whatever it says.
        sender, recipient: ids of agencies, as it names them; they need not exist.
        number: the hub's number of the conversation; "" where it names none.
        purpose: what it says that it is for, by the hub's word; "" where it does not say.
        dated: its times are its sender's own; False: the hub's, which do not compare with those.
        held: its resources without header and ends, by their index in the Bundle.
        digest: of its entries, not of its ids and time.
    """

    message_id: str
    envelope_id: str
    event: str
    sender: str
    recipient: str
    number: str
    purpose: str
    bundle: Resource
    held: Mapping[int, Resource]
    digest: str
    dated: bool = True


def read_posted(schema: MessageSchema, data: bytes) -> Posted:
    """Read the bytes of a message Bundle.

    Raises:
        NotOurMessage: it is none, not as the strict schema says, of an event that is not handed in so, or it does not
            say from whom or to whom it is.
    """
    bundle = read_message(data, size_max_bytes=RECORD_MAX)
    event = _event(bundle)
    digest = sha256(canonical(bundle["entry"]))
    if event in OFF_BUS_EVENTS:
        return _demand(bundle, event, digest)
    schema.check(bundle)
    header = bundle["entry"][0]["resource"]
    if not header["definition"].startswith(f"{codes.HUB}/MessageDefinition/{event}"):
        expected = f"{codes.HUB}/MessageDefinition/{event}|1.0.0"
        raise NotOurMessage([Fault(f"{_HEADER}.definition", "the definition of another message", expected)])
    if len(header["destination"]) != 1:
        raise NotOurMessage([Fault(f"{_HEADER}.destination", f"{len(header['destination'])} of them", "one receiver")])
    ends = {name: _end(bundle, name, value) for name, value in _ends(header)}
    held = {
        index: entry["resource"]
        for index, entry in enumerate(bundle["entry"])
        if index and entry["fullUrl"] not in {url for url, _ in ends.values()}
    }
    return Posted(
        message_id=_uuid(f"{_HEADER}.id", header["id"]),
        envelope_id=_uuid("Bundle.identifier.value", bundle["identifier"]["value"]),
        event=event,
        sender=ends["sender"][1],
        recipient=ends["destination[0].receiver"][1],
        number=_number(header),
        purpose=_purpose(header),
        bundle=bundle,
        held=held,
        digest=digest,
    )


_HEADER = "Bundle.entry[0].resource"


def _event(bundle: Resource) -> str:
    try:
        event, system = event_of(bundle), bundle["entry"][0]["resource"]["eventCoding"].get("system")
    except (KeyError, IndexError, TypeError, AttributeError):
        event, system = "", None
    if event not in EVENTS or system != system_of(event):
        expected = f"one of {_LISTED}, each of its own system ({codes.MESSAGE_EVENT} or {HUB_EVENT})"
        raise NotOurMessage([Fault(f"{_HEADER}.eventCoding", "an event that is not handed in here", expected)])
    return event


def system_of(event: str) -> str:
    """The code system of an event: Ontario's, or the hub's own (shared model 7)."""
    return codes.MESSAGE_EVENT if event in OF_ONTARIO else HUB_EVENT


_LISTED = ", ".join(sorted(EVENTS))


def _demand(bundle: Resource, event: str, digest: str) -> Posted:
    """What the hub does not carry is read no further than from whom and to whom it is, however the rest is made.

    That it was demanded stands on record. An end that cannot be read is nobody.
    """
    header, organizations = bundle["entry"][0]["resource"], {}
    for entry in bundle["entry"][1:]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Organization":
            organizations[str(entry.get("fullUrl"))] = resource
    destination = header.get("destination")
    first = destination[0] if isinstance(destination, list) and destination else {}
    receiver = first.get("receiver") if isinstance(first, dict) else None
    return Posted(
        message_id=_uuid(f"{_HEADER}.id", str(header.get("id"))),
        envelope_id=digest,
        event=event,
        sender=_named(header.get("sender"), organizations),
        recipient=_named(receiver, organizations),
        number="",
        purpose="",
        bundle={},
        held={},
        digest=digest,
    )


def _named(reference: Any, organizations: Mapping[str, Resource]) -> str:
    if not isinstance(reference, dict):
        return ""
    own = organizations.get(str(reference.get("reference")), {}).get("identifier", [reference.get("identifier")])
    listed = [each for each in own if isinstance(each, dict)] if isinstance(own, list) else []
    values = (each.get("value") for each in listed if each.get("system") == codes.ID_AGENCY)
    return next((value for value in values if isinstance(value, str)), "")


def _ends(header: Resource) -> tuple[tuple[str, Resource], ...]:
    receiver = header["destination"][0].get("receiver", {})
    return ("sender", header["sender"]), ("destination[0].receiver", receiver)


def _end(bundle: Resource, name: str, reference: Resource) -> tuple[str, str]:
    """``fullUrl`` ("" of a reference by identifier) and agency of an end."""
    url = reference.get("reference", "")
    named = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"] == url]
    by = reference.get("identifier", {})
    is_end = len(named) == 1 and named[0]["resourceType"] == "Organization"
    agency = identifier_in(named[0], codes.ID_AGENCY) if is_end else None
    if not url and by.get("system") == codes.ID_AGENCY:
        agency = by["value"]
    if not agency:
        expected = f"an Organization with an identifier of {codes.ID_AGENCY}"
        raise NotOurMessage([Fault(f"{_HEADER}.{name}", "no agency", expected)])
    return url, agency


def _number(header: Resource) -> str:
    said = (each.get("valueString") for each in header.get("extension", ()) if each["url"] == codes.CORRELATION_ID)
    return next((text for text in said if text), "")


def _purpose(header: Resource) -> str:
    said = (
        each.get("valueCodeableConcept") for each in header.get("extension", ()) if each["url"] == codes.PURPOSE_OF_USE
    )
    return next((word for concept in said if (word := code_in(concept, codes.PURPOSE))), "")


def _uuid(place: str, text: str) -> str:
    plain = text.removeprefix("urn:uuid:")
    if not UUID.fullmatch(plain):
        raise NotOurMessage([Fault(place, "no UUID", "a UUID of your own, new for every message")])
    return plain
