"""Who works on a data folder: hubs share its lock, a restore has it alone.

The kernel frees a lock when its process dies. Between machines it is as good as the file system that they mount.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import Refused, Unavailable

NAME = "hub.lock"


def share(folder: Path) -> int:
    """Hold the folder as one hub among others, until the file that is returned is closed.

    Raises:
        Unavailable: a restore has it, or the folder cannot be written.
    """
    return _held(folder, fcntl.LOCK_SH)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder with no hub beside.

    Raises:
        Refused: a hub runs on it.
    """
    try:
        lock = _held(folder, fcntl.LOCK_EX)
    except Unavailable as error:
        step = "stop every `hub work` and `hub serve` on it, and wait for other commands"
        raise Refused("data folder", "a hub that runs on it", "none", step) from error
    try:
        yield
    finally:
        os.close(lock)


def _held(folder: Path, how: int) -> int:
    try:
        lock = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable("data folder", error.strerror or "an error", "one that can be written", "mend it") from None
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise Unavailable("data folder", "a restore that is under way", "none", "wait until it has ended") from None
    return lock
