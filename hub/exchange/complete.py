"""Complete the resources of a message: what the hub alone may say, and what a source left unsaid.

Standard: shared model 3.11 (referral) and 7 (header).

The hub alone says who sends what to whom (header, requester, performer), who the client is to the recipient (alias),
which referral it is (number), on which Consent it rests (the recipient's number for it), and that a request is an
order for a patient referral. What a source says of the rest stands; what it leaves out gets the default of shared
model 3.11. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from consent.model.words import Purpose
from hub.model import codes
from hub.model.envelope import ABOUT_NOBODY, HUB_URL
from hub.model.fhir import Resource, coding, concept
from hub.referral import TASK_STATUS

ADD = "add-service-request"
# with the request in it: what was delivered is put right (settled S36); without: how the referral stands
CORRECT = "notify-update-service-request"
REQUESTS = frozenset({ADD, CORRECT})  # these may hold the request itself, with all that belongs to it
# written by who sent the referral; all other events of a referral by who received it (shared model 6.2)
BY_REQUESTER = REQUESTS | {"revoke-service-request", "send-communication-from-requester", "notify-data-correction"}
# shared model 7: the events of a referral are Ontario's, all others the hub's own
OF_ONTARIO = BY_REQUESTER | {
    "notify-add-process-request",
    "notify-update-process-request",
    "notify-add-appointment",
    "send-communication-from-provider",
}
# what a message that is no step of a referral is for: of these types the first that it holds
FOCUS = {
    "plan-shared": ("CarePlan",),
    "case-note-shared": ("DocumentReference",),
    "review-done": ("Task",),
    "funder-report": ("Encounter", "Patient"),  # what was done; of a profile the client
    "override-disclosure": ("Communication",),
    **dict.fromkeys(ABOUT_NOBODY, ("Basic",)),
}
HUB_EVENT = f"{codes.CODE_SYSTEM}/message-event"
CONSENT_URL = f"{codes.HUB}/Consent/"
DEFINITION_VERSION = "1.0.0"
ANSWER_DUE = timedelta(days=10)  # shared model 3.11 [policy]: where the source sets no date

TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
_PATIENT_REFERRAL = ("http://snomed.info/sct", "3457005")


@dataclass(frozen=True, slots=True)
class Ends:
    """Ids and names of the agencies between which a message goes.

    Args:
        call_back: number under which the sender is reached, where a danger is told; "".
        override: id of the declaration on which it goes; "".
    """

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    call_back: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What names a message and what it is about, to its recipient alone.

    Args:
        message_id: UUID; also ``envelope_id``.
        referral_no: 12 base32 characters; also the next two. None: there is none, and its place is left out.
    """

    message_id: str
    envelope_id: str
    referral_no: str
    client_alias: str | None
    consent_no: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What the resources of one message have in common. ``sender`` to ``client`` are References.

    Args:
        at: the time of the message, and of a request that names none.
        state: of the referral, for a Task that says none.
        authored: when the request was written, where it is in the message and says so.
        request: to the ServiceRequest, in the message or by number.
        client: to the Patient, in the message or by alias.
    """

    event: str
    purpose: Purpose
    at: datetime
    state: str
    ends: Ends
    numbers: Numbers
    authored: str | None
    sender: Resource
    recipient: Resource
    request: Resource
    client: Resource

    @property
    def requester(self) -> Resource:
        """The agency that sent the referral, whoever sends this message."""
        return self.sender if self.event in BY_REQUESTER else self.recipient

    @property
    def owner(self) -> Resource:
        """The agency that received the referral."""
        return self.recipient if self.event in BY_REQUESTER else self.sender


def complete(resource: Resource, own_id: str, frame: Frame) -> Resource:
    """A resource of a mapping as it travels, under the id that it has in this message."""
    kind = resource["resourceType"]
    if kind == "Organization":
        return {**resource, "id": own_id}
    task = _review if frame.event in FOCUS else _task
    finish = {"ServiceRequest": _service_request, "Task": task, "Basic": _coded}.get(kind)
    finished = finish(resource, frame) if finish else resource
    if kind == "Patient":
        finished = _patient(resource, frame, is_client=frame.client.get("reference") == f"urn:uuid:{own_id}")
    meta = {"source": _endpoint(frame.ends.sender), **finished.get("meta", {})}
    return {**finished, "resourceType": kind, "id": own_id, "meta": meta}


def header(frame: Frame, focus: list[Resource], author: Resource | None) -> Resource:
    """The MessageHeader: who, to whom, why, about what.

    Args:
        focus: References to what the message is for.
        author: Reference to the worker, where the record names one.
    """
    ends = frame.ends
    uses = [coding(codes.PURPOSE, codes.kebab(frame.purpose))]
    if reason := codes.ACT_REASON_OF_PURPOSE.get(frame.purpose):
        uses.append(coding(codes.ACT_REASON, reason))
    return {
        "resourceType": "MessageHeader",
        "id": frame.numbers.message_id,
        "extension": [
            {"url": codes.PURPOSE_OF_USE, "valueCodeableConcept": concept(*uses)},
            {"url": codes.CORRELATION_ID, "valueString": frame.numbers.referral_no},
            *([{"url": codes.OVERRIDE_ID, "valueString": ends.override}] if ends.override else []),
        ],
        "eventCoding": coding(codes.MESSAGE_EVENT if frame.event in OF_ONTARIO else HUB_EVENT, frame.event),
        "destination": [
            {"name": ends.recipient_name, "endpoint": _endpoint(ends.recipient), "receiver": frame.recipient}
        ],
        "sender": frame.sender,
        **({"author": author} if author else {}),
        "source": {"name": ends.sender_name, "endpoint": _endpoint(ends.sender)},
        "reason": concept(coding(codes.MESSAGE_REASON, _reason(frame))),
        "focus": focus,
        "definition": f"{codes.HUB}/MessageDefinition/{frame.event}|{DEFINITION_VERSION}",
    }


def is_request(event: str, kinds: Iterable[str]) -> bool:
    """Whether a message holds the request itself, by the types of its resources."""
    return event == ADD or (event == CORRECT and "ServiceRequest" in kinds)


def _reason(frame: Frame) -> str:
    """``correction`` is a word of the hub's (settled S36), the others are Ontario's."""
    if frame.event == CORRECT and "reference" in frame.request:
        return "correction"
    return "new" if frame.event == ADD or frame.event in FOCUS else "update"


def organization(agency: str, name: str, call_back: str = "") -> Resource:
    """An end of the message as a resource."""
    telecom = {"telecom": [{"system": "phone", "value": call_back}]} if call_back else {}
    return {
        "resourceType": "Organization",
        "identifier": [identifier(codes.ID_AGENCY, agency)],
        "active": True,
        "type": [concept(coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov"))],
        "name": name,
        **telecom,
    }


def identifier(system: str, value: str) -> Resource:
    """An Identifier; system and value stay together."""
    return {"system": system, "value": value}


def instant(at: datetime) -> str:
    """An instant in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _endpoint(agency: str) -> str:
    return f"{HUB_URL}/agency/{agency}"


