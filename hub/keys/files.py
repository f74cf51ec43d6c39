"""Key files: owner-only, complete or not there, made once however many processes want them, and destroyed.

A file holds 32 random bytes and 8 bytes of their SHA-256, so that a damaged file is told from a message that was
tampered with. What is not promised: that a disk forgets what was overwritten (journals, flash translation layers,
snapshots); the key folder belongs on a disk without snapshots and in no backup.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

from hub.errors import IntegrityBroken, KeyGone, Unavailable

KEY_BYTES = 32
CHECK_BYTES = 8


def require_private(path: Path) -> None:
    """Refuse a file or folder that others may read or write.

    Raises:
        IntegrityBroken: it is open to others, or belongs to somebody else.
        Unavailable: it cannot be looked at.
    """
    with_mode = "0700" if path.is_dir() else "0600"
    try:
        found = path.stat()
    except OSError as error:
        raise unavailable(path, error) from None
    if found.st_mode & 0o077:
        raise IntegrityBroken(
            place(path),
            got=f"mode {stat.S_IMODE(found.st_mode):04o}",
            expected=with_mode,
            next_step=f"others may have read it: decide whether it must be replaced, then `chmod {with_mode}`",
        )
    if found.st_uid not in {0, os.geteuid()}:
        raise IntegrityBroken(
            place(path), got=f"owner {found.st_uid}", expected=f"owner {os.geteuid()}", next_step="`chown` it"
        )


def read_key(path: Path) -> bytes:
    """The key of a file.

    Raises:
        KeyGone: there is no such file, or it is damaged.
        IntegrityBroken: others may read it.
        Unavailable: it cannot be read now.
    """
    data = read_file(path)
    key, check = data[:KEY_BYTES], data[KEY_BYTES:]
    if len(data) != KEY_BYTES + CHECK_BYTES or _check(key) != check:
        raise KeyGone(
            place(path),
            got=f"{len(data)} bytes that are no key with its check",
            expected=f"{KEY_BYTES + CHECK_BYTES}",
            next_step="what only this key opens is lost and is sent again; remove the file or bring the right one back",
        )
    return key


def read_file(path: Path) -> bytes:
    """The bytes of a private file; see :func:`read_key` for what it raises."""
    if not path.exists():
        raise KeyGone(place(path), got="no such file")
    require_private(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unavailable(path, error) from None


def create_key(path: Path, key: bytes, mark: str) -> None:
    """Make a key file; one that another process has made meanwhile is left as it is.

    Args:
        mark: something random for the name under which it is written first.

    Raises:
        Unavailable: the folder cannot be written; no half-written key stands there.
    """
    create_file(path, key + _check(key), mark)


def create_file(path: Path, data: bytes, mark: str) -> None:
    """Make a private file, durable on return; see :func:`create_key`."""
    part = path.with_name(f"{path.name}.{mark}.part")  # begins with the name, so that it is destroyed with it
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write_all(handle, data)
        finally:
            os.close(handle)
        try:
            os.link(part, path)  # exclusive like O_EXCL, and the name never shows a half-written key
        except FileExistsError:
            overwrite(part)
        part.unlink()
        sync_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise unavailable(path, error) from None


def destroy(folder: Path, name: str) -> bool:
    """Overwrite and remove a file and what a crash left of its making. False if there was nothing.

    Raises:
        Unavailable: it could not be removed.
    """
    try:
        doomed = [entry for entry in folder.iterdir() if entry.name == name or entry.name.startswith(name + ".")]
        for path in doomed:
            overwrite(path)
            path.unlink(missing_ok=True)
        if doomed:
            sync_folder(folder)
    except OSError as error:
        raise unavailable(folder / name, error) from None
    return bool(doomed)


def overwrite(path: Path) -> None:
    """Zeros over the bytes of a file, down to the disk; nothing if another process has removed it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _write_all(handle, bytes(os.fstat(handle).st_size))
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def place(path: Path) -> str:
    """The last two parts of a path: enough for an operator, and no home folder's name."""
    return f"{path.parent.name}/{path.name}"


def unavailable(path: Path, error: OSError) -> Unavailable:
    """An operating-system error as ours."""
    return Unavailable(
        place(path),
        got=os.strerror(error.errno or 0),
        expected="a file that the hub's user can read and write",
        next_step="run `hub doctor`; what was under way is tried again",
    )


def _check(key: bytes) -> bytes:
    return sha256(b"hub key file" + key).digest()[:CHECK_BYTES]


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
    os.fsync(handle)
