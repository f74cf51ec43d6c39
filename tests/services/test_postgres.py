"""A PostgreSQL server for tests."""

from __future__ import annotations

import threading

import pytest

from tests.services import Broken
from tests.services.postgres import Postgres, PostgresAt, variables


def test_two_databases_know_nothing_of_each_other(postgres: PostgresAt) -> None:
    first, second = postgres.database(), postgres.database()

    postgres.run("CREATE TABLE kept (word text)", first)

    assert postgres.run("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'", first) == "1"
    assert postgres.run("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'", second) == "0"
    postgres.drop(first)
    postgres.drop(second)


def test_a_test_gets_an_empty_database(postgres: PostgresAt, postgres_url: str) -> None:
    assert postgres.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", postgres_url) == "0"


def test_what_was_committed_is_there_after_a_stop_and_after_a_kill(own_postgres: Postgres) -> None:
    url, address = own_postgres.database(), own_postgres.url
    own_postgres.run("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('before')", url)

    own_postgres.stop()
    with pytest.raises(Broken):
        own_postgres.run("SELECT 1")
    own_postgres.start_again().run("INSERT INTO kept VALUES ('between')", url)
    own_postgres.kill()
    with pytest.raises(Broken):
        own_postgres.run("SELECT 1")
    own_postgres.start_again()

    assert own_postgres.run("SELECT word FROM kept", url).split() == ["before", "between"]
    assert own_postgres.url == address


def test_a_server_outlives_the_thread_that_started_it_again(own_postgres: Postgres) -> None:
    own_postgres.stop()
    thread = threading.Thread(target=own_postgres.start_again)
    thread.start()
    thread.join()

    own_postgres.kill()  # the launcher lives too
    own_postgres.start_again()

    assert own_postgres.run("SELECT 1") == "1"


def test_nobody_enters_without_the_password(own_postgres: Postgres) -> None:
    user, address = own_postgres.url.split("//")[1].split(":")[0], own_postgres.url.split("@")[1]

    with pytest.raises(Broken, match="password"):
        own_postgres.run("SELECT 1", f"postgresql://{user}:wrong@{address}")


def test_a_url_is_read_as_variables_so_that_no_command_line_holds_its_password() -> None:
    read = variables("postgresql://an%40na:se%3Acret@db.example:6000/hub?sslmode=require")

    assert read == {
        "PGHOST": "db.example",
        "PGPORT": "6000",
        "PGUSER": "an@na",
        "PGPASSWORD": "se:cret",
        "PGDATABASE": "hub",
        "PGCONNECT_TIMEOUT": "10",
        "PGSSLMODE": "require",
    }
