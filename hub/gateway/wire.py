"""One exchange with the hub: bytes out, bytes back; how many there may be, and how long all of it may take.

TLS is checked, redirects are not followed, proxies and certificates of the environment are not asked; httpcore does
nothing of that by itself. A body in a coding is not read, since few bytes of it may become many.

A timeout of HTTP holds for one read. Whoever sends a byte in each second, in a body, a header or the size of a chunk,
would hold the gateway and its folder for ever. So each read, write and handshake below HTTP gets what is left of one
time, which begins with the question.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi
import httpcore

from hub.errors import HubError, Refused, Unavailable

EXCHANGE_S = 120.0  # from a question to the end of its answer, connecting included [policy]
TIMEOUT_S = 30.0  # of each read and write; connecting takes a third [policy]
ANSWER_MAX = 64 * 2**20  # of one answer: a message of the size that the hub takes, closed and in base64, many times
NOBODY = "hub"  # the place of an error below HTTP: no answer came
_PIECE = 64 * 2**10  # of what is written: what is left is looked at between two
_WAITS = {"connect": TIMEOUT_S / 3, "read": TIMEOUT_S, "write": TIMEOUT_S, "pool": TIMEOUT_S}
_ALWAYS = {"User-Agent": "hub-gateway", "Accept-Encoding": "identity"}  # what is closed does not shrink
_FAILED = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: str


class Line:
    """A connection with the hub.

    Args:
        ca_file: certificates to trust; None: those of ``certifi``.
        proxy: URL of an HTTP proxy; it may hold a name and a password.
        monotonic_s: reads the monotonic clock; an exchange ends.

    Raises:
        Refused: ``ca_file`` holds no certificates.
    """

    def __init__(self, ca_file: Path | None, proxy: str | None, monotonic_s: Callable[[], float]) -> None:
        trusted = _trusted(ca_file)
        self._deadline = Deadline(monotonic_s)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            proxy=_proxy(proxy, trusted) if proxy else None,
            network_backend=_Backend(self._deadline),
        )

    def close(self) -> None:
        """Let go of it."""
        self._pool.close()

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Ask, and read the whole answer.

        Raises:
            Refused: the hub's certificate is not trusted, or the answer is none that may be read.
            Unavailable: no whole answer came.
        """
        self._deadline.begin()
        said = [("Host", urlsplit(url).netloc), *_ALWAYS.items(), *headers.items()]
        try:
            with self._pool.stream(method, url, headers=said, content=body, extensions={"timeout": _WAITS}) as response:
                found = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                if b"content-encoding" in found:  # a few bytes of it may become any number
                    next_step = "see base in --config and what stands between you and the hub"
                    raise Refused(NOBODY, "an answer with a Content-Encoding", "one as it is", next_step)
                return Answer(response.status, _limited(response.iter_stream()), found.get(b"retry-after", ""))
        except _FAILED as error:
            raise _unreached(error) from None


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


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Named outright: without a file Python asks SSL_CERT_FILE of the environment."""
    try:
        return ssl.create_default_context(cafile=ca_file or certifi.where())
    except (OSError, ssl.SSLError):
        raise Refused("--config: ca_file", "no certificates", "a PEM file of certificates to trust") from None


def _proxy(text: str, trusted: ssl.SSLContext) -> httpcore.Proxy:
    url = urlsplit(text)
    auth = (unquote(url.username), unquote(url.password or "")) if url.username else None
    bare = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
    return httpcore.Proxy(bare, auth=auth, ssl_context=trusted if url.scheme == "https" else None)


def _limited(pieces: Iterable[bytes]) -> bytes:
    body = bytearray()  # no list of pieces: each may be of one byte
    for piece in pieces:
        if len(body) + len(piece) > ANSWER_MAX:
            raise Refused(NOBODY, f"an answer of more than {ANSWER_MAX} bytes", "a smaller one")
        body += piece
    return bytes(body)


def _unreached(error: Exception) -> HubError:
    """What went wrong below HTTP. A certificate that is not the hub's does not become right by waiting."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            got = "a certificate that is not trusted, not for this name or out of date"
            next_step = "see base and ca_file in --config; is somebody between you and it?"
            return Refused(NOBODY, got, "the hub's", next_step)
        cause = cause.__cause__ or cause.__context__
    return Unavailable(
        NOBODY, type(error).__name__, "an answer", "see base in --config and the line; run it again later"
    )
