"""A CMS on each engine: a test that says nothing runs on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.cms.source import CmsSource, connect
from tests import cms_builder as cms
from tests import cms_postgres
from tests.contract.source import Memory
from tests.fakes import StandingClock


@dataclass(frozen=True, slots=True)
class Place:
    """An agency's empty database, and what differs where a test makes it sick."""

    name: str
    settings: dict[str, Any]
    db: Callable[[], Any]  # the agency's own connection

    def skip_numbers(self, db: Any, count: int) -> None:
        """The next entry of the change log has a number so much higher."""
        if self.name == "sqlite":
            db.execute(f"UPDATE sqlite_sequence SET seq = seq + {count} WHERE name = 'change_log'")
        else:
            db.execute(
                f"SELECT setval(pg_get_serial_sequence('change_log', 'seq'), MAX(seq) + {count}) FROM change_log"
            )

    def drop_trigger(self, db: Any, trigger: str, table: str) -> None:
        db.execute(f"DROP TRIGGER {trigger}" + ("" if self.name == "sqlite" else f" ON {table}"))

    def refuse(self, db: Any, row: str, text: str) -> None:
        """The system's own trigger refuses rows of ``hub_inbox`` with a text."""
        if self.name == "sqlite":
            db.execute(
                f"CREATE TRIGGER fussy AFTER INSERT ON hub_inbox WHEN {row} BEGIN SELECT RAISE(ABORT, '{text}'); END"
            )
            return
        db.execute(
            f"CREATE FUNCTION fussy() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{text}'; END $$"
        )
        db.execute(f"CREATE TRIGGER fussy AFTER INSERT ON hub_inbox FOR EACH ROW WHEN ({row}) EXECUTE FUNCTION fussy()")

    def lock(self, db: Any) -> None:
        """Somebody keeps the hub from writing, until ROLLBACK."""
        db.execute("BEGIN IMMEDIATE" if self.name == "sqlite" else "BEGIN")
        if self.name != "sqlite":
            db.execute("LOCK TABLE hub_inbox IN ACCESS EXCLUSIVE MODE")


ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is, on SQLite."""
    return tmp_path / "cms.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, path: Path) -> Place:
    if request.param == "sqlite":
        cms.make_cms(path)
        return Place("sqlite", {"path": str(path), "busy_timeout_ms": 0}, lambda: cms.connect(path))
    url = request.getfixturevalue("cms_url")
    settings = {**cms_postgres.settings(url, path.parent), "busy_timeout_ms": 0}
    return Place("postgresql", settings, lambda: cms_postgres.PostgresCms(url))


@pytest.fixture
def db(place: Place) -> Iterator[Any]:
    """The agency's own connection."""
    db = place.db()
    yield db
    db.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 5, 4, 14, 0, tzinfo=UTC))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def source(place: Place, clock: StandingClock, memory: Memory) -> Iterator[CmsSource]:
    source = connect(place.settings, memory, clock.now)
    yield source
    source.close()


@pytest.fixture
def new_source(place: Place, clock: StandingClock, memory: Memory) -> Iterator[Callable[[], CmsSource]]:
    """The adapter after a restart: the same memory, nothing else."""
    made: list[CmsSource] = []

    def again() -> CmsSource:
        made.append(connect(place.settings, memory, clock.now))
        return made[-1]

    yield again
    for each in made:
        each.close()
