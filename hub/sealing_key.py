"""The public key to which an agency's software has what it opens sealed (settled S43), as it is registered: read once.

A setting in two forms, X25519 alone or the hybrid with ML-KEM-768, becomes a key of the library, or is refused where
somebody can still mend it. What is sealed to it, and how, is ``hub/keys/remote.py``'s. Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from hub.errors import Refused, kind_of
from hub.model.jwk import KID_EXPECTED, is_kid, url64

# what `$open` calls a suite: KEM, KDF, AEAD as their standards call them
X25519_SUITE = "DHKEM(X25519,HKDF-SHA256)/HKDF-SHA256/AES-256-GCM"
HYBRID_SUITE = "MLKEM768-X25519/HKDF-SHA256/AES-256-GCM"
X25519_BYTES, MLKEM768_BYTES = 32, 1184  # RFC 7748 §5, FIPS 203 table 3
WHERE = "hpke key"  # how an error names it
MAKE = "let the agency run `hub gateway keys --out DIR` and register the hpke.json that it writes"

_JWK = {"kty", "crv", "x", "kid"}
_HYBRID = {"kid", "x25519", "mlkem768"}
_ANY_SCALAR = b"\x09" * X25519_BYTES  # to try a point with: a secret would add nothing


@dataclass(frozen=True, slots=True, repr=False)
class RemoteKey:
    """The public key of an agency's own software, with the name that the agency gave it."""

    keyid: str
    suite: str
    public: X25519PublicKey | MLKEM768X25519PublicKey


def read_key(setting: object) -> RemoteKey:
    """Read the key of a system's setting ``hpke``.

    Args:
        setting: a JWK (RFC 8037) ``{"kty": "OKP", "crv": "X25519", "x": …, "kid": …}``, with ``"use": "enc"`` or
            without; or the hybrid ``{"kid": …, "x25519": …, "mlkem768": …}``, two raw keys in standard base64, since
            no standard gives it a serialisation yet.

    Raises:
        Refused: it is neither, has a field more (a private ``d`` above all), or its point or key is none to seal to.
    """
    if not isinstance(setting, dict):
        raise Refused(WHERE, kind_of(setting), "one public key, an object", MAKE)
    if "d" in setting or any(name.endswith(("_private", "_seed")) for name in setting):
        raise Refused(WHERE, "a private key", "a public one", f"it must be thrown away, it has been shown; {MAKE}")
    names = set(setting)
    if "kty" in names and names - {"use"} == _JWK:
        for name, expected in (("kty", "OKP"), ("crv", "X25519"), ("use", "enc")):
            if setting.get(name, "enc") != expected:
                raise Refused(f"{WHERE}: {name}", kind_of(setting[name]), expected, MAKE)
        return RemoteKey(_kid(setting), X25519_SUITE, _x25519(setting, "x", urlsafe=True))
    if names == _HYBRID:
        x25519 = _x25519(setting, "x25519", urlsafe=False)
        return RemoteKey(_kid(setting), HYBRID_SUITE, MLKEM768X25519PublicKey(_mlkem768(setting), x25519))
    expected = "kty, crv, x, kid of a JWK, or kid, x25519, mlkem768 of a hybrid key, and no other field"
    raise Refused(WHERE, f"{len(names)} fields", expected, MAKE)


def _kid(setting: Mapping[str, Any]) -> str:
    kid = setting["kid"]
    if not is_kid(kid):
        raise Refused(f"{WHERE}: kid", kind_of(kid), KID_EXPECTED, MAKE)
    return str(kid)


def _x25519(setting: Mapping[str, Any], name: str, *, urlsafe: bool) -> X25519PublicKey:
    """The point, if a secret can be agreed with it: a low-order one gives the same secret to everybody (RFC 7748 §6.1).

    HPKE checks this at every sealing; here it is refused where somebody can still mend it.
    """
    public = X25519PublicKey.from_public_bytes(_raw(setting, name, X25519_BYTES, urlsafe=urlsafe))
    try:
        X25519PrivateKey.from_private_bytes(_ANY_SCALAR).exchange(public)
    except ValueError:
        raise Refused(f"{WHERE}: {name}", "a point of low order", "a public key of X25519", MAKE) from None
    return public


def _mlkem768(setting: Mapping[str, Any]) -> MLKEM768PublicKey:
    raw = _raw(setting, "mlkem768", MLKEM768_BYTES, urlsafe=False)
    try:
        return MLKEM768PublicKey.from_public_bytes(raw)
    except ValueError:  # FIPS 203 §7.2: a coefficient that is not below the modulus
        raise Refused(f"{WHERE}: mlkem768", f"{len(raw)} bytes", "a public key of ML-KEM-768", MAKE) from None
    except UnsupportedAlgorithm:
        got = "a hybrid key, and a library without ML-KEM on this machine"
        raise Refused(WHERE, got, "a key that can be sealed to", "register a plain X25519 key") from None


def _raw(setting: Mapping[str, Any], name: str, length: int, *, urlsafe: bool) -> bytes:
    """The bytes of a base64 text in its one spelling: RFC 7515's in a JWK, else the standard one."""
    text = setting[name]
    data = url64(text) if urlsafe else _std64(text)
    if len(data) != length:
        spelling = "base64url without padding" if urlsafe else "base64"
        raise Refused(f"{WHERE}: {name}", kind_of(text), f"{length} bytes in {spelling}", MAKE)
    return data


def _std64(value: object) -> bytes:
    """The bytes of standard base64 in its one spelling; empty where it is none."""
    if not isinstance(value, str) or not value.isascii():
        return b""
    try:
        found = base64.b64decode(value, validate=True)
    except ValueError:
        return b""
    return found if base64.b64encode(found).decode() == value else b""
