"""A client's address of its keys, read over https: so much, so long, and nowhere else than it says."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hub import post
from hub.errors import Unavailable
from hub.post import KEYS_MAX, read_https
from tests.certificates import certificate

PAGES = {"/keys": b'{"keys": []}', "/most": b"x" * KEYS_MAX, "/more": b"x" * (KEYS_MAX + 1)}


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append(self.path)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
        elif self.path == "/silent":
            server.silence.wait(20)
        elif self.path == "/trickling":
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Zq: ")
                for _ in range(2000):
                    self.wfile.write(b"q")
                    server.silence.wait(0.01)
        else:
            self.send_response(200 if self.path in PAGES else 404)
            self.end_headers()
            self.wfile.write(PAGES.get(self.path, b"Zqname"))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server with a certificate that this machine trusts for the time of a test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = certificate(tmp_path)
    context.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.asked, server.silence, server.daemon_threads = [], threading.Event(), True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.silence.set()
    server.shutdown()
    server.server_close()
    thread.join()


def at(https: Any, path: str) -> str:
    return f"https://127.0.0.1:{https.server_address[1]}{path}"


@pytest.mark.parametrize("path", ["/keys", "/most"])
def test_what_it_answers_is_read(https: Any, path: str) -> None:
    assert read_https(at(https, path)) == PAGES[path]


@pytest.mark.parametrize(
    ("path", "why"),
    [("/more", "an answer that is too long"), ("/nothing", "HTTP status 404"), ("/elsewhere", "HTTP status 302")],
)
def test_another_answer_is_none_and_is_not_repeated(https: Any, path: str, why: str) -> None:
    with pytest.raises(Unavailable) as error:
        read_https(at(https, path))

    assert why in str(error.value)
    assert "Zqname" not in str(error.value)
    assert "127.0.0.1" not in str(error.value)
    assert https.asked == [path], "nobody is led elsewhere"


@pytest.mark.parametrize("path", ["/silent", "/trickling"])
def test_nobody_waits_for_one_that_says_nothing_or_never_ends(
    https: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(post, "KEYS_PATIENCE_S", 0.1)

    with pytest.raises(Unavailable) as error:
        read_https(at(https, path))

    assert "127.0.0.1" not in str(error.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(https: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(Unavailable):
        read_https(at(https, "/keys"))
    assert https.asked == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/keys", "file:///etc/hostname", "ftp://127.0.0.1/", "keys", "", "https://"]
)
def test_no_other_way_is_taken(url: str) -> None:
    with pytest.raises(Unavailable):
        read_https(url)
