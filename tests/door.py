"""An agency's own software before the hub's HTTP: keys, proofs, tokens, requests. The application is the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from starlette.testclient import TestClient

from hub.doorway import over_http
from hub.errors import HubError, Unavailable
from hub.model.directory import System
from tests.network import Network

BASE = "http://127.0.0.1:8470/fhir"
TOKEN = f"{BASE}/token"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EVERYTHING = "system/*.cruds"


class Unchecked(jws.JWSRegistry):
    """Signs whatever header it is given, as somebody who means harm would."""

    def check_header(self, header: Mapping[str, Any]) -> None:
        pass


@cache
def signing_key(name: str) -> ECKey:
    """A P-384 pair of that name, made once."""
    return ECKey.generate_key("P-384", {"kid": name, "use": "sig", "alg": "ES384"})


@cache
def rsa_key(name: str, bits: int = 2048) -> RSAKey:
    """An RSA pair of that name, made once."""
    return RSAKey.generate_key(bits, {"kid": name})


def public(*keys: ECKey | RSAKey) -> dict[str, Any]:
    """A key set of their public halves."""
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}


@dataclass
class Software:
    """One client."""

    door: Door
    id: str
    key: ECKey | RSAKey
    tokens: dict[str, str] = field(default_factory=dict)
    proofs: int = 0

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good proof says now; a change of None leaves a word out."""
        self.proofs += 1
        now = self.door.network.clock.now().timestamp()
        said = {"iss": self.id, "sub": self.id, "aud": TOKEN, "exp": int(now) + 240, "jti": f"{self.id}-{self.proofs}"}
        return {name: value for name, value in {**said, **changes}.items() if value is not None}

    def proof(self, header: Mapping[str, Any] | None = None, key: ECKey | RSAKey | None = None, **changes: Any) -> str:
        """A signed proof."""
        key = key or self.key
        said = {"alg": "ES384" if isinstance(key, ECKey) else "RS384", "kid": key.kid, "typ": "JWT", **(header or {})}
        said = {name: value for name, value in said.items() if value is not None}
        payload = json.dumps(self.claims(**changes))
        return jws.serialize_compact(said, payload, key, registry=Unchecked(algorithms=[said["alg"]]))

    def ask(self, proof: str | None = None, scope: str | None = EVERYTHING, **more: str) -> Response:
        """A token request."""
        form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "scope": scope}
        form |= {"client_assertion": proof if proof is not None else self.proof(), **more}
        return self.door.http.post("/fhir/token", data={name: value for name, value in form.items() if value})

    def token(self, scope: str = EVERYTHING) -> str:
        """A token; the same one again until it is dropped."""
        if scope not in self.tokens:
            answer = self.ask(scope=scope)
            assert answer.status_code == 200, answer.text
            self.tokens[scope] = answer.json()["access_token"]
        return self.tokens[scope]

    def request(self, method: str, path: str, *, scope: str = EVERYTHING, **more: Any) -> Response:
        """A request with a token; ``path`` under the base."""
        headers = {"Authorization": f"Bearer {self.token(scope)}", **more.pop("headers", {})}
        return self.door.http.request(method, f"/fhir/{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        """See :meth:`request`."""
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Response:
        """A POST of FHIR JSON; ``body``: a resource, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/fhir+json", **more.pop("headers", {})}
        return self.request("POST", path, content=data, headers=headers, **more)


@dataclass
class Door:
    """The application over a network's hub, and what it reported as faults of its own."""

    network: Network
    pages: dict[str, bytes] = field(default_factory=dict)  # what https addresses answer
    asked: list[str] = field(default_factory=list)  # addresses that were asked
    faults: list[tuple[str, HubError]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    app: FastAPI = field(init=False)
    http: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.app = over_http(self.network.hub, lambda *fault: self.faults.append(fault), self._sleep, self._fetch)
        self.http = TestClient(self.app, base_url="http://127.0.0.1:8470", follow_redirects=False)

    def software(self, agency: str, key: ECKey | RSAKey | None = None, **settings: Any) -> Software:
        """An agency's software, let in with these settings; by default with a key set of one P-384 key."""
        key = key or signing_key(f"{agency}-1")
        found = settings or {"jwks": public(key)}
        self.network.put(System(f"{agency}-fhir", agency, "fhir", "active", found))
        return Software(self, f"{agency}-fhir", key)

    def _fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise Unavailable("jwks_url of the client", "HTTP status 404", "a key set", "")
        return self.pages[url]

    def _sleep(self, seconds: float) -> None:
        """Nobody waits: time stands, and passes by as much."""
        self.slept.append(seconds)
        self.network.clock.advance(timedelta(seconds=seconds))
