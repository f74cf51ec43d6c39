"""Two ``hub serve`` of one folder before the same client, as real processes: tokens are everybody's, a proof is one's.

And what a client says on the wire that no library would say for it.
"""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc import jws

from hub.clock import UtcClock
from hub.model.directory import System
from tests.door import BEARER, public, signing_key
from tests.network import make
from tests.scenario.test_serve import serving
from tests.shapes import Shape

BASE = "https://hub.example.org/fhir"


@pytest.fixture
def two(tmp_path: Path, shape: Shape) -> Iterator[tuple[str, str]]:
    """Where two servers of one folder are."""
    network = make(tmp_path, shape=shape, at=UtcClock().now())
    network.put(System("harbour-fhir", "harbour", "fhir", "active", {"jwks": public(signing_key("harbour-1"))}))
    toml = network.hub.settings.dir / "hub.toml"
    toml.write_text(f'base_url = "{BASE}"\n' + toml.read_text())
    network.hub.close()
    with ExitStack() as running:
        folder = network.hub.settings.dir
        yield running.enter_context(serving(folder)), running.enter_context(serving(folder))


def proof() -> str:
    end = int(UtcClock().now().timestamp()) + 200
    said = {"iss": "harbour-fhir", "sub": "harbour-fhir", "aud": f"{BASE}/token", "exp": end, "jti": str(uuid4())}
    header = {"alg": "ES384", "kid": "harbour-1"}
    return jws.serialize_compact(header, json.dumps(said), signing_key("harbour-1"), algorithms=["ES384"])


def ask(at: str, assertion: str) -> tuple[int, dict[str, str]]:
    form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "client_assertion": assertion}
    body = urllib.parse.urlencode({**form, "scope": "system/*.cruds"}).encode()
    try:
        with urllib.request.urlopen(f"{at}/fhir/token", data=body, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def read(at: str, token: str) -> int:
    request = urllib.request.Request(f"{at}/fhir/Organization", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_proof_is_taken_by_one_of_two_processes_and_its_token_by_both(two: tuple[str, str]) -> None:
    for _ in range(4):
        assertion = proof()
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda at, a=assertion: ask(at, a), two * 2))
        assert sorted(status for status, _ in answers) == [200, 401, 401, 401]
        token = next(body["access_token"] for status, body in answers if status == 200)
        assert [read(at, token) for at in two] == [200, 200]
        assert [read(at, token[:-4] + "AAAA") for at in two] == [401, 401]


WIRE = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}",
    "a length below nothing": b"Content-Length: -1\r\n\r\n{}",
    "no number": b"Content-Length: zq\r\n\r\n{}",
    "a coding that nobody knows": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "headers without end": b"X-Zq: " + b"a" * 40_000 + b"\r\n\r\n",
    "a name in two lines": b"X-Zq: a\r\nAuthorization : Bearer zq\r\nContent-Length: 2\r\n\r\n{}",
    "a body of 5 MiB that a length calls 2": b"Content-Length: 2\r\n\r\n" + b"{" * 5_000_000,
}


def say(at: str, token: str, rest: bytes, *, ends: bool = False) -> bytes:
    """A request by its bytes; the status of the first answer, or nothing where the line was cut."""
    host, _, port = at.removeprefix("http://").partition(":")
    head = f"POST /fhir/$process-message HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/fhir+json\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    with socket.create_connection((host, int(port)), timeout=60) as line:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has answered and cut the line
            line.sendall(head.encode() + rest)
        if ends:
            line.shutdown(socket.SHUT_WR)
        first = line.recv(4096)
    return first.split(b" ")[1] if first else b""


def test_what_is_said_on_the_wire_is_not_believed(two: tuple[str, str]) -> None:
    at, _ = two
    token = ask(at, proof())[1]["access_token"]

    assert {said: say(at, token, rest) for said, rest in WIRE.items()} == dict.fromkeys(WIRE, b"400")
    assert say(at, "", b"Content-Length: 2\r\n\r\n{}") == b"401"
    assert say(at, token, b"Content-Length: 500\r\n\r\n{}", ends=True) in (b"", b"400"), "less comes than was said"
    assert read(at, token) == 200, "it still answers"
