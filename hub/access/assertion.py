"""A client's proof that it has its private key: ``private_key_jwt`` (RFC 7523 section 3, SMART App Launch 2.2).

In this order: the form and the header (``compact.py``); the key by the registered client and ``kid``; the signature;
then what the proof says. JOSE itself is the library's (joserfc). Everything that is wrong gives the same
:class:`NoProof`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from hub.access.compact import NoProof, read
from hub.model.fhir import Resource

ProofKey = RSAKey | ECKey

ALGORITHMS = ("ES384", "RS384")  # SMART App Launch 2.2: both; no other, and none that a shared secret could make
ASSERTION_MAX = 8192  # [policy] characters; with an RSA key of 4096 bits one has some 1,300
LIVES_MAX = timedelta(minutes=5)  # SMART App Launch 2.2
BEHIND = timedelta(seconds=30)  # [policy] so much may our clock be behind the client's
WORD_MAX = 128  # [policy] characters of a client id, a kid, a jti
_HEADER = ("alg", "kid", "typ", "jku")


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


def claimed(assertion: str) -> Claims:
    """Who a proof says it is of. Nothing of it is believed yet: it says whose key to try.

    Raises:
        NoProof: it is none of ours, by its form.
    """
    return _claims(*_read(assertion))


def proven(assertion: str, key: ProofKey, audience: str, at: datetime) -> Claims:
    """The proof, believed: signed by this key, by whom it is of, for this address, now.

    Raises:
        NoProof: it is not.
    """
    header, payload = _read(assertion)
    try:
        jws.deserialize_compact(assertion, key, algorithms=["RS384" if isinstance(key, RSAKey) else "ES384"])
    except (JoseError, ValueError):
        raise NoProof from None
    proof = _claims(header, payload)
    if payload.get("iss") != proof.client or payload.get("aud") not in (audience, [audience]):
        raise NoProof
    if not at < proof.expires_at <= at + LIVES_MAX + BEHIND:
        raise NoProof
    if "nbf" in payload and _instant(payload["nbf"]) > at + BEHIND:
        raise NoProof
    return proof


def _read(assertion: str) -> tuple[Resource, Resource]:
    return read(assertion, longest=ASSERTION_MAX, header=_HEADER, algorithms=ALGORITHMS)


def _claims(header: Resource, payload: Resource) -> Claims:
    texts = (payload.get("sub"), header.get("kid"), header.get("alg"), payload.get("jti"))
    if not all(isinstance(text, str) and 0 < len(text) <= WORD_MAX for text in texts):
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
