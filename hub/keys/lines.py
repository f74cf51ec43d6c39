"""The log's key as text: the private line that goes into ``hub.key`` or the environment, the public one for all.

The keys of officers who cosign its checkpoints have the same form. Standard: C2SP ``signed-note`` (key id, type 1 =
Ed25519) and ``tlog-cosignature`` (type 4); both lines as ``golang.org/x/mod/sumdb/note`` writes them:
``PRIVATE+KEY+name+id+base64(type || seed)`` and ``name+id+base64(type || public key)``.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.errors import IntegrityBroken

ED25519, COSIGNER = b"\x01", b"\x04"
_PRIVATE_LINE = re.compile(r"PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_NAME = re.compile(r"[^\s+]{1,200}")  # C2SP: no spaces, no plus


@dataclass(frozen=True, slots=True, repr=False)
class LogKey:
    """The Ed25519 key of the log, or of somebody who cosigns it, with its name.

    Args:
        kind: of its signatures.
    """

    name: str
    private: Ed25519PrivateKey
    kind: bytes = ED25519

    @property
    def verifier(self) -> str:
        """The public line."""
        public = self.kind + self.private.public_key().public_bytes_raw()
        return f"{self.name}+{_key_id(self.name, public)}+{base64.b64encode(public).decode()}"

    @property
    def line(self) -> str:
        """The private line."""
        seed = base64.b64encode(self.kind + self.private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.split('+')[1]}+{seed}"


def is_name(text: str) -> bool:
    """Whether a key can be called so."""
    return _NAME.fullmatch(text) is not None


def log_key(name: str, seed: bytes, kind: bytes = ED25519) -> LogKey:
    """The key of a name and 32 random bytes."""
    assert is_name(name), "a key's name has no space and no plus"
    return LogKey(name, Ed25519PrivateKey.from_private_bytes(seed), kind)


def parse_private(line: str, where: str, kind: bytes = ED25519) -> LogKey:
    """Read a private line. No error holds any of it.

    Raises:
        IntegrityBroken: it is none, or its id is not that of its key.
    """
    found = _PRIVATE_LINE.fullmatch(line.strip())
    try:
        data = base64.b64decode(found[3], validate=True) if found else b""
    except ValueError:
        data = b""
    key = log_key(found[1], data[1:], kind) if found and len(data) == 33 and data[:1] == kind else None
    if key is None or key.line != line.strip():
        raise IntegrityBroken(
            where,
            got=f"{len(line)} characters that are no private key line, or one whose id is of another key",
            expected="PRIVATE+KEY+name+id+base64 of an Ed25519 seed",
            next_step="bring the file or the setting back from its safe copy; a new key begins a new log",
        )
    return key


def _key_id(name: str, public: bytes) -> str:
    return sha256(name.encode() + b"\n" + public).digest()[:4].hex()
