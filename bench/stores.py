"""The stores on which a benchmark is run: a file of SQLite, and PostgreSQL where this machine has it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hub.compose import Hub
from tests.services import Absent
from tests.services.postgres import Postgres


class On(NamedTuple):
    """A store, and a folder for the hub that has it.

    Args:
        url: of its database on PostgreSQL; "": it is a file.
    """

    name: str
    folder: Path
    url: str = ""


def stores(bench: str, folder: Path) -> Iterator[On]:
    """Each in turn; where PostgreSQL is absent, a line says so."""
    yield On("SQLite", folder / "file")
    try:
        with Postgres({"fsync": "on", "shared_buffers": "128MB"}) as server:
            yield On("PostgreSQL", folder / "server", server.database())
    except Absent as absent:
        print(f"{bench}: {absent}", file=sys.stderr)


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
