"""``Organization`` and ``HealthcareService``: the directory, as the caller's agency may know it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response

from hub.api.metadata import describe
from hub.api.search import Hub, Parameters, add_search, one
from hub.api.security import Caller, needs
from hub.exchange.house import House
from hub.exchange.index import Page, read_directory, search_directory
from hub.model.directory import System


def router() -> APIRouter:
    """Read, and search by GET and by POST, of both."""
    routes = APIRouter()
    for kind in ("Organization", "HealthcareService"):
        _add(routes, kind)
    return routes


def _add(routes: APIRouter, kind: str) -> None:
    may_read: Any = Depends(needs(f"{kind}.r"))

    def find(house: House, system: System, parameters: Parameters, /, *, strict: bool) -> Page:
        return search_directory(house, system.agency, kind, parameters, strict=strict)

    add_search(routes, kind, find)

    @routes.get(f"/fhir/{kind}/{{own_id}}", **describe(kind, "read"))
    def read(caller: Caller = may_read, *, hub: Hub, own_id: str) -> Response:
        """By its id in the directory."""
        return one(read_directory(hub.house, caller.agency, kind, own_id))
