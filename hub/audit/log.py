"""The writer of the audit log: gives entries their place, grows the tree, signs checkpoints, exports.

The unit inserts ``audit_entry`` (exact bytes) and ``audit_pending`` with what they are about; this module takes the
pending ones by presence (a cursor would jump over a row that commits late). Nothing is signed inside a transaction.
It does not read what entries say, and it is not the verifier: :mod:`hub.audit.verify` shares only the hashing.

Standard: RFC 6962 §2.1; C2SP ``tlog-checkpoint``.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from hub.audit import late
from hub.audit.checkpoints import CheckpointFolder, Head, signed
from hub.audit.files import write_whole
from hub.audit.stored import (
    DROPPED,
    Stored,
    broken,
    head_of,
    integrate,
    locked_head,
    nodes_after,
    page,
    pending,
    place_of,
    reader,
    root_at,
)
from hub.audit.tree import Node, consistency_proof, inclusion_proof
from hub.errors import Refused, Unavailable
from hub.ports import Clock, Keys
from hub.store.sql import Database, upsert
from hub.store.tables import audit_entry, audit_pending, checkpoint

CHECKPOINT_EVERY = timedelta(hours=1)  # design §7: lodged hourly
_SAYS_NO = re.compile(  # as canonical bodies spell it: what was taken back, declined, or said again and perhaps less of
    rb'"event_type":"(?:CONSENT_WITHDRAWN|DIRECTIVE_ADDED)"|"state":"DECLINED"|"consent_id":"[^"]*/(?!1")[0-9]+"'
)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log: its place, its leaf, and the audit path to the root over ``size`` entries."""

    index: int
    leaf: bytes
    size: int
    proof: tuple[bytes, ...]


