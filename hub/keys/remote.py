"""Sealing to a remote agency: what ``$open`` hands out is closed to the key that this agency registered (design §5).

HPKE (RFC 9180), base mode, single shot, KDF HKDF-SHA256, AEAD AES-256-GCM, of one of two KEMs:

    DHKEM(X25519, HKDF-SHA256)   0x0020, RFC 9180 §7.1
    MLKEM768-X25519              0x647a, "X-Wing" (draft-connolly-cfrg-xwing-kem, draft-ietf-hpke-pq): what is recorded
                                 today stays closed should X25519 fall later; it stays closed should ML-KEM fall

All of it is the library's; we choose, check keys and say what is bound. ``info`` binds envelope, recipient and key id:
what was sealed for one does not open as another's. Base mode does not say who sealed, and anybody has the public key,
so the hub's Ed25519 signature is inside. It is inside and not around: to others it would prove who got what.

HPKE's ephemeral key is the library's own randomness, the only one that does not come through :class:`hub.ports.Ids`:
it takes none from outside, and rightly. Nothing that is decided or kept depends on it.

Pure: no store, no clock. The client's side is ``hub/gateway/opening.py``, which shares no line with this one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from hub.errors import Refused, kind_of
from hub.model.canonical import canonical
from hub.ports import Keys

# what `$open` calls a suite: KEM, KDF, AEAD as their standards call them
X25519_SUITE = "DHKEM(X25519,HKDF-SHA256)/HKDF-SHA256/AES-256-GCM"
HYBRID_SUITE = "MLKEM768-X25519/HKDF-SHA256/AES-256-GCM"
# the first line of what is signed: no promise, checkpoint or token begins so, so that none can be taken for another
OPENED = b"interop-hub opened v1\n"

X25519_BYTES, MLKEM768_BYTES = 32, 1184  # RFC 7748 §5, FIPS 203 table 3

_WHERE = "hpke key"
_KID = re.compile(r"[A-Za-z0-9._~:@/+=-]{1,128}")  # a thumbprint (RFC 7638) fits; it becomes a value of FHIR
_JWK = {"kty", "crv", "x", "kid"}
_HYBRID = {"kid", "x25519", "mlkem768"}
_MAKE = "let the agency run `hub gateway keys --out DIR` and register the hpke.json that it writes"
_ANY_SCALAR = b"\x09" * X25519_BYTES  # to try a point with: a secret would add nothing
_SUITES = {
    X25519_SUITE: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    HYBRID_SUITE: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}


@dataclass(frozen=True, slots=True, repr=False)
class RemoteKey:
    """The public key of an agency's own software, with the name that the agency gave it."""

    keyid: str
    suite: str
    public: X25519PublicKey | MLKEM768X25519PublicKey


@dataclass(frozen=True, slots=True)
class SealedTo:
    """What ``$open`` answers beside the envelope's id. ``sealed`` is base64 of enc‖ciphertext."""

    suite: str
    keyid: str
    sealed: str


def read_key(setting: Mapping[str, Any]) -> RemoteKey:
    """Read the key of a system's setting ``hpke``.

    Args:
        setting: a JWK (RFC 8037) ``{"kty": "OKP", "crv": "X25519", "x": …, "kid": …}``, with ``"use": "enc"`` or
            without; or the hybrid ``{"kid": …, "x25519": …, "mlkem768": …}``, two raw keys in standard base64, since
            no standard gives it a serialisation yet.

    Raises:
        Refused: it is neither, has a field more (a private ``d`` above all), or its point or key is none to seal to.
    """
    if "d" in setting or any(name.endswith(("_private", "_seed")) for name in setting):
        raise Refused(_WHERE, "a private key", "a public one", f"it must be thrown away, it has been shown; {_MAKE}")
    names = set(setting)
    if "kty" in names and names - {"use"} == _JWK:
        for name, expected in (("kty", "OKP"), ("crv", "X25519"), ("use", "enc")):
            if setting.get(name, "enc") != expected:
                raise Refused(f"{_WHERE}: {name}", kind_of(setting[name]), expected, _MAKE)
        return RemoteKey(_kid(setting), X25519_SUITE, _x25519(setting, "x", urlsafe=True))
    if names == _HYBRID:
        x25519 = _x25519(setting, "x25519", urlsafe=False)
        return RemoteKey(_kid(setting), HYBRID_SUITE, MLKEM768X25519PublicKey(_mlkem768(setting), x25519))
    expected = "kty, crv, x, kid of a JWK, or kid, x25519, mlkem768 of a hybrid key, and no other field"
    raise Refused(_WHERE, f"{len(names)} fields", expected, _MAKE)


