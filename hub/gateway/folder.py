"""What stands on the disk of the agency, and what it says about where each message is.

    <envelope>.json           the message Bundle, for the agency's own software; written again while unacknowledged
    <envelope>.proof.json     salt, promise and signature: it stands there once the Bundle does, for good
    <envelope>.receipt.json   the receipt, verified: the message is settled
    <envelope>.word.json      instead of proof and receipt where the Bundle is a content-free word of the hub

So nothing else has to be remembered: a message with proof and no receipt is asked for its receipt at the next run. The
agency's software may take the Bundle away; proof and receipt prove together what it was.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import Refused, shape
from hub.gateway.files import make_folder, read_file, unwritten, write_file
from hub.gateway.opening import Opened

PROOF, RECEIPT, WORD = ".proof.json", ".receipt.json", ".word.json"
_ENVELOPE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def envelope_id(text: str) -> str:
    """The id of an envelope; it becomes the name of a file, so nothing else passes.

    Raises:
        Refused: it is none.
    """
    if not _ENVELOPE.fullmatch(text):
        raise Refused("ENVELOPE", shape(text), "the id of a message, a UUID in lower case", "`hub gateway list`")
    return text


class Folder:
    """The folder ``out`` of the configuration.

    Raises:
        Unavailable: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path)
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One gateway at a time in this folder, whatever dies in between.

        Raises:
            Refused: another is at work in it.
        """
        try:
            handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritten(self.path, error) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Refused("out", "a folder in which another gateway works", "one's own", "wait for it") from None
            yield
        finally:
            os.close(handle)

    def keep(self, opened: Opened) -> Path:
        """Write a message; on return it would survive the loss of power. The proof comes last: it says so.

        Raises:
            Unavailable: the disk does not take it.
        """
        path = self.path / f"{opened.envelope}.json"
        self._forget(opened.envelope)
        write_file(path, opened.bundle)
        write_file(self.path / f"{opened.envelope}{WORD if opened.word else PROOF}", opened.proof)
        return path

    def _forget(self, envelope: str) -> None:
        """What proved an earlier opening: the hub may have opened less now, and an old proof would not fit."""
        try:
            for suffix in (RECEIPT, PROOF, WORD):
                (self.path / f"{envelope}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise unwritten(self.path, error) from None

    def proof(self, envelope: str) -> bytes | None:
        """What proves a message that was written here; None: it was not."""
        path = self.path / f"{envelope}{PROOF}"
        return read_file(path, limit=1 << 22) if path.exists() else None

    def has(self, envelope: str) -> bool:
        """Whether a message was written here."""
        return any((self.path / f"{envelope}{suffix}").exists() for suffix in (PROOF, WORD))

    def keep_receipt(self, envelope: str, document: bytes) -> Path:
        """Write a receipt that was verified.

        Raises:
            Unavailable: the disk does not take it.
        """
        path = self.path / f"{envelope}{RECEIPT}"
        write_file(path, document)
        return path

    def without_receipt(self) -> list[str]:
        """Messages that were written here and have no receipt yet."""
        try:
            names = {entry.name for entry in self.path.iterdir()}
        except OSError as error:
            raise unwritten(self.path, error) from None
        found = (name.removesuffix(PROOF) for name in sorted(names) if name.endswith(PROOF))
        return [each for each in found if _ENVELOPE.fullmatch(each) and f"{each}{RECEIPT}" not in names]
