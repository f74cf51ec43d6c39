"""Bring a database to the tables of this program, in one transaction under a lock: wholly or not at all.

The steps are in ``migrations/``; the number of the last one taken stands in the table ``alembic_version``. There is
no step back: before a new version of the program is started, a backup is made (docs/operator.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from hub.errors import Refused
from hub.store.sql import Database

STEPS = Path(__file__).parent / "migrations"
_MIGRATION = "migration"  # the lock of whoever upgrades
_FILE = re.compile(r"v(\d{4})_\w+\.py")


def migrate(database: Database, steps: Path = STEPS) -> None:
    """Create or upgrade the tables; a current database is left as it is.

    Args:
        steps: a folder as ``migrations/``.

    Raises:
        Refused: it belongs to a newer program, or was not made by a hub.
        Unavailable: it cannot be written; nothing was.
    """
    database.make()
    with database.writing(own=[_MIGRATION]) as connection:
        if _standing(database, connection, known := numbers(steps)) != known[-1]:
            _upgrade(connection, steps)


def make(database: Database, steps: Path = STEPS) -> None:
    """Create the tables of an empty database; one that has tables must be current, and is left as it is.

    Raises:
        Refused: it is older or newer, or was not made by a hub.
        Unavailable: it cannot be written; nothing was.
    """
    database.make()
    with database.reading() as connection:
        standing = _standing(database, connection, numbers(steps))
    if standing is None:
        migrate(database, steps)
    else:
        require_current(database, steps)


def require_current(database: Database, steps: Path = STEPS) -> None:
    """Refuse a database whose tables are not those of this program.

    Raises:
        Refused: it is older or newer, and what to do.
    """
    with database.reading() as connection:
        standing = _standing(database, connection, known := numbers(steps))
    if standing != known[-1]:
        got = f"version {standing}" if standing else "no version"
        step = "stop every hub on it, make a backup, then `hub migrate`"
        raise Refused(database.where, got, f"version {known[-1]}", step)


def numbers(steps: Path = STEPS) -> Sequence[str]:
    """The numbers of all steps, oldest first; read from the names, since Alembic takes half a second to load."""
    return sorted(found[1] for file in (steps / "versions").iterdir() if (found := _FILE.fullmatch(file.name)))


def _standing(database: Database, connection: Connection, known: Sequence[str]) -> str | None:
    """The number at which a database stands; None: it is empty."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    where = database.where
    if "alembic_version" not in tables:
        raise Refused(where, "tables without a version", "a database made by `hub init`", "name another data folder")
    standing = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    if standing not in known:
        step = "start the newer program, or restore the backup that was made before it was upgraded"
        raise Refused(where, "the version of a newer program", f"version {known[-1]} at most", step)
    return standing


def _upgrade(connection: Connection, steps: Path) -> None:
    from alembic import command  # noqa: PLC0415 - half a second that no other command should wait for
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(steps).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a step that moves rows takes as long as it takes
    command.upgrade(config, "head")
