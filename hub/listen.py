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

HEAD_MAX = 16 * 1024  # [policy] request line and headers: a token has some 600, a query at most 8 KiB
CONNECTIONS_MAX = 200  # [policy] at once; beyond, 503 at once: a process answers 40 at a time, the others wait
IDLE_S = 5  # [policy] a connection on which nothing comes
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
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does so only for a socket that names TCP
    for library in ("uvicorn", "asyncio"):  # they print exceptions, whatever these hold (INV-1), and one a connection
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        app,
        http="h11",  # the one whose limits these are
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no address that a caller names is believed; none is asked for
        h11_max_incomplete_event_size=HEAD_MAX,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=LEAVE_S,
        workers=1,
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
