"""Checkpoints as the writer makes and keeps them: signed notes, one file each, outside the database.

It decides nothing about the log: what a checkpoint says against a head is :mod:`hub.audit.log`'s to compare. The
verifier has a parser of its own. Standard: C2SP ``tlog-checkpoint`` in C2SP ``signed-note``.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.audit.files import sync_folder
from hub.errors import IntegrityBroken, Unavailable
from hub.ports import Keys

ASIDE = "before-restore"  # a folder beside the checkpoints, for those that another history has signed
_NAME = re.compile(r"(0|[1-9][0-9]{0,17})\.txt")  # <size>.txt


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a log: how many entries, and the root over them."""

    size: int
    root: bytes


def signed(head: Head, keys: Keys) -> bytes:
    """The head as a signed note. Ed25519 is deterministic, so one head of one key has one note."""
    return signed_note(f"{keys.log_name}\n{head.size}\n{base64.b64encode(head.root).decode()}\n", keys)


def signed_note(text: str, keys: Keys) -> bytes:
    """A text under the log's key. One that is no checkpoint does not begin with the log's name and a line feed."""
    key_id = bytes.fromhex(keys.verifier.split("+", 2)[1])
    signature = base64.b64encode(key_id + keys.sign(text.encode())).decode()
    return f"{text}\n— {keys.log_name} {signature}\n".encode()


class CheckpointFolder:
    """The folder of checkpoint files, ``<size>.txt`` each. Files are never changed once they stand there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def newest(self, keys: Keys) -> Head | None:
        """What the checkpoint of the largest size says, or None where there is none.

        Raises:
            IntegrityBroken: it is not a note that this log's key has signed.
            Unavailable: the folder cannot be read.
        """
        try:
            names = [entry.name for entry in self.folder.iterdir()] if self.folder.exists() else []
            sizes = [int(found[1]) for name in names if (found := _NAME.fullmatch(name))]
            if not sizes:
                return None
            path = self.folder / f"{max(sizes)}.txt"
            note = path.read_bytes()
        except OSError as error:
            raise _unavailable(self.folder, error) from None
        return self._own(path, note, keys)

    def every(self) -> dict[str, bytes]:
        """All of them by the name of their file, not yet looked at.

        Raises:
            Unavailable: the folder cannot be read.
        """
        try:
            paths = sorted(self.folder.iterdir()) if self.folder.exists() else []
            return {path.name: path.read_bytes() for path in paths if _NAME.fullmatch(path.name)}
        except OSError as error:
            raise _unavailable(self.folder, error) from None

    def put_aside(self, names: Iterable[str]) -> None:
        """Move checkpoints of another history where they are no longer compared with; nothing there is written over.

        Raises:
            Unavailable: the folder cannot be written.
        """
        aside = self.folder / ASIDE
        try:
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in names:
                size, number = name.removesuffix(".txt"), 1
                place = aside / name
                while place.exists():
                    number += 1
                    place = aside / f"{size}-{number}.txt"
                (self.folder / name).rename(place)
            sync_folder(aside)
            sync_folder(self.folder)
        except OSError as error:
            raise _unavailable(self.folder, error) from None

    def keep(self, head: Head, note: bytes) -> None:
        """Write a checkpoint, complete or not at all. One that stands there already is left as it is.

        Raises:
            IntegrityBroken: another checkpoint of the same size stands there (a fork).
            Unavailable: the folder cannot be written; nothing half-written is left under its name.
        """
        path = self.folder / f"{head.size}.txt"
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists():
                self._same(path, note)
                return
            with part.open("wb") as handle:
                handle.write(note)
                handle.flush()
                os.fsync(handle.fileno())
            part.rename(path)
            sync_folder(self.folder)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _unavailable(self.folder, error) from None

    def _same(self, path: Path, note: bytes) -> None:
        if not path.read_bytes().startswith(note):  # cosignatures may have been added below
            raise IntegrityBroken(
                f"checkpoints/{path.name}",
                got="another root of the same size",
                next_step="stop: two histories carry this log's name; keep both and call the officers",
            )

    def _own(self, path: Path, note: bytes, keys: Keys) -> Head:
        try:
            _, size, root, *_ = note.decode().split("\n")
            head = Head(int(size), base64.b64decode(root, validate=True))
        except ValueError:
            head = None
        if head is None or not note.startswith(signed(head, keys)):
            raise IntegrityBroken(
                f"checkpoints/{path.name}",
                got="a note that this log's key has not signed",
                expected=f"a checkpoint of {keys.log_name}",
                next_step="look whether keys/ or the file was replaced; bring the right one back from its safe copy",
            )
        return head


def _unavailable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"{folder.name}/",
        got=os.strerror(error.errno or 0),
        next_step="make the folder writable and see that the disk has room; the next checkpoint is tried again",
    )
