"""Servers of this machine that are told: mail and webhook."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client of ours needs; refuses recipients that begin with ``no``."""

    def handle(self) -> None:
        server: Any = self.server
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                self.say("250 here")
            elif verb == "RCPT" and "<no" in line:
                self.say("550 Zq Patient is unknown here")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                server.mails.append(b"".join(lines).decode())
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted; the path says how it answers."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status = {"/broken": 500, "/elsewhere": 302}.get(self.path, 204)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{server.server_address[1]}/other")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def smtp() -> Iterator[Any]:
    yield from serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp), "mails")


@pytest.fixture
def hook() -> Iterator[Any]:
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), Hook), "posts")


def serving(server: Any, kept: str) -> Iterator[Any]:
    server.daemon_threads = True
    setattr(server, kept, [])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Silent(BaseHTTPRequestHandler):
    """Takes what is posted and never answers, until the test is over."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.asked += 1
        server.met.set()
        server.over.wait(60)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def silent() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.asked, server.met, server.over = 0, threading.Event(), threading.Event()
    for made in serving(server, "posts"):
        yield made
        server.over.set()
