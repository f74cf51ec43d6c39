"""The bytes of one exchange with the hub, and how long all of them together may take.

A timeout of HTTP holds for one read. Whoever sends a byte in each second, in a body, a header or the size of a chunk,
would hold the gateway and its folder for ever. So each read, write and handshake below HTTP gets what is left of one
time, which begins with the question.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable

import httpcore
import httpx

from hub.errors import Unavailable

EXCHANGE_S = 120.0  # from a question to the end of its answer, connecting included [policy]
NOBODY = "hub"  # the place of an error below HTTP: no answer came
_PIECE = 64 * 2**10  # of what is written: what is left is looked at between two


class Deadline:
    """When the exchange that is under way must be over.

    Args:
        monotonic_s: reads the monotonic clock.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._over_s = 0.0

    def begin(self) -> None:
        """A question is asked now."""
        self._over_s = self._monotonic_s() + EXCHANGE_S

    def left_s(self, timeout: float | None) -> float:
        """What is left, or ``timeout`` where that is less.

        Raises:
            Unavailable: nothing is left.
        """
        left = self._over_s - self._monotonic_s()
        if left <= 0:
            got = f"no whole answer within {EXCHANGE_S:.0f} s"
            raise Unavailable(NOBODY, got, "one", "see the line and base in --config; run it again later")
        return left if timeout is None else min(left, timeout)


class Transport(httpx.HTTPTransport):
    """HTTP whose every wait ends with ``deadline``; ``verify`` and ``proxy`` as :class:`httpx.Client` takes them."""

    def __init__(self, verify: ssl.SSLContext | bool, proxy: str | None, deadline: Deadline) -> None:
        super().__init__(verify=verify, proxy=proxy, trust_env=False)
        # httpx hands no backend on to its pool; tests hold that this one is asked, with TLS and without
        self._pool._network_backend = _Backend(deadline)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline, self._below = deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left_s(timeout)
        return Stream(self._below.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


class Stream(httpcore.NetworkStream):
    """A connection, plain or TLS, whose every wait ends with ``deadline``."""

    def __init__(self, below: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._below, self._deadline = below, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come; see httpcore."""
        return self._below.read(max_bytes, self._deadline.left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; see httpcore."""
        for begin in range(0, len(buffer), _PIECE):
            self._below.write(buffer[begin : begin + _PIECE], self._deadline.left_s(timeout))

    def close(self) -> None:
        """Let go of it."""
        self._below.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection under TLS; see httpcore."""
        return Stream(
            self._below.start_tls(ssl_context, server_hostname, self._deadline.left_s(timeout)), self._deadline
        )

    def get_extra_info(self, info: str) -> object:
        """What is known of the connection; see httpcore."""
        return self._below.get_extra_info(info)
