"""``$process-message``: an agency's own software hands a message in. Answered when gate 1 has committed (settled S41).

What goes: 200 with a response message (R4, *Messaging using FHIR resources*), each part that was left out named by its
place in the sender's own Bundle. What does not go: 403, or what the sender did wrong by its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from consent.explain import meanings
from consent.lacking import lacking
from consent.model.words import OFF_BUS_EVENTS, Code
from hub.access.rates import REFUSED_PER_MINUTE, spend_alone
from hub.api.body import Body
from hub.api.metadata import describe
from hub.api.outcome import Wrong, issue_of, outcomes, resource
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.complete import instant
from hub.exchange.posted import Posted, read_posted, system_of
from hub.exchange.process import Processed, StandsAlready, VersionConflict, handed_in
from hub.exchange.strict import FAULTS_MAX
from hub.model import codes
from hub.model.advice import advice
from hub.model.envelope import HUB_URL
from hub.model.fhir import Resource, coding

Hub = Annotated[Served, Depends(served)]
MayHandIn = Annotated[Caller, Depends(needs("Bundle.c"))]

# why a message does not go, where it is not the client's consent: the answer's status and FHIR's issue-type
_OTHERWISE = {
    Code.DN_TRANSITION: (422, "business-rule"),
    Code.DN_SCHEMA: (409, "duplicate"),  # all else that is out of shape is told before anything is decided
    Code.DN_REGISTRY_DOWN: (503, "transient"),
    Code.DN_AUDIT_DOWN: (503, "transient"),
    Code.DN_STALE: (503, "transient"),
}
_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.resource(.*)")
_REUSED = "another message has gone under this MessageHeader.id or Bundle.identifier; give every message ids of its own"


def router() -> APIRouter:
    """The one operation."""
    routes = APIRouter()

    @routes.post("/fhir/$process-message", **describe("", operation="process-message", definition=_DEFINITION))
    def process(caller: MayHandIn, hub: Hub, request: Request, body: Body) -> Response:
        """A message Bundle of an event of shared model 6.2 and 7."""
        return hand_in(caller, hub, request, body)

    return routes


_DEFINITION = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"


def hand_in(caller: Caller, hub: Served, request: Request, body: bytes) -> Response:
    """Judge a message and answer it.

    Raises:
        Wrong, HubError: it does not go; see the module.
    """
    posted = read_posted(hub.house.schema, body)
    _must_agree(request, posted)
    found = _judged(caller, hub, posted)
    if isinstance(found, StandsAlready):
        text = "the referral stands so already; nothing was sent"
        return _answered(hub, found.posted, found.number, [issue_of("information", "informational", text)])
    if not found.decision.permits:
        return outcomes(*refused(found))
    return _answered(hub, found.posted, found.message.referral_no or "", list(left_out(found)))


def hand_over(caller: Caller, hub: Served, posted: Posted) -> Response | None:
    """The same of a message that the hub has made of something else; None: it goes, or stands so already."""
    found = _judged(caller, hub, posted)
    return None if isinstance(found, StandsAlready) or found.decision.permits else outcomes(*refused(found))


def _judged(caller: Caller, hub: Served, posted: Posted) -> Processed | StandsAlready:
    def again() -> None:
        """A no is looked at afresh, so often: who asks in a loop would hear of every change, and fill the log."""
        wait_s = spend_alone(hub.house.store, caller.agency, "refused", REFUSED_PER_MINUTE)
        if wait_s is not None:
            text = f"this was refused, and is handed in again too often; again in {wait_s} s"
            raise Wrong(429, "throttled", text, headers={"Retry-After": str(wait_s)})

    found = hub.gate.ask(handed_in(hub.house, caller.system, posted, again))
    if isinstance(found, VersionConflict):
        raise _stale(found)
    if isinstance(found, Exception):
        raise found
    return found


def _stale(error: VersionConflict) -> Wrong:
    """The referral has moved: its version, as an ETag, with the answer."""
    text = f"got {error.got}, expected {error.expected}; {error.next_step}"
    return Wrong(409, "conflict", text, expression=[error.where], headers={"ETag": f'W/"{error.version}"'})


def refused(found: Processed) -> tuple[int, list[Resource]]:
    """Status and issues of what does not go: the code, why, and what to do."""
    issues: list[Resource] = []
    status, kind = 403, "forbidden"
    for code in found.decision.codes:
        status, kind = _OTHERWISE.get(code, (403, "forbidden")) if not issues else (status, kind)
        said = [found.why_not, _REUSED if code is Code.DN_SCHEMA else lacking(found.facts, code), advice(code.value).en]
        issues.append(issue_of("error", kind, "; ".join(text for text in said if text), code=code.value))
    strange = found.anonymous.strange if found.anonymous else ()
    issues += [
        issue_of("error", "invalid", "not one of its codes, or not once", expression=[path])
        for path in strange[:FAULTS_MAX]
    ]
    return status, issues


def left_out(found: Processed) -> Iterator[Resource]:
    """What was withheld, and what is no part of such a message, by its place in the Bundle that its sender made."""
    for item in found.decision.withheld:
        at = _IN_ENTRY.match(item.path)  # a part of the header, which the hub writes, has no place with its sender
        index = found.places.get(int(at[1])) if at else None
        place = [] if at is None or index is None else [f"Bundle.entry[{index}].resource{at[2]}"]
        yield issue_of("information", "suppressed", meanings()[item.code].en, code=item.code.value, expression=place)
    for index in found.behind:
        text = "no part of such a message, and did not go: let an output of the Task refer to it"
        yield issue_of("information", "informational", text, expression=[f"Bundle.entry[{index}].resource"])


def _must_agree(request: Request, posted: Posted) -> None:
    """A header that says another envelope or number than the body says nothing true (shared model 7)."""
    envelope = "" if posted.event in OFF_BUS_EVENTS else posted.envelope_id  # of those it is not read
    for name, own in (("x-request-id", envelope), ("x-correlation-id", posted.number)):
        given = request.headers.get(name)
        if given is not None and own and given.lower() != own.lower():
            text = "got another id than the body's, expected the same or none; correct the header"
            raise Wrong(400, "structure", text, code=Code.DN_SCHEMA.value, expression=[f"http.{name}"])


def _answered(hub: Served, posted: Posted, number: str, issues: list[Resource]) -> Response:
    """The response message."""
    new_id, now = hub.house.ids.uuid, hub.house.clock.now()
    message_id, details_id = new_id(), new_id()
    response: Resource = {"identifier": posted.message_id, "code": "ok"}
    if issues:
        response["details"] = {"reference": f"urn:uuid:{details_id}"}
    header: Resource = {
        "resourceType": "MessageHeader",
        "id": message_id,
        **({"extension": [{"url": codes.CORRELATION_ID, "valueString": number}]} if number else {}),
        "eventCoding": coding(system_of(posted.event), posted.event),
        "destination": [{"endpoint": f"{HUB_URL}/agency/{posted.sender}"}],
        "source": {"endpoint": HUB_URL},
        "response": response,
    }
    entries = [{"fullUrl": f"urn:uuid:{message_id}", "resource": header}]
    if issues:
        details = {"resourceType": "OperationOutcome", "id": details_id, "issue": issues}
        entries.append({"fullUrl": f"urn:uuid:{details_id}", "resource": details})
    bundle_id = new_id()
    return resource(
        {
            "resourceType": "Bundle",
            "id": bundle_id,
            "identifier": {"system": codes.ID_ENVELOPE, "value": bundle_id},
            "type": "message",
            "timestamp": instant(now),
            "entry": entries,
        }
    )
