"""The same steps on PostgreSQL: wholly or not at all, once where two begin together, and to the tables of the code."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from hub.errors import Refused, Unavailable
from hub.store import tables
from hub.store.migrate import STEPS, migrate, require_current
from hub.store.postgres import PostgresDatabase
from tests.unit.store.test_migrate import later


@pytest.fixture
def database(postgres_url):
    with closing(PostgresDatabase(postgres_url)) as database:
        yield database


@pytest.fixture
def steps(tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(STEPS, folder)
    return folder


def ask(database, sql):
    with database.reading() as connection:
        return connection.execute(text(sql)).all()


def tables_of(database):
    with database.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_the_steps_lead_to_exactly_the_tables_of_the_code(database):
    migrate(database)

    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)

    assert differences == []
    assert ask(database, "SELECT id, seq FROM registry_head") == [(1, 0)]


def test_texts_are_compared_by_code_points_and_numbers_are_wide(database):
    """A text of another order, or a number of 32 bits, would be another store than SQLite's."""
    migrate(database)

    kinds = "SELECT DISTINCT data_type, collation_name FROM information_schema.columns WHERE table_schema = 'public'"
    ours = f"{kinds} AND table_name <> 'alembic_version'"

    assert set(ask(database, ours)) == {("text", "C"), ("bigint", None), ("bytea", None)}


def test_a_current_database_is_left_as_it_is(database):
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE registry_head SET seq = 7"))

    migrate(database)

    assert ask(database, "SELECT seq FROM registry_head") == [(7,)]


def test_an_older_database_is_not_opened_until_it_has_been_upgraded(database, steps):
    migrate(database)
    later(steps)

    with pytest.raises(Refused, match="`hub migrate`"):
        require_current(database, steps)
    migrate(database, steps)
    require_current(database, steps)

    assert ask(database, "SELECT id FROM later") == [("one",)]


def test_an_upgrade_that_fails_half_way_leaves_nothing_of_itself(database, steps):
    migrate(database)
    later(steps, more='op.execute("INSERT INTO no_such_table VALUES (1)")')

    with pytest.raises(Unavailable):
        migrate(database, steps)

    assert "later" not in tables_of(database)
    later(steps)
    migrate(database, steps)  # a second try works
    assert ask(database, "SELECT id FROM later") == [("one",)]


def test_a_database_of_a_newer_program_is_neither_changed_nor_opened(database, steps):
    later(steps)
    migrate(database, steps)

    for refused in (lambda: migrate(database), lambda: require_current(database)):
        with pytest.raises(Refused, match="start the newer program, or restore the backup"):
            refused()

    assert ask(database, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_tables_that_no_hub_has_made_are_refused(database):
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE somebody_elses (id int)"))

    with pytest.raises(Refused, match="tables without a version"):
        migrate(database)

    assert tables_of(database) == {"somebody_elses"}


def test_two_that_upgrade_at_once_are_one_after_the_other(postgres_url):
    def upgrade(_):
        with closing(PostgresDatabase(postgres_url)) as database:
            migrate(database)
            require_current(database)

    with ThreadPoolExecutor(1) as pool:  # Alembic keeps its context for a process: one thread of it here
        other = pool.submit(upgrade, 0)
        other.result()
        upgrade(1)
