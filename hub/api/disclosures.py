"""``AuditEvent`` and ``Patient/[alias]/$disclosures``: an agency's own disclosures of one of its clients (S33, S50)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import FormFields
from hub.api.metadata import describe
from hub.api.outcome import Wrong, resource
from hub.api.search import absent, one, parameters, params_of, searchset, strict
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.desk.accounting import own_disclosure
from hub.desk.disclosed import disclosures_between, search_disclosures

KIND = "AuditEvent"

Hub = Annotated[Served, Depends(served)]
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

    @routes.get(f"/fhir/{KIND}", **describe(KIND, "search-type", params=params_of(KIND)))
    def search(caller: MaySearch, hub: Hub, request: Request) -> Response:
        """One page, of one client."""
        return _page(caller, hub, request, parameters(request))

    @routes.post(f"/fhir/{KIND}/_search", **describe(KIND, "search-type"))
    def search_by_form(caller: MaySearch, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same, where a query would stand in logs of URLs."""
        return _page(caller, hub, request, parameters(request, fields))

    @routes.get(f"/fhir/{KIND}/{{name}}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, name: str) -> Response:
        """By the id that a search has given."""
        return one(own_disclosure(hub.house, caller.system, name))

    return routes


def _page(caller: Caller, hub: Served, request: Request, asked: list[tuple[str, str]]) -> Response:
    page = search_disclosures(hub.house, caller.system, asked, strict=strict(request))
    if page is None:
        text = "no client: entries are found by the person they are about; add patient=[your alias of the client]"
        raise Wrong(400, "required", text, expression=["http.patient"])
    return searchset(hub.base, KIND, page)
