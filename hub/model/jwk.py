"""Public keys that an agency's software registers: JWK (RFC 7517, RFC 7518 section 6, RFC 8037) as data. Pure.

Only the shape is looked at; whether a point lies on its curve is the library's business where the key is used. A key
of a kind that the hub does not use may stand in a set: the agency may use it elsewhere. A private one may not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KEYS_MAX = 10  # [policy] two are enough to change from one to the next
RSA_BITS = range(2048, 8193)  # NIST SP 800-131A; above, a signature costs more than it is worth
EXPONENT = range(65537, 2**32)  # NIST SP 800-56B; a large one is slow
P384_BYTES = 48
X25519_BYTES = 32
ED25519_BYTES = 32
MLKEM768_BYTES = 1184  # FIPS 203, encapsulation key
_P384 = 2**384 - 2**128 - 2**96 + 2**32 - 1
_P384_B = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_KID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_KID_EXPECTED = "1 to 128 letters, digits and . _ : @ / + = -"
_OF_A_WORKER = "the worker makes a pair on a device of their own, and gives you its public half as a JWK"
_URL64 = re.compile(r"[A-Za-z0-9_-]+")


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
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def hpke_fault(key: object) -> KeyFault | None:
    """What is wrong with the key to which messages are sealed: an X25519 JWK, or the two raw keys of the hybrid."""
    if not isinstance(key, dict):
        return KeyFault("hpke", "no object", "one public key, not a set")
    if any(part in key for part in _PRIVATE):
        return _private("hpke")
    return next(_wrong_hpke(key), None)


def _wrong_hpke(key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if not _is_kid(key.get("kid")):
        yield KeyFault("hpke.kid", "no id", _KID_EXPECTED)
    if "kty" in key:
        if (key["kty"], key.get("crv")) != ("OKP", "X25519") or len(_url64(key.get("x"))) != X25519_BYTES:
            yield KeyFault("hpke", "another key", 'a JWK with kty "OKP", crv "X25519" and x of 32 bytes')
    elif set(key) != {"kid", "x25519", "mlkem768"}:
        yield KeyFault("hpke", "other members", "an X25519 JWK, or kid, x25519 and mlkem768")
    else:
        for part, size in (("x25519", X25519_BYTES), ("mlkem768", MLKEM768_BYTES)):
            if len(_raw64(key[part])) != size:
                yield KeyFault(f"hpke.{part}", "another length", f"{size} bytes in base64")


def _wrong_of_a_worker(key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if any(part in key for part in _PRIVATE):
        step = "whoever has this file can speak as this worker: let them throw the pair away and make another"
        yield KeyFault("key", "a private key", "its public half alone", step)
    names = worker_algorithms(key)
    if not names or key.get("use", "sig") != "sig":
        yield KeyFault("key", "another kind of key", "P-384 (EC) or Ed25519 (OKP), to sign with", _OF_A_WORKER)
    elif key.get("alg", names[0]) not in names:
        yield KeyFault("key.alg", "another alg", " or ".join(names), _OF_A_WORKER)
    if not _is_kid(key.get("kid")):
        yield KeyFault("key.kid", "no kid", _KID_EXPECTED, _OF_A_WORKER)
    parts, size = ("xy", P384_BYTES) if key.get("kty") == "EC" else ("x", ED25519_BYTES)
    found = [_url64(key.get(part)) for part in parts]
    if any(len(each) != size for each in found):
        yield KeyFault("key", f"another length of {' or '.join(parts)}", f"{size} bytes in base64url", _OF_A_WORKER)
    elif len(found) > 1 and not _on_p384(*(int.from_bytes(each) for each in found)):
        yield KeyFault("key", "a point beside its curve", "one of P-384", _OF_A_WORKER)


def _wrong(place: str, key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if any(part in key for part in _PRIVATE):
        yield _private(place)
    if ("kid" in key or algorithm(key)) and not _is_kid(key.get("kid")):
        yield KeyFault(f"{place}.kid", "no id", _KID_EXPECTED)
    match algorithm(key):
        case "RS384":
            bits = int.from_bytes(_url64(key.get("n"))).bit_length()
            if bits not in RSA_BITS:
                yield KeyFault(f"{place}.n", f"{bits} bits", f"{RSA_BITS[0]} to {RSA_BITS[-1]}")
            if int.from_bytes(_url64(key.get("e"))) not in EXPONENT:
                yield KeyFault(f"{place}.e", "another exponent", "65537")
        case "ES384":
            if any(len(_url64(key.get(part))) != P384_BYTES for part in "xy"):
                yield KeyFault(place, "another length of x or y", f"{P384_BYTES} bytes each in base64url")


def _on_p384(x: int, y: int) -> bool:
    """FIPS 186-4, D.1.2.4."""
    return max(x, y) < _P384 and (y * y - x * x * x + 3 * x - _P384_B) % _P384 == 0


def _is_kid(value: object) -> bool:
    return isinstance(value, str) and bool(_KID.fullmatch(value))


def _private(place: str) -> KeyFault:
    step = "whoever has this file can speak as this agency: throw the pair away and make another"
    return KeyFault(place, "a private key", "its public half alone", step)


def _url64(value: object) -> bytes:
    """Bytes in base64url without padding (RFC 7515, section 2); empty where it is none."""
    if not isinstance(value, str) or not _URL64.fullmatch(value) or len(value) % 4 == 1:
        return b""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _raw64(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""
