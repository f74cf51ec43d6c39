"""Reading a CMS (program systems 9.2): what is nested, what is re-read, gaps, jumps, sweeps, and a sick database.

On either engine, where nothing else is said.
"""

from __future__ import annotations

from datetime import date, timedelta

import orjson
import pytest

from adapters.cms.changes import Cursor
from adapters.cms.record import parse
from adapters.cms.source import connect
from adapters.contract import FollowUp, Gone, Raw, Rejection
from hub.errors import RecordUnreadable, Unavailable
from tests import cms_builder as cms
from tests.contract.source import Memory, drain, keys

from .conftest import ON_SQLITE

MARK = "Zyxwvut"


def family(db, **fields):
    """A client with an identifier, a language result, a consent and a referral; their numbers."""
    client = cms.add_client(db, **fields)
    return {
        "client": client,
        "identifier": cms.add_identifier(db, client),
        "language": cms.add_language(db, client),
        "consent": cms.add_consent(db, client),
        "referral": cms.add_referral(db, client),
    }


def swept(cursor: str) -> str:
    """The same place, with the night's comparison due."""
    return Cursor.read(cursor).sweeping(full=False).text()


def settled(source):
    """The cursor once everything there is has been fetched and stored."""
    cursor = drain(source)[1]
    return source.fetch(cursor).cursor


def content(raw):
    return orjson.loads(raw.data)


# -- what a record holds


def test_a_referral_comes_with_client_identifiers_language_and_case_and_without_any_row_version(db, source):
    family(db)

    (raw,) = source.refetch(["referral_out:1"])

    row = content(raw)
    assert raw.revision == "1"
    assert row["client"][0]["identifier"][0]["type"] == "UCI"
    assert row["client"][0]["language"][0]["assessed_on"] == "2026-03-02"
    assert row["case"] == [{"case_id": 1, "program": "NEWCOMER", "status": "OPEN"}]
    assert b"row_version" not in raw.data


def test_a_consent_comes_with_its_client_and_identifiers_but_no_language_result(db, source):
    family(db)

    (raw,) = source.refetch(["consent:1"])

    assert set(content(raw)["client"][0]) >= {"birth_date", "identifier"}
    assert "language" not in content(raw)["client"][0]


def test_s11_a_channel_that_is_not_marked_safe_does_not_leave_the_database(db, source):
    family(db, phone="416-555-0101", phone_safe=None, email="amara@mail.example", email_safe=0)

    found, _ = drain(source)

    assert not [raw for raw in found if b"555-0101" in raw.data or b"amara@mail" in raw.data]


def test_a_channel_that_is_marked_safe_does(db, source):
    family(db, phone="416-555-0101", phone_safe=1)

    assert b"416-555-0101" in source.refetch(["referral_out:1"])[0].data


def test_case_27_a_confidential_address_does_not_leave_the_database(db, source):
    family(db, address_line="1 Hidden Lane", postal_code="M4Y 1A1", address_confidential=1)

    found, _ = drain(source)

    assert found
    assert not [raw for raw in found if b"Hidden" in raw.data or b"M4Y" in raw.data or b"Toronto" in raw.data]


def test_case_38_nothing_of_an_anonymous_client_leaves(db, source):
    family(db, is_anonymous=1, last_name="Walkin")

    found, _ = drain(source)

    assert not [one for one in found if isinstance(one, Raw)]


def test_case_38_who_becomes_anonymous_is_gone(db, source):
    row = family(db)
    cursor = settled(source)

    cms.update(db, "client", row["client"], is_anonymous=1)

    assert drain(source, cursor)[0] == [Gone("consent:1"), Gone("case:1"), Gone("referral_out:1")]


