"""Consent rules 4.5: no cell under 11 is shown, and none can be computed from what is shown."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.report.masking import Masked, alone, mask

CELLS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(0, 40), max_size=8)


def shown(masked: Masked) -> object:
    return (tuple(sorted(masked.cells.items())), masked.total, masked.folded)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_no_masked_count_can_be_computed_from_what_is_shown(width):
    """Every possible table up to a total is masked, with 3 in the place of 11. Whoever knows the rule, what is shown
    and, where it may stand elsewhere, the total, is left with two possibilities at least for each masked cell.
    """
    most, labels = 9, "abcde"[:width]
    possible = defaultdict(lambda: defaultdict(set))
    for counts in product(range(most + 1), repeat=width):
        if sum(counts) > most:
            continue
        masked = mask(dict(zip(labels, counts, strict=True)), shown_from=3)
        known_total = sum(counts) if sum(counts) >= 3 else None
        for label, count in zip(labels, counts, strict=True):
            if masked.get(label) is None:
                possible[shown(masked), known_total][label].add(count)

    assert possible
    determined = [(what, label) for what, cells in possible.items() for label, each in cells.items() if len(each) < 2]
    assert determined == []


@given(CELLS)
def test_a_count_from_1_to_10_is_never_shown(cells):
    masked = mask(cells)

    assert not [count for count in masked.cells.values() if count is not None and 0 < count < 11]
    assert masked.total is None or masked.total == 0 or masked.total >= 11
    assert all(count in (None, cells[label]) for label, count in masked.cells.items())


@given(CELLS)
def test_with_a_masked_cell_another_goes_that_is_not_empty(cells):
    masked = mask(cells)
    hidden = [label for label, count in masked.cells.items() if count is None]

    assert len(hidden) != 1
    assert all(cells[label] for label in hidden)


@given(CELLS, st.randoms())
def test_what_is_shown_would_be_the_same_if_two_masked_counts_were_exchanged(cells, random):
    masked = mask(cells)
    hidden = [label for label in cells if masked.get(label) is None]
    if len(hidden) < 2:
        return
    one, other = random.sample(hidden, 2)

    assert shown(mask({**cells, one: cells[other], other: cells[one]})) == shown(masked)


@pytest.mark.parametrize(
    ("cells", "cell", "expected"),
    [
        pytest.param({"a": 10, "b": 40, "c": 20}, "a", None, id="a cell of 10 is not shown"),
        pytest.param(
            {"a": 10, "b": 40, "c": 20}, "c", None, id="nor the smallest other: 70 less 40 less 20 would be it"
        ),
        pytest.param({"a": 10, "b": 40, "c": 20}, "b", 40, id="the others are"),
        pytest.param({"a": 10, "b": 40, "c": 20, "d": 20}, "d", None, id="nor what is equal to the smallest other"),
        pytest.param({"a": 11, "b": 40}, "a", 11, id="11 is shown"),
        pytest.param({"a": 0, "b": 40}, "a", 0, id="nobody is shown as nobody"),
        pytest.param({"a": 0, "b": 4}, "a", None, id="where nothing is left to show, not even who is nobody"),
        pytest.param({"a": 40}, "z", 0, id="a cell that is not there is empty"),
        pytest.param({"a": 4}, "z", None, id="unless nobody may know what is there"),
    ],
)
def test_masked(cells, cell, expected):
    assert mask(cells).get(cell) == expected


@pytest.mark.parametrize(("cells", "total"), [({"a": 4, "b": 6}, None), ({"a": 4, "b": 7}, 11), ({}, 0)])
def test_a_small_total_is_masked_too(cells, total):
    assert mask(cells).total == total


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, None), (10, None), (11, 11)])
def test_a_count_that_stands_alone(count, expected):
    assert alone(count) == expected
