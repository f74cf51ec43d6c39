"""What any FHIR server does at least: parse the Bundle with fhir.resources, insert one row, answer. No rule, no key.

``python -m bench.http_reference PORT FILE``
"""

from __future__ import annotations

import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fhir.resources.R4B.bundle import Bundle

CONNECTIONS = 40  # as many as FastAPI has threads


async def _body(request: Request) -> bytes:
    return await request.body()


def application(file: str) -> FastAPI:
    """One route."""
    app, idle = FastAPI(), SimpleQueue[sqlite3.Connection]()
    for _ in range(CONNECTIONS):
        connection = sqlite3.connect(file, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, body BLOB)")
        idle.put(connection)

    @contextmanager
    def connected() -> Iterator[sqlite3.Connection]:
        connection = idle.get()
        yield connection
        idle.put(connection)

    @app.post("/fhir/$process-message")
    def process(body: Annotated[bytes, Depends(_body)]) -> Response:
        Bundle.model_validate_json(body)
        with connected() as connection, connection:
            connection.execute("INSERT INTO message VALUES (?, ?)", (str(uuid.uuid4()), body))
        return Response(b'{"resourceType":"Bundle"}', media_type="application/fhir+json")

    @app.get("/readyz")
    def ready() -> Response:
        return Response(b"{}")

    return app


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[2]), port=int(sys.argv[1]), http="h11", access_log=False, log_level="critical")
