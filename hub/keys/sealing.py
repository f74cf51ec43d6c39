"""Sealing a message, and wrapping its key (design §5). Pure: keys and nonces are arguments.

Sealed body: version byte 1 · nonce (12) · AES-256-GCM of (length, 4 bytes big-endian · canonical JSON of the envelope ·
zeros up to whole KiB), with its tag (16). Associated data: envelope id, topic and schema version, length-prefixed, so
that no sealed body passes under another id or on another agency's topic. The message key is wrapped with AES-256-GCM
under the epoch key: nonce (12) · ciphertext (32) · tag (16), bound to envelope id and epoch.

Standard: NIST SP 800-38D (random 96-bit nonces; a message key seals once, an epoch key wraps at most 2**32 times).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import SealBroken
from hub.model.canonical import canonical
from hub.model.envelope import SCHEMA_VERSION, Envelope

VERSION = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
BLOCK_BYTES = 1024  # design §5: the length of a sealed body tells whole KiB only
OVERHEAD_BYTES = len(VERSION) + NONCE_BYTES + TAG_BYTES
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

_LENGTH_BYTES = 4
_BODY_AT = len(VERSION) + NONCE_BYTES
_FIELDS = (
    "envelope_id",
    "message_id",
    "lane",
    "lane_seq",
    "sender",
    "recipient",
    "event",
    "purpose",
    "decision_id",
    "salt",
    "bundle",
)  # as they are; consents and created_at have a spelling of their own


def seal_body(envelope: Envelope, *, topic: str, key: bytes, nonce: bytes) -> bytes:
    """The sealed bytes of an envelope under a key that seals nothing else."""
    content = canonical(_document(envelope))
    padding = -(_LENGTH_BYTES + len(content)) % BLOCK_BYTES
    plain = len(content).to_bytes(_LENGTH_BYTES) + content + bytes(padding)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, _bound(envelope.envelope_id, topic, SCHEMA_VERSION))


def open_body(body: bytes, *, envelope_id: str, topic: str, key: bytes) -> Envelope:
    """The envelope that was sealed.

    Raises:
        SealBroken: bytes, id or topic are not those that were sealed.
    """
    if body[:1] != VERSION or len(body) % BLOCK_BYTES != OVERHEAD_BYTES:
        raise broken(envelope_id, f"{len(body)} bytes that are no sealed body of version {VERSION[0]}")
    try:
        plain = AESGCM(key).decrypt(body[1:_BODY_AT], body[_BODY_AT:], _bound(envelope_id, topic, SCHEMA_VERSION))
    except InvalidTag:
        raise broken(envelope_id, "a body, id or topic that were not sealed together") from None
    length = int.from_bytes(plain[:_LENGTH_BYTES])
    content, padding = plain[_LENGTH_BYTES : _LENGTH_BYTES + length], plain[_LENGTH_BYTES + length :]
    if len(content) != length or padding.strip(b"\0"):
        raise broken(envelope_id, "a length that does not fit the body")
    return _envelope(orjson.loads(content))


def wrap(epoch: AESGCM, message_key: bytes, *, nonce: bytes, envelope_id: str, key_id: str) -> bytes:
    """A message key under its epoch key."""
    return nonce + epoch.encrypt(nonce, message_key, _bound(envelope_id, key_id))


def unwrap(epoch: AESGCM, wrapped: bytes, *, envelope_id: str, key_id: str) -> bytes:
    """The message key.

    Raises:
        SealBroken: it was not wrapped for this envelope under this epoch.
    """
    if len(wrapped) != WRAPPED_BYTES:
        raise broken(envelope_id, f"a wrapped key of {len(wrapped)} bytes")
    try:
        return epoch.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(envelope_id, key_id))
    except InvalidTag:
        raise broken(envelope_id, "a key that was not wrapped for this envelope and epoch") from None


def broken(envelope_id: str, got: str) -> SealBroken:
    """Bytes that are not what was sealed."""
    return SealBroken(
        f"envelope {envelope_id}",
        got=got,
        expected="what this hub sealed",
        next_step="the message is returned; somebody or something changed stored bytes: find out who",
    )


def _bound(*parts: str) -> bytes:
    """Associated data: each part after its length, so that no two lists have one spelling."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)


def _document(envelope: Envelope) -> dict[str, Any]:
    assert envelope.created_at.tzinfo is not None, "an instant has a zone"
    document = {name: getattr(envelope, name) for name in _FIELDS}
    return {**document, "consents": list(envelope.consents), "created_at": envelope.created_at.isoformat()}


def _envelope(document: dict[str, Any]) -> Envelope:
    consents, created_at = tuple(document.pop("consents")), datetime.fromisoformat(document.pop("created_at"))
    return Envelope(consents=consents, created_at=created_at, **document)
