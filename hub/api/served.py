"""What every route is handed: the hub, how it is looked at, who may come in, and where it is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from hub.access import Access
from hub.api.look import Look
from hub.audit.log import AuditLog
from hub.exchange.house import House


@dataclass(frozen=True, slots=True)
class Served:
    """One hub over HTTP.

    Args:
        base: the public base URL of all FHIR paths; it ends in ``/fhir``.
        sleep: waits some seconds in a route's own thread, where an answer comes when something is over.
    """

    house: House
    look: Look
    access: Access
    base: str
    sleep: Callable[[float], None]
    log: AuditLog


def served(request: Request) -> Served:
    """The hub that a request has come to."""
    found = request.app.state.served
    assert isinstance(found, Served), "application() sets it"
    return found
