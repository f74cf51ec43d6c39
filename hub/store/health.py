"""Look at the store's file without the store: it may be missing, damaged, locked, full, or of another version.

Changes nothing, waits two seconds at most, and opens the file by itself, since it must also answer when nothing else
can. What is seen is told in words; of what the file holds, only counts and instants. A server: ``health_postgres.py``.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.store import tables as t
from hub.store.audit import instant_of
from hub.store.migrate import numbers

WAIT_S = 2
FREE_BYTES_MIN = 200 * 1024 * 1024  # the WAL and a day's audit log fit many times over


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at."""

    ok: bool
    text: str
    next_step: str = ""


def look(path: Path) -> list[Seen]:
    """Look at a database file and its folder."""
    if not path.exists():
        return [Seen(False, "no such file", "run `hub init`, or bring it back from its backup")]
    seen = [_mode(path), _space(path)]
    try:
        with closing(_connect(path)) as db:
            seen += [_pages(db), _version(db), _tables(db), _writable(db)]
    except sqlite3.DatabaseError as error:
        seen.append(Seen(False, _words(error), "stop the hub, keep the file, and bring back the last backup"))
    return seen


def newest_entry(path: Path) -> datetime | None:
    """When the newest audit entry was written, by the clock of that moment."""
    try:
        with closing(_connect(path)) as db:
            row = db.execute("SELECT MAX(id) FROM audit_entry").fetchone()
        return instant_of(row[0] if row else None)
    except sqlite3.DatabaseError:
        return None


def standing_version(standing: str | None) -> Seen:
    """What is to be said of the number at which a store stands; None: it has none."""
    known = numbers()
    if standing is None:
        return Seen(False, "has no version", "run `hub migrate`, or bring back the last backup")
    if standing not in known:
        step = "start the newer program, or restore the backup that was made before it was upgraded"
        return Seen(False, "its version is a newer program's", step)
    step = "" if standing == known[-1] else "stop every hub on it, make a backup, then `hub migrate`"
    return Seen(not step, f"version {standing}, this program's is {known[-1]}", step)


def lacking_tables(there: set[str]) -> Seen:
    """Whether every table of this program is there."""
    lacking = sorted(set(t.metadata.tables) - there)
    if lacking:
        step = "run `hub migrate`; where its version is this program's already, bring back the last backup"
        return Seen(False, f"has no table {', '.join(lacking[:5])}", step)
    return Seen(True, "every table is there")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=WAIT_S, isolation_level=None)


def _mode(path: Path) -> Seen:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Seen(False, f"mode {mode:04o}: others may read it", "`chmod 0600` the file")
    return Seen(True, "only its owner can read it")


def _space(path: Path) -> Seen:
    free = shutil.disk_usage(path.parent).free
    text = f"{free // 1024 // 1024} MB free on its disk"
    return Seen(free >= FREE_BYTES_MIN, text, "" if free >= FREE_BYTES_MIN else "make room: a full disk stops the hub")


def _pages(db: sqlite3.Connection) -> Seen:
    found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        return Seen(False, "its pages are damaged", "stop the hub, keep the file, and bring back the last backup")
    return Seen(True, "its pages are whole")


def _version(db: sqlite3.Connection) -> Seen:
    try:
        return standing_version(str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0]))
    except (sqlite3.OperationalError, TypeError):
        return standing_version(None)


def _tables(db: sqlite3.Connection) -> Seen:
    return lacking_tables({row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")})


def _writable(db: sqlite3.Connection) -> Seen:
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return Seen(False, _words(error), "see which process holds it, and whether the disk is full or read-only")
    return Seen(True, "can be written")


def _words(error: sqlite3.Error) -> str:
    return str(error).split(":", maxsplit=1)[0]
