"""A twin of the hub's HTTP for the gateway: real keys, a real log with promises and receipts, and faults on demand."""

from __future__ import annotations

import ssl
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import insert

from hub.audit.log import AuditLog
from hub.audit.receipts import promise, receipt
from hub.keys.remote import info_of, opened_content, seal_to
from hub.keys.ring import KeyRing, create_keys
from hub.model.canonical import canonical, content_digest
from hub.sealing_key import read_key
from hub.store.tables import audit_entry, audit_pending
from tests.fakes import SeededIds, StandingClock
from tests.unit.audit.conftest import new_database

CLIENT, AGENCY = "lakeside-fhir", "lakeside"
SALT = "ab" * 32
MARK = "Zzyzx-Okonkwo"  # the name of an invented client: it may stand in the opened file and nowhere else


@dataclass(frozen=True)
class Opening:
    entry_id: str
    body: bytes
    agency: str
    numbers: dict[str, str]


@dataclass
class Held:
    """A message that waits. ``bundle`` may be replaced: the client has narrowed their consent."""

    envelope: str
    lane: int
    bundle: dict[str, Any]
    openings: list[Opening] = field(default_factory=list)
    acknowledged: bool = False
    word: bool = False  # neither salt nor promise


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def message(number: int = 1) -> dict[str, Any]:
    header = {"resourceType": "MessageHeader", "eventCoding": {"system": "urn:example:event", "code": "referral"}}
    patient = {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": MARK}]}
    return {"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}, {"resource": patient}]}


class TwinHub:
    """``answers``: path to what is answered instead; ``twist``: changes what ``$open`` would say, or its plaintext."""

    def __init__(self, folder: Path, jwks: dict[str, Any], hpke: dict[str, Any], clock: StandingClock) -> None:
        create_keys(folder / "hub" / "keys", SeededIds(), name="hub.example.org/log")
        self.keys = KeyRing(folder / "hub" / "keys", SeededIds(2))
        self._database = new_database(folder / "hub" / "log.sqlite")
        self.log = AuditLog(self._database, self.keys, clock, folder / "hub" / "checkpoints")
        self.jwks, self.hpke, self.clock = jwks, hpke, clock
        self.held: list[Held] = []
        self.asked: list[Asked] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.twist: Callable[[dict[str, str]], dict[str, str]] = lambda said: said
        self.inside: Callable[[bytes], bytes] = lambda content: content
        self.recipient, self.promised_to = AGENCY, AGENCY
        self.receipts_ready = True
        self.on_acknowledge: Callable[[Held], None] = lambda _held: None
        self.jtis: set[str] = set()
        self.tokens: set[str] = set()
        self.seconds = 300
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.scheme = "http"

    def start(self, tls: ssl.SSLContext | None = None) -> None:
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._database.close()

    @property
    def base(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}/fhir"

    def hold(self, lane: int = 1) -> Held:
        number = len(self.held) + 1
        self.held.append(Held(str(uuid.UUID(int=number)), lane, message(number)))
        return self.held[-1]

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(asked)
        url = urlsplit(asked.path)
        path = unquote(url.path).removeprefix("/fhir")
        routes: dict[str, Callable[[], tuple[int, dict[str, str], bytes]]] = {
            "/$deliveries": self._deliveries,
            "/$receipt": lambda: self._receipt(parse_qs(url.query)["envelope"][0]),
            "/$process-message": lambda: (200, {}, canonical(response("ok"))),
        }
        if path in self.answers:
            return self.answers[path]
        if path == "/token":
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return outcome(401, "login", "no token")
        return routes[path]() if path in routes else self._of_message(path, asked)

    def _of_message(self, path: str, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        envelope = orjson.loads(asked.body)["parameter"][0]["valueString"]
        held = next((each for each in self.held if each.envelope == envelope), None)
        if path == "/$open" and held is not None and not held.acknowledged:
            return 200, {}, canonical(parameters(**self.twist(self._open(held))))
        if path == "/$acknowledge" and held is not None and held.openings:
            self.on_acknowledge(held)
            held.acknowledged = True
            return 200, {}, canonical(parameters(envelope=envelope))
        return outcome(404, "not-found", "")

    def _token(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        found = jwt.decode(form["client_assertion"], KeySet.import_key_set(self.jwks), algorithms=["ES384"])
        claims, now = found.claims, self.clock.now().timestamp()
        assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT, CLIENT, f"{self.base}/token")
        assert now < claims["exp"] <= now + 300
        assert claims["jti"] not in self.jtis
        self.jtis.add(claims["jti"])
        token = f"token-{len(self.jtis)}"
        self.tokens = {token}
        said = {"access_token": token, "token_type": "bearer", "expires_in": self.seconds, "scope": form["scope"]}
        return 200, {}, canonical(said)

    def _deliveries(self) -> tuple[int, dict[str, str], bytes]:
        first: dict[int, Held] = {}
        for each in self.held:
            if not each.acknowledged:
                first.setdefault(each.lane, each)
        listed = [
            {
                "name": "delivery",
                "part": [
                    {"name": "envelope", "valueString": each.envelope},
                    {"name": "created", "valueInstant": "2030-03-10T06:59:59.500Z"},
                    {"name": "size", "valueInteger": len(canonical(each.bundle))},
                ],
            }
            for each in first.values()
        ]
        return 200, {}, canonical({"resourceType": "Parameters", "parameter": listed})

    def _open(self, held: Held) -> dict[str, str]:
        digest = content_digest(bytes.fromhex(SALT), canonical(held.bundle))
        opening = self.enter(held.envelope, digest)
        held.openings.append(opening)
        salt, note = ("", b"") if held.word else (SALT, promise(opening, self.keys))
        content = self.inside(opened_content(self.keys, held.envelope, self.recipient, held.bundle, salt, note))
        key = read_key(self.hpke)
        sealed = seal_to(key, content, info_of(held.envelope, self.recipient, key.keyid))
        return {"envelope": held.envelope, "suite": sealed.suite, "keyid": sealed.keyid, "sealed": sealed.sealed}

    def enter(self, envelope: str, digest: str) -> Opening:
        """An entry of the log that releases a message."""
        entry = f"e{len(self.asked):06d}"
        self.clock.advance(timedelta(milliseconds=1))
        body = canonical(
            {
                "event_type": "DELIVERY",
                "id": entry,
                "recorded_at": self.clock.now().isoformat(),
                "basis": ["consent:c1/2"],
                "envelope_id": envelope,
                "decision_id": "d1",
                "codes": ["OK_CONSENT"],
                "payload_digest": digest,
            }
        )
        with self._database.writing() as connection:
            connection.execute(insert(audit_entry).values(id=entry, body=body, entry_index=None))
            connection.execute(insert(audit_pending).values(id=entry))
        return Opening(entry, body, self.promised_to, {"c1": "ABCDEFGHIJKL"})

    def receipt_of(self, opening: Opening) -> bytes:
        while self.log.step():
            pass
        self.log.checkpoint()
        return receipt(self.log, opening, self.keys)

    def _receipt(self, envelope: str) -> tuple[int, dict[str, str], bytes]:
        if not self.receipts_ready:
            return outcome(503, "transient", "its checkpoint is not signed yet", {"Retry-After": "7"})
        held = next((each for each in self.held if each.envelope == envelope and each.openings), None)
        if held is None:
            return outcome(404, "not-found", "")
        return 200, {"Content-Type": "application/json"}, self.receipt_of(held.openings[-1])


def parameters(**values: str) -> dict[str, Any]:
    kinds = {name: "valueBase64Binary" if name == "sealed" else "valueString" for name in values}
    listed = [{"name": name, kinds[name]: value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": listed}


def outcome(
    status: int, code: str, text: str, headers: dict[str, str] | None = None, *, reason: str = "", where: str = ""
) -> tuple[int, dict[str, str], bytes]:
    issue: dict[str, Any] = {"severity": "error", "code": code}
    if text:
        issue["diagnostics"] = text
    if reason:
        issue["details"] = {"coding": [{"code": reason}]}
    if where:
        issue["expression"] = [where]
    return status, headers or {}, canonical({"resourceType": "OperationOutcome", "issue": [issue]})


def response(code: str, *issues: dict[str, Any]) -> dict[str, Any]:
    header = {"resourceType": "MessageHeader", "response": {"identifier": "m1", "code": code}}
    said = [{"resource": {"resourceType": "OperationOutcome", "issue": list(issues)}}] if issues else []
    return {"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}, *said]}


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is no fault; its thread would tell of it in the midst of the next command."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(twin: TwinHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                status, more, said = twin.answer(Asked(self.command, self.path, headers, body))
            except AssertionError:
                status, more, said = 400, {}, canonical({"error": "invalid_client"})
            self.send_response(status)
            for name, value in {"Content-Type": "application/fhir+json", **more}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _do  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    return Handler
