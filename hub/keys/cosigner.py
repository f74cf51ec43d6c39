"""The key of an officer who cosigns checkpoints: a file on their own machine, made and used there; no hub holds it.

Standard: C2SP ``tlog-cosignature`` (Ed25519, signature type 4).
"""

from __future__ import annotations

from pathlib import Path

from hub.errors import KeyGone, Refused, shape
from hub.keys.files import create_file, place, read_file
from hub.keys.lines import COSIGNER, LogKey, is_name, log_key, parse_private
from hub.ports import Ids


class Cosigner:
    """A key that cosigns; see :class:`hub.audit.cosign.Signer`."""

    def __init__(self, key: LogKey) -> None:
        self._key = key

    @property
    def verifier(self) -> str:
        """Its public line, for whoever wants to know who has seen a checkpoint."""
        return self._key.verifier

    def sign(self, text: bytes) -> bytes:
        """The Ed25519 signature."""
        return self._key.private.sign(text)


def make_cosigner(path: Path, name: str, ids: Ids) -> str:
    """Make the file of a new key; its public line.

    Args:
        name: best a URL without scheme (``officer.harbour.example.org``).

    Raises:
        Refused: the name cannot be one, or the file is there already: a key is never written over.
        Unavailable: it cannot be written.
    """
    if not is_name(name):
        raise Refused("NAME", shape(name), "no space and no plus", "officer.harbour.example.org")
    key = log_key(name, ids.octets(32), COSIGNER)
    if path.exists():
        raise Refused("--key", "a file that is there", "a new one", "a key is never written over: name another file")
    create_file(path, f"{key.line}\n".encode(), ids.number())
    return key.verifier


def read_cosigner(path: Path) -> Cosigner:
    """The key of a file.

    Raises:
        Refused: there is no such file.
        IntegrityBroken: it is no such key, or others may read it.
        Unavailable: it cannot be read.
    """
    try:
        line = read_file(path).decode("ascii", "replace")
    except KeyGone:
        raise Refused("--key", "no such file", "the file of your key", "`hub audit cosigner` makes one") from None
    return Cosigner(parse_private(line, place(path), COSIGNER))
