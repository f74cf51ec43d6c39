"""Where a client's public keys come from: its system's settings, or the https address that these name.

An address is read when a proof comes, kept ten minutes, and read anew for a key that is not there (a client that has
just changed it), at most once a minute: whoever invents key ids makes the hub ask once a minute and no more. What
cannot be read now leaves what was read before standing until its ten minutes are over. After that no proof of the
client is right, and the answer is that of a wrong one: another would tell who is a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import orjson
from joserfc.jwk import ECKey, RSAKey

from hub.access.assertion import Claims, ProofKey
from hub.access.compact import NoProof
from hub.errors import Unavailable
from hub.model import jwk
from hub.model.directory import System
from hub.ports import Clock

KEPT_S = 600.0  # [policy] how long what an address said is believed
WAITS_S = 3.0  # [policy] for the first answer of an address that another proof has asked
AGAIN_S = 60.0  # [policy] between two looks at one address


class NoKeys(NoProof):
    """The keys of a client cannot be read now."""


@dataclass(slots=True)
class _Look:
    """What an address said, and when it was asked last, by the monotonic clock."""

    jwks: Mapping[str, Any] | None
    read_s: float
    asked_s: float
    lock: Lock = field(default_factory=Lock)


class Registered:
    """The keys of all clients, for one process.

    Args:
        fetch: the bytes that an https address answers; raises ``Unavailable``.
    """

    def __init__(self, fetch: Callable[[str], bytes], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._looks: dict[tuple[str, str], _Look] = {}  # by client and address: there are as many as clients
        self._lock = Lock()

    def key(self, system: System, untrusted: Claims) -> ProofKey:
        """The key with which a proof says that it is signed, if it is one of the client's.

        Raises:
            NoProof: the client has no such key for this algorithm, or not where the proof says.
            NoKeys: its address cannot be read now, and nothing that it said is young enough.
        """
        key_id, algorithm = untrusted.key_id, untrusted.algorithm
        inline, url = system.settings.get("jwks"), system.settings.get("jwks_url")
        if untrusted.key_url not in (None, url):
            raise NoProof
        if inline is not None:
            return _key(_good(inline), key_id, algorithm)
        if not isinstance(url, str):
            raise NoProof
        jwks = self._read((system.id, url), None)
        if key_id not in jwk.signing_keys(jwks):
            jwks = self._read((system.id, url), key_id)
        return _key(jwks, key_id, algorithm)

    def _read(self, place: tuple[str, str], wanted: str | None) -> Mapping[str, Any]:
        """What an address says: as it was read before, where that is young and not missing what is wanted."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            look = self._looks.setdefault(place, _Look(None, 0.0, now_s - AGAIN_S))
        # one process asks once; meanwhile others go by what was known, or wait a little where nothing was
        if not look.lock.acquire(timeout=WAITS_S if look.jwks is None else 0.0):
            return _had(look.jwks)
        try:
            young = look.jwks if now_s - look.read_s < KEPT_S else None
            if (young is not None and wanted is None) or now_s - look.asked_s < AGAIN_S:
                return _had(young)
            look.asked_s = now_s
            try:
                jwks = _good(orjson.loads(self._fetch(place[1])))
            except (Unavailable, NoKeys, orjson.JSONDecodeError):
                return _had(young)
            look.jwks, look.read_s = jwks, now_s
            return jwks
        finally:
            look.lock.release()


def _had(jwks: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if jwks is None:
        raise NoKeys
    return jwks


def _good(jwks: Any) -> Mapping[str, Any]:
    """A key set, if it is one that could be registered.

    Raises:
        NoKeys: it is none.
    """
    if jwk.fault(jwks) is not None:
        raise NoKeys
    return dict(jwks)


def _key(jwks: Mapping[str, Any], key_id: str, algorithm: str) -> ProofKey:
    key = jwk.signing_keys(jwks).get(key_id)
    if key is None or jwk.algorithm(key) != algorithm:
        raise NoProof
    return read_key(key)


def read_key(key: Mapping[str, Any]) -> ProofKey:
    """A key in which :mod:`hub.model.jwk` finds no fault, as the library's."""
    kind = RSAKey if key["kty"] == "RSA" else ECKey
    return kind.import_key({name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key})


@cache
def decoy(algorithm: str) -> ProofKey:
    """A key that is nobody's. A proof under an unknown id is tried with it: no time is to tell that it is unknown."""
    return RSAKey.generate_key(2048) if algorithm == "RS384" else ECKey.generate_key("P-384")
