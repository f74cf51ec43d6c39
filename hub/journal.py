"""The local journal: what goes out while the store cannot be written, mandatory reports and imminent danger alone
(INV-7, settled S24).

    journal/entries       a file of a fixed size, filled before it is needed, so that a full disk cannot stop it
    journal/directory     the directory as it stood last: workers, bodies that can help, connections
    journal/known         keyed digests of declarations that the store knows: they are not sent again
    journal/lock          held while somebody looks, appends and sends, or writes down and clears

An entry is sealed (``Keys.box``), written in one piece behind the last one, and on the disk before :meth:`append`
returns. A half-written last entry is none: nothing was sent on it. The folder is one machine's, for all its processes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from hub.errors import IntegrityBroken, SealBroken, Unavailable
from hub.ports import Directory, Keys

SIZE = 4 * 2**20  # bytes of ``entries``: some thousand entries
KNOWN_MAX = 20_000  # digests kept: the newest
_HEADER = 8  # an entry's length, and the same with each bit turned: a header that was changed is seen
_TAG = 16  # bytes at the end of what is sealed: zeros there were never written
_BLOCK = 512  # bytes that a disk writes as one
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

    def prepare(self) -> None:
        """Make what is missing, filled with zeros down to the disk.

        Raises:
            Unavailable: the folder cannot be written.
        """
        with _reached():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._entries.exists():
                _replace(self._entries, bytes(SIZE))

    @contextmanager
    def held(self) -> Iterator[None]:
        """See :meth:`hub.ports.Journal.held`."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def note(self, directory: Directory, known: Callable[[], Sequence[str]]) -> None:
        """See :meth:`hub.ports.Journal.note`."""
        if directory.version == self._version and self._known() is not None:
            return
        with self.held(), _reached():
            if self._version is None or self._known() is None:
                self._write_known(known())
            _replace(self._folder / "directory", _DIRECTORY.dump_json(directory))
        self._version = directory.version

    def directory(self) -> Directory | None:
        """See :meth:`hub.ports.Journal.directory`."""
        try:
            found = _DIRECTORY.validate_json((self._folder / "directory").read_bytes())
        except (OSError, ValueError):
            return None
        return found if self._known() is not None else None

    def know(self, *digests: str) -> None:
        """See :meth:`hub.ports.Journal.know`."""
        kept, self._version = self._version, None  # where it fails, the next note asks the store for all
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB), _reached():
            known = self._known()
            if known is not None and not known.keys() >= set(digests):
                self._write_known([*known, *(digest for digest in digests if digest not in known)])
        self._version = kept

    def knows(self, digest: str) -> bool:
        """See :meth:`hub.ports.Journal.knows`."""
        return digest in (self._known() or {})

    def append(self, entry: bytes) -> None:
        """See :meth:`hub.ports.Journal.append`."""
        sealed = self._keys.box(_PLACE, entry)
        record = _header(len(sealed)) + sealed
        with _reached(), self._entries.open("r+b") as file:
            at = self._read(file.read())[1]
            if at + len(record) + _HEADER > SIZE:
                raise Unavailable("journal", "no room left", "room for an entry", "telephone; bring the store back")
            file.seek(at)
            file.write(record)
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> list[bytes]:
        """See :meth:`hub.ports.Journal.entries`."""
        with _reached(), self._entries.open("rb") as file:
            first = file.read(_HEADER)
            return self._read(first + file.read())[0] if any(first) else []

    def clear(self) -> None:
        """See :meth:`hub.ports.Journal.clear`."""
        with _reached(), self._entries.open("r+b") as file:
            file.write(bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with _reached():
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with _reached():
                fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)

    @property
    def _entries(self) -> Path:
        return self._folder / "entries"

    def _known(self) -> dict[str, None] | None:
        """In the order in which they came; None: that is not there, or no such list."""
        try:
            return dict.fromkeys((self._folder / "known").read_text("ascii").split())
        except (OSError, ValueError):
            return None

    def _write_known(self, digests: Sequence[str]) -> None:
        _replace(self._folder / "known", "".join(f"{digest}\n" for digest in digests[-KNOWN_MAX:]).encode())

    def _read(self, data: bytes) -> tuple[list[bytes], int]:
        """The entries that were written whole, and where the next one stands.

        Raises:
            IntegrityBroken: an entry was changed.
        """
        found, at = [], 0
        while any(header := data[at : at + _HEADER]):
            length = int.from_bytes(header[: _HEADER // 2])
            after = at + _HEADER + length
            try:
                if header != _header(length):
                    raise SealBroken("journal/entries", "a header that was changed", "an entry's")
                found.append(self._keys.unbox(_PLACE, data[at + _HEADER : after]))
            except SealBroken:
                if not _is_torn(data, at, after if header == _header(length) else at + _HEADER):
                    got, step = "an entry that was changed", "keep the file; stop"
                    raise IntegrityBroken("journal/entries", got, "what this hub wrote", step) from None
                break  # half-written: nothing was sent on it
            at = after
        return found, at


def _header(length: int) -> bytes:
    half = _HEADER // 2
    turned: int = length ^ (2 ** (8 * half) - 1)
    return length.to_bytes(half) + turned.to_bytes(half)


def _is_torn(data: bytes, at: int, after: int) -> bool:
    """Whether the last entry was not written whole: a block of it, or its end, has the zeros that stood there."""
    if any(data[after:]):
        return False
    if after == at + _HEADER:
        return True
    blocks = range(-(-at // _BLOCK) * _BLOCK, after - _BLOCK + 1, _BLOCK)
    return not any(data[after - _TAG : after]) or any(not any(data[each : each + _BLOCK]) for each in blocks)


def _replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another one, on the disk."""
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(part, path)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        got = os.strerror(error.errno or 0)
        raise Unavailable("journal", got, "a folder that the hub can write", "run `hub doctor`") from None
