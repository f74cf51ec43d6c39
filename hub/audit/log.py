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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from hub.audit.checkpoints import CheckpointFolder, Head, signed, sync_folder
from hub.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    Node,
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    peaks_of,
)
from hub.errors import IntegrityBroken, Refused, Unavailable
from hub.ports import Clock, Keys
from hub.store.sql import Database, upsert
from hub.store.tables import audit_entry, audit_head, audit_leaf, audit_pending, checkpoint

BATCH = 500  # entries of one step: about 25 ms, within the 50 ms of a unit (design §6)
PAGE = 1_000  # entries read at once by an export: bounds its memory
CHECKPOINT_EVERY = timedelta(hours=1)  # design §7: lodged hourly
_SAYS_NO = re.compile(  # as canonical bodies spell it: what was taken back, declined, or said again and perhaps less of
    rb'"event_type":"(?:CONSENT_WITHDRAWN|DIRECTIVE_ADDED)"|"state":"DECLINED"|"consent_id":"[^"]*/(?!1")[0-9]+"'
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An integrated entry with the leaf hash that stands beside it, for the verifier. ``leaf`` None: it is missing."""

    index: int
    body: bytes
    leaf: bytes | None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log: its place, its leaf, and the audit path to the head's root."""

    index: int
    leaf: bytes
    head: Head
    proof: tuple[bytes, ...]


class AuditLog:
    """The log of one database.

    Args:
        folder: where checkpoint files are kept, outside the database; made when the first is signed.
    """

    def __init__(self, database: Database, keys: Keys, clock: Clock, folder: Path) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._outside = CheckpointFolder(folder)
        self._uncovered = True  # a process that was killed may have left a client's "no" under no checkpoint

    # integrating

    def step(self) -> bool:
        """Give pending entries their place, at most ``BATCH`` of them, in one transaction. True if there were any."""
        with self._database.reading() as connection:  # an idle integrator does not queue for the right to write
            if connection.execute(select(audit_pending.c.id).limit(1)).first() is None:
                return False
        with self._database.writing() as connection:
            head = _locked_head(connection)
            rows = _pending(connection)
            if rows:
                _integrate(connection, head, rows)
        self._uncovered |= any(_SAYS_NO.search(body) for _, body in rows)
        return bool(rows)

    def head(self) -> Head:
        """The committed head."""
        with self._database.reading() as connection:
            return _head(connection)

    # checkpoints

    def checkpoint(self) -> bytes:
        """Sign the committed head; keep the note outside the database and in it; return it.

        Raises:
            Refused: the log is empty.
            IntegrityBroken: the head does not continue the newest checkpoint kept outside.
        """
        newest = self._outside.newest(self._keys)  # before the head is read: another process may sign a later one
        with self._database.reading() as connection:
            head = _head(connection)
            self._hold_against(newest, connection, head)
        if head.size == 0:
            raise Refused("audit log", got="no entry", expected="at least one", next_step="nothing is to be signed yet")
        note = signed(head, self._keys)
        self._outside.keep(head, note)  # outside first: the database never knows a checkpoint that was not kept
        self._uncovered = False
        with self._database.writing() as connection:
            row = {"size": head.size, "note": note, "signed_at": self._clock.now().isoformat()}
            connection.execute(upsert(checkpoint).values(row).on_conflict_do_nothing())
        return note

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
            size = _head(connection).size
            last = connection.execute(select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
        if size == (last.size if last else 0):
            return False
        if (
            not self._uncovered
            and last
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
            head = _head(connection)
            if _root_at(connection, head.size) != head.root:
                _broken(f"a head over {head.size} entries that is not the root of the stored tree")
            last = connection.execute(select(func.max(audit_entry.c.entry_index))).scalar_one()
            if (-1 if last is None else last) + 1 != head.size:
                _broken(f"{(-1 if last is None else last) + 1} entries", expected=str(head.size))
            if connection.execute(_DROPPED).first() is not None:
                _broken("an entry that is neither in the tree nor waiting for its place")
            self._hold_against(newest, connection, head)

    # proofs

    def inclusion(self, index: int) -> Inclusion:
        """Prove that the entry at an index is in the log.

        Raises:
            Refused: no entry has this index yet.
        """
        with self._database.reading() as connection:
            head = _head(connection)
            if not 0 <= index < head.size:
                raise Refused("audit entry", got=f"index {index}", expected=f"below {head.size}")
            node = _reader(connection)
            return Inclusion(index, node(0, index), head, inclusion_proof(index, head.size, node))

    def consistency(self, size: int) -> tuple[Head, tuple[bytes, ...]]:
        """Prove that the log of an earlier size is the beginning of the log of the head that is returned.

        Raises:
            Refused: the log has fewer entries.
        """
        with self._database.reading() as connection:
            head = _head(connection)
            if not 0 <= size <= head.size:
                raise Refused("audit log", got=f"size {size}", expected=f"at most {head.size}")
            return head, consistency_proof(size, head.size, _reader(connection))

    # reading out

    def stored(self) -> Iterator[Stored]:
        """Every integrated entry with the leaf that is stored beside it, in order, a page at a time."""
        after = -1
        while page := self._page(after):
            yield from page
            after = page[-1].index

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
            self._write_lines(out, size, hashes_only=hashes_only)
            _write(out / "checkpoint.txt", [note])
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
            _write(out / name, self._lines(field, size))

    def _lines(self, field: bytes, size: int) -> Iterator[bytes]:
        for entry in self.stored():
            if entry.index >= size:
                return
            value = base64.b64encode(entry.body if field == b"body" else (entry.leaf or b""))
            yield b'{"index":%d,"%s":"%s"}\n' % (entry.index, field, value)

    def _page(self, after: int) -> list[Stored]:
        """The next entries; a short read of its own, so that an export holds up no checkpoint of the WAL."""
        with self._database.reading() as connection:
            rows = connection.execute(_PAGE, {"after": after}).all()
        return [Stored(row.entry_index, _octets(row.body), _octets(row.hash) if row.hash else None) for row in rows]

    def _hold_against(self, newest: Head | None, connection: Connection, head: Head) -> None:
        """The log continues the newest checkpoint that stood outside before this head was read, or it is broken."""
        known = connection.execute(select(func.max(checkpoint.c.size))).scalar_one()
        if newest is None and known is not None and self._outside.newest(self._keys) is None:
            _broken(
                "no checkpoint outside the database",
                expected=f"the one over {known} entries",
                next_step="bring the checkpoint files back from where they were lodged",
            )
        if newest is None:
            return
        if newest.size > head.size:
            _broken(f"{head.size} entries", expected=f"at least {newest.size}, which a checkpoint outside counts")
        if _root_at(connection, newest.size) != newest.root:
            _broken(f"another history than the checkpoint over {newest.size} entries outside")


_HEAD = select(audit_head).where(audit_head.c.id == 1)
_PAGE = (
    select(audit_entry.c.entry_index, audit_entry.c.body, audit_leaf.c.hash)
    .select_from(audit_entry)
    .outerjoin(audit_leaf, and_(audit_leaf.c.level == 0, audit_leaf.c.offset == audit_entry.c.entry_index))
    .where(audit_entry.c.entry_index > bindparam("after"))
    .order_by(audit_entry.c.entry_index)
    .limit(PAGE)
)
_DROPPED = (
    select(audit_entry.c.id)
    .select_from(audit_entry)
    .outerjoin(audit_pending, audit_pending.c.id == audit_entry.c.id)
    .where(audit_entry.c.entry_index.is_(None), audit_pending.c.id.is_(None))
    .limit(1)
)


def _octets(stored: bytes | str) -> bytes:
    """SQLite keeps what it is given: whoever changed a body may have left text there, which is judged like bytes."""
    return stored.encode() if isinstance(stored, str) else stored


def _head(connection: Connection) -> Head:
    row = connection.execute(_HEAD).first()
    return Head(row.size, row.root) if row else Head(0, EMPTY_ROOT)


def _locked_head(connection: Connection) -> Head:
    """The head, ours alone until the transaction ends: one integrator works at a time."""
    if connection.execute(_HEAD.with_for_update()).first() is None:  # nothing can be locked that is not there
        connection.execute(upsert(audit_head).values(id=1, size=0, root=EMPTY_ROOT).on_conflict_do_nothing())
    row = connection.execute(_HEAD.with_for_update()).one()
    return Head(row.size, row.root)


def _pending(connection: Connection) -> Sequence[tuple[str, bytes]]:
    rows = connection.execute(
        select(audit_pending.c.id, audit_entry.c.body, audit_entry.c.entry_index)
        .select_from(audit_pending)
        .outerjoin(audit_entry, audit_entry.c.id == audit_pending.c.id)
        .order_by(audit_pending.c.id)
        .limit(BATCH)
    ).all()
    for row in rows:
        if row.body is None or row.entry_index is not None:
            _broken(f"entry {row.id} waiting for a place, but {'it is missing' if row.body is None else 'it has one'}")
    return [(row.id, row.body) for row in rows]


def _integrate(connection: Connection, head: Head, rows: Sequence[tuple[str, bytes]]) -> None:
    """Write indices, leaves, completed nodes and the new head; the rows are no longer pending."""
    node = _reader(connection)
    tree = Frontier(head.size, [node(*place) for place in peaks_of(head.size)])
    nodes: list[Node] = [completed for _, body in rows for completed in tree.add(leaf_hash(body))]
    connection.execute(
        update(audit_entry).where(audit_entry.c.id == bindparam("entry")).values(entry_index=bindparam("place")),
        [{"entry": entry, "place": place} for place, (entry, _) in enumerate(rows, start=head.size)],
    )
    connection.execute(insert(audit_leaf), [{"level": lv, "offset": of, "hash": hash_} for lv, of, hash_ in nodes])
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(size=tree.size, root=tree.root()))
    connection.execute(
        delete(audit_pending).where(audit_pending.c.id == bindparam("gone")), [{"gone": e} for e, _ in rows]
    )


def _reader(connection: Connection) -> NodeReader:
    def node(level: int, offset: int) -> bytes:
        found = connection.execute(
            select(audit_leaf.c.hash).where(audit_leaf.c.level == level, audit_leaf.c.offset == offset)
        ).scalar_one_or_none()
        if found is None:
            _broken(f"no node at level {level}, offset {offset}")
        return bytes(found)

    return node


def _root_at(connection: Connection, size: int) -> bytes:
    """The root of the log's first entries, from the stored right edge of that size."""
    node = _reader(connection)
    return Frontier(size, [node(*place) for place in peaks_of(size)]).root()


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file that is complete or not there."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.writelines(lines)
        handle.flush()
        os.fsync(handle.fileno())
    part.rename(path)
    sync_folder(path.parent)


def _broken(got: str, *, expected: str = "", next_step: str = "") -> NoReturn:
    raise IntegrityBroken(
        "audit log",
        got=got,
        expected=expected,
        next_step=next_step or "stop the hub, keep this database as it is, and run `hub audit verify` on a copy",
    )
