"""The cursor and the gaps of the change log (program systems 9.2, "Change capture"): pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cms.changes import GAP_WAIT, Cursor, Entry, Gap, Sweep, first_seen, holes, take, without
from hub.errors import RecordUnreadable

NOW = datetime(2026, 5, 4, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def entries(*numbers: int) -> list[Entry]:
    return [Entry(number, "v_hub_consent", number, "U") for number in numbers]


def numbers(found: tuple[Entry, ...]) -> list[int]:
    return [entry.seq for entry in found]


def test_a_cursor_is_read_as_it_was_written():
    cursor = Cursor(7, 2, "2026-05-04", (Gap(3, 4, NOW),), Sweep(1, 2000, True), (Gap(1, 1, NOW),))

    assert Cursor.read(cursor.text()) == cursor
    assert Cursor.read("") == Cursor()
    assert Cursor.read('{"error":2,"log":7}') == Cursor(7, 2)


@pytest.mark.parametrize("text", ["x", "7", "{}", '{"log":"a","error":1}', '{"log":1,"error":1,"gaps":[[1]]}'])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(RecordUnreadable, match="begin again"):
        Cursor.read(text)


def test_a_log_without_holes_is_taken_whole():
    taken = take(entries(6, 7, 8), 5, {}, NOW)

    assert (numbers(taken.entries), taken.last, taken.passed, taken.waiting) == ([6, 7, 8], 8, (), False)


def test_what_stands_behind_a_hole_waits():
    page = entries(6, 9, 10)

    taken = take(page, 5, {(7, 8): NOW - GAP_WAIT + SECOND}, NOW)

    assert (numbers(taken.entries), taken.last, taken.waiting) == ([6], 6, True)


def test_a_hole_is_passed_at_sixty_seconds_exactly_and_the_next_one_is_judged_by_its_own_time():
    page = entries(6, 9, 12)

    taken = take(page, 5, {(7, 8): NOW - GAP_WAIT, (10, 11): NOW - SECOND}, NOW)

    assert (numbers(taken.entries), taken.passed, taken.waiting) == ([6, 9], ((7, 8),), True)


def test_a_clock_that_jumped_back_starts_the_wait_anew_and_never_shortens_it():
    assert first_seen(entries(8), 5, {(6, 7): NOW + timedelta(days=1)}, NOW) == {(6, 7): NOW}


def test_what_is_left_of_a_hole_that_others_have_filled_in_part_has_waited_as_long():
    seen = NOW - SECOND

    assert first_seen(entries(6, 8, 11), 5, {(6, 10): seen}, NOW) == {(7, 7): seen, (9, 10): seen}
    assert first_seen(entries(9), 5, {(6, 7): seen}, NOW) == {(6, 8): NOW}


@given(st.sets(st.integers(1, 60), min_size=1))
def test_holes_and_entries_together_are_every_number(present):
    page = entries(*sorted(present))

    missing = [number for first, last in holes(page, 0) for number in range(first, last + 1)]

    assert sorted([*missing, *present]) == list(range(1, max(present) + 1))


@given(st.sets(st.integers(10, 20)))
def test_what_is_left_of_a_gap_is_what_did_not_turn_up(found):
    rest = [number for gap in without(Gap(10, 20, NOW), sorted(found)) for number in range(gap.first, gap.last + 1)]

    assert rest == [number for number in range(10, 21) if number not in found]
