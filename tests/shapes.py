"""The shapes of a hub: store and bus in a file of SQLite, the store on PostgreSQL, and with it the bus on Kafka.

==================  ========  =============================================================================
``hub_template``    the run   a database with the hub's tables, from which those of the tests are copied
``hub_url``         a test    a database of its own with the hub's tables
``shape``           a test    each store in turn: ``make(folder, shape=shape)`` of ``tests/network.py``
``empty``           a test    another data folder of the same hub, its store empty: ``empty(settings, "postgresql")``
``deployed``        a test    the shapes of design §10: ``embedded``, all of it SQLite, and ``compose``, nothing of it:
                              ``make_deployed`` of ``tests/kafka_network.py``
==================  ========  =============================================================================
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from hub.settings import Settings, read_settings
from hub.store.migrate import migrate
from hub.store.postgres import PostgresDatabase, database_name
from tests.services.kafka import KafkaAt
from tests.services.plugin import copied, template
from tests.services.postgres import PostgresAt


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a hub keeps its store, and its bus."""

    name: str  # of the store
    url: str = ""  # of a database with the hub's tables; "": `hub.sqlite`
    server: PostgresAt | None = None  # on which it is
    broker: KafkaAt | None = None  # None: the bus is in the store

    def backup(self, settings: Settings) -> Callable[[], None]:
        """Keep the store of a closed hub as it is; what is returned puts it back."""
        if self.server is None:
            return _file_kept(settings)
        server, url, kept = self.server, self.url, self.server.database(template=self.url)

        def restore() -> None:
            server.drop(url)
            server.run(f"CREATE DATABASE {database_name(url)} TEMPLATE {database_name(kept)}")
            server.drop(kept)

        return restore


SQLITE = Shape("sqlite")


def _file_kept(settings: Settings) -> Callable[[], None]:
    kept = settings.dir.with_name("backup")
    shutil.copy(settings.database, kept)

    def restore() -> None:
        for file in settings.dir.glob("hub.sqlite*"):
            file.unlink()
        shutil.copy(kept, settings.database)

    return restore


def ask(settings: Settings, sql: str, **values: object) -> list[Sequence[Any]]:
    """What somebody else reads in the hub's database, or changes there; committed at once.

    Args:
        values: stand in the SQL as ``:name``; those that do not are left out.
    """
    store = settings.store.get_secret_value() if settings.store else f"sqlite:///{settings.database}"
    url = store.replace("postgresql://", "postgresql+psycopg://")
    given = {name: value for name, value in values.items() if re.search(f":{name}\\b", sql)}
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        done = connection.execute(text(sql), given)
        return [tuple(row) for row in done] if done.returns_rows else []


@pytest.fixture(scope="session")
def hub_template(postgres: PostgresAt) -> Iterator[str]:
    """A database as ``hub migrate`` leaves it, made once by each process of the run."""
    yield from template(postgres, migrated)


def migrated(url: str) -> None:
    """Give a database the hub's tables."""
    with closing(PostgresDatabase(url)) as database:
        migrate(database)


@pytest.fixture
def hub_url(postgres: PostgresAt, hub_template: str) -> Iterator[str]:
    """A database of this test alone, as ``hub migrate`` leaves it."""
    yield from copied(postgres, hub_template)


@pytest.fixture(params=["sqlite", "postgresql"])
def shape(request: pytest.FixtureRequest) -> Shape:
    """Each shape in turn."""
    if request.param == "sqlite":
        return SQLITE
    return Shape("postgresql", request.getfixturevalue("hub_url"), request.getfixturevalue("postgres"))


ON_SQLITE = pytest.mark.parametrize("shape", [SQLITE], ids=["sqlite"])
"""For a file whose rules are not the store's."""

Empty = Callable[[Settings, str], Settings]


@pytest.fixture
def empty(request: pytest.FixtureRequest) -> Iterator[Empty]:
    """A machine that is set up anew: keys from their safe copy, checkpoints from where they were lodged; no rows."""
    made: list[tuple[PostgresAt, str]] = []

    def another(settings: Settings, store: str) -> Settings:
        old = settings.dir
        new = old.with_name(f"{old.name}-{len(list(old.parent.iterdir()))}")
        new.mkdir()
        shutil.copytree(old / "keys", new / "keys")
        shutil.copytree(old / "checkpoints", new / "checkpoints")
        lines = [line for line in (old / "hub.toml").read_text().splitlines() if not line.startswith("store")]
        if store == "postgresql":
            server = request.getfixturevalue("postgres")
            made.append((server, server.database()))
            lines.append(f'store = "{made[-1][1]}"')
        (new / "hub.toml").write_text("\n".join(lines) + "\n")
        return read_settings(new)

    yield another
    for server, url in made:
        server.drop(url)


@pytest.fixture(params=["embedded", "compose"])
def deployed(request: pytest.FixtureRequest) -> Shape:
    """Each shape of a deployment in turn."""
    if request.param == "embedded":
        return SQLITE
    url, server, broker = (request.getfixturevalue(name) for name in ("hub_url", "postgres", "kafka"))
    return Shape("postgresql", url, server, broker)
