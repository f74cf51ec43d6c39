"""What waits for an agency's own software: listed, opened, acknowledged, and its receipt (settled S43, S44).

``$open`` is gate 2, each time it is asked. Refused, unknown, somebody else's and acknowledged are one answer.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hub.api.body import Body, resource_of
from hub.api.metadata import describe
from hub.api.outcome import Wrong, resource
from hub.api.parameters import read_parameters
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.desk.remote import NotYet, receipt_for, sealed_for
from hub.errors import Refused
from hub.exchange import opening
from hub.exchange.complete import instant
from hub.model.fhir import UUID, Resource

Hub = Annotated[Served, Depends(served)]
MayFetch = Annotated[Caller, Depends(needs("Bundle.r"))]
MayTake = Annotated[Caller, Depends(needs("Bundle.u"))]

_TAKES = {"envelope": (("valueString",), 1, 1)}


def router() -> APIRouter:
    """The four operations."""
    routes = APIRouter()

    @routes.get("/fhir/$deliveries", **describe("", operation="deliveries"))
    def deliveries(caller: MayFetch, hub: Hub) -> Response:
        """Of each lane the first message: envelope, when it was let go, octets; nothing of what it is."""
        found = opening.deliveries(hub.house, caller.system)
        return resource(_parameters(*(_delivery(each) for each in found)))

    @routes.post("/fhir/$open", **describe("", operation="open"))
    def open_(caller: MayFetch, hub: Hub, body: Body) -> Response:
        """One of them, as just withheld, sealed to the key that the system has registered."""
        envelope = _envelope(body)
        sealed = sealed_for(hub.house, caller.system, envelope)
        if sealed is None:
            raise _nothing()
        said = {"envelope": envelope, "suite": sealed.suite, "keyid": sealed.keyid}
        parts = [{"name": name, "valueString": text} for name, text in said.items()]
        return resource(_parameters(*parts, {"name": "sealed", "valueBase64Binary": sealed.sealed}))

    @routes.post("/fhir/$acknowledge", **describe("", operation="acknowledge"))
    def acknowledge(caller: MayTake, hub: Hub, body: Body) -> Response:
        """The agency has it: body and key go. It may be said again."""
        envelope = _envelope(body)
        if not opening.acknowledge(hub.house, caller.system, envelope):
            raise _nothing()
        return resource(_parameters({"name": "envelope", "valueString": envelope}))

    @routes.get("/fhir/$receipt", **describe("", operation="receipt"))
    def receipt(caller: MayFetch, hub: Hub, envelope: str) -> Response:
        """What anybody can check who has the log's key, for either agency of a message."""
        if not UUID.fullmatch(envelope):
            raise _nothing()
        try:
            found = receipt_for(hub.house, hub.log, caller.system, envelope)
        except Refused:
            raise _nothing() from None
        if isinstance(found, NotYet):
            text = f"its checkpoint is signed soon; ask again in {found.wait_s} s"
            raise Wrong(503, "transient", text, headers={"Retry-After": str(found.wait_s)})
        return Response(found, media_type="application/json")

    return routes


def _nothing() -> Wrong:
    return Wrong(404, "not-found", "nothing is there under this envelope; GET $deliveries lists what is")


def _envelope(body: bytes) -> str:
    """The one parameter of ``$open`` and ``$acknowledge``."""
    found: str = read_parameters(resource_of(body, "Parameters"), _TAKES)["envelope"][0]
    return found.lower()


def _delivery(found: opening.Delivery) -> Resource:
    return {
        "name": "delivery",
        "part": [
            {"name": "envelope", "valueString": found.envelope_id},
            {"name": "created", "valueInstant": instant(found.created_at)},
            {"name": "size", "valueInteger": found.size},
        ],
    }


def _parameters(*parts: Resource) -> Resource:
    return {"resourceType": "Parameters", **({"parameter": list(parts)} if parts else {})}
