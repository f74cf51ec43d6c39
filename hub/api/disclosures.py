"""``AuditEvent`` and ``Patient/[alias]/$disclosures``: an agency's own disclosures of one of its clients (S33, S50)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.metadata import describe
from hub.api.outcome import Wrong, resource
from hub.api.search import Hub, Parameters, absent, add_search, one
from hub.api.security import Caller, needs
from hub.desk.accounting import own_disclosure
from hub.desk.disclosed import disclosures_between, search_disclosures
from hub.exchange.house import House
from hub.exchange.index import Page
from hub.model.directory import System

KIND = "AuditEvent"

MayRead = Annotated[Caller, Depends(needs(f"{KIND}.r"))]
MaySearch = Annotated[Caller, Depends(needs(f"{KIND}.s"))]


def router() -> APIRouter:
    """The operation, read, and search by GET and by POST."""
    routes = APIRouter()

    @routes.get("/fhir/Patient/{alias}/$disclosures", **describe("Patient", operation="disclosures"))
    def disclosures(caller: MaySearch, hub: Hub, request: Request, alias: str) -> Response:
        """All of them between two days, the ends included, the oldest first."""
        start, end = (request.query_params.get(name) for name in ("start", "end"))
        found = disclosures_between(hub.house, caller.system, alias, start, end)
        if found is None:
            raise absent()
        entries = [{"fullUrl": f"{hub.base}/{each['resourceType']}/{each['id']}", "resource": each} for each in found]
        entries = [{**each, "search": {"mode": "match"}} for each in entries]
        bundle = {"resourceType": "Bundle", "type": "searchset", **({"entry": entries} if entries else {})}
        return resource(bundle)

    add_search(routes, KIND, _of_one_client)

    @routes.get(f"/fhir/{KIND}/{{name}}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, name: str) -> Response:
        """By the id that a search has given."""
        return one(own_disclosure(hub.house, caller.system, name))

    return routes


def _of_one_client(house: House, system: System, parameters: Parameters, /, *, strict: bool) -> Page:
    page = search_disclosures(house, system, parameters, strict=strict)
    if page is None:
        text = "no client: entries are found by the person they are about; add patient=[your alias of the client]"
        raise Wrong(400, "required", text, expression=["http.patient"])
    return page
