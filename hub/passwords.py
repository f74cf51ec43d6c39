"""Passwords of servers in files of their own, for their owner alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hub.errors import Refused

USER = re.compile(r"[A-Za-z0-9._-]{1,64}")  # services reference 17: with another sign nobody can log in


def password_file(folder: Path, user: str) -> Path:
    """Where the password of a user lies.

    Raises:
        Refused: Kafka knows no such user names.
    """
    if not USER.fullmatch(user) or user in (".", ".."):
        raise Refused("a user of Kafka", "a name with other signs", "letters, digits, dots, hyphens", "name another")
    return folder / f"{user}.password"


def read_password(path: Path) -> str:
    """The password in a file, without the end of its line.

    Raises:
        Refused: there is none, it is empty, or others can read it.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:  # no text, or no name of a file
        got = getattr(error, "strerror", None) or type(error).__name__
        step = "write it there, or set its variable (docs/operator.md); `hub bus provision` makes that of Kafka's relay"
        raise Refused(f"password file {path.name}", got, "a password", step) from None
    if mode & 0o077:
        raise Refused(f"password file {path.name}", "a file that others can use", "mode 0600", "chmod 0600; renew it")
    if not text:
        raise Refused(f"password file {path.name}", "nothing", "a password", "`hub bus provision`, or write it again")
    return text


def write_password(path: Path, password: str) -> None:
    """Write a new file; the bytes are on the disk when this returns.

    Raises:
        FileExistsError: it is there already.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
