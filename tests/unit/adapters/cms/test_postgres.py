"""A CMS on PostgreSQL alone: types of columns, rights, encodings, and what of a server's words is never repeated."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.cms.record import parse
from adapters.cms.source import CmsSource, connect
from adapters.cms.sql import NEEDED
from adapters.cms.views import VIEWS
from adapters.contract import Parcel, Raw, Sent, SentState
from hub.errors import RecordUnreadable, Unavailable
from tests import cms_builder as cms
from tests import cms_postgres
from tests.contract.source import Memory, drain, keys, nothing
from tests.services.postgres import PostgresAt

from .conftest import ON_POSTGRES
from .test_source import content, family, reject, settled

pytestmark = ON_POSTGRES

MARK = "Zyxwvut"
UCI = {"https://hub.example.org/id/uci": "1100000001"}
PARCEL = Parcel("e-1", "referral", b'{"client":[]}', "K7QM2XWBR4TD")


def show(db: Any, view: str, **columns: str) -> None:
    """The agency shows some columns of a view otherwise: by an expression over what it showed before."""
    before = f"{view}_before"
    db.execute(f"ALTER VIEW {view} RENAME TO {before}")
    names = [column[0] for column in db.execute(f"SELECT * FROM {before}").description]
    shown = ", ".join(f"{columns.get(name, name)} AS {name}" for name in names)
    db.execute(f"CREATE VIEW {view} AS SELECT {shown} FROM {before}")


def said(error: BaseException) -> str:
    """All that a log could show of an error, its causes too."""
    return "".join(traceback.format_exception(error, limit=0))


# -- types


def test_typed_columns_are_read_as_those_of_sqlite_are(db, source):
    family(db, interpreter_needed=1)
    cms.update(db, "consent", 1, declined=0)

    referral, consent = map(content, source.refetch(["referral_out:1", "consent:1"]))

    assert referral["sent_at"] == cms.SAVED_AT
    assert referral["client"][0]["interpreter_needed"] == 1
    assert referral["client"][0]["birth_date"] == "1991-07-22"
    assert referral["client"][0]["country_of_origin"] == "NGA"
    assert (consent["not_condition"], consent["declined"]) == (1, 0)
    assert (consent["valid_from"], consent["captured_at"]) == ("2026-01-12", "2026-01-12 10:15:00")


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        pytest.param("TIMESTAMPTZ '2026-05-04 13:00:00.987+00'", "2026-05-04 09:00:00", id="summer, a fraction is cut"),
        pytest.param("TIMESTAMPTZ '2026-01-04 14:00:00+00'", "2026-01-04 09:00:00", id="winter"),
        pytest.param("TIMESTAMPTZ '2026-11-01 05:30:00+00'", "2026-11-01 01:30:00", id="case 62 the first 01:30"),
        pytest.param("TIMESTAMPTZ '2026-11-01 06:30:00+00'", "2026-11-01 01:30:00", id="case 62 the second 01:30"),
        pytest.param("TIMESTAMP '2026-05-04 09:00:00.5'", "2026-05-04 09:00:00", id="without a zone it is Toronto's"),
        pytest.param("TEXT '2026-05-04 09:00:00'", "2026-05-04 09:00:00", id="a text"),
    ],
)
def test_an_instant_is_read_as_toronto_time(db, source, stored, shown):
    family(db)
    show(db, "v_hub_referral_out", sent_at=stored, status_at=stored)

    (raw,) = source.refetch(["referral_out:1"])

    assert content(raw)["sent_at"] == shown
    assert parse(raw.key, raw.data).get("status_at") == shown


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"consent_id": "CAST(consent_id AS NUMERIC(12, 2))"}, id="a number with decimals, and whole"),
        pytest.param({"consent_id": "CAST(consent_id AS NUMERIC)"}, id="a number"),
        pytest.param({"worker": "CAST(worker AS CHAR(40))"}, id="a text filled with blanks"),
        pytest.param({"worker": "convert_to(worker, 'UTF8')"}, id="bytes"),
        pytest.param({"row_version": "CAST(row_version AS NUMERIC)"}, id="a version that is a number"),
    ],
)
def test_what_says_the_same_in_another_type_is_read_the_same(db, source, columns):
    family(db)
    cms.update(db, "referral", 1, consent_id=1)
    (before,) = source.refetch(["referral_out:1"])

    show(db, "v_hub_referral_out", **columns)

    (after,) = source.refetch(["referral_out:1"])
    assert parse(after.key, after.data) == parse(before.key, before.data)
    assert after.revision == before.revision


@pytest.mark.parametrize(
    ("column", "stored"),
    [
        ("consent_id", "CAST('1.5' AS NUMERIC)"),
        ("consent_id", "CAST('1e40' AS NUMERIC)"),
        ("consent_id", "CAST('NaN' AS DOUBLE PRECISION)"),
        ("consent_id", "CAST('Infinity' AS DOUBLE PRECISION)"),
        ("status_at", "CAST('infinity' AS TIMESTAMP)"),
        ("status_at", "CAST('-infinity' AS TIMESTAMPTZ)"),
        ("status_at", "CAST('0044-03-15 12:00:00 BC' AS TIMESTAMP)"),
        ("status_at", "CAST('20260-01-01 12:00:00' AS TIMESTAMP)"),
        ("status_at", "CAST('2026-05-04' AS DATE)"),
        ("urgency", "TRUE"),
        ("urgency", "7"),
    ],
)
def test_what_a_column_cannot_hold_refuses_its_record_by_the_field_and_the_page_goes_on(db, source, column, stored):
    family(db)
    show(db, "v_hub_referral_out", **{column: stored})

    referral, consent = source.refetch(["referral_out:1", "consent:1"])

    assert parse(consent.key, consent.data)
    with pytest.raises(RecordUnreadable, match=f"RF_REQUEST.{column}"):
        parse(referral.key, referral.data)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("CAST('{\"a\": 1}' AS JSONB)", '{"a": 1}'),
        ("ARRAY['a', 'b']", "{a,b}"),
        ("INTERVAL '1 day'", "1 day"),
        ("CAST('00000000-0000-0000-0000-000000000007' AS UUID)", "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_any_other_type_is_its_text(db, source, stored, shown):
    family(db)
    show(db, "v_hub_referral_out", urgency=stored)

    assert content(source.refetch(["referral_out:1"])[0])["urgency"] == shown


@pytest.mark.parametrize("safe", ["phone_safe", "CAST(phone_safe AS INTEGER)", "CAST(phone_safe AS TEXT)"])
def test_s11_a_channel_is_read_only_where_it_is_marked_safe_in_whatever_type(db, source, safe):
    family(db, phone="416-555-0101", phone_safe=1)
    family(db, phone="416-555-0102", phone_safe=0)
    family(db, phone="416-555-0103", phone_safe=None)
    show(db, "v_hub_client", phone_safe=safe)

    read = b"".join(raw.data for raw in drain(source)[0])

    assert [number for number in (b"555-0101", b"555-0102", b"555-0103") if number in read] == [b"555-0101"]


def test_case_63_text_that_is_no_utf8_is_taken_for_windows_1252(place, postgres: PostgresAt, tmp_path: Path, clock):
    """A database without an encoding holds what its programs wrote."""
    name = f"test_{secrets.token_hex(8)}"
    url = urlsplit(postgres.url)._replace(path=f"/{name}").geturl()
    postgres.run(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    cms_postgres.make_cms(url)
    source = connect(cms_postgres.settings(url, tmp_path), Memory(), clock.now)
    with cms_postgres.PostgresCms(url) as db:
        family(db)
        db.execute("UPDATE client SET city = E'Qu\\xe9bec', first_name = E'Am\\xc3\\xa9lie'")

    record = parse("referral_out:1", source.refetch(["referral_out:1"])[0].data)
    sent = source.send([replace(PARCEL, body='{"city":"Québec"}'.encode())] * 2, nothing)

    source.close()
    postgres.drop(url)
    assert [one.state for one in sent] == [SentState.ACKNOWLEDGED] * 2
    assert record.children["client"][0].get("city") == "Québec"
    assert record.children["client"][0].get("first_name") == "Amélie"


def test_a_message_takes_the_types_of_the_inbox_whatever_they_are(db, source, clock):
    clock.set(datetime(2026, 1, 15, 17, 0, tzinfo=UTC))
    source.send([replace(PARCEL, incomplete=True)], nothing)
    db.execute("SET TimeZone = 'America/Toronto'")
    db.execute("ALTER TABLE hub_inbox ALTER incomplete TYPE INTEGER USING CAST(incomplete AS INTEGER)")
    db.execute("ALTER TABLE hub_inbox ALTER received_at TYPE TIMESTAMPTZ, ALTER payload TYPE VARCHAR(1000)")

    source.send([replace(PARCEL, envelope_id="e-2")], nothing)

    db.execute("SET TimeZone = 'UTC'")
    rows = db.execute("SELECT incomplete, received_at FROM hub_inbox ORDER BY message_id").fetchall()
    assert rows == [(1, "2026-01-15 17:00:00+00"), (0, "2026-01-15 17:00:00+00")]


# -- rights


@dataclass
class Guest:
    """The hub's user, and the agency's administrator who gives it rights."""

    name: str
    source: CmsSource
    admin: Any

    def grant(self, *rights: str) -> None:
        for right in rights:
            self.admin.execute(f"GRANT {right} TO {self.name}")


@pytest.fixture
def guest(db, place, tmp_path: Path, clock) -> Iterator[Guest]:
    """A user who may log in and nothing else."""
    name, password = f"guest_{secrets.token_hex(6)}", secrets.token_hex(12)
    db.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC")
    db.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    file = tmp_path / "guest.password"
    file.touch(0o600)
    file.write_text(password)
    url = urlsplit(place.settings["url"])
    url = url._replace(netloc=f"{name}@{url.netloc.partition('@')[2]}")
    source = connect({"url": url.geturl(), "password_file": str(file)}, Memory(), clock.now)
    yield Guest(name, source, db)
    source.close()
    db.execute(f"DROP OWNED BY {name}")
    db.execute(f"DROP ROLE {name}")


ENOUGH = (f"SELECT ON {', '.join([*VIEWS, 'change_log', 'hub_inbox_error'])}", "SELECT, INSERT ON hub_inbox")


def test_the_rights_that_the_guide_names_are_enough(db, guest):
    guest.grant(*ENOUGH)
    family(db)
    reject(db, "e-0", "CONFLICT")

    page = guest.source.fetch("")
    sent = guest.source.send([replace(PARCEL, lookup=UCI)], nothing)
    wrong = [finding.place for finding in guest.source.check() if not finding.ok]

    assert keys(page.raws) == ["consent:1", "referral_out:1"]
    assert len(page.rejections) == 1
    assert sent == [Sent("e-1", SentState.ACKNOWLEDGED)]
    assert db.execute("SELECT client_id FROM hub_inbox").fetchone() == (1,)
    assert wrong == ["cms clock"]  # the hub's stands still here


def test_rights_by_column_are_enough_too(db, guest):
    for name, columns in NEEDED.items():
        guest.grant(f"SELECT ({', '.join(columns)}) ON {name}")
    guest.grant(f"INSERT ({', '.join(NEEDED['hub_inbox'])}) ON hub_inbox")
    family(db)

    assert keys(drain(guest.source)[0]) == ["consent:1", "referral_out:1"]
    assert guest.source.send([PARCEL], nothing)[0].state is SentState.ACKNOWLEDGED
    assert [finding.place for finding in guest.source.check() if not finding.ok] == ["cms clock"]


@pytest.mark.parametrize("name", NEEDED)
def test_each_right_that_lacks_is_found_by_check_and_said_by_whoever_needs_it(db, guest, name):
    guest.grant(*ENOUGH)
    right = "INSERT" if name == "hub_inbox" else "SELECT"
    db.execute(f"REVOKE {right} ON {name} FROM {guest.name}")
    family(db)
    cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED", client_id=1)
    cms.add_plan(db, 1)
    cms.add_note(db, 1)
    cms.add_word(db, cms.add_override(db, 1, "DOC-SELF", "hospital", {}), "w-900")

    wrong = [finding for finding in guest.source.check() if not finding.ok and finding.place != "cms clock"]
    with pytest.raises(Unavailable) as refused:
        guest.source.fetch("")
        guest.source.send([replace(PARCEL, lookup=UCI)], nothing)

    assert [(finding.place, finding.text) for finding in wrong] == [(f"cms {name}", f"the hub's user may not {right}")]
    assert wrong[0].next_step == f"GRANT {right} ON {name} to it"
    assert refused.value.got == "a right that the hub's user has not (42501)"
    assert guest.name not in said(refused.value)


def test_a_schema_that_is_closed_is_not_there(db, guest):
    guest.grant(*ENOUGH)
    db.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")

    wrong = [finding.text for finding in guest.source.check() if not finding.ok and finding.place != "cms clock"]

    assert wrong[: len(NEEDED)] == ["is not there"] * len(NEEDED)


# -- what is not repeated


def test_no_word_of_the_server_is_repeated_where_a_view_fails(db, source):
    family(db, last_name=MARK)
    show(db, "v_hub_referral_out", worker="CAST(CAST((SELECT MAX(last_name) FROM client) AS INTEGER) AS TEXT)")

    found, _ = drain(source)

    (fault,) = [one.fault for one in found if isinstance(one, Raw) and one.fault]
    assert "a value that cannot be told (22P02)" in fault
    assert MARK not in fault


@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
def test_a_trigger_of_the_agency_refuses_its_row_alone_even_one_that_waits_for_the_commit(db, source, when):
    db.execute(
        "CREATE FUNCTION fussy() RETURNS TRIGGER LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{MARK} is known here' USING ERRCODE = 'check_violation'; END $$"
    )
    db.execute(
        f"CREATE CONSTRAINT TRIGGER fussy AFTER INSERT ON hub_inbox DEFERRABLE INITIALLY {when}"
        " FOR EACH ROW WHEN (NEW.message_id = 'e-2') EXECUTE FUNCTION fussy()"
    )

    sent = source.send([replace(PARCEL, envelope_id=each) for each in ("e-1", "e-2", "e-3")], nothing)

    assert [one.code for one in sent] == ["", "CONSTRAINT", ""]
    assert len(db.execute("SELECT 1 FROM hub_inbox").fetchall()) == 2


def test_a_table_that_a_trigger_of_the_agency_does_not_find_is_no_fault_of_the_schema(db, source):
    db.execute(
        "CREATE FUNCTION lost() RETURNS TRIGGER LANGUAGE plpgsql AS"
        f" $$ BEGIN INSERT INTO {MARK} VALUES (1); RETURN NEW; END $$"
    )
    db.execute("CREATE TRIGGER lost AFTER INSERT ON hub_inbox FOR EACH ROW EXECUTE FUNCTION lost()")

    with pytest.raises(Unavailable) as failed:
        source.send([PARCEL], nothing)

    assert failed.value.got == "42P01"
    assert MARK.lower() not in said(failed.value).lower()
    db.execute("DROP TRIGGER lost ON hub_inbox")
    assert source.send([PARCEL], nothing)[0].state is SentState.ACKNOWLEDGED


def test_a_wrong_password_is_told_in_our_words(place, clock):
    file = Path(place.settings["password_file"])
    file.write_text(MARK)

    with pytest.raises(Unavailable) as refused:
        connect(place.settings, Memory(), clock.now).fetch("")

    assert refused.value.got == "another password than the user's"
    assert not [word for word in (MARK, "127.0.0.1", "postgres") if word in str(refused.value)]


def test_a_database_that_is_not_there_is_told_in_our_words(place, clock):
    settings = {**place.settings, "url": place.settings["url"].rpartition("/")[0] + f"/{MARK}"}

    with pytest.raises(Unavailable, match="no such database or user") as refused:
        connect(settings, Memory(), clock.now).fetch("")

    assert MARK not in said(refused.value)


# -- a guest behaves


def test_a_page_is_read_in_a_transaction_that_cannot_write_and_every_wait_has_an_end(db, place, clock):
    asked = ("transaction_isolation", "transaction_read_only", "lock_timeout", "statement_timeout",
             "idle_in_transaction_session_timeout", "TimeZone")  # fmt: skip
    source = connect({**place.settings, "busy_timeout_ms": 70}, Memory(), clock.now)
    engine = source._database._engine

    with source._database.reading():
        found = [engine.rows("x", f"SHOW {name}")[0][0] for name in asked]
    source.close()

    assert found == ["repeatable read", "on", "70ms", "15s", "30s", "America/Toronto"]


def test_a_transaction_that_was_left_open_is_not_gone_on_with(db, source):
    family(db)
    source._database.begin()
    source._database.insert(("e-0", "referral", None, None, None, "{}", 0, cms.SAVED_AT))

    assert keys(drain(source)[0]) == ["consent:1", "referral_out:1"]
    assert source.send([PARCEL], nothing) == [Sent("e-1", SentState.ACKNOWLEDGED)]
    assert db.execute("SELECT message_id FROM hub_inbox").fetchall() == [("e-1",)]


def test_views_may_stand_in_a_schema_of_their_own_that_the_url_names(db, place, clock):
    family(db)
    db.execute("CREATE SCHEMA hub")
    for name in NEEDED:
        db.execute(f"ALTER TABLE {name} SET SCHEMA hub")
    settings = {**place.settings, "url": f"{place.settings['url']}?options=-csearch_path%3Dhub"}
    source = connect(settings, Memory(), clock.now)

    found = keys(source.refetch(["referral_out:1"]))
    wrong = [finding.place for finding in source.check() if not finding.ok]
    source.close()

    assert found == ["referral_out:1"]
    assert wrong == ["cms clock"]


def test_nothing_of_the_hub_stays_open_between_two_steps(db, source):
    family(db)
    settled(source)
    source.send([PARCEL], nothing)
    source.check()

    states = db.execute(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hub'"
    )
    assert states.fetchall() == [("idle",)]


def test_check_names_the_version_and_whether_others_can_read_along(source):
    about = source.check()[0]

    assert about.ok
    assert about.text.startswith("answers; PostgreSQL ")
    assert "sslmode" in about.next_step or "no TLS" not in about.text