def _service_request(resource: Resource, frame: Frame) -> Resource:
    defaults = {
        "status": "active",
        "priority": "routine",
        "subject": frame.client,
        "authoredOn": instant(frame.at),
    }
    category = [entry for entry in resource.get("category", []) if not _is_patient_referral(entry)]
    owned = {
        "identifier": _with_number(resource, frame),
        "intent": "order",
        "category": [concept(coding(*_PATIENT_REFERRAL, "Patient referral")), *category],
        "requester": _who(resource, frame),
        "performer": [frame.owner],
    }
    if number := frame.numbers.consent_no:
        consent = {"reference": f"{CONSENT_URL}{number}"}
        owned["supportingInfo"] = [*resource.get("supportingInfo", []), consent]
    return defaults | resource | owned


def _task(resource: Resource, frame: Frame) -> Resource:
    modified = resource.get("lastModified") or frame.authored or instant(frame.at)
    authored = resource.get("authoredOn") or frame.authored or modified
    defaults = {
        "priority": "routine",
        "authoredOn": authored,
        "lastModified": modified,
        "restriction": {"period": {"end": _answer_due(authored, frame.at)}},
    }
    if "businessStatus" not in resource:
        defaults |= {
            "status": TASK_STATUS[frame.state],
            "businessStatus": concept(coding(codes.REFERRAL_STATE, frame.state)),
        }
    owned = {
        "identifier": _with_number(resource, frame),
        "basedOn": [frame.request],
        "focus": frame.request,
        "for": frame.client,
        "requester": _who(resource, frame),
        "owner": frame.owner,
        "intent": "order",
        "code": concept(
            coding(TASK_CODE, "fulfill"),
            coding("http://terminology.hl7.org/CodeSystem/v3-TaskOutcome", "process-request"),
        ),
    }
    return defaults | resource | owned


def _coded(resource: Resource, frame: Frame) -> Resource:
    """What a message about nobody holds: of people it names nobody, of agencies the one that sends it."""
    return {**resource, "author": frame.sender}


def _review(resource: Resource, frame: Frame) -> Resource:
    """A review of a case (shared model 3.12): its state is its own, the referral's number says on what it rides."""
    return {"authoredOn": instant(frame.at), "lastModified": instant(frame.at), **resource, "basedOn": [frame.request]}


def _who(resource: Resource, frame: Frame) -> Resource:
    """The worker who asks, where the source names one that travels; else the agency."""
    named: Resource = resource.get("requester", {})
    return named if "reference" in named else frame.requester


def _patient(resource: Resource, frame: Frame, *, is_client: bool) -> Resource:
    """The alias is the recipient's for the one whom the message is about; nobody else has one here."""
    own = [entry for entry in resource.get("identifier", []) if entry["system"] != codes.ID_CLIENT]
    if frame.numbers.client_alias and is_client:
        own = [{"use": "official", **identifier(codes.ID_CLIENT, frame.numbers.client_alias)}, *own]
    return {"active": True, **resource, "identifier": own}


def _with_number(resource: Resource, frame: Frame) -> list[Resource]:
    own = [entry for entry in resource.get("identifier", []) if entry["system"] != codes.ID_REFERRAL]
    return [*own, identifier(codes.ID_REFERRAL, frame.numbers.referral_no)]


def _is_patient_referral(entry: Resource) -> bool:
    return any((each["system"], each["code"]) == _PATIENT_REFERRAL for each in entry.get("coding", ()))


def _answer_due(authored: str, at: datetime) -> str:
    """The day by which an answer is due; a request dated by month or year counts from the message."""
    try:
        day = date.fromisoformat(authored[:10])
    except ValueError:
        day = at.date()
    return (day + ANSWER_DUE).isoformat()
