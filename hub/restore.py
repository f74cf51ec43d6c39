"""``hub restore``: a backup into an empty store, and only once it has been held against checkpoints from outside.

A restored store knows nothing of what came after its backup: a consent withdrawn since would be in force again. The
backup cannot tell; a checkpoint that left the hub can, since it counts every entry. So without one nothing is restored,
nor where one counts more than the backup has or speaks of another history. Whoever goes on all the same says
so (``--behind``), in their own name: then all exchange is suspended in the very transaction that brings the rows back,
the log says who began another history and where, and checkpoints of the old one are put aside.

All is read and judged before anything is written. Then one transaction under locks on every table: whole or not at all,
after a kill too, and no worker can slip in between. What comes after it (checkpoints aside, a new one signed) is done
again by the same command. Like ``compose.py`` it names concrete classes and is handed to the commands by ``__main__``.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from hub import hold
from hub.audit.checkpoints import CheckpointFolder, Head, signed
from hub.audit.files import sync_folder
from hub.audit.log import AuditLog
from hub.audit.verify import Checkpoint, Compared
from hub.audit.verify.faults import Wrong
from hub.audit.verify.notes import parse_key, read_checkpoint
from hub.backup import Tell, index_mark, judge, read_backup
from hub.clock import UtcClock
from hub.compose import open_keys, open_store
from hub.desk.who import Act, Who, allowed
from hub.errors import Refused, Unavailable
from hub.exchange.entries import HUB
from hub.exchange.rules import RULES
from hub.ids import RandomIds
from hub.keys.ring import KeyRing
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.ports import Clock, Ids
from hub.settings import Settings
from hub.store import tables as t
from hub.store.archive import Reader, broken
from hub.store.dump import DIRECTORY, EVERY, Restoring, entries_since, restoring
from hub.store.migrate import make, numbers
from hub.store.unit import SqlStore

RESTORED = "restored"
_SINCE_MAX = 100  # entries looked at for that of a restore which was killed before it had returned


@dataclass(frozen=True, slots=True)
class Outside:
    """A checkpoint that was kept outside: what it says, and its name in ``checkpoints/`` ("": handed over)."""

    checkpoint: Checkpoint
    name: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be brought back, and how.

    Args:
        file: the backup.
        checkpoints: signed notes from outside, beside those of the data folder.
        who: the worker who does it; nobody where nothing is missing, since then nothing is decided.
        behind: go on where entries may be missing, with all exchange suspended.
    """

    file: Path
    checkpoints: Sequence[bytes]
    who: Who
    behind: bool = False


def restore(
    settings: Settings, request: Request, tell: Tell, *, clock: Clock | None = None, ids: Ids | None = None
) -> Mapping[str, Any]:
    """Bring a backup back; what came of it.

    Raises:
        Refused: the file is no backup of this hub, or is behind; rows are in the store; a hub runs on the data folder;
            the worker may not.
        Unavailable: the store is out of reach, or another process holds it.
    """
    ids = ids or RandomIds()
    keys = open_keys(settings, ids)
    with hold.alone(settings.dir), _opened(request.file) as handle:
        backup = read_backup(handle, keys)
        _require_ours(backup, keys)
        outside = _outside(settings, keys, request.checkpoints)
        tell("Reading the backup.")
        compared = judge(backup, [each.checkpoint for each in outside])
        newest = max((each.checkpoint.size for each in outside), default=0)
        if not request.behind:
            _require_all(backup, compared, newest, any_outside=bool(outside))
        _require_no_remains(settings)
        with closing(open_store(settings, clock, ids)) as store:
            make(store.database)
            mark = hashlib.sha256(backup.manifest.text().encode()).hexdigest()
            details = _details(backup, compared, newest, mark, behind=request.behind)
            kept: Sequence[str] = ()
            if not _restored_before(store, backup, mark):
                tell("Writing the store. Nobody sees any of it before all of it is there.")
                kept = _bring_back(settings, store, backup, request.who, details)
            log = AuditLog(store.database, keys, clock or UtcClock(), settings.checkpoints)
            wrong = {*compared.ahead, *compared.other}
            aside = [each.name for each in outside if each.name and each.checkpoint in wrong]
            folder = CheckpointFolder(settings.checkpoints)
            folder.put_aside(aside)
            head = Head(backup.manifest.size, bytes.fromhex(backup.manifest.root))
            if head.size:
                folder.keep(head, signed(head, keys))  # the store knows of checkpoints, so one must be outside
            while log.step():
                pass
            log.checkpoint()
            log.verify_at_start()
    of = {"entries": backup.manifest.size, "created_at": backup.manifest.created_at, "checkpoints": len(outside)}
    missing = details.get("missing", 0)
    return {**of, "newest_checkpoint": newest, "missing": missing, "suspended": request.behind, "kept_files": kept}


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    try:
        handle = os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # waits for no pipe
    except OSError as error:
        step = "look at its name and its rights"
        raise Refused("FILE", error.strerror or "an error", "a file that can be read", step) from None
    except ValueError:  # a NUL in it
        raise Refused("FILE", "what is no name of a file", "a file that can be read", "name a file") from None
    with handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise Refused("FILE", "no plain file", "the file of a backup", "name a file")
        yield handle


def _require_ours(backup: Reader, keys: KeyRing) -> None:
    """The version of its tables is ours, and so is the key by which its people are found."""
    revision, known = backup.manifest.revision, numbers()[-1]
    if revision != known:
        older = revision in numbers()
        got = f"a store of version {revision}" if older else "a store of another program's version"
        step = "restore it with the program that made it, then `hub migrate`" if older else "start that program"
        raise broken(got, f"version {known}", step=step)
    if backup.manifest.index != index_mark(keys):
        got, expected = "another index.key than the backup's", "the one it was made under"
        raise Refused("keys/index.key", got, expected, "bring it back from its safe copy: else nobody is found again")


