"""The folder of one agreement for who writes workbooks into it: spooled, renamed, and taken away again where one is put
anew. How files come and go is :mod:`adapters.mailbox`; here stands what only workbooks of iCARE need.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from adapters.files import sync_folder
from adapters.icare.folder import PLACES
from adapters.mailbox import SPOOL, Folder

OLD = ".old"  # behind the name of a workbook that another stands for, while the two change places
GONE = ".gone"  # of one that no other stands for, while it goes


class Outbox(Folder):
    """One folder."""

    def spooled_stamp(self, name: str) -> tuple[int, int] | None:
        """Time of change (ns) and size of what lies in the spool; None: it is not there."""
        return self.stamp(f"{SPOOL}/{name}")

    def lay_out(self) -> None:
        """Make the folders into which its worker moves workbooks, where there are none; who may use the folder itself
        may use them. Made here, since under any other spelling nothing would be found in them.

        Raises:
            Unavailable: they cannot be made.
        """

        def made() -> None:
            mode = stat.S_IMODE(os.stat(self._path).st_mode)
            for place in filter(None, PLACES):
                with suppress(FileExistsError):
                    os.mkdir(self._path / place)
                    os.chmod(self._path / place, mode)  # what a umask took away

        self._safe(made)

    def take(self, name: str, mark: str = OLD) -> None:
        """Take a workbook out of everybody's sight.

        Raises:
            Unavailable: it is not there any more, or somebody holds it.
        """

        def renamed() -> None:
            os.rename(self._path / name, self._path / SPOOL / f"{name}{mark}")
            sync_folder(self._path / SPOOL)
            sync_folder(self._path)

        self._safe(renamed)

    def give_back(self, name: str, mark: str = OLD) -> None:
        """Put back what was taken, where it was."""

        def renamed() -> None:
            with suppress(FileNotFoundError):
                os.rename(self._path / SPOOL / f"{name}{mark}", self._path / name)
                sync_folder(self._path)
                sync_folder(self._path / SPOOL)

        self._safe(renamed)

    def remove(self, name: str) -> None:
        """Remove a file of ours from the folder itself."""

        def removed() -> None:
            with suppress(FileNotFoundError):
                os.unlink(self._path / name)
                sync_folder(self._path)

        self._safe(removed)


class ShownOutbox(Outbox):
    """The same for somebody who only looks: nothing is written, renamed or removed, and nobody is kept out."""

    def lay_out(self) -> None:
        """Nothing."""

    def spool(self, name: str, data: bytes) -> None:
        """Nothing."""

    def show(self, name: str) -> None:
        """Nothing."""

    def put_slip(self, name: str, data: bytes) -> None:
        """Nothing."""

    def forget(self, name: str) -> None:
        """Nothing."""

    def take(self, name: str, mark: str = OLD) -> None:
        """Nothing."""

    def give_back(self, name: str, mark: str = OLD) -> None:
        """Nothing."""

    def remove(self, name: str) -> None:
        """Nothing."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing is written, so nothing is locked."""
        yield
