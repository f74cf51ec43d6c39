"""Whether the process lives, and whether it can do its work.

A supervisor restarts what does not live; a balancer sends nothing to what is not ready. A hub whose store is away
lives: a restart would not help it.
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from hub.api.look import Look


def router(look: Look) -> APIRouter:
    """/healthz and /readyz."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:  # no thread: all of them may wait for the store
        """200 as long as the process answers."""
        return JSONResponse({"alive": True})

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        """200 where the store answers and the hub has not halted; else 503 and why, by a word."""
        why = look.not_ready()
        return JSONResponse({"ready": not why, "why": why}, status_code=503 if why else 200)

    return routes
