"""Public keys that sign for an agency's software and for its workers: JWK (RFC 7517, RFC 7518 section 6, RFC 8037).

Pure. What has no fault here is a key: its point lies on its curve. A key of a kind that the hub does not use may stand
in a set: the agency may use it elsewhere. A private one may not. The key that messages are sealed to is another matter
(``hub/sealing_key.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

KEYS_MAX = 10  # [policy] two are enough to change from one to the next
RSA_BITS = range(2048, 8193)  # NIST SP 800-131A; above, a signature costs more than it is worth
EXPONENT = range(65537, 2**32, 2)  # odd; NIST SP 800-56B; a large one is slow
P384_BYTES = 48
ED25519_BYTES = 32
KID_EXPECTED = "1 to 128 letters, digits and . _ ~ : @ / + = - of ASCII"
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_KID = re.compile(r"[A-Za-z0-9._~:@/+=-]{1,128}")  # a thumbprint (RFC 7638) fits; it becomes a value of FHIR
_OF_A_WORKER = "the worker makes a pair on a device of their own, and gives you its public half as a JWK"


@dataclass(frozen=True, slots=True)
class KeyFault:
    """What is wrong with registered keys: place, got, expected, next step; never a value."""

    place: str
    got: str
    expected: str
    next_step: str = "register the public half of a pair made anew, as hub gateway keys makes it"


def signing_keys(jwks: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The keys of a set that can prove a client, by ``kid``. The set has no :func:`fault`."""
    return {key["kid"]: key for key in jwks["keys"] if algorithm(key)}


def algorithm(key: Mapping[str, Any]) -> str:
    """The algorithm with which a key proves a client (SMART: ``RS384`` or ``ES384``); "": with none."""
    kind = "RS384" if key.get("kty") == "RSA" else ""
    if (key.get("kty"), key.get("crv")) == ("EC", "P-384"):
        kind = "ES384"
    operations = key.get("key_ops", ["verify"])
    allowed = key.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    return kind if allowed and key.get("alg", kind) == kind else ""


def fault(jwks: object) -> KeyFault | None:
    """What is wrong with a key set; None: at least one of its keys can prove a client, and none is private."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        return KeyFault("jwks", "no key set", 'an object {"keys": […]} (RFC 7517)')
    if not 0 < len(keys) <= KEYS_MAX:
        return KeyFault("jwks.keys", f"{len(keys)} keys", f"1 to {KEYS_MAX}")
    found = next((wrong for at, key in enumerate(keys) for wrong in _wrong(f"jwks.keys[{at}]", key)), None)
    if found is not None:
        return found
    kids = [key.get("kid") for key in keys if "kid" in key]
    if len(set(kids)) != len(kids):
        return KeyFault("jwks.keys", "the same kid twice", "a kid of its own for each key")
    if not any(algorithm(key) for key in keys):
        return KeyFault("jwks.keys", "no key for signatures", "an RSA key (RS384) or a P-384 key (ES384)")
    return None


def worker_algorithms(key: Mapping[str, Any]) -> tuple[str, ...]:
    """The algorithms in which a worker signs with a key (settled S46); none with another kind of key.

    ``EdDSA`` is the name of RFC 8037, ``Ed25519`` that of RFC 9864 for the same.
    """
    kinds = {("EC", "P-384"): ("ES384",), ("OKP", "Ed25519"): ("EdDSA", "Ed25519")}
    return kinds.get((str(key.get("kty")), str(key.get("crv"))), ())


def worker_fault(key: object) -> KeyFault | None:
    """What is wrong with the public key of a worker: one JWK with a ``kid``, P-384 or Ed25519."""
    if not isinstance(key, dict):
        return KeyFault("key", "no object", "one public key as a JWK, not a set", _OF_A_WORKER)
    return next(_wrong_of_a_worker(key), None)


def public_part(key: Mapping[str, Any]) -> dict[str, str]:
    """What of a worker's key is kept: the key itself and its id."""
    return {name: str(key[name]) for name in ("kty", "crv", "x", "y", "kid") if name in key}


def thumbprint(key: Mapping[str, Any]) -> str:
    """RFC 7638, with SHA-256: the same for one key, whatever its id."""
    parts = {name: key[name] for name in ("crv", "kty", "x", "y") if name in key}
    data = json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()
    return _url64_of(hashlib.sha256(data).digest())


def url64(value: object) -> bytes:
    """The bytes of base64url without padding (RFC 7515, section 2) in its one spelling; empty where it is none.

    The last character may hold bits that mean nothing: let them stand, and one key has several thumbprints.
    """
    if not isinstance(value, str) or not value.isascii():
        return b""
    try:
        found = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
    return found if _url64_of(found) == value else b""


def is_kid(value: object) -> bool:
    """Whether it can be the id of a key."""
    return isinstance(value, str) and bool(_KID.fullmatch(value))


def _wrong_of_a_worker(key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if any(part in key for part in _PRIVATE):
        step = "whoever has this file can speak as this worker: let them throw the pair away and make another"
        yield KeyFault("key", "a private key", "its public half alone", step)
    names = worker_algorithms(key)
    if not names or key.get("use", "sig") != "sig":
        yield KeyFault("key", "another kind of key", "P-384 (EC) or Ed25519 (OKP), to sign with", _OF_A_WORKER)
    elif key.get("alg", names[0]) not in names:
        yield KeyFault("key.alg", "another alg", " or ".join(names), _OF_A_WORKER)
    if not is_kid(key.get("kid")):
        yield KeyFault("key.kid", "no kid", KID_EXPECTED, _OF_A_WORKER)
    parts, size = ("xy", P384_BYTES) if key.get("kty") == "EC" else ("x", ED25519_BYTES)
    found = [url64(key.get(part)) for part in parts]
    if any(len(each) != size for each in found):
        yield KeyFault("key", f"another length of {' or '.join(parts)}", f"{size} bytes in base64url", _OF_A_WORKER)
    elif key["kty"] == "EC" and not _is_on_p384(*found):
        yield KeyFault("key", "a point beside its curve", "one of P-384", _OF_A_WORKER)


def _wrong(place: str, key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if any(part in key for part in _PRIVATE):
        yield _private(place)
    if ("kid" in key or algorithm(key)) and not is_kid(key.get("kid")):
        yield KeyFault(f"{place}.kid", "no id", KID_EXPECTED)
    match algorithm(key):
        case "RS384":
            modulus = int.from_bytes(url64(key.get("n")))
            if modulus.bit_length() not in RSA_BITS:
                yield KeyFault(f"{place}.n", f"{modulus.bit_length()} bits", f"{RSA_BITS[0]} to {RSA_BITS[-1]}")
            elif modulus % 2 == 0:
                yield KeyFault(f"{place}.n", "an even number", "a product of two primes")
            if int.from_bytes(url64(key.get("e"))) not in EXPONENT:
                yield KeyFault(f"{place}.e", "another exponent", "65537")
        case "ES384":
            point = [url64(key.get(part)) for part in "xy"]
            if any(len(each) != P384_BYTES for each in point):
                yield KeyFault(place, "another length of x or y", f"{P384_BYTES} bytes each in base64url")
            elif not _is_on_p384(*point):
                yield KeyFault(place, "a point beside its curve", "one of P-384")


def _is_on_p384(x: bytes, y: bytes) -> bool:
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP384R1()).public_key()
    except ValueError:
        return False
    return True


def _private(place: str) -> KeyFault:
    step = "whoever has this file can speak as this agency: throw the pair away and make another"
    return KeyFault(place, "a private key", "its public half alone", step)


def _url64_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
