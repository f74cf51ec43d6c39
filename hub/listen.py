"""HTTP on one address and port, in a thread of its own, for as long as its context lasts."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from hub.errors import Refused

LEAVE_S = 10  # requests under way may end, then the process does


@contextmanager
def listening(app: FastAPI, host: str, port: int) -> Iterator[Callable[[], bool]]:
    """Serve; yields what says whether it still does.

    Raises:
        Refused: the address or port cannot be had.
    """
    try:
        door = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        got = error.strerror or type(error).__name__
        raise Refused("--host, --port", got, "an address of this machine and a free port", "name another") from None
    for library in ("uvicorn", "asyncio"):  # they print exceptions, whatever these hold (INV-1), and one a connection
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=LEAVE_S, workers=1
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [door]}, name="http")
    thread.start()
    try:
        yield thread.is_alive
    finally:
        server.should_exit = True
        thread.join()
        door.close()
