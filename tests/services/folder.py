"""A folder for one service or one test run. What a run that was killed could not remove, the next one does."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "hub-test-"
IN_USE = ".in-use"  # locked as long as the folder's process lives: a lock ends with its process, a file would not


class Folder:
    """A new folder below the system's temporary one. Others may pass through it to a folder inside that is theirs."""

    def __init__(self, name: str) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-"))
        self.path.chmod(0o711)  # a server that runs as another user must reach its data
        self._lock = os.open(self.path / f"{IN_USE}.new", os.O_CREAT | os.O_WRONLY, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (self.path / f"{IN_USE}.new").rename(self.path / IN_USE)  # sweepers never see it without its lock

    def write(self, name: str, text: str) -> Path:
        """A file that nobody else may read: it may hold passwords. Whole or not at all."""
        path = self.path / name
        with open(os.open(f"{path}.new", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        Path(f"{path}.new").rename(path)
        return path

    def remove(self) -> None:
        """The folder with all that is in it. May be called again."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sweep() -> None:
    """Remove what runs left behind that were killed, and could not."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{IN_USE}"):
        if not in_use(path.parent):
            shutil.rmtree(path.parent, ignore_errors=True)


def in_use(folder: Path) -> bool:
    """Whether the process that made a folder lives. Another user's folder is none of our business: in use."""
    try:
        lock = os.open(folder / IN_USE, os.O_WRONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
