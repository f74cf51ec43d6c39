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


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Hold the folder as one hub among others.

    Raises:
        Unavailable: a restore has it, or the folder cannot be written.
    """
    with _opened(folder) as lock:
        if not _taken(lock, fcntl.LOCK_SH):
            raise Unavailable("data folder", "a restore that is under way", "none", "wait until it has ended")
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder with no hub beside.

    Raises:
        Refused: a hub runs on it.
        Unavailable: the folder cannot be written.
    """
    with _opened(folder) as lock:
        if not _taken(lock, fcntl.LOCK_EX):
            step = "stop every `hub work` and `hub serve` on it, and wait for other commands"
            raise Refused("data folder", "a hub that runs on it", "none", step)
        yield


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    try:
        lock = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        got, step = error.strerror or "an error", "look at its owner and mode"
        raise Unavailable("data folder", got, "one that can be written", step) from None
    try:
        yield lock
    finally:
        os.close(lock)


def _taken(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
