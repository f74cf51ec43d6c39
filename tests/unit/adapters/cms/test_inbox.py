"""Writing to hub_inbox (program systems 9.2): idempotent, each row on its own feet, nothing half-written."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from adapters.contract import Parcel, Sent, SentState
from hub.errors import Unavailable
from hub.model.canonical import canonical
from tests import cms_builder as cms
from tests.contract.source import nothing

from .conftest import ON_SQLITE

UCI = "https://hub.example.org/id/uci"
HARTS = "https://hub.example.org/id/harts"
BODY = canonical({"client": [{"birth_date": "1991-07-22", "last_name": "Okonkwo"}], "hub_referral_no": "K7QM2XWBR4TD"})


def parcel(envelope_id="e-1", body=BODY, **fields):
    return Parcel(envelope_id, "referral", body, "K7QM2XWBR4TD", **fields)


def inbox(db):
    return [row[0] for row in db.execute("SELECT message_id FROM hub_inbox ORDER BY message_id")]


def found(db):
    return db.execute("SELECT client_id, base_row_version FROM hub_inbox").fetchone()


def test_a_message_stands_in_the_inbox_as_it_was_sent_at_toronto_time(db, source, clock):
    clock.set(datetime(2026, 11, 1, 6, 30, tzinfo=UTC))  # case 62: half past one, for the second time

    source.send([parcel(incomplete=True)], nothing)

    row = db.execute(
        "SELECT message_id, kind, hub_referral_no, payload, incomplete, received_at, applied_at FROM hub_inbox"
    )
    assert row.fetchall() == [("e-1", "referral", "K7QM2XWBR4TD", BODY.decode(), 1, "2026-11-01 01:30:00", None)]


def test_another_message_under_a_known_id_fails_and_the_first_stands(db, source):
    source.send([parcel()], nothing)

    sent = source.send([parcel(body=b'{"status":"X"}'), parcel("e-2")], nothing)

    assert sent == [Sent("e-1", SentState.FAILED, "DUPLICATE"), Sent("e-2", SentState.ACKNOWLEDGED)]
    assert db.execute("SELECT payload FROM hub_inbox WHERE message_id = 'e-1'").fetchone() == (BODY.decode(),)


def test_the_same_message_twice_in_one_batch_is_one_message(db, source):
    sent = source.send([parcel(), parcel()], nothing)

    assert [one.state for one in sent] == [SentState.ACKNOWLEDGED] * 2
    assert inbox(db) == ["e-1"]


def test_a_row_that_the_database_refuses_does_not_fail_its_neighbours_and_its_text_is_not_repeated(db, place, source):
    place.refuse(db, "NEW.message_id = 'e-2'", "Amara is known here")

    sent = source.send([parcel("e-1"), parcel("e-2"), parcel("e-3")], nothing)

    assert sent[1] == Sent("e-2", SentState.FAILED, "CONSTRAINT")
    assert inbox(db) == ["e-1", "e-3"]


@ON_SQLITE
def test_a_refused_row_that_leaves_half_of_its_own_work_behind_is_undone(db, source):
    db.execute(
        "CREATE TRIGGER fussy AFTER INSERT ON hub_inbox WHEN NEW.message_id = 'e-2'"
        " BEGIN SELECT RAISE(FAIL, 'Amara is known here'); END"
    )

    sent = source.send([parcel("e-1"), parcel("e-2"), parcel("e-3")], nothing)

    assert sent[1] == Sent("e-2", SentState.FAILED, "CONSTRAINT")
    assert inbox(db) == ["e-1", "e-3"]


def test_a_batch_of_which_nothing_can_be_written_is_not_committed(db, source):
    source.send([parcel()], nothing)

    def commit():
        raise AssertionError("there is nothing to commit")

    assert source.send([parcel(body=b"{}")], commit) == [Sent("e-1", SentState.FAILED, "DUPLICATE")]


# -- whose is it


def client_with(db, value="11-0000-0001", kind="UCI", **fields):
    client = cms.add_client(db, **fields)
    cms.add_identifier(db, client, type=kind, value=value)
    return client


def test_case_20_the_client_is_found_by_a_number_with_or_without_hyphens(db, source):
    client = client_with(db)
    cms.update(db, "client", client, city="Ottawa")

    source.send([parcel(lookup={UCI: "1100000001"})], nothing)

    assert found(db) == (client, 2)


@pytest.mark.parametrize(
    ("rows", "lookup"),
    [
        pytest.param([], {UCI: "1100000001"}, id="nobody has the number"),
        pytest.param([{}], {}, id="the message has no number"),
        pytest.param([{}], {"https://hub.example.org/id/client": "1100000001"}, id="a number of another system"),
        pytest.param([{}], {HARTS: "1100000001"}, id="the same digits as another type"),
        pytest.param([{}, {}], {UCI: "1100000001"}, id="case 24 two clients have it"),
        pytest.param(
            [{}, {"kind": "HARTS", "value": "00000002"}], {UCI: "1100000001", HARTS: "00000002"}, id="two persons"
        ),
        pytest.param([{"birth_date": "1990-01-01"}], {UCI: "1100000001"}, id="another birth date"),
        pytest.param([{"is_anonymous": 1}], {UCI: "1100000001"}, id="case 38 an anonymous client"),
    ],
)
def test_a_client_who_is_not_certain_is_left_to_the_agencys_worker(db, source, rows, lookup):
    for row in rows:
        client_with(db, **row)

    source.send([parcel(lookup=lookup)], nothing)

    assert found(db) == (None, None)


def test_case_24_a_merged_client_is_the_one_who_is_left(db, source):
    left = cms.add_client(db)
    between = cms.add_client(db, merged_into_client_id=left)
    client_with(db, merged_into_client_id=between)

    source.send([parcel(lookup={UCI: "1100000001"})], nothing)

    assert found(db) == (left, 1)


def test_case_24_clients_merged_in_a_circle_are_nobody(db, source):
    client = client_with(db)
    cms.update(db, "client", client, merged_into_client_id=client)

    source.send([parcel(lookup={UCI: "1100000001"})], nothing)

    assert found(db) == (None, None)


# -- a sick database


def test_a_locked_database_is_unavailable_and_a_second_try_works(db, place, source):
    place.lock(db)
    with pytest.raises(Unavailable, match=r"somebody else has locked \((SQLITE_BUSY|55P03)\)"):
        source.send([parcel()], nothing)
    db.execute("ROLLBACK")

    assert source.send([parcel()], nothing)[0].state is SentState.ACKNOWLEDGED


@ON_SQLITE
def test_a_reader_who_holds_up_the_commit_leaves_nothing_written(db, path, source):
    db.execute("PRAGMA journal_mode = DELETE")
    reader = sqlite3.connect(path, isolation_level=None)

    def commit():
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM hub_inbox").fetchone()

    with pytest.raises(Unavailable, match="SQLITE_BUSY"):
        source.send([parcel()], commit)
    reader.close()

    assert inbox(db) == []
    assert source.send([parcel()], nothing)[0].state is SentState.ACKNOWLEDGED


@contextmanager
def disk_of(size_bytes):
    """No file of this process may grow beyond a size: what a full disk does to a writer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@ON_SQLITE