@ON_SQLITE
def test_case_63_text_of_an_old_column_in_windows_1252_is_read(db, source):
    client = family(db)["client"]
    db.execute("UPDATE client SET city = CAST(x'5175e9626563' AS TEXT), first_name = x'416d656c6965'")

    record = parse("referral_out:1", source.refetch([f"referral_out:{client}"])[0].data)

    assert record.children["client"][0].get("city") == "Québec"
    assert record.children["client"][0].get("first_name") == "Amelie"


def test_a_referral_whose_view_shows_no_client_is_unreadable_and_its_neighbour_is_not(db, source):
    family(db)
    family(db)
    db.execute("DROP VIEW v_hub_client")
    db.execute("CREATE VIEW v_hub_client AS SELECT * FROM client WHERE client_id = 2")

    first, second = source.refetch(["referral_out:1", "referral_out:2"])

    with pytest.raises(RecordUnreadable, match="0 rows"):
        parse(first.key, first.data)
    assert parse(second.key, second.data).get("referral_id") == "2"


# -- what is read again


def test_consents_of_a_page_come_first_the_rest_by_the_log(db, source):
    client = cms.add_client(db)
    first, second = cms.add_referral(db, client), cms.add_referral(db, client, "northside")
    answer = cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED", client_id=client)
    consent = cms.add_consent(db, client)

    assert keys(drain(source)[0]) == [
        f"consent:{consent}",
        f"referral_out:{first}",
        f"referral_out:{second}",
        f"referral_in:{answer}",
    ]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        pytest.param(
            "UPDATE client SET birth_date = '1991-07-23'",
            ["consent:1", "referral_out:1"],
            id="case 14 a birth date corrected",
        ),
        pytest.param(
            "INSERT INTO client_identifier (client_id, type, value) VALUES (1, 'HARTS', '00001234')",
            ["consent:1", "referral_out:1"],
            id="case 19 a number that arrives",
        ),
        pytest.param("DELETE FROM client_identifier", ["consent:1", "referral_out:1"], id="a number that was wrong"),
        pytest.param(
            "UPDATE client SET merged_into_client_id = 2 WHERE client_id = 1",
            ["consent:1", "referral_out:1"],
            id="case 24 a merge is an event",
        ),
        pytest.param("UPDATE language_result SET reading = '6'", ["referral_out:1"], id="a language result"),
        pytest.param(
            "UPDATE case_file SET status = 'CLOSED', closed_on = '2026-05-20'",
            ["case:1", "referral_out:1"],
            id="a case that closes",
        ),
        pytest.param("UPDATE case_file SET status = 'ON_HOLD'", ["referral_out:1"], id="a case that rests"),
        pytest.param("UPDATE consent SET withdrawn_at = '2026-05-04'", ["consent:1"], id="case 57 a withdrawal"),
        pytest.param(
            "INSERT INTO client (client_id, file_no, last_name) VALUES (9, '2026-9', 'Ng')", [], id="a stranger"
        ),
    ],
)
def test_a_change_brings_again_the_records_that_hold_it(db, source, change, again):
    family(db)
    cms.add_client(db)
    cursor = settled(source)

    db.execute(change)

    found, _ = drain(source, cursor)
    assert keys(found) == again
    assert all(isinstance(one, Raw) for one in found)


def test_a_change_of_what_is_nested_changes_the_bytes_and_not_the_revision(db, source):
    family(db)
    (before,) = source.refetch(["referral_out:1"])

    cms.update(db, "client", 1, city="Ottawa")

    (after,) = source.refetch(["referral_out:1"])
    assert after.revision == before.revision
    assert after.data != before.data


def test_a_row_that_was_saved_without_a_change_has_equal_bytes_and_another_revision(db, source):
    family(db)
    (before,) = source.refetch(["referral_out:1"])

    cms.update(db, "referral", 1, urgency=None)

    (after,) = source.refetch(["referral_out:1"])
    assert (after.revision, after.data) == ("2", before.data)


class BusyAgency(Memory):
    """While the adapter remembers something in the middle of a page, a worker saves."""

    def __init__(self, save):
        super().__init__()
        self._save = save

    def put(self, key, value):
        self._save()
        super().put(key, value)


