"""Reading signed notes, checkpoints and verifier-key lines; a parser of its own, not the writer's.

Standard: C2SP ``signed-note`` (Ed25519, signature type 1; text, an empty line, signature lines),
``tlog-checkpoint`` (origin, size, root, a line each; further lines are extensions) and ``tlog-cosignature``
(signature type 4: a time, and a signature over that time and the text).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.audit.verify.faults import Fault, Wrong

NOTE_BYTES_MAX = 1 << 20  # room for many cosignatures, large ones too
ED25519, COSIGNED = b"\x01", b"\x04"  # C2SP signed-note: signature types

_KEY_LINE = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all below U+0020 but the line feed
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and id."""

    name: str
    key_id: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signed checkpoint says: how many entries, and the root over them."""

    size: int
    root: bytes


def parse_key(line: str, kind: bytes = ED25519) -> VerifierKey:
    """Read a verifier-key line ``name+id+base64(type || key)``; the id must be that of the key.

    Args:
        kind: of its signatures: a log's or, ``COSIGNED``, those of somebody who has seen the log.
    """
    found = _KEY_LINE.fullmatch(line.strip())
    data = decoded(found[3]) if found else None
    if found is None or data is None or len(data) != 33 or data[:1] != kind:
        whose = "an Ed25519 key" if kind == ED25519 else "a key that cosigns"
        raise Wrong(Fault.KEY_UNREADABLE, f"the key is not one line name+id+base64 of {whose}")
    key_id = sha256(found[1].encode() + b"\n" + data).digest()[:4]
    if key_id.hex() != found[2]:
        raise Wrong(Fault.KEY_UNREADABLE, f"the key has id {key_id.hex()}, its line says {found[2]}")
    return VerifierKey(found[1], key_id, Ed25519PublicKey.from_public_bytes(data[1:]))


def open_note(note: bytes, key: VerifierKey) -> str:
    """The text of a note that the key has signed. Signatures of other keys are passed over, as the standard asks."""
    text, ours = _signed_by(note, key)
    if not ours:
        raise Wrong(Fault.KEY_UNKNOWN, f"no signature by {key.name}+{key.key_id.hex()}: another log or a replaced key")
    try:
        for signature in ours:
            key.public.verify(signature, text.encode())
    except InvalidSignature:
        raise Wrong(Fault.SIGNATURE_WRONG, f"the signature of {key.name} is not over this text") from None
    return text


def cosigned_at(note: bytes, key: VerifierKey) -> int | None:
    """When somebody signed a note whom the log does not own: seconds since 1970, the latest; None: never."""
    text, theirs = _signed_by(note, key)
    seconds = []
    for data in theirs:
        at = int.from_bytes(data[:8])
        try:
            key.public.verify(data[8:], cosigned_text(text, at))
        except InvalidSignature:
            raise Wrong(Fault.SIGNATURE_WRONG, f"the cosignature of {key.name} is not over this text") from None
        seconds.append(at)
    return max(seconds, default=None)


def cosigned_text(text: str, at: int) -> bytes:
    """What a cosignature is over: a note's text, and when it was seen."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def read_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """What a checkpoint says, once its signature holds and its origin is the key's name."""
    origin, *lines = open_note(note, key).removesuffix("\n").split("\n")
    if origin != key.name:
        raise Wrong(Fault.CHECKPOINT_UNREADABLE, f"the checkpoint is not of the log {key.name}")
    root = decoded(lines[1]) if len(lines) > 1 and all(lines) else None  # lines after the root are extensions
    if root is None or len(root) != 32 or not _SIZE.fullmatch(lines[0]):
        raise Wrong(Fault.CHECKPOINT_UNREADABLE, "the checkpoint is not origin, size and root, a line each")
    return Checkpoint(int(lines[0]), root)


def read_note(path: Path) -> bytes:
    """The bytes of a note's file, or a fault that names it."""
    try:
        with path.open("rb") as handle:
            return handle.read(NOTE_BYTES_MAX + 1)
    except OSError as error:
        raise Wrong(Fault.CHECKPOINT_UNREADABLE, f"{path.name}: {error.strerror}") from None


def _signed_by(note: bytes, key: VerifierKey) -> tuple[str, list[bytes]]:
    """The text of a note, and what stands in the signature lines of one key, not yet verified."""
    text, signatures = _split_note(note)
    return text, [data[4:] for name, data in signatures if name == key.name and data[:4] == key.key_id]


def _split_note(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """A signed note's text, and its signatures as (key name, key id and signature)."""
    try:
        text, blank, tail = note[:NOTE_BYTES_MAX].decode().rpartition("\n\n")
    except ValueError:
        text = blank = tail = ""
    if len(note) > NOTE_BYTES_MAX or not blank or not tail.endswith("\n") or _CONTROL.search(text + tail):
        raise Wrong(Fault.CHECKPOINT_UNREADABLE, "not a signed note: text, an empty line, signature lines")
    signatures = []
    for line in tail[:-1].split("\n"):
        found = _SIGNATURE.fullmatch(line)
        data = decoded(found[2]) if found else None
        if found is None or data is None or len(data) < 5:
            raise Wrong(Fault.CHECKPOINT_UNREADABLE, "a signature line of the note is out of shape")
        signatures.append((found[1], data))
    return text + "\n", signatures


def decoded(text: object) -> bytes | None:
    """Standard base64 in its one canonical spelling, or None."""
    if not isinstance(text, str):
        return None
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None
