"""``Organization`` and ``HealthcareService``: the directory, as the caller's agency may know it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import FormFields
from hub.api.metadata import describe
from hub.api.search import Parameters, one, parameters, params_of, searchset, strict
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.index import read_directory, search_directory

AGENCY, SERVICE = "Organization", "HealthcareService"

Hub = Annotated[Served, Depends(served)]


def router() -> APIRouter:
    """Read, and search by GET and by POST, of both."""
    routes = APIRouter()
    _agencies(routes)
    _services(routes)
    return routes


def _agencies(routes: APIRouter) -> None:
    @routes.get("/fhir/Organization", **describe(AGENCY, "search-type", params=params_of(AGENCY)))
    def search(caller: MaySearchAgencies, hub: Hub, request: Request) -> Response:
        """One page of agencies."""
        return _page(caller, hub, request, AGENCY, parameters(request))

    @routes.post("/fhir/Organization/_search", **describe(AGENCY, "search-type"))
    def search_by_form(caller: MaySearchAgencies, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same by POST."""
        return _page(caller, hub, request, AGENCY, parameters(request, fields))

    @routes.get("/fhir/Organization/{own_id}", **describe(AGENCY, "read"))
    def read(caller: MayReadAgencies, hub: Hub, own_id: str) -> Response:
        """One agency."""
        return one(read_directory(hub.house, caller.agency, AGENCY, own_id))


def _services(routes: APIRouter) -> None:
    @routes.get("/fhir/HealthcareService", **describe(SERVICE, "search-type", params=params_of(SERVICE)))
    def search(caller: MaySearchServices, hub: Hub, request: Request) -> Response:
        """One page of services."""
        return _page(caller, hub, request, SERVICE, parameters(request))

    @routes.post("/fhir/HealthcareService/_search", **describe(SERVICE, "search-type"))
    def search_by_form(caller: MaySearchServices, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same by POST."""
        return _page(caller, hub, request, SERVICE, parameters(request, fields))

    @routes.get("/fhir/HealthcareService/{own_id}", **describe(SERVICE, "read"))
    def read(caller: MayReadServices, hub: Hub, own_id: str) -> Response:
        """One service."""
        return one(read_directory(hub.house, caller.agency, SERVICE, own_id))


MaySearchAgencies = Annotated[Caller, Depends(needs("Organization.s"))]
MayReadAgencies = Annotated[Caller, Depends(needs("Organization.r"))]
MaySearchServices = Annotated[Caller, Depends(needs("HealthcareService.s"))]
MayReadServices = Annotated[Caller, Depends(needs("HealthcareService.r"))]


def _page(caller: Caller, hub: Served, request: Request, kind: str, asked: Parameters) -> Response:
    return searchset(hub.base, kind, search_directory(hub.house, caller.agency, kind, asked, strict=strict(request)))
