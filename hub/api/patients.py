"""``Patient``: an agency's own aliases of its clients. Names and dates of birth are nowhere; see ``Patient/$match``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hub.api.metadata import describe
from hub.api.search import Hub, add_search, one
from hub.api.security import Caller, needs
from hub.exchange.index import read_client, search_clients

KIND = "Patient"

MayRead = Annotated[Caller, Depends(needs(f"{KIND}.r"))]


def router() -> APIRouter:
    """Read, and search by GET and by POST."""
    routes = APIRouter()
    add_search(routes, KIND, search_clients)

    @routes.get(f"/fhir/{KIND}/{{alias}}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, alias: str) -> Response:
        """By the agency's own alias."""
        return one(read_client(hub.house, caller.system, alias))

    return routes