def test_a_page_is_one_picture_whatever_is_saved_while_it_is_read(db, place, clock):
    family(db)
    cms.update(db, "client", 1, city="Ottawa")
    db.execute("DELETE FROM change_log WHERE seq = 7")
    cms.update(db, "client", 1, city="Guelph")
    busy = BusyAgency(lambda: db.execute("DELETE FROM client_identifier"))

    source = connect(place.settings, busy, clock.now)
    page = source.fetch("")
    source.close()

    assert busy, "the worker never came"
    assert [content(raw)["client"][0]["identifier"][0]["identifier_id"] for raw in page.raws] == [1, 1]


def test_a_long_log_comes_in_pages_and_every_record_once(db, source):
    for _ in range(300):
        family(db)

    first = source.fetch("")
    found, _ = drain(source)

    assert len(first.raws) < 500
    assert len(found) == len(set(keys(found))) == 600


# -- gaps


@pytest.fixture
def gap(db, source):
    """A settled log, then a consent whose entry is not to be seen yet, and a referral behind it; the cursor."""
    client = cms.add_client(db)
    cms.add_case(db, client)
    cursor = settled(source)
    cms.add_consent(db, client)
    db.execute("CREATE TABLE held AS SELECT * FROM change_log WHERE table_name = 'v_hub_consent'")
    db.execute("DELETE FROM change_log WHERE table_name = 'v_hub_consent'")
    cms.add_referral(db, client)
    return cursor


def appears(db):
    db.execute("INSERT INTO change_log SELECT * FROM held")


def test_what_stands_behind_a_gap_waits_sixty_seconds_and_the_wait_survives_a_restart(
    db, gap, source, new_source, clock
):
    assert source.fetch(gap).raws == ()
    clock.advance(timedelta(seconds=59))
    assert new_source().fetch(gap).raws == ()
    clock.advance(timedelta(seconds=1))

    page = new_source().fetch(gap)

    assert keys(page.raws) == ["referral_out:1"]
    assert page.problems == ("change_log: 3 to 3 missing, passed after 60 s",)


def test_a_gap_that_closes_in_time_is_no_problem_and_nothing_is_out_of_order(db, gap, source):
    source.fetch(gap)
    appears(db)

    page = source.fetch(gap)

    assert keys(page.raws) == ["consent:1", "referral_out:1"]
    assert page.problems == ()


def passed(source, clock, cursor):
    source.fetch(cursor)
    clock.advance(timedelta(seconds=60))
    return source.fetch(cursor).cursor


def test_an_entry_that_turns_up_within_a_day_is_taken_once(db, gap, source, clock):
    cursor = passed(source, clock, gap)
    clock.advance(timedelta(hours=23, minutes=59))
    appears(db)

    late = source.fetch(cursor)

    assert keys(late.raws) == ["consent:1"]
    assert source.fetch(cursor).raws == late.raws, "not settled yet, and lost"
    assert drain(source, late.cursor)[0] == []


def test_after_a_day_a_gap_is_asked_for_no_more_and_the_nightly_sweep_has_found_the_row(db, gap, source, clock):
    cursor = passed(source, clock, gap)
    clock.advance(timedelta(hours=24))

    found, cursor = drain(source, cursor)

    assert keys(found) == ["consent:1", "referral_out:1"], "every row, since nobody knows what the gap hid"
    assert "gaps" not in cursor


def test_a_wide_hole_makes_every_row_be_read_again(db, place, source, clock):
    family(db)
    cursor = settled(source)
    db.execute("INSERT INTO consent (client_id) VALUES (1)")
    place.skip_numbers(db, 5000)
    db.execute("DELETE FROM change_log WHERE seq > 6")
    cms.update(db, "referral", 1, urgency="asap")
    source.fetch(cursor)
    clock.advance(timedelta(seconds=60))

    found, _ = drain(source, cursor)

    assert keys(found) == ["consent:1", "consent:2", "referral_out:1"]


