"""The folder of one agreement's workbooks: whole files appear at once and stay. What the hub writes: ``outbox``.

A workbook lies in the folder itself; its worker moves it to ``uploaded`` and ``processed`` in it (settled S12), where
it is still found. An answer is written under a name of its own in ``.spool``, made durable, and renamed: a reader sees
the whole of it or nothing. Every failure of the file system is ``Unavailable``; its text names no file. Only plain
files are read, and never more of one than a workbook may have.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from adapters.files import open_plain, own_folder, sync_folder, write_new
from adapters.icare.package import FILE_BYTES_MAX
from hub.errors import Unavailable

SPOOL = ".spool"  # inside the folder, so that a rename is one step of one file system
PLACES = ("", "uploaded", "processed")
TEMPLATES = "templates"
FILES_MAX = 20_000  # [policy] names of one folder; an agreement has some hundred workbooks a year
_NEXT = "look at the folder: is it there, may the hub write to it, is there room? It is tried again"

Stamp = tuple[int, int]  # time of change (ns) and size
T = TypeVar("T")


class Folder:
    """One folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self, place: str = "", *, plain: bool = True) -> Sequence[str]:
        """Names of what lies in a place, sorted: plain files, or what is none (folders, pipes, links).

        Args:
            place: of :data:`PLACES`, or :data:`TEMPLATES`; one that does not exist holds nothing.
        """

        def listed() -> list[str]:
            if place and not (self._path / place).is_dir():
                return []
            with os.scandir(self._path / place) as entries:
                found = [each.name for each in entries if each.is_file(follow_symlinks=False) is plain]
            if len(found) > FILES_MAX:
                raise OSError(errno.EMFILE, f"more than {FILES_MAX} files")
            return sorted(found)

        return self._safe(listed)

    def stamp(self, name: str, place: str = "") -> Stamp | None:
        """Time of change and size; None: it is not there."""

        def looked_at() -> Stamp | None:
            try:
                found = os.stat(self._path / place / name, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                return None
            return found.st_mtime_ns, found.st_size

        return self._safe(looked_at)

    def read(self, name: str, place: str = "") -> bytes | None:
        """The bytes of a plain file; None: it is not there.

        Raises: Unavailable: it cannot be read, or is no plain file. Of one that is too long so much comes that this is
        seen.
        """

        def opened() -> bytes | None:
            try:
                handle = open_plain(self._path / place / name)
            except (FileNotFoundError, NotADirectoryError):
                return None
            with open(handle, "rb") as file:
                return file.read(FILE_BYTES_MAX + 1)

        return self._safe(opened)

    def put(self, name: str, data: bytes, place: str = "") -> None:
        """Write or replace a file, whole."""

        def written() -> None:
            spool, target = own_folder(self._path / SPOOL), self._path / place
            write_new(spool / name, data)
            os.rename(spool / name, target / name)
            sync_folder(target)

        self._safe(written)

    def reach(self) -> None:
        """See that the folder is there and can be written.

        Raises:
            Unavailable: it is not, or cannot.
        """

        def tried() -> None:
            if not self._path.is_dir():
                raise FileNotFoundError(errno.ENOENT, "no such folder")
            if not os.access(self._path, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "no right to write")

        self._safe(tried)

    def _safe(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except OSError as error:
            raise Unavailable("icare folder", error.strerror or type(error).__name__, "", _NEXT) from None


class Shown(Folder):
    """The same for somebody who only looks: nothing is written."""

    def put(self, name: str, data: bytes, place: str = "") -> None:
        """Nothing."""
