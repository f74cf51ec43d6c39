"""init, migrate, doctor on a store of PostgreSQL: what is wrong with the server is said with the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.test_store_postgres import wait_until
from tests.fakes import StandingClock
from tests.network import NOON
from tests.services.plugin import own
from tests.services.postgres import Postgres
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_setup import places, wrong


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    """A server that keeps what it has answered; that of the run does not, to be quick."""
    yield from own("postgres", lambda: Postgres({"fsync": "on"}))


@pytest.fixture
def postgres_url(durable: Postgres) -> str:
    return durable.database()


@pytest.fixture
def fresh(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A data folder that `hub init` has prepared, with its store in a database that was empty."""
    monkeypatch.setenv("HUB_STORE", postgres_url)
    desk = Desk(tmp_path / "hub", StandingClock(NOON), [])
    desk.ok("init")
    return desk


@dataclass
class Server:
    """The database, as its administrator changes it."""

    server: Postgres
    url: str

    def run(self, sql: str) -> None:
        self.server.run(sql, self.url)


@pytest.fixture
def server(durable: Postgres, postgres_url: str) -> Server:
    return Server(durable, postgres_url)


def test_init_makes_the_tables_and_no_file_and_the_commands_go_on_there(fresh: Desk) -> None:
    fresh.ok("init")
    fresh.ok("workers", "add", "anna", "--agency", "hub", "--role", "administrator", "--as", "anna")

    assert "anna" in fresh.ok("workers", "list")
    assert list(fresh.folder.glob("hub.sqlite*")) == []
    assert wrong(fresh, code=0) == {}
    assert {"settings", "keys", "store", "audit log", "clock"} <= places(fresh, 0)


def test_the_file_may_name_the_store_and_the_environment_wins(
    fresh: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (fresh.folder / "hub.toml").open("a") as file:
        file.write('store = "postgresql://hub:Geheim@127.0.0.1:9/hub"\n')
    assert wrong(fresh, code=0) == {}

    monkeypatch.delenv("HUB_STORE")

    said = fresh.refused("workers", "list", code=4)
    assert "store hub" in said
    assert "Geheim" not in said
    assert "Connection refused" in wrong(fresh)["store"]


def test_a_url_that_is_none_is_named_without_repeating_it(fresh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_STORE", "postgres//hub:Geheim@db")

    said = fresh.refused("workers", "list")

    assert "postgresql://user:password@host:port/database" in said
    assert "Geheim" not in said + str(fresh.run("doctor").output)


def test_a_store_that_was_begun_under_other_keys_is_not_used(tmp_path: Path, fresh: Desk) -> None:
    """The variable may still name the store of somebody's hub when another is tried out."""
    fresh.ok("workers", "add", "anna", "--agency", "hub", "--role", "administrator", "--as", "anna")
    other = Desk(tmp_path / "other", fresh.clock, [])
    other.ok("init")

    said = other.refused("workers", "list")

    assert "another hub's store" in said
    assert "anna" in fresh.ok("workers", "list")


def test_migrate_needs_a_prepared_folder(tmp_path: Path, fresh: Desk) -> None:
    assert "hub init" in fresh.refused("migrate", folder=tmp_path / "nowhere")


def drop_a_table(server: Server) -> None:
    server.run("DROP TABLE dead_letter")


def a_newer_version(server: Server) -> None:
    server.run("UPDATE alembic_version SET version_num = '9999'")


def no_version(server: Server) -> None:
    server.run("DROP TABLE alembic_version")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (drop_a_table, "has no table dead_letter"),
        (a_newer_version, "its version is a newer program's"),
        (no_version, "has no version"),
    ],
)
def test_what_is_wrong_with_the_database_is_named(
    fresh: Desk, server: Server, damage: Callable[[Server], None], told: str
) -> None:
    damage(server)

    assert told in wrong(fresh)["store"]


def test_a_user_that_may_not_write_is_named(
    fresh: Desk, server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"reader_{postgres_url.rsplit('_', 1)[1]}"
    server.run(f"CREATE ROLE {name} LOGIN PASSWORD 'w'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    monkeypatch.setenv("HUB_STORE", f"postgresql://{name}:w@{postgres_url.split('@')[1]}")
    try:
        assert "lacks rights on" in wrong(fresh)["store"]
    finally:
        server.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_server_that_forgets_is_named(fresh: Desk, server: Server, durable: Postgres) -> None:
    durable.run("ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()")
    try:
        wait_until(lambda: durable.run("SHOW full_page_writes") == "off")
        assert "full_page_writes is off" in wrong(fresh)["store"]
    finally:
        durable.run("ALTER SYSTEM RESET full_page_writes; SELECT pg_reload_conf()")


def test_a_clock_that_is_not_the_servers_is_named(fresh: Desk) -> None:
    fresh.doctor_clock = StandingClock(datetime.now(UTC) - timedelta(minutes=10))

    assert "ahead of this machine's" in wrong(fresh)["store"]
