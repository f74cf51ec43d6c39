"""A database is brought to the tables of this program wholly or not at all, and never backwards."""

import shutil
import sqlite3
import stat
from contextlib import closing

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hub.errors import Refused, Unavailable
from hub.store import tables
from hub.store.migrate import STEPS, require_current
from hub.store.migrate import migrate as bring_up
from hub.store.sqlite import SqliteDatabase

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{last}"


def upgrade():
    op.create_table("later", sa.Column("id", sa.Text(), primary_key=True))
    op.execute("INSERT INTO later (id) VALUES ('one')")
    {more}
"""


def migrate(path, steps=STEPS):
    with closing(SqliteDatabase(path)) as database:
        bring_up(database, steps)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hub.sqlite"


@pytest.fixture
def steps(tmp_path):
    """The steps as they are; ``more`` writes one after them."""
    folder = tmp_path / "migrations"
    shutil.copytree(STEPS, folder)
    return folder


def later(steps, more=""):
    last = max(file.name[1:5] for file in (steps / "versions").glob("v0*.py"))
    (steps / "versions" / "v9999_later.py").write_text(NEXT.format(last=last, more=more))


def ask(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def test_the_steps_lead_to_exactly_the_tables_of_the_code(path):
    migrate(path)

    database = SqliteDatabase(path)
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    database.close()

    assert differences == []


def test_a_comparison_that_finds_nothing_would_find_a_lost_column_and_index(path):
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX waiting_by_due")
        db.execute("ALTER TABLE worker DROP COLUMN body")

    database = SqliteDatabase(path)
    with database.reading() as connection:
        found = {each[0] for each in compare_metadata(MigrationContext.configure(connection), tables.metadata)}
    database.close()

    assert found == {"add_column", "add_index"}


def test_a_new_file_is_its_owners_alone_and_has_the_head_of_the_registry(path):
    migrate(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ask(path, "SELECT id, seq FROM registry_head") == [(1, 0)]


def test_a_current_database_is_left_as_it_is(path):
    migrate(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE registry_head SET seq = 7")
    before = ask(path, "PRAGMA schema_version"), ask(path, "SELECT * FROM sqlite_master")

    migrate(path)

    assert (ask(path, "PRAGMA schema_version"), ask(path, "SELECT * FROM sqlite_master")) == before
    assert ask(path, "SELECT seq FROM registry_head") == [(7,)]


def test_an_older_database_is_not_opened_until_it_has_been_upgraded(path, steps):
    migrate(path)
    later(steps)
    database = SqliteDatabase(path)

    with pytest.raises(Refused, match="`hub migrate`"):
        require_current(database, steps)
    migrate(path, steps)
    require_current(database, steps)

    database.close()
    assert ask(path, "SELECT id FROM later") == [("one",)]


def test_an_upgrade_that_fails_half_way_leaves_nothing_of_itself(path, steps):
    migrate(path)
    later(steps, more='op.execute("INSERT INTO no_such_table VALUES (1)")')
    before = ask(path, "SELECT name, sql FROM sqlite_master ORDER BY name")

    with pytest.raises(Unavailable):
        migrate(path, steps)

    assert ask(path, "SELECT name, sql FROM sqlite_master ORDER BY name") == before
    later(steps)
    migrate(path, steps)  # a second try works
    assert ask(path, "SELECT id FROM later") == [("one",)]


def test_a_new_database_is_not_left_half_made_either(path, steps):
    later(steps, more='op.execute("INSERT INTO no_such_table VALUES (1)")')

    with pytest.raises(Unavailable):
        migrate(path, steps)

    assert ask(path, "SELECT count(*) FROM sqlite_master") == [(0,)]


def test_a_database_of_a_newer_program_is_neither_changed_nor_opened(path, steps):
    later(steps)
    migrate(path, steps)
    database = SqliteDatabase(path)

    for refused in (lambda: migrate(path), lambda: require_current(database)):
        with pytest.raises(Refused, match="start the newer program, or restore the backup"):
            refused()

    database.close()
    assert ask(path, "SELECT version_num FROM alembic_version") == [("9999",)]


def steps_before(tmp_path, step):
    """The steps up to one, without it."""
    folder = tmp_path / "older"
    shutil.copytree(STEPS, folder)
    for file in (folder / "versions").glob("v*.py"):
        if file.name[1:5] >= step:
            file.unlink()
    return folder


def test_step_0004_finds_whom_the_entries_that_are_there_are_about(path, tmp_path):
    migrate(path, steps_before(tmp_path, "0004"))
    said = {
        "1": {"event_type": "DELIVERY", "subject_ref": "s-1", "envelope_id": "e-1"},
        "2": {"event_type": "ACK", "envelope_id": "e-1"},
        "3": {"event_type": "RETURNED", "envelope_id": "e-2"},
        "4": {"event_type": "ACK", "envelope_id": "e-of-nobody"},
        "5": {"event_type": "KEY_EVENT"},
        "6": {"event_type": "ALARM", "envelope_id": "e-1"},
    }
    many = {f"7{number:05d}": {"event_type": "VIEW", "subject_ref": "s-3"} for number in range(2_500)}
    with closing(sqlite3.connect(path)) as db:
        for entry_id, body in (said | many).items():
            db.execute("INSERT INTO audit_entry (id, body) VALUES (?, ?)", (entry_id, orjson.dumps(body)))
        for envelope, subject in (("e-1", "s-1"), ("e-2", "s-2"), ("e-of-nobody", None)):
            db.execute(
                "INSERT INTO handover (envelope_id, message_id, recipient, system, lane, lane_seq, state, sha256,"
                " subject_ref, attempts, due_at, return_at) VALUES (?, ?, '', '', '', 1, '', '', ?, 0, '', '')",
                (envelope, envelope, subject),
            )
        db.commit()

    migrate(path)

    about = ask(path, "SELECT subject_ref, entry_id FROM audit_about ORDER BY entry_id")
    assert about[:3] == [("s-1", "1"), ("s-1", "2"), ("s-2", "3")]
    assert about[3:] == [("s-3", entry_id) for entry_id in many]


def test_step_0008_keeps_what_writers_had_said_and_gives_an_open_referral_a_day(path, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(STEPS, before)
    for file in (before / "versions").glob("v[0-9]*.py"):
        if file.name >= "v0008":
            file.unlink()
    migrate(path, before)
    columns = "number, lane, lane_seq, back_lane, back_seq, sender, sender_system, sender_key, recipient"
    columns += ", recipient_system, service, subject_ref, consent_id, state, version, body"
    said = '{"S":"2026-05-01T10:00:00+00:00"}'
    with closing(sqlite3.connect(path)) as db:
        for number, state in (("R1", "requested"), ("R2", "declined")):
            values = (number, "l", 1, "b", 0, "harbour", "harbour-cms", f"/{number}", "lakeside", "lakeside-cms")
            marks = ", ".join("?" * 16)
            db.execute(f"INSERT INTO referral ({columns}) VALUES ({marks})", (*values, "w", "s", None, state, 1, said))
            at = "2026-05-01T10:00:00.000000+00:00"
            db.execute(
                "INSERT INTO referral_event (number, version, transition, state, writer, implied, at)"
                " VALUES (?, 1, 'T1', ?, 'S', 0, ?)",
                (number, state, at),
            )
        db.commit()

    migrate(path)

    rows = dict(ask(path, "SELECT number, due_at FROM referral"))
    assert rows == {"R1": "2026-07-30T10:00:00.000000+00:00", "R2": None}
    ((body,),) = ask(path, "SELECT body FROM referral WHERE number = 'R1'")
    assert orjson.loads(body) == {"modified": {"S": "2026-05-01T10:00:00+00:00"}}


def test_step_0009_says_when_a_referral_moved_last(path, tmp_path):
    migrate(path, steps_before(tmp_path, "0009"))
    columns = "number, lane, lane_seq, back_lane, back_seq, sender, sender_system, sender_key, recipient"
    columns += ", recipient_system, service, subject_ref, consent_id, state, version, body"
    with closing(sqlite3.connect(path)) as db:
        for number in ("R1", "R2"):
            values = (number, "l", 1, "b", 0, "harbour", "harbour-cms", f"/{number}", "lakeside", "lakeside-cms")
            more = ("w", "s", None, "accepted", 2, '{"modified":{}}')
            db.execute(f"INSERT INTO referral ({columns}) VALUES ({', '.join('?' * 16)})", (*values, *more))
        for version, day in ((1, "01"), (2, "03")):
            db.execute(
                "INSERT INTO referral_event (number, version, transition, state, writer, implied, at)"
                " VALUES ('R1', ?, 'T1', 'accepted', 'S', 0, ?)",
                (version, f"2026-05-{day}T10:00:00.000000+00:00"),
            )
        db.commit()

    migrate(path)

    rows = dict(ask(path, "SELECT number, moved_at FROM referral"))
    assert rows == {"R1": "2026-05-03T10:00:00.000000+00:00", "R2": None}


def test_step_0012_finds_whom_the_consents_that_are_there_name(path, tmp_path):
    migrate(path, steps_before(tmp_path, "0012"))
    columns = "consent_id, version, subject_ref, current, state, registry_seq, source_system, source_key, read_as, body"
    versions = [("c-1", 1, ["lakeside", "cedar"]), ("c-1", 2, ["lakeside"]), ("c-2", 1, [])]
    with closing(sqlite3.connect(path)) as db:
        for name, version, recipients in versions:
            body = {"discloser": "harbour", "recipients": [{"agency": each, "worker": None} for each in recipients]}
            values = (name, version, "s", 1, "ACTIVE", 1, "harbour-cms", name, "1", orjson.dumps(body).decode())
            db.execute(f"INSERT INTO consent ({columns}) VALUES ({', '.join('?' * 10)})", values)
        db.commit()

    migrate(path)

    assert ask(path, "SELECT consent_id, agency FROM consent_party ORDER BY 1, 2") == [
        ("c-1", "cedar"),
        ("c-1", "harbour"),
        ("c-1", "lakeside"),
        ("c-2", "harbour"),
    ]


def test_tables_that_no_hub_has_made_are_refused(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE agency (id TEXT)")

    with pytest.raises(Refused, match="name another data folder"):
        migrate(path)

    assert ask(path, "SELECT name FROM sqlite_master") == [("agency",)]


def test_an_empty_file_has_no_version_and_is_not_opened(path):
    path.touch()
    database = SqliteDatabase(path)

    with pytest.raises(Refused, match="no version"):
        require_current(database)

    database.close()
