"""What any service over HTTP costs before it does anything: FastAPI and uvicorn with one empty path.

``python -m bench.empty PORT``
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI


def application() -> FastAPI:
    """One route."""
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> dict[str, bool]:
        return {"alive": True}

    return app


if __name__ == "__main__":
    uvicorn.run(application(), port=int(sys.argv[1]), http="h11", access_log=False, log_level="critical")
