"""The store on a temporary SQLite file, and what is SQLite's alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hub.errors import Unavailable
from hub.store.migrate import migrate
from hub.store.sqlite import SqliteDatabase
from hub.store.unit import SqlStore
from tests.contract.store import StoreContract
from tests.fakes import SeededIds, StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock) -> Iterator[SqlStore]:
    made = SqlStore(SqliteDatabase(tmp_path / "hub.sqlite"), clock, SeededIds())
    migrate(made.database)
    yield made
    made.close()


class TestSqliteStore(StoreContract):
    pass


def test_the_default_transaction_would_have_leaked_and_ours_does_not(tmp_path: Path) -> None:
    """SQLAlchemy's driver begins at the first write: a withdrawal commits between decision and release."""
    path = tmp_path / "default.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE consent(state TEXT)")
        db.execute("INSERT INTO consent VALUES ('ACTIVE')")
        db.execute("CREATE TABLE released(n INT)")
    db.close()
    default = create_engine(f"sqlite:///{path}")

    def release_while_withdrawing(begin: object) -> tuple[str, bool]:
        with begin as connection:  # type: ignore[attr-defined]
            state = str(connection.execute(text("SELECT state FROM consent")).scalar_one())
            other = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                other.execute("UPDATE consent SET state = 'WITHDRAWN'")
                withdrawn = True
            except sqlite3.OperationalError:
                withdrawn = False
            other.close()
            connection.execute(text("INSERT INTO released VALUES (1)"))
        return state, withdrawn

    leaked = release_while_withdrawing(default.begin())
    default.dispose()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE consent SET state = 'ACTIVE'")
    db.close()
    ours = SqliteDatabase(path)
    held = release_while_withdrawing(ours.writing())
    ours.close()

    assert leaked == ("ACTIVE", True), "released on a consent whose withdrawal had already been committed"
    assert held == ("ACTIVE", False)


def test_a_locked_database_is_unavailable_and_nothing_is_written(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "hub.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    monkeypatch.setattr("hub.store.sqlite.BUSY_TIMEOUT_MS", 10)
    quick = SqliteDatabase(tmp_path / "hub.sqlite")

    with pytest.raises(Unavailable, match="hub doctor"), quick.writing():
        pass

    other.close()
    quick.close()


def test_the_file_is_its_owners_alone(store: SqlStore, tmp_path: Path) -> None:
    assert (tmp_path / "hub.sqlite").stat().st_mode & 0o077 == 0


def test_an_error_of_the_driver_does_not_carry_its_parameters(store: SqlStore) -> None:
    with pytest.raises(Exception) as caught, store.database.writing() as connection:
        connection.execute(text("INSERT INTO registry_head VALUES (1, :marked)"), {"marked": "Tremblay-1991-07-22"})

    assert "Tremblay" not in str(caught.value)
    assert caught.value.__cause__ is None
