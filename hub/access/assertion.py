"""A client's proof that it has its private key: ``private_key_jwt`` (RFC 7523 section 3, SMART App Launch 2.2).

In this order: the form and the header by a closed list of what may stand there; the key by the registered client and
``kid``; the signature; then what the proof says. JOSE itself is the library's (joserfc). Everything that is wrong gives
the same :class:`NoProof`, which names nothing: who asks for a token wrongly learns only that.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

ProofKey = RSAKey | ECKey

ALGORITHMS = ("ES384", "RS384")  # SMART App Launch 2.2: both; no other, and none that a shared secret could make
ASSERTION_MAX = 8192  # [policy] characters; with an RSA key of 4096 bits one has some 1,300
LIVES_MAX = timedelta(minutes=5)  # SMART App Launch 2.2
BEHIND = timedelta(seconds=30)  # [policy] so much may our clock be behind the client's
TOKEN_ID_MAX = 128  # [policy] characters of a jti
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER = {"alg", "kid", "typ", "jku"}  # whatever else there is (crit, b64, jwk, x5c …) could only relax something


class NoProof(Exception):
    """The client is not proven."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a proof says: believed as far as the function that gave it says.

    Args:
        key_url: where it says that its key is; nothing is read there, it must be what the client registered (SMART).
    """

    client: str
    key_id: str
    algorithm: str
    token_id: str
    expires_at: datetime
    key_url: str | None = None


@dataclass(frozen=True, slots=True)
class ForUs:
    """Of whom a proof must be, for which address, and when."""

    client: str
    audience: str
    at: datetime


def claimed(assertion: str) -> Claims:
    """Who a proof says it is of. Nothing of it is believed yet: it says whose key to try.

    Raises:
        NoProof: it is none of ours, by its form.
    """
    if len(assertion) > ASSERTION_MAX or not _FORM.fullmatch(assertion):
        raise NoProof
    parts = assertion.split(".")
    header = _object(_decoded(parts[0]))
    if not header.keys() <= _HEADER or header.get("alg") not in ALGORITHMS:
        raise NoProof
    return _claims(header, _object(_decoded(parts[1])))


def proven(assertion: str, key: ProofKey, us: ForUs) -> Claims:
    """The proof, believed: signed by this key, of this client, for us, now.

    Raises:
        NoProof: it is not.
    """
    algorithm = "RS384" if isinstance(key, RSAKey) else "ES384"
    try:
        found = jws.deserialize_compact(assertion, key, algorithms=[algorithm])
    except (JoseError, ValueError):
        raise NoProof from None
    payload = _object(found.payload)
    proof = _claims(found.headers(), payload)
    audience = payload.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if audience != us.audience or payload.get("iss") != us.client or proof.client != us.client:
        raise NoProof
    if not us.at < proof.expires_at <= us.at + LIVES_MAX + BEHIND:
        raise NoProof
    if "nbf" in payload and _instant(payload["nbf"]) > us.at + BEHIND:
        raise NoProof
    return proof


def _claims(header: dict[str, Any], payload: dict[str, Any]) -> Claims:
    texts = (payload.get("sub"), header.get("kid"), header.get("alg"), payload.get("jti"))
    if not all(isinstance(text, str) and 0 < len(text) <= TOKEN_ID_MAX for text in texts):
        raise NoProof
    client, key_id, algorithm, token_id = (str(text) for text in texts)
    key_url = header.get("jku")
    if key_url is not None and not isinstance(key_url, str):
        raise NoProof
    return Claims(client, key_id, algorithm, token_id, _instant(payload.get("exp")), key_url)


def _instant(value: object) -> datetime:
    """A NumericDate (RFC 7519, section 2)."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise NoProof
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise NoProof from None


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise NoProof from None


def _object(data: bytes) -> dict[str, Any]:
    """One JSON object with no name twice: which of the two would count is anybody's guess."""
    try:
        pairs = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
        orjson.dumps(pairs)  # finds what JSON's grammar lets pass: half a surrogate, endless numbers and nesting
    except (ValueError, TypeError, RecursionError):
        raise NoProof from None
    if not isinstance(pairs, dict):
        raise NoProof
    return pairs


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found
