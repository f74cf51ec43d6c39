"""Words of people, each person's under a key of their own (design §5): why an override was declared, what a review
says.

    words/<YYYY-MM-DD>.key      wraps the keys of people; renewed every 30 days, all living ones are wrapped anew, and
                                the former one is destroyed

A person's own key rests wrapped in the store. Deleting it there is the prompt erasure; once the key that wrapped it has
gone too, no write-ahead log, free page or backup opens anything: within 32 days. Like the epochs it is in no backup:
who loses the folder loses these words, and nothing else.

The sealed words are AES-256-GCM: nonce (12) · ciphertext · tag (16), bound to the place where they stand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import IntegrityBroken, SealBroken
from hub.keys.files import create_key, destroy, read_key, unavailable
from hub.keys.sealing import KEY_BYTES, NONCE_BYTES
from hub.ports import Ids

RENEWED_EVERY = timedelta(days=30)  # design §5
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.key")


class WordKeys:
    """See :class:`hub.ports.Words`.

    Args:
        folder: ``keys/words``; made with its first key.
    """

    def __init__(self, folder: Path, ids: Ids) -> None:
        self._folder, self._ids = folder, ids

    def current(self, at: datetime) -> str:
        """See :meth:`hub.ports.Words.current`."""
        today = at.astimezone(UTC).date()
        newest = max(self._days(), default=None)
        if newest is not None and today < newest + RENEWED_EVERY:
            return newest.isoformat()  # also where the clock was set back: no second key for days that had one
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise unavailable(self._folder, error) from None
        create_key(self._path(today.isoformat()), self._ids.octets(KEY_BYTES), self._ids.number())
        return today.isoformat()

    def new_key(self, epoch: str) -> bytes:
        """See :meth:`hub.ports.Words.new_key`."""
        return self._wrap(epoch, self._ids.octets(KEY_BYTES))

    def rewrap(self, epoch: str, wrapped: bytes, into: str) -> bytes:
        """See :meth:`hub.ports.Words.rewrap`."""
        return self._wrap(into, self._unwrap(epoch, wrapped))

    def seal(self, epoch: str, wrapped: bytes, where: str, text: str) -> bytes:
        """See :meth:`hub.ports.Words.seal`."""
        nonce = self._ids.octets(NONCE_BYTES)
        return nonce + AESGCM(self._unwrap(epoch, wrapped)).encrypt(nonce, text.encode(), where.encode())

    def open(self, epoch: str, wrapped: bytes, where: str, sealed: bytes) -> str:
        """See :meth:`hub.ports.Words.open`."""
        return _opened(AESGCM(self._unwrap(epoch, wrapped)), sealed, where).decode()

    def destroy(self, before: str) -> Sequence[str]:
        """See :meth:`hub.ports.Words.destroy`."""
        gone = [day.isoformat() for day in self._days() if day.isoformat() < before]
        for name in gone:
            destroy(self._folder, f"{name}.key")
        return gone

    def _wrap(self, epoch: str, key: bytes) -> bytes:
        nonce = self._ids.octets(NONCE_BYTES)
        return nonce + self._cipher(epoch).encrypt(nonce, key, epoch.encode())

    def _unwrap(self, epoch: str, wrapped: bytes) -> bytes:
        return _opened(self._cipher(epoch), wrapped, epoch)

    def _cipher(self, epoch: str) -> AESGCM:
        if not _FILE.fullmatch(f"{epoch}.key"):
            raise IntegrityBroken(
                "subject key", "a name that is no key's", "a day", "stop the hub and run `hub doctor`"
            )
        return AESGCM(read_key(self._path(epoch)))

    def _path(self, epoch: str) -> Path:
        return self._folder / f"{epoch}.key"

    def _days(self) -> list[date]:
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unavailable(self._folder, error) from None
        found = (_FILE.fullmatch(name) for name in names)
        return [date.fromisoformat(match[1]) for match in found if match]


def _opened(cipher: AESGCM, sealed: bytes, where: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], where.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(
            "words", "bytes that were not sealed here", "what this hub sealed", "find out who changed stored bytes"
        ) from None
