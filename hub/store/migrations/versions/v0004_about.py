"""Entries of the log by whom they are about, and what clients have asked for: step 0004."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op

from hub.store.sql import Words

revision = "0004"
down_revision = "0003"

PAGE = 1_000  # entries read at once: a log of millions is indexed in bounded memory
_ENTRY = sa.table("audit_entry", sa.column("id", Words()), sa.column("body", sa.LargeBinary()))
_ABOUT = sa.table("audit_about", sa.column("subject_ref", Words()), sa.column("entry_id", Words()))
_HANDOVER = sa.table("handover", sa.column("envelope_id", Words()), sa.column("subject_ref", Words()))
_ENDS = frozenset({"ACK", "RETURNED"})  # these came to say whom they are about in this step; before, their envelope


def upgrade() -> None:
    """Go one step on. There is no way back but the backup that was made before."""
    op.create_table(
        "audit_about",
        sa.Column("subject_ref", Words(), nullable=False),
        sa.Column("entry_id", Words(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", "entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "request",
        sa.Column("request_id", Words(), nullable=False),
        sa.Column("subject_ref", Words(), nullable=False),
        sa.Column("agency", Words(), nullable=False),
        sa.Column("asked_on", Words(), nullable=False),
        sa.Column("taken_by", Words(), nullable=False),
        sa.Column("answered_on", Words(), nullable=True),
        sa.Column("answered_by", Words(), nullable=True),
        sa.PrimaryKeyConstraint("request_id"),
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("request_by_day", ["asked_on"], unique=False)
    _index_what_is_there()


def _index_what_is_there() -> None:
    connection, after = op.get_bind(), ""
    while page := _page(connection, after):
        said = {row.id: orjson.loads(row.body) for row in page}
        envelopes = {each["envelope_id"] for each in said.values() if _by_envelope(each)}
        whose = _subjects(connection, envelopes)
        about = [
            {"subject_ref": ref, "entry_id": entry_id}
            for entry_id, each in said.items()
            if (ref := each.get("subject_ref") or (whose.get(each["envelope_id"]) if _by_envelope(each) else None))
        ]
        if about:
            connection.execute(sa.insert(_ABOUT), about)
        after = page[-1].id


def _page(connection: sa.Connection, after: str) -> list[sa.Row[tuple[str, bytes]]]:
    c = _ENTRY.c
    return list(connection.execute(sa.select(c.id, c.body).where(c.id > after).order_by(c.id).limit(PAGE)))


def _by_envelope(said: dict[str, str]) -> bool:
    return said["event_type"] in _ENDS and not said.get("subject_ref") and "envelope_id" in said


def _subjects(connection: sa.Connection, envelopes: set[str]) -> dict[str, str]:
    c = _HANDOVER.c
    found = connection.execute(sa.select(c.envelope_id, c.subject_ref).where(c.envelope_id.in_(sorted(envelopes))))
    return {row.envelope_id: row.subject_ref for row in found if row.subject_ref}
