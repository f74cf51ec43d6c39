"""The HTTP application of one hub: which paths there are, in what frame, and what an error looks like.

A file per resource has ``router()``; it is listed here. Paths of FHIR stand under ``/fhir``; what a process says of
itself (health, counts) stands beside it and needs no token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from hub.api import (
    consents,
    deliveries,
    directory,
    disclosures,
    health,
    matching,
    messages,
    metadata,
    metrics,
    moves,
    overrides,
    patients,
    referrals,
    token,
    wellknown,
)
from hub.api.frame import PREFIX, Frame
from hub.api.openapi import openapi
from hub.api.openapi import router as openapi_router
from hub.api.outcome import Wrong, answer, outcome
from hub.api.served import Served
from hub.errors import HubError

ROUTERS = (  # a file per resource; `patients` last: its `{alias}` would be a `$operation` too
    token.router,
    wellknown.router,
    consents.router,
    disclosures.router,
    matching.router,
    messages.router,
    deliveries.router,
    directory.router,
    referrals.router,
    moves.router,
    overrides.router,
    patients.router,
)


def application(served: Served, report: Callable[[str, HubError], None]) -> FastAPI:
    """All paths. What fails inside is answered by its kind alone: a text of an exception may hold anything (INV-1).

    Args:
        report: told of a fault of ours, with its line of code.
    """
    app = FastAPI(title="Interop hub", openapi_url=None, redirect_slashes=False)
    app.state.served = served
    app.include_router(health.router(served.look))
    app.include_router(metrics.router(served.look))
    for router in ROUTERS:
        app.include_router(router())
    app.include_router(metadata.router(app, served))
    app.include_router(openapi_router(app))
    # made when it is first asked for: few ever do
    app.openapi = cache(partial(openapi, app, served.base))  # type: ignore[method-assign]  # FastAPI's own way
    app.add_exception_handler(Wrong, _wrong)
    app.add_exception_handler(HubError, _failed)
    app.add_exception_handler(RequestValidationError, _parameter)
    app.add_exception_handler(HTTPException, _no_route)
    https = served.base.startswith("https:")
    app.add_middleware(Frame, https=https, new_id=served.house.ids.uuid, report=report)
    return app


def _wrong(_: Request, error: Exception) -> Response:
    assert isinstance(error, Wrong)
    return error.response()


def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    found = answer(error)
    if found is None:
        raise error  # the frame reports it, and answers without its text
    return found


def _parameter(_: Request, error: Exception) -> Response:
    """A path or query parameter of another type: its place, never its value."""
    assert isinstance(error, RequestValidationError)
    places = sorted({"http." + ".".join(str(step) for step in fault["loc"]) for fault in error.errors()})
    return outcome(400, "invalid", "a parameter is missing or of another type; see its place", expression=places)


def _no_route(request: Request, error: Exception) -> Response:
    """An unknown path, or a method that a path has not. Neither is repeated."""
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    if not request.url.path.startswith(PREFIX):
        return JSONResponse({"error": {"status": status}}, status_code=status, headers=headers)
    issue, text = {
        404: ("not-found", "nothing is there; GET [base]/metadata says what there is"),
        405: ("not-supported", "this cannot be done there; GET [base]/metadata says what can"),
    }.get(status, ("processing", "this request cannot be read"))
    return outcome(status, issue, text, headers=headers)
