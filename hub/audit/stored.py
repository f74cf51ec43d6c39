"""The log as it stands in the database: its head, pending and placed entries, the nodes of its tree.

Whoever calls holds the transaction, and decides what follows from what is found. Nothing here signs or knows a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from hub.audit.checkpoints import Head
from hub.audit.tree import EMPTY_ROOT, Frontier, Node, NodeReader, leaf_hash, peaks_of
from hub.errors import IntegrityBroken
from hub.store.sql import upsert
from hub.store.tables import audit_entry, audit_head, audit_leaf, audit_pending

BATCH = 500  # entries of one step: about 25 ms, within the 50 ms of a unit (design §6)
PAGE = 1_000  # entries read at once by an export: bounds its memory


@dataclass(frozen=True, slots=True)
class Stored:
    """An integrated entry with the leaf hash that stands beside it, for the verifier. ``leaf`` None: it is missing."""

    index: int
    body: bytes
    leaf: bytes | None


_HEAD = select(audit_head).where(audit_head.c.id == 1)
_PAGE = (
    select(audit_entry.c.entry_index, audit_entry.c.body, audit_leaf.c.hash)
    .select_from(audit_entry)
    .outerjoin(audit_leaf, and_(audit_leaf.c.level == 0, audit_leaf.c.offset == audit_entry.c.entry_index))
    .where(audit_entry.c.entry_index > bindparam("after"))
    .order_by(audit_entry.c.entry_index)
    .limit(PAGE)
)
DROPPED = (
    select(audit_entry.c.id)
    .select_from(audit_entry)
    .outerjoin(audit_pending, audit_pending.c.id == audit_entry.c.id)
    .where(audit_entry.c.entry_index.is_(None), audit_pending.c.id.is_(None))
    .limit(1)
)


def octets(stored: bytes | str) -> bytes:
    """SQLite keeps what it is given: whoever changed a body may have left text there, which is judged like bytes."""
    return stored.encode() if isinstance(stored, str) else stored


def head_of(connection: Connection) -> Head:
    """The committed head."""
    row = connection.execute(_HEAD).first()
    return Head(row.size, row.root) if row else Head(0, EMPTY_ROOT)


def locked_head(connection: Connection) -> Head:
    """The head, ours alone until the transaction ends: one integrator works at a time."""
    if connection.execute(_HEAD.with_for_update()).first() is None:  # nothing can be locked that is not there
        connection.execute(upsert(audit_head).values(id=1, size=0, root=EMPTY_ROOT).on_conflict_do_nothing())
    row = connection.execute(_HEAD.with_for_update()).one()
    return Head(row.size, row.root)


def pending(connection: Connection) -> Sequence[tuple[str, bytes]]:
    """The next entries without a place, by id: at most ``BATCH`` of them, with their bodies.

    Raises:
        IntegrityBroken: one is missing, or has a place already.
    """
    rows = connection.execute(
        select(audit_pending.c.id, audit_entry.c.body, audit_entry.c.entry_index)
        .select_from(audit_pending)
        .outerjoin(audit_entry, audit_entry.c.id == audit_pending.c.id)
        .order_by(audit_pending.c.id)
        .limit(BATCH)
    ).all()
    for row in rows:
        if row.body is None or row.entry_index is not None:
            broken(f"entry {row.id} waiting for a place, but {'it is missing' if row.body is None else 'it has one'}")
    return [(row.id, row.body) for row in rows]


def integrate(connection: Connection, head: Head, rows: Sequence[tuple[str, bytes]]) -> None:
    """Write indices, leaves, completed nodes and the new head; the rows are no longer pending."""
    node = reader(connection)
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


def reader(connection: Connection) -> NodeReader:
    """Reads complete nodes of the stored tree."""

    def node(level: int, offset: int) -> bytes:
        found = connection.execute(
            select(audit_leaf.c.hash).where(audit_leaf.c.level == level, audit_leaf.c.offset == offset)
        ).scalar_one_or_none()
        if found is None:
            broken(f"no node at level {level}, offset {offset}")
        return bytes(found)

    return node


def root_at(connection: Connection, size: int) -> bytes:
    """The root of the log's first entries, from the stored right edge of that size."""
    node = reader(connection)
    return Frontier(size, [node(*place) for place in peaks_of(size)]).root()


def page(connection: Connection, after: int) -> list[Stored]:
    """The next placed entries behind an index, at most ``PAGE`` of them."""
    rows = connection.execute(_PAGE, {"after": after}).all()
    return [Stored(row.entry_index, octets(row.body), octets(row.hash) if row.hash else None) for row in rows]


def nodes_after(connection: Connection, level: int, offset: int) -> list[Node]:
    """The next nodes of the tree behind one, level by level and each from the left, at most ``PAGE`` of them."""
    c = audit_leaf.c
    behind = or_(c.level > level, and_(c.level == level, c.offset > offset))
    rows = connection.execute(select(audit_leaf).where(behind).order_by(c.level, c.offset).limit(PAGE)).all()
    return [(row.level, row.offset, octets(row.hash)) for row in rows]


def place_of(connection: Connection, entry_id: str) -> int | None:
    """The index of an entry; None: there is none of this id, or it has no place yet."""
    found = select(audit_entry.c.entry_index).where(audit_entry.c.id == entry_id)
    return connection.execute(found).scalar_one_or_none()


def broken(got: str, *, expected: str = "", next_step: str = "") -> NoReturn:
    """Stop: what is stored cannot be.

    Raises:
        IntegrityBroken: always.
    """
    raise IntegrityBroken(
        "audit log",
        got=got,
        expected=expected,
        next_step=next_step or "stop the hub, keep this database as it is, and run `hub audit verify` on a copy",
    )
