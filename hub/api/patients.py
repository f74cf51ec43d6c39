"""``Patient``: an agency's own aliases of its clients. Names and dates of birth are nowhere; see ``Patient/$match``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import FormFields
from hub.api.metadata import describe
from hub.api.search import one, parameters, params_of, searchset, strict
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.index import read_client, search_clients

KIND = "Patient"

Hub = Annotated[Served, Depends(served)]
MayRead = Annotated[Caller, Depends(needs("Patient.r"))]
MaySearch = Annotated[Caller, Depends(needs("Patient.s"))]


def router() -> APIRouter:
    """Read, and search by GET and by POST."""
    routes = APIRouter()

    @routes.get("/fhir/Patient", **describe(KIND, "search-type", params=params_of(KIND)))
    def search(caller: MaySearch, hub: Hub, request: Request) -> Response:
        """One page."""
        return _page(caller, hub, request, parameters(request))

    @routes.post("/fhir/Patient/_search", **describe(KIND, "search-type"))
    def search_by_form(caller: MaySearch, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same, where a query would stand in logs of URLs."""
        return _page(caller, hub, request, parameters(request, fields))

    @routes.get("/fhir/Patient/{alias}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, alias: str) -> Response:
        """By the agency's own alias."""
        return one(read_client(hub.house, caller.system, alias))

    return routes


def _page(caller: Caller, hub: Served, request: Request, asked: list[tuple[str, str]]) -> Response:
    return searchset(hub.base, KIND, search_clients(hub.house, caller.system, asked, strict=strict(request)))