class AuditLog:
    """The log of one database.

    Args:
        folder: where checkpoint files are kept, outside the database; made when the first is signed.
        now: the instant as the units have it, asked on a connection; None: the clock says it.
    """

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Clock,
        folder: Path,
        *,
        now: Callable[[Connection], datetime] | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._now = now or (lambda _: clock.now())
        self._outside = CheckpointFolder(folder)
        self._unsigned = True  # a process that was killed may have left a client's "no" under no checkpoint
        self._no_size = 0  # entries when this process last integrated such a "no"; another thread may do it

    # integrating

    def step(self) -> bool:
        """Give pending entries their place, at most ``BATCH`` of them, in one transaction. True if there were any.

        Where the promise of one was not kept, an ALARM joins the log in the same transaction (design §5).
        """
        with self._database.reading() as connection:  # an idle integrator does not queue for the right to write
            if connection.execute(select(audit_pending.c.id).limit(1)).first() is None:
                return False
        with self._database.writing() as connection:
            head = locked_head(connection)
            rows = pending(connection)
            if rows:
                integrate(connection, head, rows)
                if alarm := late.alarm(rows, self._now(connection), head.size):
                    connection.execute(insert(audit_entry).values(id=alarm[0], body=alarm[1], entry_index=None))
                    connection.execute(insert(audit_pending).values(id=alarm[0]))
        if any(_SAYS_NO.search(body) for _, body in rows):
            self._no_size = max(self._no_size, head.size + len(rows))
        return bool(rows)

    def head(self) -> Head:
        """The committed head."""
        with self._database.reading() as connection:
            return head_of(connection)

    # checkpoints

    def checkpoint(self) -> bytes:
        """Sign the committed head; keep the note outside the database and in it; return it.

        Raises:
            Refused: the log is empty.
            IntegrityBroken: the head does not continue the newest checkpoint kept outside.
        """
        newest = self._outside.newest(self._keys)  # before the head is read: another process may sign a later one
        with self._database.reading() as connection:
            head = head_of(connection)
            self._hold_against(newest, connection, head)
        if head.size == 0:
            raise Refused("audit log", got="no entry", expected="at least one", next_step="nothing is to be signed yet")
        note = signed(head, self._keys)
        self._outside.keep(head, note)  # outside first: the database never knows a checkpoint that was not kept
        self._unsigned = False
        with self._database.writing() as connection:
            row = {"size": head.size, "note": note, "signed_at": self._clock.now().isoformat()}
            connection.execute(upsert(checkpoint).values(row).on_conflict_do_nothing())
        return note

    def newest(self) -> bytes | None:
        """The newest checkpoint that was signed; None where there is none."""
        with self._database.reading() as connection:
            last = connection.execute(select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
        return bytes(last.note) if last else None

    def signed_at(self) -> datetime | None:
        """When the newest checkpoint was signed; None where there is none."""
        with self._database.reading() as connection:
            last = connection.execute(select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
        return datetime.fromisoformat(last.signed_at) if last else None

    def checkpoint_step(self) -> bool:
        """Sign a checkpoint if the log has grown and an hour has passed since the last. True if one was signed.

        It is signed at once after what this process has integrated of a client's "no", or of a consent that was said
        again: a backup of before, put back, is then known to lack it. A last one that lies ahead of the clock (it was
        set back) counts as an hour old.
        """
        now = self._clock.now()
        with self._database.reading() as connection:
            size = head_of(connection).size
            last = connection.execute(select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
        if size == (last.size if last else 0):
            return False
        if (
            not self._unsigned
            and last
            and self._no_size <= last.size
            and (signed_at := datetime.fromisoformat(last.signed_at)) <= now < signed_at + CHECKPOINT_EVERY
        ):
            return False
        self.checkpoint()
        return True

    def verify_at_start(self) -> None:
        """Compare the log with itself and with the newest checkpoint kept outside the database.

        It is quick and looks at the right edge of the tree only; ``hub audit verify`` looks at every entry.

        Raises:
            IntegrityBroken: the head is not the root of its nodes, an entry was dropped before it had a place, or the
                log is smaller than the checkpoint or differs from it (a restored backup is a fork).
        """
        newest = self._outside.newest(self._keys)
        with self._database.reading() as connection:
            head = head_of(connection)
            if root_at(connection, head.size) != head.root:
                broken(f"a head over {head.size} entries that is not the root of the stored tree")
            last = connection.execute(select(func.max(audit_entry.c.entry_index))).scalar_one()
            if (-1 if last is None else last) + 1 != head.size:
                broken(f"{(-1 if last is None else last) + 1} entries", expected=str(head.size))
            if connection.execute(DROPPED).first() is not None:
                broken("an entry that is neither in the tree nor waiting for its place")
            self._hold_against(newest, connection, head)

    # proofs

    def inclusion(self, index: int, size: int | None = None) -> Inclusion:
        """Prove that the entry at an index is in the log.

        Args:
            size: of the tree that the proof is for; None: as it is now.

        Raises:
            Refused: no entry of that tree has this index, or the log is smaller.
        """
        with self._database.reading() as connection:
            size = _size(head_of(connection), size)
            if not 0 <= index < size:
                raise Refused("audit entry", got=f"index {index}", expected=f"below {size}")
            node = reader(connection)
            return Inclusion(index, node(0, index), size, inclusion_proof(index, size, node))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, tuple[bytes, ...]]:
        """Prove that the log of an earlier size is the beginning of the log; that earlier root, and the proof.

        Args:
            size: of the tree that the proof is for; None: as it is now.

        Raises:
            Refused: the log has fewer entries.
        """
        with self._database.reading() as connection:
            size = _size(head_of(connection), size)
            if not 0 <= old <= size:
                raise Refused("audit log", got=f"size {old}", expected=f"at most {size}")
            return root_at(connection, old), consistency_proof(old, size, reader(connection))

    def place(self, entry_id: str) -> int | None:
        """The index of an entry; None: there is none of this id, or it has no place yet."""
        with self._database.reading() as connection:
            return place_of(connection, entry_id)

    def note(self, size: int | None = None, *, covering: int = 0) -> bytes:
        """A checkpoint that was kept outside before this returns.

        Args:
            size: that it counts; None: the newest one there is, or a new one where that counts too few.
            covering: entries that it must count.

        Raises:
            Refused: no checkpoint of this size was ever signed, or the log has not so many entries.
        """
        c = checkpoint.c
        wanted = select(checkpoint).order_by(c.size.desc()).limit(1)
        with self._database.reading() as connection:
            there = head_of(connection).size
            found = connection.execute(wanted if size is None else wanted.where(c.size == size)).first()
        if covering > there:
            raise Refused("audit entry", f"place {covering - 1}", f"one below {there}", "name an entry of the log")
        if found is None and size is not None:
            step = "name the size of a file in checkpoints/, or leave it out"
            raise Refused("--at", f"{size} entries", "the size of a checkpoint that was signed", step)
        note = bytes(found.note) if found and found.size >= covering else b""
        if not note and size is None:
            note = self.checkpoint()
        if not note or int(note.split(b"\n")[1]) < covering:
            raise Refused("audit entry", "a place behind that checkpoint", "one that it counts", "name a later one")
        return note

    # reading out

    def stored(self, size: int | None = None) -> Iterator[Stored]:
        """Every integrated entry with the leaf that is stored beside it, in order, a page at a time.

        Args:
            size: of the log, whatever has come since; None: all that there is.
        """
        after = -1
        while found := self._page(after):
            if size is not None and found[-1].index >= size:
                yield from (entry for entry in found if entry.index < size)
                return
            yield from found
            after = found[-1].index

    def nodes(self, size: int) -> Iterator[Node]:
        """Every stored node of the tree over so many entries, level by level and each from the left."""
        level, offset = 0, -1
        while found := self._nodes_after(level, offset):
            yield from (node for node in found if (node[1] + 1) << node[0] <= size)
            level, offset, _ = found[-1]

    def export(self, out: Path, *, hashes_only: bool = False) -> bytes:
        """Write the log for a verifier, and the checkpoint over exactly what was written; return that checkpoint.

        ``entries.jsonl``: ``{"index":n,"body":"<base64 of the exact bytes>"}`` a line (not with ``hashes_only``).
        ``hashes.jsonl``: ``{"index":n,"leaf":"<base64>"}`` a line. ``checkpoint.txt``: the signed note. Every pending
        entry is integrated first. The checkpoint is written last, so an export without one is unfinished.

        Raises:
            Refused: the folder is not empty.
            Unavailable: the folder cannot be written.
        """
        while self.step():
            pass
        note = self.checkpoint()
        size = int(note.split(b"\n")[1])
        try:
            out.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(out.iterdir()):
                raise Refused(f"{out.name}/", got="files in it", expected="an empty folder", next_step="name another")
            try:
                self._write_lines(out, size, hashes_only=hashes_only)
                write_whole(out / "checkpoint.txt", [note])
            except BaseException:  # an interruption too: the folder is empty again, and its name can be used again
                for path in out.iterdir():
                    path.unlink()
                raise
        except OSError as error:
            raise Unavailable(
                f"{out.name}/", got=os.strerror(error.errno or 0), next_step="make room there, or name another folder"
            ) from None
        return note

    def _write_lines(self, out: Path, size: int, *, hashes_only: bool) -> None:
        columns = (
            [("hashes.jsonl", b"leaf")] if hashes_only else [("hashes.jsonl", b"leaf"), ("entries.jsonl", b"body")]
        )
        for name, field in columns:
            write_whole(out / name, self._lines(field, size))

    def _lines(self, field: bytes, size: int) -> Iterator[bytes]:
        for entry in self.stored(size):
            value = base64.b64encode(entry.body if field == b"body" else (entry.leaf or b""))
            yield b'{"index":%d,"%s":"%s"}\n' % (entry.index, field, value)

    def _page(self, after: int) -> list[Stored]:
        """The next entries; a short read of its own, so that an export holds up no checkpoint of the WAL."""
        with self._database.reading() as connection:
            return page(connection, after)

    def _nodes_after(self, level: int, offset: int) -> list[Node]:
        with self._database.reading() as connection:
            return nodes_after(connection, level, offset)

    def _hold_against(self, newest: Head | None, connection: Connection, head: Head) -> None:
        """The log continues the newest checkpoint that stood outside before this head was read, or it is broken."""
        known = connection.execute(select(func.max(checkpoint.c.size))).scalar_one()
        if newest is None and known is not None and self._outside.newest(self._keys) is None:
            broken(
                "no checkpoint outside the database",
                expected=f"the one over {known} entries",
                next_step="bring the checkpoint files back from where they were lodged",
            )
        if newest is None:
            return
        if newest.size > head.size:
            broken(f"{head.size} entries", expected=f"at least {newest.size}, which a checkpoint outside counts")
        if root_at(connection, newest.size) != newest.root:
            broken(f"another history than the checkpoint over {newest.size} entries outside")


def _size(head: Head, size: int | None) -> int:
    """Of the tree that is asked for.

    Raises:
        Refused: the log has not so many entries.
    """
    if size is not None and size > head.size:
        raise Refused("audit log", got=f"size {size}", expected=f"at most {head.size}")
    return head.size if size is None else size
