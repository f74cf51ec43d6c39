"""A hand-over that the receiving system accepted: step 0002."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.sql import Words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one step on. There is no way back but the backup that was made before."""
    with op.batch_alter_table("handover") as batch_op:
        batch_op.add_column(sa.Column("accepted_at", Words(), nullable=True))
