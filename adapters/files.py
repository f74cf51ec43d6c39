"""Files of a folder in which others may write, too: opened so that nothing that they planted leads elsewhere or waits.

A link is never followed and a pipe never waited for. A file of the hub's own is always a new one. It decides nothing
about what stands in a file; every failure is ``OSError``, which the caller tells in its own words.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_PRIVATE, _SHARED = 0o600, 0o666  # rights of a new file; of the second the umask takes away


def open_plain(path: Path) -> int:
    """Open a plain file to read it.

    Raises:
        OSError: it is not there, is no plain file, or may not be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no plain file")
    return handle


def open_new(path: Path, *, shared: bool = False) -> int:
    """Open a new file to write it; what lay under its name, a file of ours or a link, is removed and not written to.

    Args:
        shared: others may read it, as the umask says.

    Raises:
        OSError: it cannot be, or somebody puts something there meanwhile.
    """
    with suppress(FileNotFoundError):
        os.unlink(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _SHARED if shared else _PRIVATE)


def open_lock(path: Path) -> int:
    """Open a file to lock it; it is made where there is none.

    Raises:
        OSError: it cannot be, or is no plain file.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, _PRIVATE)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no plain file")
    return handle


def own_folder(path: Path) -> Path:
    """The folder at a path; it is made where there is none.

    Raises:
        OSError: a link or something else is there, or a folder of another user's, who could change what lies in it.
    """
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.ENOTDIR, "a link or a file where the hub's own folder should be")
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "another user's folder where the hub's own should be")
    return path


def write_new(path: Path, data: bytes) -> None:
    """Write a new file (:func:`open_new`) durably; that it is there is durable after :func:`sync_folder`.

    Raises:
        OSError: it cannot be.
    """
    handle = open_new(path)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """What was put into a folder, renamed or removed there is so after a power cut, too.

    Raises:
        OSError: it cannot be.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