def test_a_change_beneath_a_row_that_a_hole_hid_is_found_at_night(db, source, clock):
    family(db)
    cursor = settled(source)
    db.execute("UPDATE client_identifier SET value = '99887766' WHERE client_id = 1")
    db.execute("DELETE FROM change_log WHERE seq > 3")
    cms.update(db, "referral", 1, urgency="asap")
    cursor = source.fetch(cursor).cursor
    clock.advance(timedelta(seconds=61))
    _, cursor = drain(source, cursor)
    clock.advance(timedelta(hours=23))

    found, _ = drain(source, cursor)

    assert "consent:1" in keys(found)


# -- jumps and sweeps


def test_a_log_that_jumps_back_is_a_problem_and_every_row_is_read_again(db, source):
    family(db)
    cms.update(db, "referral", 1, urgency="asap")
    cursor = settled(source)
    db.execute("DELETE FROM change_log WHERE seq > 3")

    page = source.fetch(cursor)

    assert page.problems == ("change_log: ends at 3, before 7: restored or cut; all rows are read again",)
    assert keys(page.raws) == ["consent:1", "referral_out:1"]
    assert drain(source, page.cursor)[0] == [], "once is enough"


def test_after_a_jump_a_row_that_the_restored_database_has_not_is_gone(db, source):
    family(db)
    cursor = settled(source)
    db.execute("DELETE FROM referral")
    db.execute("DELETE FROM change_log WHERE seq > 2")

    assert drain(source, cursor)[0][1] == Gone("referral_out:1")


def test_a_first_fetch_whose_log_does_not_reach_back_reads_the_rows(db, source):
    family(db)
    db.execute("DELETE FROM change_log")

    found, cursor = drain(source)

    assert keys(found) == ["consent:1", "referral_out:1"]
    assert drain(source, cursor)[0] == []


@ON_SQLITE
def test_a_database_that_was_replaced_under_the_open_connection_is_read_anew(db, path, source, tmp_path):
    family(db)
    cursor = settled(source)
    other = tmp_path / "restored.sqlite"
    cms.make_cms(other)
    restored = cms.connect(other)
    cms.add_consent(restored, cms.add_client(restored))
    restored.close()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)

    other.rename(path)

    page = source.fetch(cursor)
    assert page.problems
    assert page.raws[1] == Gone("referral_out:1")


def changed_behind_the_log(place, db):
    """Rows that change while the agency's triggers are off."""
    place.drop_trigger(db, "consent_logged_u", "consent")
    place.drop_trigger(db, "referral_logged_d", "referral")
    cms.update(db, "consent", 2, withdrawn_at="2026-05-04")
    db.execute("DELETE FROM referral WHERE referral_id = 3")


def test_at_night_row_versions_are_compared_and_what_the_log_did_not_say_is_found(db, place, source, clock):
    for _ in range(3):
        family(db)
    cursor = settled(source)
    changed_behind_the_log(place, db)
    assert drain(source, cursor)[0] == []

    clock.advance(timedelta(hours=14))  # past midnight in Toronto

    found, cursor = drain(source, cursor)
    assert keys(found) == ["consent:2", "referral_out:3"]
    assert found[1] == Gone("referral_out:3")
    assert drain(source, cursor)[0] == []


def test_a_sweep_can_be_asked_for_and_survives_a_restart_and_never_loses_what_was_not_settled(
    db, place, source, new_source
):
    for _ in range(3):
        family(db)
    cursor = swept(settled(source))
    changed_behind_the_log(place, db)

    first = source.fetch(cursor)

    assert keys(first.raws) == ["consent:2", "referral_out:3"]
    assert new_source().fetch(cursor).raws == first.raws