def info_of(envelope: str, recipient: str, keyid: str) -> bytes:
    """What a sealing is bound to: envelope id, recipient (the agency) and key id, each as UTF-8 behind its length.

    A length is 4 bytes, big-endian: no two triples give the same bytes.
    """
    parts = [part.encode() for part in (envelope, recipient, keyid)]
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def seal_to(key: RemoteKey, plaintext: bytes, info: bytes) -> SealedTo:
    """Close bytes to a key (RFC 9180 §6.1, single shot, no associated data).

    It takes some tenths of a millisecond and belongs outside of any unit (design §6).

    Args:
        info: of :func:`info_of`, with this key's id.

    Raises:
        Refused: the library of this machine cannot do this suite.
    """
    try:
        sealed = _SUITES[key.suite].encrypt(plaintext, key.public, info)
    except (UnsupportedAlgorithm, ValueError) as error:  # low-order points do not come so far: `read_key`
        raise Refused(_WHERE, type(error).__name__, "a suite that this machine can do", _MAKE) from None
    return SealedTo(key.suite, key.keyid, base64.b64encode(sealed).decode())


def opened_content(
    keys: Keys, envelope: str, recipient: str, bundle: Mapping[str, Any], salt: str, promise: bytes
) -> bytes:
    """The plaintext of an open: canonical JSON of ``{bundle, salt, promise, signature}`` (settled S43).

    ``signature`` is base64 of the log key's Ed25519 over :data:`OPENED` and the canonical JSON of
    ``{envelope, recipient, bundle, salt, promise}``. The two names are signed and not repeated: the recipient puts its
    own there, so that what was meant for another does not verify.

    Args:
        recipient: the agency, as in :attr:`hub.model.envelope.Envelope.recipient` and in ``info``.
        bundle: the content as just withheld. The entry's digest, which the promise repeats, is
            ``content_digest(bytes.fromhex(salt), canonical(bundle))``: the client checks it.
        salt: of the envelope, in hex; of a content-free word of the hub (settled S44) "".
        promise: the signed note of :func:`hub.audit.receipts.promise`, for the recipient's agency; of a word nothing:
            it has no entry of its own. The client takes such a Bundle only if it holds nobody's data.
    """
    inside = {"bundle": bundle, "salt": salt, "promise": promise.decode()}
    signature = keys.sign(OPENED + canonical({"envelope": envelope, "recipient": recipient, **inside}))
    return canonical({**inside, "signature": base64.b64encode(signature).decode()})


def _kid(setting: Mapping[str, Any]) -> str:
    kid = setting["kid"]
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise Refused(f"{_WHERE}: kid", kind_of(kid), "1 to 128 letters, digits and . _ ~ : @ / + = - of ASCII", _MAKE)
    return kid


def _x25519(setting: Mapping[str, Any], name: str, *, urlsafe: bool) -> X25519PublicKey:
    """The point, if a secret can be agreed with it: a low-order one gives the same secret to everybody (RFC 7748 §6.1).

    HPKE checks this at every sealing; here it is refused where somebody can still mend it.
    """
    public = X25519PublicKey.from_public_bytes(_raw(setting, name, X25519_BYTES, urlsafe=urlsafe))
    try:
        X25519PrivateKey.from_private_bytes(_ANY_SCALAR).exchange(public)
    except ValueError:
        raise Refused(f"{_WHERE}: {name}", "a point of low order", "a public key of X25519", _MAKE) from None
    return public


def _mlkem768(setting: Mapping[str, Any]) -> MLKEM768PublicKey:
    raw = _raw(setting, "mlkem768", MLKEM768_BYTES, urlsafe=False)
    try:
        return MLKEM768PublicKey.from_public_bytes(raw)
    except ValueError:  # FIPS 203 §7.2: a coefficient that is not below the modulus
        raise Refused(f"{_WHERE}: mlkem768", f"{len(raw)} bytes", "a public key of ML-KEM-768", _MAKE) from None
    except UnsupportedAlgorithm:
        got = "a hybrid key, and a library without ML-KEM on this machine"
        raise Refused(_WHERE, got, "a key that can be sealed to", "register a plain X25519 key") from None


def _raw(setting: Mapping[str, Any], name: str, length: int, *, urlsafe: bool) -> bytes:
    """The bytes of a base64 text in its one spelling: RFC 7515's in a JWK, else the standard one."""
    text = setting[name]
    data = b""
    if isinstance(text, str) and text.isascii():
        padded = text.translate({45: "+", 95: "/"}) + "=" * (-len(text) % 4) if urlsafe else text
        try:
            data = base64.b64decode(padded, validate=True)
        except ValueError:
            data = b""
    again = base64.urlsafe_b64encode(data).rstrip(b"=") if urlsafe else base64.b64encode(data)
    if len(data) != length or again.decode() != text:
        spelling = "base64url without padding" if urlsafe else "base64"
        raise Refused(f"{_WHERE}: {name}", kind_of(text), f"{length} bytes in {spelling}", _MAKE)
    return data
