"""``ServiceRequest`` and ``Task``: what was asked for in the referrals that an agency sent or received, and how they
stand, without content.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response

from hub.api.metadata import describe
from hub.api.search import Hub, Parameters, add_search, one, versions
from hub.api.security import Caller, needs
from hub.exchange.house import House
from hub.exchange.index import Page, history, read_referral, read_version, search_referrals
from hub.model.directory import System


def router() -> APIRouter:
    """Read, vread, history, and search by GET and by POST, of both."""
    routes = APIRouter()
    _add(routes, "ServiceRequest", revinclude=["Task:focus"])
    _add(routes, "Task", include=["Task:focus"])
    return routes


def _add(routes: APIRouter, kind: str, **includes: list[str]) -> None:
    may_read: Any = Depends(needs(f"{kind}.r"))

    def find(house: House, system: System, parameters: Parameters, /, *, strict: bool) -> Page:
        return search_referrals(house, system, kind, parameters, strict=strict)

    add_search(routes, kind, find, **includes)

    @routes.get(f"/fhir/{kind}/{{number}}", **describe(kind, "read"))
    def read(caller: Caller = may_read, *, hub: Hub, number: str) -> Response:
        """As it stands, by the hub's number of the referral."""
        return one(read_referral(hub.house, caller.system, kind, number))

    @routes.get(f"/fhir/{kind}/{{number}}/_history", **describe(kind, "history-instance"))
    def all_versions(caller: Caller = may_read, *, hub: Hub, number: str) -> Response:
        """Its versions, the last first."""
        return versions(hub.base, kind, number, history(hub.house, caller.system, kind, number))

    @routes.get(f"/fhir/{kind}/{{number}}/_history/{{version}}", **describe(kind, "vread"))
    def one_version(caller: Caller = may_read, *, hub: Hub, number: str, version: str) -> Response:
        """One of them."""
        return one(read_version(hub.house, caller.system, kind, number, version))
