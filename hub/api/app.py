"""The HTTP application of one hub."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from hub.api import health, metrics
from hub.api.look import Look
from hub.errors import HubError, Unexpected


def application(look: Look, report: Callable[[str, HubError], None]) -> FastAPI:
    """All paths. What fails inside is answered by its kind alone: a text of an exception may hold anything (INV-1).

    Args:
        report: told of a fault of ours, with its line of code.
    """

    async def failed(_: Request, error: Exception) -> JSONResponse:
        report("http", Unexpected.met("http", error))
        return JSONResponse({"error": {"kind": type(error).__name__}}, status_code=500)

    app = FastAPI(openapi_url=None)  # what is described there comes with the operations of agencies
    app.include_router(health.router(look))
    app.include_router(metrics.router(look))
    app.add_exception_handler(Exception, failed)
    return app
