"""``ServiceRequest``: what was asked for in the referrals that an agency sent or received, without content."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import FormFields
from hub.api.metadata import describe
from hub.api.search import one, parameters, params_of, searchset, strict, versions
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.index import history, read_referral, read_version, search_referrals

KIND = "ServiceRequest"

Hub = Annotated[Served, Depends(served)]
MayRead = Annotated[Caller, Depends(needs(f"{KIND}.r"))]
MaySearch = Annotated[Caller, Depends(needs(f"{KIND}.s"))]


def router() -> APIRouter:
    """Read, vread, history, and search by GET and by POST."""
    routes = APIRouter()

    @routes.get(f"/fhir/{KIND}", **describe(KIND, "search-type", params=params_of(KIND), revinclude=["Task:focus"]))
    def search(caller: MaySearch, hub: Hub, request: Request) -> Response:
        """One page."""
        return _page(caller, hub, request, parameters(request))

    @routes.post(f"/fhir/{KIND}/_search", **describe(KIND, "search-type"))
    def search_by_form(caller: MaySearch, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same, where a query would stand in logs of URLs."""
        return _page(caller, hub, request, parameters(request, fields))

    @routes.get(f"/fhir/{KIND}/{{number}}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, number: str) -> Response:
        """As it stands, by the hub's number of the referral."""
        return one(read_referral(hub.house, caller.system, KIND, number))

    @routes.get(f"/fhir/{KIND}/{{number}}/_history", **describe(KIND, "history-instance"))
    def all_versions(caller: MayRead, hub: Hub, number: str) -> Response:
        """Its versions, the last first."""
        return versions(hub.base, KIND, number, history(hub.house, caller.system, KIND, number))

    @routes.get(f"/fhir/{KIND}/{{number}}/_history/{{version}}", **describe(KIND, "vread"))
    def version(caller: MayRead, hub: Hub, number: str, version: str) -> Response:
        """One of them."""
        return one(read_version(hub.house, caller.system, KIND, number, version))

    return routes


def _page(caller: Caller, hub: Served, request: Request, asked: list[tuple[str, str]]) -> Response:
    page = search_referrals(hub.house, caller.system, KIND, asked, strict=strict(request))
    return searchset(hub.base, KIND, page)