def test_a_sweep_of_many_rows_comes_in_pages_and_ends(db, source):
    client = cms.add_client(db)
    db.execute("BEGIN")
    for number in (*range(1, 1500), 900_000):
        cms.add_consent(db, client, consent_id=number)
    db.execute("COMMIT")
    db.execute("DELETE FROM change_log")

    first = source.fetch("")
    found, _ = drain(source)

    assert len(first.raws) < 1500
    assert len(found) == len(set(keys(found))) == 1500


def test_the_adapters_memory_holds_numbers_alone(db, source, memory):
    family(db, last_name="Zyxwvut")
    settled(source)

    assert memory["seen:consent:0"] == '{"1":"1"}'
    assert "Zyxwvut" not in str(memory)
    assert "pending" not in memory


# -- values that no column of ours holds


@ON_SQLITE
@pytest.mark.parametrize("version", [MARK, "7", 2.5, 9e999, b"\x07"])
def test_c2_a_row_version_that_is_no_whole_number_is_not_the_revision(db, source, memory, version):
    number = cms.add_referral(db, cms.add_client(db))
    cms.update(db, "referral", number, row_version=version)

    (raw,) = source.refetch([f"referral_out:{number}"])
    cursor = settled(source)

    assert raw.revision == ("7" if version == "7" else "")  # the column itself makes a number of "7"
    assert MARK not in str((cursor, dict(memory)))


@ON_SQLITE
def test_c2_a_row_without_a_version_comes_again_with_every_sweep(db, source):
    number = cms.add_referral(db, cms.add_client(db))
    cms.update(db, "referral", number, row_version=MARK)
    cursor = settled(source)

    page = source.fetch(swept(cursor))

    assert [raw.key for raw in page.raws] == [f"referral_out:{number}"]


@ON_SQLITE
@pytest.mark.parametrize("value", [9e999, -9e999, 0.0, 1.5])
def test_c3_a_withdrawal_that_is_a_number_is_heard(db, source, value):
    number = cms.add_consent(db, cms.add_client(db), withdrawn_at=value)

    (raw,) = source.refetch([f"consent:{number}"])

    assert parse(raw.key, raw.data).get("withdrawn_at")


@ON_SQLITE
@pytest.mark.parametrize("column", ["declined", "valid_from", "captured_at", "not_condition"])
def test_c3_an_infinity_in_any_other_column_is_no_silence(db, source, column):
    number = cms.add_consent(db, cms.add_client(db), **{column: 9e999})

    (raw,) = source.refetch([f"consent:{number}"])

    with pytest.raises(RecordUnreadable, match=f"CONSENT.{column}"):
        parse(raw.key, raw.data)


# -- rejections


def reject(db, message_id, code, detail=None):
    db.execute(
        "INSERT INTO hub_inbox_error (message_id, code, detail_code, occurred_at) VALUES (?, ?, ?, ?)",
        (message_id, code, detail, cms.SAVED_AT),
    )


def test_what_the_system_could_not_apply_is_read_once_as_codes(db, source):
    reject(db, "e-1", "CONFLICT", "ROW_VERSION")
    reject(db, "e-2", "UNKNOWN_CLIENT")

    page = source.fetch("")

    assert page.rejections == (Rejection("e-1", "CONFLICT"), Rejection("e-2", "UNKNOWN_CLIENT"))
    assert source.fetch(page.cursor).rejections == ()


@pytest.mark.parametrize("said", ["Amara has moved", "AMARA", "HIV_POSITIVE", "", 7, 9e999, b"\xff\x00"])
def test_b3_a_code_of_no_list_is_not_repeated_and_a_detail_never(db, source, said):
    reject(db, "e-1", said, "TREMBLAY")

    assert source.fetch("").rejections == (Rejection("e-1", "UNREADABLE"),)


@ON_SQLITE
def test_b3_a_rejection_that_names_no_message_is_passed_over_and_its_neighbour_is_read(db, source):
    reject(db, b"\x00", "CONFLICT")
    reject(db, "e-2", "CONFLICT")

    page = source.fetch("")

    assert page.rejections == (Rejection("e-2", "CONFLICT"),)
    assert source.fetch(page.cursor).rejections == ()


