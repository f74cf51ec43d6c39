"""How Alembic reaches the store: on the connection that it is handed, inside that connection's own transaction.

Alembic loads this file by its path; nothing imports it. ``hub/store/migrate.py`` hands over a connection that holds
its lock. Only the developer's ``alembic revision --autogenerate`` names a file instead (docs/developer.md).
"""

from __future__ import annotations

from pathlib import Path

from alembic import context
from sqlalchemy import Connection

from hub.store.sqlite import SqliteDatabase
from hub.store.tables import metadata


def run(connection: Connection) -> None:
    """Run the steps; whoever opened the transaction commits it or rolls it back, all steps together."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        user_module_prefix="",  # `Words()`, which the template imports
        render_as_batch=True,  # SQLite changes a table by copying it
    )
    with context.begin_transaction():  # does nothing of its own inside a transaction that is open already
        context.run_migrations()


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    database = SqliteDatabase(Path(context.get_x_argument(as_dictionary=True)["database"]))
    with database.writing(own=["migration"]) as own:
        run(own)
    database.close()
