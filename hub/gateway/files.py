"""Files of the agency's machine: whole or not there, durable before anybody is told, private where they must be."""

from __future__ import annotations

import os
from pathlib import Path

from hub.errors import Refused, Unavailable


def read_file(path: Path, *, private: bool = False, limit: int = 1 << 20) -> bytes:
    """The bytes of a file.

    Args:
        private: it holds a key, and must be its owner's alone.

    Raises:
        Refused: it cannot be read, is larger than ``limit``, or is private and open to others.
    """
    try:
        with path.open("rb") as handle:
            if private and os.fstat(handle.fileno()).st_mode & 0o077:
                raise Refused(path.name, "a private key that others can read", "mode 600", f"chmod 600 {path.name}")
            data = handle.read(limit + 1)
    except OSError as error:
        raise Refused(path.name, error.strerror or type(error).__name__, "a file that can be read") from None
    if len(data) > limit:
        raise Refused(path.name, f"more than {limit} bytes", "a smaller file")
    return data


def write_file(path: Path, data: bytes, *, public: bool = False) -> None:
    """Write a file; it and its name are durable on return. One that stands there is replaced, whole.

    Args:
        public: others may read it; else it is its owner's alone.

    Raises:
        Unavailable: it cannot be written; what stood there still does.
    """
    mode = 0o644 if public else 0o600
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)  # of a process that died, or somebody's link
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as handle:
                os.fchmod(handle.fileno(), mode)
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync(path.parent)
    except OSError as error:
        raise unwritten(path, error) from None


def make_folder(folder: Path) -> None:
    """A folder for its owner alone; one that is there is left as it is.

    Raises:
        Unavailable: it cannot be made.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            _sync(folder.parent)
    except OSError as error:
        raise unwritten(folder, error) from None


def unwritten(path: Path, error: OSError) -> Unavailable:
    """A disk that does not take it: nothing is acknowledged, the hub keeps the message."""
    reason = error.strerror or type(error).__name__
    return Unavailable(path.name, reason, "a place that can be written", "make room or mend it, and run again")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