def test_a_full_disk_is_unavailable_leaves_nothing_and_a_second_try_works(db, path, source):
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size_bytes = path.stat().st_size
    big = canonical({"status": "x" * size_bytes})

    with disk_of(size_bytes), pytest.raises(Unavailable):
        source.send([parcel("e-1"), parcel("e-2", body=big)], nothing)

    assert inbox(db) == []
    assert source.send([parcel("e-1"), parcel("e-2", body=big)], nothing)[1].state is SentState.ACKNOWLEDGED


@ON_SQLITE
def test_a_commit_whose_outcome_cannot_be_seen_is_unknown_and_sent_again_it_is_there_once(db, path, source):
    away = path.with_suffix(".away")

    def commit():  # the file is replaced by one without an inbox, and the connection breaks off
        source._database.close()
        path.rename(away)

    assert source.send([parcel()], commit) == [Sent("e-1", SentState.UNKNOWN)]
    away.rename(path)

    assert source.send([parcel()], nothing)[0].state is SentState.ACKNOWLEDGED
    assert inbox(db) == ["e-1"]


def test_check_says_when_the_inbox_refuses_rows_or_is_locked(db, place, source):
    place.lock(db)
    locked = [finding for finding in source.check() if not finding.ok]
    db.execute("ROLLBACK")
    place.refuse(db, "NEW.message_id IS NOT NULL", "Amara is known here")

    shut = [finding.place for finding in source.check() if not finding.ok and finding.place != "cms clock"]

    assert [finding.place for finding in locked] in (["cms database"], ["cms hub_inbox"])
    assert all("somebody else has locked" in finding.text for finding in locked)
    assert shut == ["cms hub_inbox"]
    assert inbox(db) == []
