"""Sealing to a remote agency: what ``$open`` hands out is closed to the key that this agency registered (design §5).

HPKE (RFC 9180), base mode, single shot, KDF HKDF-SHA256, AEAD AES-256-GCM, of one of two KEMs:

    DHKEM(X25519, HKDF-SHA256)   0x0020, RFC 9180 §7.1
    MLKEM768-X25519              0x647a, "X-Wing" (draft-connolly-cfrg-xwing-kem, draft-ietf-hpke-pq): what is recorded
                                 today stays closed should X25519 fall later; it stays closed should ML-KEM fall

All of it is the library's; we choose, and say what is bound. ``info`` binds envelope, recipient and key id:
what was sealed for one does not open as another's. Base mode does not say who sealed, and anybody has the public key,
so the hub's Ed25519 signature is inside. It is inside and not around: to others it would prove who got what.

HPKE's ephemeral key is the library's own randomness, the only one that does not come through :class:`hub.ports.Ids`:
it takes none from outside, and rightly. Nothing that is decided or kept depends on it.

Pure: no store, no clock. Keys are read by ``hub/sealing_key.py``. The client's side is
``hub/gateway/opening.py``, which shares no line with this one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from hub.errors import Refused
from hub.model.canonical import canonical
from hub.ports import Keys
from hub.sealing_key import HYBRID_SUITE, MAKE, WHERE, X25519_SUITE, RemoteKey

# the first line of what is signed: no promise, checkpoint or token begins so, so that none can be taken for another
OPENED = b"interop-hub opened v1\n"

_SUITES = {
    X25519_SUITE: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    HYBRID_SUITE: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}


@dataclass(frozen=True, slots=True)
class SealedTo:
    """What ``$open`` answers beside the envelope's id. ``sealed`` is base64 of enc‖ciphertext."""

    suite: str
    keyid: str
    sealed: str


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
    except (UnsupportedAlgorithm, ValueError) as error:  # a low-order point is no RemoteKey
        raise Refused(WHERE, type(error).__name__, "a suite that this machine can do", MAKE) from None
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
