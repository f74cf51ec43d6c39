"""The agency's two keys: one that says who asks (ES384), one that closed content opens to (X25519, or hybrid).

Private halves stay on this machine, in files of their owner alone; the hub gets the public files. The hybrid key has no
standard serialisation yet, so its files hold raw keys in base64 under their names.

Standards: RFC 7517, RFC 7518 §3.4 (ES384), RFC 7638 (thumbprints as key ids), RFC 8037 (X25519), FIPS 203.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from hub.errors import Refused
from hub.gateway.files import make_folder, read_file, write_file
from hub.gateway.opening import HYBRID_SUITE, X25519_SUITE, OpeningKey

SIGNING, JWKS = "signing.private.json", "jwks.json"
OPENING, HPKE = "hpke.private.json", "hpke.json"
_CURVE = "P-384"
_MAKE = "`hub gateway keys --out DIR` makes one"


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: names of files and ids of keys, nothing secret."""

    signing_kid: str
    opening_kid: str
    suite: str
    files: tuple[str, ...] = (SIGNING, JWKS, OPENING, HPKE)


def make_keys(folder: Path, *, hybrid: bool = False) -> Made:
    """Make both keys and write four files. Their randomness is the library's own, as any key's should be.

    Raises:
        Refused: one of the files is there already: a key that is replaced by mistake opens nothing any more.
        Unavailable: they cannot be written.
    """
    make_folder(folder)
    there = [
        name for name in (SIGNING, JWKS, OPENING, HPKE) if (folder / name).is_symlink() or (folder / name).exists()
    ]
    if there:
        raise Refused("--out", f"{', '.join(there)} already there", "a folder without keys", "name another")
    signing = ECKey.generate_key(_CURVE, {"use": "sig", "alg": "ES384"}, private=True, auto_kid=True)
    private, public, suite = _hybrid() if hybrid else _plain()
    files: tuple[tuple[str, Mapping[str, Any], bool], ...] = (
        (SIGNING, signing.as_dict(private=True), False),
        (OPENING, private, False),
        (JWKS, {"keys": [signing.as_dict(private=False)]}, True),
        (HPKE, public, True),
    )
    try:
        for name, document, is_public in files:
            text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            write_file(folder / name, text, public=is_public)
    except BaseException:  # half of a pair is of no use, and would stand in the way of the next
        for name, *_ in files:
            (folder / name).unlink(missing_ok=True)
        raise
    return Made(str(signing.kid), public["kid"], suite)


def read_signing_key(path: Path) -> ECKey:
    """Read the private signing key.

    Raises:
        Refused: it is none, has no key id, or others can read it.
    """
    try:
        key = ECKey.import_key(_object(path))
    except (JoseError, ValueError, TypeError, KeyError):
        key = None
    if key is None or not key.is_private or key.curve_name != _CURVE or not key.kid:
        raise Refused(path.name, "no such key", f"a private JWK on {_CURVE} with a kid", _MAKE)
    return key


def read_opening_key(path: Path) -> OpeningKey:
    """Read the private key that closed content opens to.

    Raises:
        Refused: it is none, or others can read it.
    """
    said = _object(path)
    read: Callable[[dict[str, Any]], OpeningKey] = _read_hybrid if "mlkem768_seed" in said else _read_plain
    try:
        return read(said)
    except UnsupportedAlgorithm:
        raise Refused(path.name, "a hybrid key", "a key that this machine's library can use", _MAKE) from None
    except (ValueError, TypeError, KeyError):
        raise Refused(path.name, "no such key", "a private JWK on X25519 with a kid, or a hybrid key", _MAKE) from None


def _plain() -> tuple[dict[str, Any], dict[str, Any], str]:
    key = OKPKey.generate_key("X25519", private=True, auto_kid=True)
    return dict(key.as_dict(private=True)), dict(key.as_dict(private=False)), X25519_SUITE


def _hybrid() -> tuple[dict[str, Any], dict[str, Any], str]:
    try:
        mlkem = MLKEM768PrivateKey.generate()
    except UnsupportedAlgorithm:
        got = "a library without ML-KEM on this machine"
        raise Refused("--hybrid", got, "one that has it", "make a plain key, without --hybrid") from None
    x25519 = X25519PrivateKey.generate()
    raw = x25519.public_key().public_bytes_raw(), mlkem.public_key().public_bytes_raw()
    kid = base64.urlsafe_b64encode(sha256(raw[0] + raw[1]).digest()).rstrip(b"=").decode()
    public = {"kid": kid, "x25519": _text(raw[0]), "mlkem768": _text(raw[1])}
    seeds = {"x25519_private": _text(x25519.private_bytes_raw()), "mlkem768_seed": _text(mlkem.private_bytes_raw())}
    return {**public, **seeds}, public, HYBRID_SUITE


def _read_plain(said: dict[str, Any]) -> OpeningKey:
    if (said["kty"], said["crv"]) != ("OKP", "X25519"):
        raise ValueError("another kind of key")
    raw = base64.urlsafe_b64decode(said["d"] + "=" * (-len(said["d"]) % 4))
    return OpeningKey(_kid(said), X25519_SUITE, X25519PrivateKey.from_private_bytes(raw))


def _read_hybrid(said: dict[str, Any]) -> OpeningKey:
    mlkem = MLKEM768PrivateKey.from_seed_bytes(base64.b64decode(said["mlkem768_seed"], validate=True))
    x25519 = X25519PrivateKey.from_private_bytes(base64.b64decode(said["x25519_private"], validate=True))
    return OpeningKey(_kid(said), HYBRID_SUITE, MLKEM768X25519PrivateKey(mlkem, x25519))


def _kid(said: dict[str, Any]) -> str:
    if not isinstance(said["kid"], str) or not said["kid"]:
        raise ValueError("no key id")
    return said["kid"]


def _object(path: Path) -> dict[str, Any]:
    try:
        said = orjson.loads(read_file(path, private=True))
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Refused(path.name, "what is no JSON object", "a private key", _MAKE)
    return said


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