def test_errors_that_were_cut_are_a_problem_and_are_read_again(db, source):
    reject(db, "e-1", "CONFLICT")
    reject(db, "e-2", "CONFLICT")
    cursor = settled(source)
    db.execute("DELETE FROM hub_inbox_error WHERE seq = 2")

    page = source.fetch(cursor)

    assert len(page.problems) == 1
    assert [one.envelope_id for one in page.rejections] == ["e-1"]


# -- a sick database


def test_a_missing_column_is_named_with_its_view_and_a_second_try_works(db, source):
    family(db)
    db.execute("DROP VIEW v_hub_language")
    db.execute("CREATE VIEW v_hub_language AS SELECT language_id, row_version, client_id, kind FROM language_result")

    with pytest.raises(Unavailable) as lacking:
        source.fetch("")

    assert lacking.value.where == "cms v_hub_language"
    assert "assessed_on" in lacking.value.got
    assert ("cms v_hub_language", False) in [(finding.place, finding.ok) for finding in source.check()]

    db.execute("DROP VIEW v_hub_language")
    db.execute("CREATE VIEW v_hub_language AS SELECT * FROM language_result")
    assert keys(drain(source)[0]) == ["consent:1", "referral_out:1"]


def test_a_missing_view_is_named(db, source):
    db.execute("DROP VIEW v_hub_consent")

    with pytest.raises(Unavailable, match="cms v_hub_consent: got no such view"):
        source.refetch(["consent:1"])


@ON_SQLITE
def test_a_log_entry_that_names_no_row_is_a_problem_and_its_neighbours_go_on(db, source):
    family(db)
    db.execute("INSERT INTO change_log (table_name, row_id, op) VALUES ('v_hub_consent', 'Amara', 'U')")

    page = source.fetch("")

    assert keys(page.raws) == ["consent:1", "referral_out:1"]
    assert page.problems == ("change_log: 7 names no row",)


def test_a_file_that_is_no_database_is_unavailable(tmp_path, clock):
    path = tmp_path / "cms.sqlite"
    path.write_bytes(b"Amara" * 500)

    with pytest.raises(Unavailable) as refused:
        connect({"path": str(path)}, Memory(), clock.now).fetch("")

    assert "Amara" not in str(refused.value)


def test_a_database_that_is_not_there_is_not_made(tmp_path, clock):
    source = connect({"path": str(tmp_path / "none.sqlite")}, Memory(), clock.now)

    with pytest.raises(Unavailable):
        source.fetch("")

    assert list(tmp_path.iterdir()) == []


# -- follow-ups that are still to be made


def test_follow_ups_are_those_of_a_span_that_nobody_has_made_of_clients_who_are_alive(db, source):
    client, dead = cms.add_client(db), cms.add_client(db, deceased_date="2026-04-01")
    for day in ("2026-05-01", "2026-05-02", "2026-05-04", "2026-05-05"):
        cms.add_follow_up(db, client, due_on=day, done_on=None)
    cms.add_follow_up(db, client, due_on="2026-05-03")
    cms.add_follow_up(db, dead, due_on="2026-05-03", done_on=None)

    found = source.follow_ups(date(2026, 5, 2), date(2026, 5, 4))

    assert found == [FollowUp("follow_up:2", date(2026, 5, 2)), FollowUp("follow_up:3", date(2026, 5, 4))]


def test_follow_ups_of_a_database_that_is_away_are_not_said_to_be_none(place, db, source):
    cms.add_follow_up(db, cms.add_client(db), done_on=None)
    db.execute("DROP VIEW v_hub_follow_up")

    with pytest.raises(Unavailable):
        source.follow_ups(date(2026, 1, 1), date(2026, 12, 31))
