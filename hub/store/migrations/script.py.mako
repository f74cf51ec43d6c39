"""${message}: step ${up_revision}. Written out by Alembic from ``hub/store/tables.py``, then read by a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.sql import Words
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Go one step on. There is no way back but the backup that was made before."""
    ${upgrades if upgrades else "pass"}