def _require_no_remains(settings: Settings) -> None:
    """A write-ahead log whose database was moved away belongs to that: SQLite would read it into the new one."""
    wal = settings.database.with_name(f"{settings.database.name}-wal")
    if settings.store is None and not settings.database.exists() and wal.exists():
        step = "move it, and the -shm, to where hub.sqlite was moved: what was written last is in it"
        raise Refused("store", f"{wal.name} without its hub.sqlite", "all of the old store, or nothing of it", step)


def _outside(settings: Settings, keys: KeyRing, given: Sequence[bytes]) -> list[Outside]:
    """What every checkpoint says that did not come out of the backup."""
    signer = parse_key(keys.verifier)
    found = [("--checkpoint", "", note) for note in given]
    folder = CheckpointFolder(settings.checkpoints)
    found += [(f"checkpoints/{name}", name, note) for name, note in folder.every().items()]
    outside = []
    for where, name, note in found:
        try:
            outside.append(Outside(read_checkpoint(note, signer), name))
        except Wrong as wrong:
            step = "name a checkpoint of this hub; take away what is none"
            raise Refused(where, wrong.reason, f"a checkpoint of {keys.log_name}", step) from None
    return outside


def _require_all(backup: Reader, compared: Compared, newest: int, *, any_outside: bool) -> None:
    """Nothing is missing from the backup, as far as a checkpoint from outside can tell."""
    size = backup.manifest.size
    way_on = "if the officer decides to go on: `--behind --as WORKER` restores it with all exchange suspended"
    if not any_outside and size:
        step = (
            "a backup alone cannot tell what is missing from it: bring the files of checkpoints/ back from where they"
            f" were lodged, or name one by --checkpoint FILE; {way_on}"
        )
        raise Refused("checkpoints/", "no checkpoint from outside", "one at least", step)
    if compared.ahead:
        step = (
            f"{newest - size} entries are missing, and any withdrawal among them would be forgotten: look for a"
            f" newer backup; {way_on}"
        )
        raise broken(
            f"{size} entries", f"at least {newest}, which a checkpoint outside counts", where="FILE: log", step=step
        )
    if compared.other:
        got = f"another history than the checkpoint over {compared.other[-1].size} entries outside"
        raise broken(got, where="FILE: log", step=f"look for a backup of the history that they speak of; {way_on}")


def _details(backup: Reader, compared: Compared, newest: int, mark: str, *, behind: bool) -> dict[str, Any]:
    """What the log says of it. A fork is named by where it begins: so many entries are common."""
    details: dict[str, Any] = {"what": "store", "action": RESTORED, "backup": mark, "entries": backup.manifest.size}
    details |= {"checkpoint": newest, "behind": behind}
    if compared.ahead:
        details["missing"] = newest - backup.manifest.size
    if compared.other:
        details["other_history"] = sorted({each.size for each in compared.other})
    return details


def _restored_before(store: SqlStore, backup: Reader, mark: str) -> bool:
    """Whether this backup was brought back and nothing has happened since: a restore was killed before it returned."""
    with store.database.reading() as connection:
        count, bodies = entries_since(connection, backup.manifest.size, _SINCE_MAX)
    if count != backup.manifest.tables[t.audit_entry.name].rows + 1:
        return False
    found = [json.loads(body) for body in bodies]
    return any(entry.get("backup") == mark and entry.get("action") == RESTORED for entry in found)


def _bring_back(settings: Settings, store: SqlStore, backup: Reader, who: Who, details: Mapping[str, Any]) -> list[str]:
    """All rows, the entry and the stop in one transaction; rule files that stood there already, and differ."""
    stopping = bool(details["behind"])
    with ExitStack() as undo:
        with restoring(store, own=[locks.CONFIG] if stopping else [], started=RULES) as into:
            for table in DIRECTORY:  # first, so that a worker who may not is told at once
                into.fill(table, backup.rows(table))
            _enter(into, who, details)
            for table in EVERY:
                if table not in DIRECTORY and table is not t.lease:  # whoever held one then is gone
                    into.fill(table, backup.rows(table))
            if stopping:
                into.unit.directory.stop(True)
            kept = _rules_back(settings.dir, backup, undo)
        undo.pop_all()
    return kept


def _enter(into: Restoring, who: Who, details: Mapping[str, Any]) -> None:
    """The entry of a restore. What loses nothing decides nothing: then it may be the hub's own."""
    unit = into.unit
    acting = replace(HUB, os_user=who.os_user)
    if who.worker or details["behind"]:
        acting = allowed(unit.directory.all(), unit.now, who, Act.RESTORE)
    unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, dict(details)))


def _rules_back(folder: Path, backup: Reader, undo: ExitStack) -> list[str]:
    """Write the rule files that are not there; the names of those that are, and are others."""
    kept = []
    for name in backup.manifest.files:
        data, place = backup.file(name), folder / name
        try:
            if place.exists():
                if place.read_bytes() != data:
                    kept.append(name)
                continue
            _write_file(place, data)
        except OSError as error:
            where, step = f"{name.split('/')[0]}/", "look at the rights of its files, and at the disk"
            raise Unavailable(where, error.strerror or "an error", "a folder that can be written", step) from None
        undo.callback(place.unlink, missing_ok=True)
    return kept


def _write_file(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_name(f"{place.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    part.rename(place)
    sync_folder(place.parent)
