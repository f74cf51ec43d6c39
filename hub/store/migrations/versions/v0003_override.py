"""A declared duty of care: what was declared, its words, its review, and who is too near to somebody: step 0003."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.sql import Words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go one step on. There is no way back but the backup that was made before."""
    op.create_table(
        "override",
        sa.Column("override_id", Words(), nullable=False),
        sa.Column("agency", Words(), nullable=False),
        sa.Column("subject_ref", Words(), nullable=True),
        sa.Column("source_system", Words(), nullable=False),
        sa.Column("source_key", Words(), nullable=False),
        sa.Column("worker", Words(), nullable=False),
        sa.Column("words", Words(), nullable=False),
        sa.Column("declared_at", Words(), nullable=False),
        sa.Column("ended_at", Words(), nullable=True),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("used_by", Words(), nullable=True),
        sa.Column("used_at", Words(), nullable=True),
        sa.Column("body", Words(), nullable=False),
        sa.PrimaryKeyConstraint("override_id"),
    )
    op.create_index("override_unsettled", "override", ["settled", "declared_at"])
    op.create_index("override_by_source", "override", ["source_system", "source_key"], unique=True)
    op.create_index("override_by_subject", "override", ["subject_ref"])
    op.create_index("override_by_words", "override", ["agency", "words"])
    op.create_index("override_open", "override", ["ended_at", "declared_at"])
    op.create_table(
        "override_words",
        sa.Column("override_id", Words(), nullable=False),
        sa.Column("part", Words(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("override_id", "part"),
    )
    op.create_table(
        "subject_key",
        sa.Column("subject_ref", Words(), nullable=False),
        sa.Column("epoch", Words(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref"),
    )
    op.create_index("subject_key_by_epoch", "subject_key", ["epoch"])
    op.create_table(
        "review",
        sa.Column("override_id", Words(), nullable=False),
        sa.Column("part", Words(), nullable=False),
        sa.Column("worker", Words(), nullable=True),
        sa.Column("due_at", Words(), nullable=False),
        sa.Column("done_at", Words(), nullable=True),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("body", Words(), nullable=False),
        sa.PrimaryKeyConstraint("override_id", "part"),
    )
    op.create_index("review_due", "review", ["done_at", "due_at"])
    op.create_index("review_by_worker", "review", ["worker", "part", "done_at"])
    op.create_table(
        "worker_conflict",
        sa.Column("worker", Words(), nullable=False),
        sa.Column("subject_ref", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("since", Words(), nullable=False),
        sa.PrimaryKeyConstraint("worker", "subject_ref"),
    )
