"""``hub backup``: a whole, consistent copy of a running hub's store in one file, read back before it counts.

All tables are read through the database in one snapshot (``hub/store/dump.py``), so a copy without the write-ahead log
cannot be made; the rule files of the data folder go with them. Left out on purpose: keys (two of them are kept apart,
the others in no backup), passwords, ``hub.toml``, which may hold some, and checkpoints, which are worth something only
where they did not come out of the backup. The manifest is signed by the log's key, so that a backup that lay with
somebody else is known to be ours. Whoever takes one is in the log, and the backup holds that entry.

Like ``compose.py`` it names concrete classes and is handed to the commands by ``__main__``. Back: ``restore.py``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from hub.audit.checkpoints import signed_note
from hub.audit.files import sync_folder
from hub.audit.tree import EMPTY_ROOT, Node
from hub.audit.verify import Checkpoint, Compared, verify_copy
from hub.audit.verify.faults import Wrong
from hub.audit.verify.nodes import inner_nodes_agree, leaves_of
from hub.audit.verify.notes import open_note, parse_key
from hub.compose import Verified, verified
from hub.desk.who import Act, Who, allowed
from hub.errors import IntegrityBroken, Refused, Unavailable, shape
from hub.ids import RandomIds
from hub.keys.ring import KeyRing
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.ports import Clock, Ids
from hub.settings import Settings
from hub.store import tables as t
from hub.store.archive import FILE_MAX, FILES_MAX, FOLDERS, FORMAT, Manifest, Reader, broken, is_name, writing
from hub.store.dump import EVERY, dump
from hub.store.migrate import numbers
from hub.store.unit import SqlStore

Tell = Callable[[str], None]
"""Told what is being done, for whoever waits."""


def back_up(
    settings: Settings, out: Path, who: Who, tell: Tell, *, clock: Clock | None = None, ids: Ids | None = None
) -> Mapping[str, Any]:
    """Write a backup; what is in it. The hub may run meanwhile.

    Raises:
        Refused: the file is there already, or the worker may not.
        IntegrityBroken: the log, or what was read back, does not verify; no file is left.
        Unavailable: the store, or the file's folder, is out of reach.
    """
    with verified(settings, clock, ids or RandomIds()) as found:
        log = found.log
        with _new_file(out) as handle:
            _enter(found.store, who)
            while log.step():
                pass
            log.checkpoint()  # so that this backup, put back, is never shorter than what the hub knew when it was made
            tell("Copying the store. The hub may go on working.")
            manifest = _write(handle, settings, found)
            tell("Reading the copy back.")
            _require_whole(handle, found.keys)
            length = handle.seek(0, os.SEEK_END)
    rows = sum(table.rows for table in manifest.tables.values())
    made = {"entries": manifest.size, "tables": len(manifest.tables), "rows": rows, "files": sorted(manifest.files)}
    return {**made, "bytes": length, "created_at": manifest.created_at}


def _enter(store: SqlStore, who: Who) -> None:
    """The entry of a backup, before anything is copied: so the backup holds it, and is no entry behind its own log."""
    with store.unit(share=[locks.CONFIG]) as unit:
        acting = allowed(unit.directory.all(), unit.now, who, Act.BACKUP)
        unit.audit.append(Entry(AuditEvent.EXPORT, unit.now, acting, {"what": "store", "form": "backup"}))


def _write(handle: IO[bytes], settings: Settings, found: Verified) -> Manifest:
    database, keys = found.store.database, found.keys
    with writing(handle) as writer:
        with database.reading() as connection:
            row = connection.execute(t.audit_head.select()).first()
            tables = {table.name: writer.table(table, dump(database.where, connection, table)) for table in EVERY}
        manifest = Manifest(
            backup=FORMAT,
            revision=numbers()[-1],
            key=keys.verifier,
            index=index_mark(keys),
            size=row.size if row else 0,
            root=(row.root if row else EMPTY_ROOT).hex(),
            created_at=found.clock.now().isoformat(timespec="seconds"),
            tables=tables,
            files={name: writer.file(name, data) for name, data in _rule_files(settings.dir)},
        )
        writer.manifest(signed_note(manifest.text(), keys))
    handle.flush()
    return manifest


def index_mark(keys: KeyRing) -> str:
    """By which a data folder with another ``index.key`` is known: nobody in the registry would be found there."""
    return keys.digest("backup", keys.verifier)


def read_backup(handle: IO[bytes], keys: KeyRing) -> Reader:
    """A backup of this hub.

    Raises:
        Refused: it is none, or another hub's.
    """

    def opened(note: bytes) -> str:
        try:
            return open_note(note, parse_key(keys.verifier))
        except Wrong:
            step = "name a backup of this hub; or bring hub.key and index.key of its hub back, then `hub init`"
            raise broken("no manifest that this hub has signed", f"one by {keys.log_name}", step=step) from None

    return Reader(handle, opened)


def judge(backup: Reader, outside: Sequence[Checkpoint]) -> Compared:
    """Read all of a backup and hold its log against itself and against checkpoints from outside.

    Raises:
        Refused: it is not what was written, or its log is none.
    """
    for table in EVERY:
        for _ in backup.rows(table):
            pass
    manifest = backup.manifest
    claimed = Checkpoint(manifest.size, bytes.fromhex(manifest.root))
    compared = verify_copy(_entries(backup), leaves_of(_nodes(backup)), claimed, outside)
    fault = None if compared.report.ok else compared.report.reason
    if fault is None and not inner_nodes_agree(lambda: _nodes(backup)):
        fault = "an inner node of the tree is not the hash over its halves"
    if fault is None and not _pending_agree(backup):
        fault = "an entry that is neither in the tree nor waiting for its place"
    if fault is not None:
        raise broken(fault, "the log as it was signed", where="FILE: audit log")
    return compared


def _entries(backup: Reader) -> Iterator[tuple[int, bytes]]:
    for row in backup.rows(t.audit_entry):
        if row["entry_index"] is None:  # those without a place stand last
            return
        yield row["entry_index"], row["body"]


def _nodes(backup: Reader) -> Iterator[Node]:
    return ((row["level"], row["offset"], row["hash"]) for row in backup.rows(t.audit_leaf))


def _pending_agree(backup: Reader) -> bool:
    placeless = [row["id"] for row in backup.rows(t.audit_entry) if row["entry_index"] is None]
    return placeless == [row["id"] for row in backup.rows(t.audit_pending)]


def _require_whole(handle: IO[bytes], keys: KeyRing) -> None:
    try:
        judge(read_backup(handle, keys), ())
    except Refused as error:
        step = "no backup was made: look at the disk, then `hub doctor` and `hub audit verify`"
        raise IntegrityBroken(error.where, error.got, error.expected, step) from None


def _rule_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What lies over the packaged rules. Hidden files and what an editor leaves behind are nobody's rules."""
    found = sorted(path for name in FOLDERS for path in (folder / name).rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    kept = {name: path for name, path in names.items() if "/." not in name and not name.endswith(("~", ".part"))}
    if len(kept) > FILES_MAX:
        raise Refused("data folder", f"{len(kept)} rule files", f"{FILES_MAX} at most", "remove what is no rule file")
    for name, path in kept.items():
        if not is_name(name) or path.stat().st_size > FILE_MAX:
            where = f"{name.split('/')[0]}/"
            got = f"a file of {path.stat().st_size} bytes with a name of {shape(path.name)}"
            raise Refused(where, got, "a rule file with a plain name", "remove it, or give it a plain name")
        try:
            yield name, path.read_bytes()
        except OSError as error:
            where = f"{name.split('/')[0]}/"
            raise Unavailable(
                where, error.strerror or "an error", next_step="look at the rights of its files"
            ) from None


@contextmanager
def _new_file(out: Path) -> Iterator[IO[bytes]]:
    """A file that is complete or not there, for its owner alone, and never one that was there before."""
    try:
        part = out.with_name(out.name + ".part")
        if os.path.lexists(out):
            raise Refused("--out", "a file that is there already", "a new name", "an older backup is never overwritten")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.fdopen(os.open(part, flags, 0o600), "r+b")
    except OSError as error:
        raise _cannot(error) from None
    except ValueError:  # `.`, or a NUL in it
        raise Refused("--out", "what is no name of a file", "a new name", "name a file") from None
    with handle:
        _require_alone(handle, part, out)
        try:
            os.fchmod(handle.fileno(), 0o600)
            handle.truncate()
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
            if out.exists():
                raise Refused("--out", "a file that has come meanwhile", "a new name", "name another")
            part.rename(out)
            sync_folder(out.parent)
        except BaseException as error:
            with suppress(OSError):  # what could not be written cannot be at the end either
                handle.close()
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _cannot(error) from None
            raise


def _require_alone(handle: IO[bytes], part: Path, out: Path) -> None:
    """Nobody else writes this part; what a killed backup has left is nobody's, and is written over."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = not out.exists() and part.stat().st_ino == os.fstat(handle.fileno()).st_ino  # not renamed meanwhile
    except OSError:
        alone = False
    if not alone:
        raise Refused("--out", "a file that another backup is writing", "a new name", "wait for it, or name another")


def _cannot(error: OSError) -> Unavailable:
    step = "make room there, or name another folder"
    return Unavailable("--out", os.strerror(error.errno or 0), "a folder that can be written", step)
