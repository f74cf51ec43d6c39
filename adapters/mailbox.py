"""A folder as a mailbox: whole files appear at once and stay. Files of HARTS and CaMS are touched nowhere else.

A file is written under a name of its own in ``.spool``, made durable, and renamed: a reader sees the whole of it or
nothing. Every failure of the file system is ``Unavailable``; its text names the folder's role, never a path's content.
Only plain files are read, and never more of one than ``FILE_BYTES_MAX``: what else bears such a name (a folder, a pipe,
a link) is ``odd``.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from adapters.files import open_lock, open_plain, own_folder, sync_folder, write_new
from hub.errors import Unavailable

FILE_BYTES_MAX = (
    32 * 1024 * 1024
)  # [policy] half as much again as a file of 100,000 lines; a longer one is refused unread
SPOOL = ".spool"  # inside the folder, so that a rename is one step of one file system
_NEXT = "look at the folder: is it there, may the hub write to it, is there room? It is tried again"

T = TypeVar("T")


class Folder:
    """One folder.

    Args:
        role: how errors call it: ``harts folder from HARTS``, ``eois folder to CaMS``.
    """

    def __init__(self, path: Path, role: str) -> None:
        self._path, self._role = path, role

    def names(self, suffix: str, *, spooled: bool = False) -> Sequence[str]:
        """Names of the plain files with a suffix, sorted; hidden ones are not seen."""
        return self._listed(suffix, spooled=spooled, plain=True)

    def odd(self, suffix: str) -> Sequence[str]:
        """Names with a suffix that are no plain files: folders, pipes, links. Nobody opens them."""
        return self._listed(suffix, spooled=False, plain=False)

    def stamp(self, name: str) -> tuple[int, int] | None:
        """Time of change (ns) and size; None: it is not there."""

        def looked_at() -> tuple[int, int] | None:
            try:
                found = os.stat(self._path / name, follow_symlinks=False)
            except FileNotFoundError:
                return None
            return found.st_mtime_ns, found.st_size

        return self._safe(looked_at)

    def readable(self, name: str) -> bool:
        """Whether the hub may read a file."""
        return os.access(self._path / name, os.R_OK)

    def read(self, name: str, *, spooled: bool = False) -> bytes | None:
        """The bytes of a plain file; None: it is not there.

        Raises:
            Unavailable: it cannot be read, is no plain file, or is longer than ``FILE_BYTES_MAX``.
        """
        path = self._path / SPOOL / name if spooled else self._path / name

        def opened() -> bytes | None:
            try:
                handle = open_plain(path)
            except FileNotFoundError:
                return None
            try:
                return _all_of(handle)
            finally:
                os.close(handle)

        return self._safe(opened)

    def spool(self, name: str, data: bytes) -> None:
        """Write a file durably where nobody looks."""

        def written() -> None:
            spool = own_folder(self._path / SPOOL)
            write_new(spool / name, data)
            sync_folder(spool)

        self._safe(written)

    def show(self, name: str) -> None:
        """The one step: what was spooled under this name is there for everybody."""

        def renamed() -> None:
            os.rename(self._path / SPOOL / name, self._path / name)
            sync_folder(self._path)
            sync_folder(self._path / SPOOL)

        self._safe(renamed)

    def put(self, name: str, data: bytes) -> None:
        """Write or replace a file, whole."""
        self.spool(name, data)
        self.show(name)

    def put_slip(self, name: str, data: bytes) -> None:
        """Write or replace a file that stays in the spool, whole."""
        self.spool(f"{name}.new", data)

        def renamed() -> None:
            os.rename(self._path / SPOOL / f"{name}.new", self._path / SPOOL / name)
            sync_folder(self._path / SPOOL)

        self._safe(renamed)

    def forget(self, name: str) -> None:
        """Remove what was spooled under a name."""

        def removed() -> None:
            with suppress(FileNotFoundError):
                os.unlink(self._path / SPOOL / name)
                sync_folder(self._path / SPOOL)  # what is removed after it is not gone before it

        self._safe(removed)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process writes here: two would take the same number.

        Raises:
            Unavailable: another one does.
        """

        def locked() -> int:
            handle = open_lock(own_folder(self._path / SPOOL) / "lock")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                raise
            return handle

        handle = self._safe(locked)
        try:
            yield
        finally:
            os.close(handle)

    def reach(self) -> None:
        """See that the folder is there and can be written.

        Raises:
            Unavailable: it is not, or cannot.
        """

        def tried() -> None:
            if not self._path.is_dir():
                raise FileNotFoundError(2, "no such folder")
            if not os.access(self._path, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(13, "no right to write")

        self._safe(tried)

    def _listed(self, suffix: str, *, spooled: bool, plain: bool) -> list[str]:
        place = self._path / SPOOL if spooled else self._path

        def listed() -> list[str]:
            if spooled and not place.exists():
                return []
            with os.scandir(place) as entries:
                shown = [each for each in entries if each.name.endswith(suffix) and not each.name.startswith(".")]
                return sorted(each.name for each in shown if each.is_file(follow_symlinks=False) is plain)

        return self._safe(listed)

    def _safe(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except OSError as error:
            raise Unavailable(self._role, error.strerror or type(error).__name__, "", _NEXT) from None


def _all_of(handle: int) -> bytes:
    with open(handle, "rb", closefd=False) as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise OSError(errno.EFBIG, f"a file of more than {FILE_BYTES_MAX} bytes")
    return data


class Shown(Folder):
    """The same for somebody who only looks: nothing is written, renamed or removed."""

    def spool(self, name: str, data: bytes) -> None:
        """Nothing."""

    def show(self, name: str) -> None:
        """Nothing."""

    def put_slip(self, name: str, data: bytes) -> None:
        """Nothing."""

    def forget(self, name: str) -> None:
        """Nothing."""
