"""Bring a database to the current version of the tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, select

from hub.store import tables as t
from hub.store.sql import Database


def migrate(path: Path) -> None:
    """Create or upgrade the database file, readable by its owner alone."""
    path.touch(mode=0o600, exist_ok=True)
    database = Database(path)
    with database.writing(owner=True) as connection:
        t.metadata.create_all(connection)
        if connection.execute(select(t.registry_head)).first() is None:
            connection.execute(insert(t.registry_head).values(id=1, seq=0))
    database.close()
