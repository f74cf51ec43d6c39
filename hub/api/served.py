"""What every route is handed: the hub, how it is looked at, who may come in, and where it is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from hub.access import Access
from hub.api.look import Look
from hub.api.together import Together
from hub.audit.log import AuditLog
from hub.exchange.house import House
from hub.exchange.process import Answer, HandedIn


@dataclass(frozen=True, slots=True)
class Served:
    """One hub over HTTP.

    Args:
        base: the public base URL of all FHIR paths; it ends in ``/fhir``.
        sleep: waits some seconds in a route's own thread, where an answer comes when something is over.
        gate: judges the messages that are handed in.
    """

    house: House
    look: Look
    access: Access
    base: str
    sleep: Callable[[float], None]
    log: AuditLog
    gate: Together[HandedIn, Answer]


def served(request: Request) -> Served:
    """The hub that a request has come to."""
    found = request.app.state.served
    assert isinstance(found, Served), "application() sets it"
    return found
