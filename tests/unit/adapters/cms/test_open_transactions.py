"""Holes in ``change_log.seq`` on PostgreSQL: numbers are given before a commit, so whoever is at work leaves a hole.

Program systems 9.2: waited for 60 seconds, then passed, remembered and asked for again for 24 hours. The transactions
here are real, and open while the hub reads; the time is the hub's, which stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.cms.changes import GAPS_MAX, Cursor
from adapters.contract import Rejection
from tests import cms_builder as cms
from tests.contract.source import drain, keys

from .conftest import ON_POSTGRES
from .test_source import reject, settled

pytestmark = ON_POSTGRES

SECOND = timedelta(seconds=1)
PASSED = timedelta(seconds=60)


@pytest.fixture
def slow(place) -> Iterator[Any]:
    """A second worker, who saves inside a transaction and takes a while."""
    db = place.db()
    db.execute("BEGIN")
    yield db
    db.close()


@pytest.fixture
def third(place) -> Iterator[Any]:
    """A third one."""
    db = place.db()
    db.execute("BEGIN")
    yield db
    db.close()


@pytest.fixture
def cursor(db, source) -> str:
    """A client with a case, and all of it settled."""
    cms.add_case(db, cms.add_client(db))
    return settled(source)


def test_what_stands_behind_an_open_transaction_waits_and_comes_in_order_once_it_commits(
    db, slow, source, new_source, clock, cursor
):
    first = cms.add_referral(db, 1)
    consent = cms.add_consent(slow, 1)
    second = cms.add_referral(db, 1, "northside")

    waiting = source.fetch(cursor)
    clock.advance(PASSED - SECOND)
    still = new_source().fetch(waiting.cursor)
    slow.execute("COMMIT")
    page = source.fetch(still.cursor)

    assert keys(waiting.raws) == [f"referral_out:{first}"]
    assert (still.raws, still.cursor) == ((), waiting.cursor)
    assert keys(page.raws) == [f"consent:{consent}", f"referral_out:{second}"]
    assert page.problems == ()
    assert drain(source, page.cursor)[0] == []


def test_after_sixty_seconds_it_is_passed_and_a_commit_within_a_day_is_fetched_once(db, slow, source, clock, cursor):
    consent = cms.add_consent(slow, 1)
    referral = cms.add_referral(db, 1)
    source.fetch(cursor)
    clock.advance(PASSED)

    passed = source.fetch(cursor)
    clock.advance(timedelta(hours=9))  # before midnight in Toronto: no comparison of rows helps
    before, at = drain(source, passed.cursor)
    slow.execute("COMMIT")
    late = source.fetch(at)

    assert keys(passed.raws) == [f"referral_out:{referral}"]
    assert passed.problems == ("change_log: 3 to 3 missing, passed after 60 s",)
    assert before == []
    assert keys(late.raws) == [f"consent:{consent}"]
    assert source.fetch(at).raws == late.raws, "not settled yet, and lost"
    assert drain(source, late.cursor)[0] == []
    assert Cursor.read(late.cursor).gaps == ()


def test_a_transaction_that_is_rolled_back_costs_the_wait_and_nothing_else(db, slow, source, clock, cursor):
    cms.add_consent(slow, 1)
    first = cms.add_referral(db, 1)
    slow.execute("ROLLBACK")
    second = cms.add_referral(db, 1, "northside")
    source.fetch(cursor)
    clock.advance(PASSED)

    page = source.fetch(cursor)
    third = cms.add_referral(db, 1, "eastside")

    assert keys(page.raws) == [f"referral_out:{first}", f"referral_out:{second}"]
    assert keys(source.fetch(page.cursor).raws) == [f"referral_out:{third}"]


def test_one_that_is_rolled_back_at_the_end_of_the_log_is_met_when_the_next_entry_comes(
    db, slow, source, clock, cursor
):
    cms.add_consent(slow, 1)
    slow.execute("ROLLBACK")
    clock.advance(timedelta(hours=5))
    quiet = source.fetch(cursor)
    referral = cms.add_referral(db, 1)

    assert quiet.problems == ()
    assert source.fetch(quiet.cursor).raws == ()
    clock.advance(PASSED)
    assert keys(source.fetch(quiet.cursor).raws) == [f"referral_out:{referral}"]


def test_transactions_that_share_a_hole_are_waited_for_from_when_it_was_seen(db, slow, third, source, clock, cursor):
    first = cms.add_consent(slow, 1)
    second = cms.add_consent(third, 1)
    referral = cms.add_referral(db, 1)
    source.fetch(cursor)
    clock.advance(PASSED - SECOND)
    slow.execute("COMMIT")

    page = source.fetch(cursor)
    clock.advance(SECOND)
    rest = source.fetch(page.cursor)
    third.execute("COMMIT")

    assert keys(page.raws) == [f"consent:{first}"]
    assert keys(rest.raws) == [f"referral_out:{referral}"]
    assert keys(source.fetch(rest.cursor).raws) == [f"consent:{second}"]


def test_an_import_that_takes_minutes_is_fetched_when_it_commits_however_wide_its_hole(db, slow, source, clock, cursor):
    consents = [cms.add_consent(slow, 1) for _ in range(1200)]
    referral = cms.add_referral(db, 1)
    source.fetch(cursor)
    clock.advance(PASSED)

    passed, at = drain(source, cursor)
    slow.execute("COMMIT")
    late, at = drain(source, at)

    assert keys(passed) == [f"referral_out:{referral}"]
    assert keys(late) == [f"consent:{number}" for number in consents]
    assert drain(source, at)[0] == []


def test_more_holes_than_can_be_remembered_make_every_row_be_read_again(db, source, clock, cursor):
    for number in range(GAPS_MAX + 2):
        db.execute("BEGIN")
        cms.add_consent(db, 1)
        db.execute("ROLLBACK")
        cms.add_referral(db, 1, f"agency-{number}")
    source.fetch(cursor)
    clock.advance(PASSED)

    page = source.fetch(cursor)

    assert len(page.raws) == GAPS_MAX + 2
    assert len(Cursor.read(page.cursor).gaps) == GAPS_MAX


def test_who_is_at_work_when_the_hub_first_looks_is_not_forgotten(db, slow, source, clock):
    """The log does not begin with 1, so rows are read instead; a row that is not there yet comes by the log."""
    client = cms.add_client(slow)
    consent = cms.add_consent(slow, client)
    referral = cms.add_referral(db, cms.add_client(db, client_id=7, file_no="2026-000007"))

    found, at = drain(source)
    clock.advance(timedelta(minutes=10))
    slow.execute("COMMIT")
    late, at = drain(source, at)

    assert keys(found) == [f"referral_out:{referral}"]
    assert keys(late) == [f"consent:{consent}"]
    assert drain(source, at)[0] == []


def test_a_late_entry_beneath_a_row_brings_the_row(db, slow, source, clock, cursor):
    referral = cms.add_referral(db, 1)
    at = settled_at(source, cursor)
    cms.add_identifier(slow, 1)
    other = cms.add_referral(db, 1, "northside")
    source.fetch(at)
    clock.advance(PASSED)
    passed = source.fetch(at)

    slow.execute("COMMIT")

    assert keys(passed.raws) == [f"referral_out:{other}"]
    assert keys(source.fetch(passed.cursor).raws) == [f"referral_out:{referral}", f"referral_out:{other}"]


def settled_at(source, cursor: str) -> str:
    return drain(source, cursor)[1]


def test_rejections_are_numbered_and_waited_for_in_the_same_way(db, slow, source, clock, cursor):
    reject(db, "e-1", "CONFLICT")
    at = source.fetch(cursor).cursor
    reject(slow, "e-2", "CONFLICT")
    reject(db, "e-3", "CONFLICT")

    waiting = source.fetch(at)
    clock.advance(PASSED)
    passed = source.fetch(at)
    slow.execute("COMMIT")
    late = source.fetch(passed.cursor)

    assert waiting.rejections == ()
    assert passed.rejections == (Rejection("e-3", "CONFLICT"),)
    assert passed.problems == ("hub_inbox_error: 2 to 2 missing, passed after 60 s",)
    assert late.rejections == (Rejection("e-2", "CONFLICT"),)
    assert source.fetch(late.cursor).rejections == ()


def test_rejections_that_were_purged_before_the_hub_came_are_not_waited_for(db, source):
    reject(db, "e-1", "CONFLICT")
    reject(db, "e-2", "CONFLICT")
    db.execute("DELETE FROM hub_inbox_error WHERE message_id = 'e-1'")

    assert source.fetch("").rejections == (Rejection("e-2", "CONFLICT"),)
