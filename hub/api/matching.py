"""``Patient/$match`` (PDQm ITI-119) and ``Patient/$ihe-pix`` (PIXm ITI-83): an agency's own clients alone (S50)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.access.rates import MATCH_PER_MINUTE, spend_alone
from hub.api.body import Body, resource_of
from hub.api.metadata import describe
from hub.api.outcome import Wrong, faulty, resource
from hub.api.parameters import read_parameters
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.desk.matching import MATCHES_MAX, Match, cross_reference, match
from hub.desk.patients import NotRead
from hub.model import codes
from hub.model.fhir import Resource

KIND = "Patient"
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_SCORES = {"certain": 1.0, "possible": 0.5}
_PDQM = "http://hl7.org/fhir/OperationDefinition/Patient-match"
_PIXM = "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix"
_MATCH = {
    "resource": (("resource",), 1, 1),
    "onlyCertainMatches": (("valueBoolean",), 0, 1),
    "count": (("valueInteger",), 0, 1),
}

Hub = Annotated[Served, Depends(served)]
MaySearch = Annotated[Caller, Depends(needs("Patient.s"))]


def router() -> APIRouter:
    """Both; they stand before ``Patient/{alias}``."""
    routes = APIRouter()

    @routes.post(f"/fhir/{KIND}/$match", **describe(KIND, operation="match", definition=_PDQM))
    def find(caller: MaySearch, hub: Hub, data: Body) -> Response:
        """The caller's aliases of those whom a Patient may be."""
        said = read_parameters(resource_of(data, "Parameters"), _MATCH)
        _spend(hub, caller)
        limit = max(1, next(iter(said["count"]), MATCHES_MAX))
        only = said["onlyCertainMatches"] == [True]
        try:
            found = match(hub.house, caller.system, said["resource"][0], only_certain=only, limit=limit)
        except NotRead as error:
            return faulty(400, "invalid", error.faults)
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset"}
        if found:
            bundle["entry"] = [_entry(hub.base, each) for each in found]
        return resource(bundle)

    @routes.get(f"/fhir/{KIND}/$ihe-pix", **describe(KIND, operation="ihe-pix", definition=_PIXM))
    def cross(caller: MaySearch, hub: Hub, request: Request) -> Response:
        """The caller's alias of the client whom it knows by a number of its own."""
        targets = request.query_params.getlist("targetSystem")
        if targets != [codes.ID_CLIENT]:  # before anything is looked up
            text = f"another targetSystem than {codes.ID_CLIENT}; ask for that one"
            raise Wrong(403, "forbidden", text, expression=["http.targetSystem"])
        given = request.query_params.getlist("sourceIdentifier")
        system, _, value = (given[0] if len(given) == 1 else "").rpartition("|")
        if not system or not value:
            text = "no sourceIdentifier; send one, as system|value"
            raise Wrong(400, "invalid", text, expression=["http.sourceIdentifier"])
        _spend(hub, caller)
        alias = cross_reference(hub.house, caller.system, (system, value))
        if alias is None:
            text = "your agency has no client of this number, or it identifies none alone; ask Patient/$match"
            raise Wrong(404, "not-found", text, expression=["http.sourceIdentifier"])
        return resource(
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "targetIdentifier", "valueIdentifier": {"system": codes.ID_CLIENT, "value": alias}},
                    {"name": "targetId", "valueReference": {"reference": f"{KIND}/{alias}"}},
                ],
            }
        )

    return routes


def _spend(hub: Served, caller: Caller) -> None:
    """Counted for the agency in this minute, whatever comes of it."""
    wait_s = spend_alone(hub.house.store, caller.agency, "match", MATCH_PER_MINUTE)
    if wait_s is not None:
        text = f"more questions for people than an agency may ask in a minute; ask again in {wait_s} s"
        raise Wrong(429, "throttled", text, headers={"Retry-After": str(wait_s)})


def _entry(base: str, found: Match) -> Resource:
    patient = {
        "resourceType": KIND,
        "id": found.alias,
        "identifier": [{"system": codes.ID_CLIENT, "value": found.alias}],
        "active": found.active,
    }
    grade = [{"url": GRADE, "valueCode": found.grade}]
    search = {"extension": grade, "mode": "match", "score": _SCORES[found.grade]}
    return {"fullUrl": f"{base}/{KIND}/{found.alias}", "resource": patient, "search": search}
