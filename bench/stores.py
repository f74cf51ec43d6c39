"""The stores on which a benchmark is run: a file of SQLite, then PostgreSQL; where that is absent, it ends there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hub.compose import Hub
from tests.services.postgres import Postgres


class On(NamedTuple):
    """A store, and a folder for the hub that has it.

    Args:
        url: of its database on PostgreSQL; "": it is a file.
    """

    name: str
    folder: Path
    url: str = ""


def stores(folder: Path) -> Iterator[On]:
    """Each in turn.

    Raises:
        Absent: the machine has no PostgreSQL; the file had its turn.
    """
    yield On("SQLite", folder / "file")
    with Postgres({"fsync": "on", "shared_buffers": "128MB"}) as server:
        yield On("PostgreSQL", folder / "server", server.database())


def analyze(hub: Hub) -> None:
    """As PostgreSQL itself does within a minute of so many new rows."""
    with hub.store.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def kept_at(url: str) -> Callable[[Path], None]:
    """What makes a new data folder keep its store there; "": in its own file."""

    def settled(data: Path) -> None:
        if url:
            with (data / "hub.toml").open("a") as file:
                file.write(f'store = "{url}"\n')

    return settled
