"""The local journal: what goes out while the store cannot be written, mandatory reports and imminent danger alone
(INV-7, settled S24).

    journal/entries       a file of a fixed size, filled before it is needed, so that a full disk cannot stop it
    journal/directory     the directory as it stood last: workers, bodies that can help, connections
    journal/known         keyed digests of declarations that the store knows: they are not sent again

An entry is sealed (``Keys.box``), written in one piece behind the last one, and on the disk before :meth:`append`
returns. A half-written last entry is none: nothing was sent on it. The folder is one machine's.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import TypeAdapter

from hub.errors import IntegrityBroken, SealBroken, Unavailable
from hub.ports import Directory, Keys

SIZE = 4 * 2**20  # bytes of ``entries``: some thousand entries
KNOWN_MAX = 2_000  # digests kept: the newest
_LENGTH = 4
_PLACE = "journal"
_DIRECTORY: TypeAdapter[Directory] = TypeAdapter(Directory)


class Journal:
    """See :class:`hub.ports.Journal`.

    Args:
        folder: made with its files by :meth:`prepare`.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder, self._keys = folder, keys
        self._version: int | None = None  # of the directory as written last by this process
        self._empty: bool | None = None

    def prepare(self) -> None:
        """Make what is missing, filled with zeros down to the disk.

        Raises:
            Unavailable: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._entries.exists():
                _write(self._folder / "entries.part", bytes(SIZE))
                os.replace(self._folder / "entries.part", self._entries)
            (self._folder / "known").touch(mode=0o600)
        except OSError as error:
            raise _unavailable(error) from None

    def note(self, directory: Directory) -> None:
        """See :meth:`hub.ports.Journal.note`."""
        if directory.version == self._version:
            return
        try:
            _write(self._folder / "directory.part", _DIRECTORY.dump_json(directory))
            os.replace(self._folder / "directory.part", self._folder / "directory")
        except OSError as error:
            raise _unavailable(error) from None
        self._version = directory.version

    def directory(self) -> Directory | None:
        """See :meth:`hub.ports.Journal.directory`."""
        try:
            return _DIRECTORY.validate_json((self._folder / "directory").read_bytes())
        except (OSError, ValueError):
            return None

    def know(self, digest: str) -> None:
        """See :meth:`hub.ports.Journal.know`."""
        known = self._known()
        if digest in known:
            return
        try:
            lines = [*known, digest][-KNOWN_MAX:]
            _write(self._folder / "known.part", "".join(f"{line}\n" for line in lines).encode())
            os.replace(self._folder / "known.part", self._folder / "known")
        except OSError as error:
            raise _unavailable(error) from None

    def knows(self, digest: str) -> bool:
        """See :meth:`hub.ports.Journal.knows`."""
        return digest in self._known()

    def append(self, entry: bytes) -> None:
        """See :meth:`hub.ports.Journal.append`."""
        sealed = self._keys.box(_PLACE, entry)
        record = len(sealed).to_bytes(_LENGTH) + sealed
        try:
            with self._entries.open("r+b") as file:
                at = self._end(file.read())
                if at + len(record) + _LENGTH > SIZE:
                    raise Unavailable("journal", "no room left", "room for an entry", "telephone; bring the store back")
                file.seek(at)
                file.write(record)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unavailable(error) from None
        self._empty = False

    def entries(self) -> list[bytes]:
        """See :meth:`hub.ports.Journal.entries`."""
        if self._empty:
            return []
        try:
            data = self._entries.read_bytes()
        except OSError as error:
            raise _unavailable(error) from None
        found = list(self._read(data))
        self._empty = not found
        return found

    def clear(self) -> None:
        """See :meth:`hub.ports.Journal.clear`."""
        try:
            with self._entries.open("r+b") as file:
                end = self._end(file.read())
                file.seek(0)
                file.write(bytes(end + _LENGTH))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unavailable(error) from None
        self._empty = True

    @property
    def _entries(self) -> Path:
        return self._folder / "entries"

    def _known(self) -> list[str]:
        try:
            return (self._folder / "known").read_text("ascii").split()
        except OSError:
            return []

    def _read(self, data: bytes) -> list[bytes]:
        found, at = [], 0
        while length := int.from_bytes(data[at : at + _LENGTH]):
            sealed, after = data[at + _LENGTH : at + _LENGTH + length], at + _LENGTH + length
            try:
                found.append(self._keys.unbox(_PLACE, sealed))
            except SealBroken:
                if int.from_bytes(data[after : after + _LENGTH]):
                    raise IntegrityBroken(
                        "journal/entries", "an entry that was changed", "what this hub wrote", "keep the file; stop"
                    ) from None
                return found  # half-written: nothing was sent on it
            at = after
        return found

    def _end(self, data: bytes) -> int:
        """Where the next entry stands: behind the last one that was written whole."""
        at = 0
        while length := int.from_bytes(data[at : at + _LENGTH]):
            sealed = data[at + _LENGTH : at + _LENGTH + length]
            try:
                self._keys.unbox(_PLACE, sealed)
            except SealBroken:
                return at
            at += _LENGTH + length
        return at


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable("journal", os.strerror(error.errno or 0), "a folder that the hub can write", "run `hub doctor`")
