"""Invented CMS databases on PostgreSQL for tests: the same stories as on SQLite, told to another server.

``connect`` gives the agency's own connection in the words of the one to SQLite, so that ``cms_builder`` and the tests
speak to both: ``?`` marks a value, texts and numbers come back as SQLite tells them, and a row that is refused is
``sqlite3.IntegrityError``. Nothing here knows the adapter.

==================  ========  ==============================================================================
``cms_template``    the run   a database with the schema of an agency, from which those of the tests are copied
``cms_url``         a test    a database of its own with that schema; its URL, with the password
==================  ========  ==============================================================================
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import adapters
from psycopg.adapt import AdaptersMap, Loader
from psycopg.conninfo import conninfo_to_dict

from tests.services.plugin import copied, template
from tests.services.postgres import PostgresAt

SCHEMA = Path(__file__).parent.parent / "schemas" / "records" / "cms.postgres.sql"


class _Text(Loader):
    def load(self, data: Any) -> str:
        return bytes(data).decode()


def _as_sqlite() -> AdaptersMap:
    told = AdaptersMap(adapters)
    for name in ("date", "timestamp", "timestamptz", "bpchar"):
        told.register_loader(name, _Text)
    return told


class Rows(list[tuple[Any, ...]]):
    """What a statement answered."""

    description: Sequence[Any] = ()

    def fetchall(self) -> list[Any]:
        return list(self)

    def fetchone(self) -> Any:
        return self[0] if self else None


class PostgresCms:
    """The agency's own connection: every statement commits by itself, unless it says BEGIN."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, context=_as_sqlite())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        texts = [None if value is None else str(value) for value in values]  # each takes the type of its column
        try:
            cursor = self._connection.execute(sql.replace("?", "%s").encode(), texts or None)
        except psycopg.errors.IntegrityError as error:
            raise sqlite3.IntegrityError(error.diag.message_primary) from None
        rows = Rows(cursor.fetchall() if cursor.description else ())
        rows.description = cursor.description or ()
        return rows

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> PostgresCms:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def make_cms(url: str) -> None:
    """Make an empty CMS in an empty database."""
    with PostgresCms(url) as db:
        db.execute(SCHEMA.read_text(encoding="utf-8"))


def settings(url: str, folder: Path) -> dict[str, Any]:
    """What a system says to reach this database: a URL without its password, which stands in a file of the folder."""
    given = conninfo_to_dict(url)
    file = folder / f"{given['dbname']}.password"
    if (password := given.get("password")) and not file.exists():
        with open(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(f"{password}\n")
    named = {"password_file": str(file)} if password else {}
    address = f"postgresql://{given['user']}@{given['host']}:{given.get('port', 5432)}/{given['dbname']}"
    return {"url": address, **named}


@pytest.fixture(scope="session")
def cms_template(postgres: PostgresAt) -> Iterator[str]:
    """An agency's empty database, made once by each process of the run."""
    yield from template(postgres, make_cms)


@pytest.fixture
def cms_url(postgres: PostgresAt, cms_template: str) -> Iterator[str]:
    """An agency's empty database, of this test alone."""
    yield from copied(postgres, cms_template)
