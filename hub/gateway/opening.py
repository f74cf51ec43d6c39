"""Closed bytes in, proven content out: what ``$open`` answered, and what a receipt says. Pure.

Nothing of it is believed before it is proven with the hub's key, which came by another way:

1. it opens with our key, bound to this envelope, to us and to that key (HPKE base mode, RFC 9180);
2. the hub's signature is over exactly this content, this envelope and us (base mode does not say who sealed);
3. the promise is the hub's own signed note about this envelope and us, and its digest is that of this content.

A word of the hub (what became of a message of ours, settled S44) has no entry of the log, so neither salt nor promise.
It is taken so only if it is content-free: a header and an outcome, and nothing else.

The hub's side is ``hub/keys/remote.py`` (settled S43), which shares no line with this one.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite

from hub.audit.verify import proofs
from hub.audit.verify.faults import Wrong
from hub.audit.verify.notes import decoded, open_note, parse_key
from hub.errors import IntegrityBroken, Refused

X25519_SUITE = "DHKEM(X25519,HKDF-SHA256)/HKDF-SHA256/AES-256-GCM"
HYBRID_SUITE = "MLKEM768-X25519/HKDF-SHA256/AES-256-GCM"
OPENED = b"interop-hub opened v1\n"

_KEMS = {X25519_SUITE: KEM.X25519, HYBRID_SUITE: KEM.MLKEM768_X25519}
_INSIDE = {"bundle", "salt", "promise", "signature"}
_WORD = {"MessageHeader", "OperationOutcome"}  # all that a content-free message holds
_SALT = re.compile(r"[0-9a-f]{64}")
_EVENT = re.compile(r"[a-z][a-z-]{0,63}")
_ASK = "do not use what came; ask whoever runs the hub, by telephone, whether its key has changed"


@dataclass(frozen=True, slots=True, repr=False)
class OpeningKey:
    """The private key that closed content opens to."""

    keyid: str
    suite: str
    private: X25519PrivateKey | MLKEM768X25519PrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class Whose:
    """Whom content must be for, and who must have signed it."""

    agency: str
    hub_key: str
    key: OpeningKey


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """Content that is proven.

    Args:
        bundle: the message, as canonical JSON: with ``salt`` it gives the digest that the receipt will name.
        event: of the message, or ``unknown``: all that may be shown of it.
        proof: what proves it later, as JSON: envelope, recipient, salt, promise, signature, digest.
        word: it is content-free, and no receipt will come.
    """

    envelope: str
    event: str
    bundle: bytes
    proof: bytes
    word: bool


def open_sealed(answer: Mapping[str, str], envelope: str, whose: Whose) -> Opened:
    """Open and prove what ``$open`` answered.

    Args:
        answer: ``envelope, suite, keyid, sealed``.
        envelope: the one that was asked for.

    Raises:
        Refused: it is closed to another key than this one.
        IntegrityBroken: it does not open, or one of the three proofs does not hold. Nothing of it may be used.
    """
    place = f"message {envelope}"
    if (answer["suite"], answer["keyid"]) != (whose.key.suite, whose.key.keyid):
        next_step = "point opening_key at the key that the hub has, or register this one's hpke.json"
        raise Refused(place, "content closed to another key", "one closed to the opening_key of --config", next_step)
    if answer["envelope"] != envelope:
        raise IntegrityBroken(place, "another message", "the one that was asked for", _ASK)
    inside = _inside(_decrypt(answer["sealed"], envelope, whose), place)
    signed = {"envelope": envelope, "recipient": whose.agency, **{name: inside[name] for name in _INSIDE}}
    signature = decoded(signed.pop("signature"))
    try:
        parse_key(whose.hub_key).public.verify(signature or b"", OPENED + _canonical(signed))
    except InvalidSignature:
        raise IntegrityBroken(place, "content that the hub_key has not signed for us", "its signature", _ASK) from None
    bundle = _canonical(inside["bundle"])
    word = not inside["salt"] and not inside["promise"] and _is_content_free(inside["bundle"])
    digest = "" if word else hmac.digest(bytes.fromhex(inside["salt"]), bundle, "sha256").hex()
    if not word and _promised(inside["promise"], envelope, whose) != digest:
        raise IntegrityBroken(place, "a promise of another content", "the digest of this one", _ASK)
    kept = {name: value for name, value in signed.items() if name != "bundle"}
    proof = _canonical({**kept, "signature": inside["signature"], "digest": digest})
    return Opened(envelope, _event(inside["bundle"]), bundle, proof, word)


def info_of(envelope: str, recipient: str, keyid: str) -> bytes:
    """What a sealing is bound to: each part as UTF-8 behind its length (4 bytes, big-endian)."""
    parts = [part.encode() for part in (envelope, recipient, keyid)]
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def check_receipt(document: bytes, envelope: str, agency: str, hub_key: str, proof: bytes | None) -> int:
    """Verify a receipt off line, and that it is of this message and ours; the entry's place in the log.

    Args:
        proof: of :class:`Opened`, where this machine has opened the message; a sender's has none.

    Raises:
        IntegrityBroken: it proves nothing, or something else.
    """
    place = f"receipt of {envelope}"
    found = proofs.judge(document, key=hub_key)
    if not found.ok or found.promise is None or found.index is None:
        reason = found.reason if not found.ok else "a proof of something else"
        raise IntegrityBroken(place, reason, "a receipt under the hub_key", _ASK)
    if (found.promise["envelope_id"], found.promise["agency"]) != (envelope, agency):
        raise IntegrityBroken(place, "a receipt of another message or for another agency", "ours", _ASK)
    if proof is not None and found.promise["digest"] != orjson.loads(proof)["digest"]:
        raise IntegrityBroken(place, "a receipt of another content than the one that is here", "the same digest", _ASK)
    return found.index


def _decrypt(sealed: str, envelope: str, whose: Whose) -> bytes:
    key = whose.key
    suite = Suite(_KEMS[key.suite], KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    try:
        return suite.decrypt(decoded(sealed) or b"", key.private, info_of(envelope, whose.agency, key.keyid))
    except (InvalidTag, ValueError):
        got = "bytes that do not open as this message, for this agency, with this key"
        raise IntegrityBroken(f"message {envelope}", got, "what the hub sealed", _ASK) from None


def _inside(plaintext: bytes, place: str) -> dict[str, Any]:
    try:
        inside = orjson.loads(plaintext)
    except orjson.JSONDecodeError:
        inside = None
    if not isinstance(inside, dict) or inside.keys() != _INSIDE:
        raise IntegrityBroken(place, "another content", ", ".join(sorted(_INSIDE)), _ASK)
    texts = all(isinstance(inside[name], str) for name in _INSIDE - {"bundle"})
    salted = texts and (_SALT.fullmatch(inside["salt"]) or (not inside["salt"] and not inside["promise"]))
    if not salted or not isinstance(inside["bundle"], dict):
        raise IntegrityBroken(place, "a content out of shape", "a Bundle, a salt of 32 bytes and texts", _ASK)
    if inside["bundle"].get("resourceType") != "Bundle":
        raise IntegrityBroken(place, "another resource", "a Bundle", _ASK)
    return inside


def _is_content_free(bundle: Mapping[str, Any]) -> bool:
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        return False
    resources = [each.get("resource") for each in entries]
    return bool(resources) and all(isinstance(one, dict) and one.get("resourceType") in _WORD for one in resources)


def _promised(note: str, envelope: str, whose: Whose) -> str:
    """The digest of the content that the hub has promised an entry of its log about: this message, to us."""
    place = f"promise of {envelope}"
    try:
        form, _, rest = open_note(note.encode(), parse_key(whose.hub_key)).partition("\n")
        said = orjson.loads(rest) if form == proofs.PROMISE else None
    except Wrong as wrong:
        raise IntegrityBroken(place, wrong.reason, "a note that the hub_key has signed", _ASK) from None
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict) or not {"envelope_id", "agency", "digest"} <= said.keys():
        raise IntegrityBroken(place, "another note", f"`{proofs.PROMISE}`", _ASK)
    if (said["envelope_id"], said["agency"]) != (envelope, whose.agency):
        raise IntegrityBroken(place, "a promise of another message or to another agency", "ours", _ASK)
    return str(said["digest"])


def _event(bundle: Mapping[str, Any]) -> str:
    """The event of a message, where it is a code: all else stays unsaid."""
    try:
        code = bundle["entry"][0]["resource"]["eventCoding"]["code"]
    except (KeyError, IndexError, TypeError):
        return "unknown"
    return code if isinstance(code, str) and _EVENT.fullmatch(code) else "unknown"


def _canonical(document: object) -> bytes:
    """Keys sorted by their UTF-8 bytes, no spaces, UTF-8 (the hub's ``model/canonical.py``)."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
