"""Pieces of a size, and lists of which no two items meet."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from hub.exchange.batches import batches, waves

NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3)


def test_batches_are_of_a_size_and_in_order():
    assert list(batches(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches([], 3)) == []


def test_who_shares_no_name_with_another_goes_at_once():
    assert waves(["a", "b", "c"], lambda each: each) == [["a", "b", "c"]]
    assert waves([], lambda each: each) == []


def test_who_shares_one_goes_behind_it_also_through_a_third():
    assert waves(["a", "ab", "b", "c", "bc"], lambda each: each) == [["a", "c"], ["ab"], ["b"], ["bc"]]


@given(st.lists(NAMES, max_size=30))
def test_no_two_of_a_wave_share_a_name_and_who_shares_one_keeps_its_place(named):
    items = list(enumerate(named))
    found = waves(items, lambda item: item[1])
    assert sorted(chain.from_iterable(found)) == items
    wave_of = {number: place for place, wave in enumerate(found) for number, _ in wave}
    for number, names in items:
        for earlier, others in items[:number]:
            if set(names) & set(others):
                assert wave_of[earlier] < wave_of[number]
