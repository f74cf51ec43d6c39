"""The application on a small network, with Harbour's and Lakeside's own software before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Response

from hub.api.body import Body, resource_of
from hub.api.outcome import Wrong, resource
from hub.api.security import Caller, needs
from tests.door import Door, Software
from tests.network import Network, make


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = make(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def door(network: Network) -> Door:
    """With a few paths of its own, so that the frame is tried apart from what the hub does behind it."""
    found = Door(network)
    found.app.include_router(trial())
    return found


@pytest.fixture
def harbour(door: Door) -> Software:
    return door.software("harbour")


@pytest.fixture
def lakeside(door: Door) -> Software:
    return door.software("lakeside")


def trial() -> APIRouter:
    routes = APIRouter()

    @routes.get("/fhir/Trial")
    def look(caller: Annotated[Caller, Depends(needs("Task.r"))]) -> dict[str, str]:
        return {"client": caller.client, "agency": caller.agency}

    @routes.post("/fhir/Trial")
    def take(caller: Annotated[Caller, Depends(needs("Bundle.c"))], data: Body) -> Response:
        return resource(resource_of(data, "Bundle", "Parameters"), status=201)

    @routes.get("/fhir/Trial/wrong")
    def wrong() -> None:
        raise Wrong(409, "conflict", "another version", code="DN_STALE", expression=["Task.meta.versionId"])

    @routes.get("/fhir/Trial/raises")
    def raises(kind: str = "") -> None:
        raise RAISED[kind]

    @routes.get("/fhir/Trial/number/{number}")
    def typed(number: int) -> dict[str, int]:
        return {"number": number}

    return routes


RAISED: dict[str, Any] = {"": ValueError("Zqname was born on 1991-07-22")}
