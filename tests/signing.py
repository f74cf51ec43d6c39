"""Workers' own keys, and what they sign with them for ``$override`` (docs/gateway.md)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from hub.model.directory import Worker
from hub.model.jwk import public_part
from tests.door import Unchecked, signing_key
from tests.network import Network

_NONCES = count(1)


@cache
def ed25519_key(name: str) -> OKPKey:
    """An Ed25519 pair of that name, made once."""
    return OKPKey.generate_key("Ed25519", {"kid": name})


def held(key: ECKey | OKPKey) -> dict[str, str]:
    """As the directory keeps it."""
    return public_part(key.as_dict(private=False))


def register(network: Network, worker: str, key: ECKey | OKPKey | None) -> None:
    """The directory has this key for a worker; None: none any more."""
    row = network.directory().workers[worker]
    network.put(replace(row, key=held(key) if key else {}))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(payload: bytes, key: ECKey | OKPKey | OctKey, header: Mapping[str, Any]) -> str:
    """A compact JWS with whatever header, as somebody who means harm would make it."""
    if isinstance(key, OKPKey):  # by hand: the library signs under RFC 9864's name alone
        said = f"{encoded(json.dumps(dict(header)).encode())}.{encoded(payload)}"
        return f"{said}.{encoded(key.private_key.sign(said.encode()))}"
    registry = Unchecked(algorithms=[header["alg"]])
    return jws.serialize_compact(dict(header), payload, key, registry=registry)


@dataclass
class Signer:
    """A worker at a device of their own."""

    network: Network
    worker: str
    key: ECKey | OKPKey
    agency: str = "harbour"

    @classmethod
    def of(cls, network: Network, worker: str, key: ECKey | OKPKey | None = None) -> Signer:
        """With a key that the directory has."""
        key = key or signing_key(worker)
        register(network, worker, key)
        row: Worker = network.directory().workers[worker]
        return cls(network, worker, key, row.agency)

    def payload(self, act: str, **words: Any) -> dict[str, Any]:
        """What is signed now; a word of None is left out."""
        who = {"act": act, "agency": self.agency, "worker": self.worker, "nonce": f"n-{next(_NONCES)}"}
        said = {**who, "iat": int(self.network.clock.now().timestamp()), **words}
        return {name: value for name, value in said.items() if value is not None}

    def sign(self, act: str, header: Mapping[str, Any] | None = None, **words: Any) -> str:
        """A signed request."""
        plain = {"alg": "ES384" if isinstance(self.key, ECKey) else "EdDSA", "kid": self.key.kid}
        whole = {name: value for name, value in {**plain, **(header or {})}.items() if value is not None}
        return compact(json.dumps(self.payload(act, **words)).encode(), self.key, whole)


def asked(request: str) -> dict[str, Any]:
    """As it is posted."""
    return {"resourceType": "Parameters", "parameter": [{"name": "request", "valueString": request}]}
