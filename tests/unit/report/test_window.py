"""A month is one that is over; what lies before it is cut into three stretches of 30 days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import Refused
from hub.report.window import days, month
from tests.unit.report.log import MAY

NOW = datetime(2026, 6, 1, tzinfo=UTC)
INSTANT = timedelta.resolution


@pytest.mark.parametrize("text", [None, "2026-05"])
def test_the_last_month(text):
    assert month(text, NOW) == MAY


def test_a_year_ends():
    found = month("2025-12", NOW)

    assert (found.start, found.end) == (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert month(None, datetime(2026, 1, 31, 23, tzinfo=UTC)) == found


@pytest.mark.parametrize("text", ["2026-06", "2026-13", "2026-5", "may", "1999-01", "", "2026-05-01"])
def test_no_month_or_one_that_is_not_over_is_refused(text):
    with pytest.raises(Refused, match="--month"):
        month(text, NOW)


@pytest.mark.parametrize(
    ("at", "block"),
    [
        (MAY.start, 0),
        (MAY.end - INSTANT, 0),
        (MAY.end, None),
        (MAY.start - INSTANT, 1),
        (MAY.start - timedelta(days=30), 1),
        (MAY.start - timedelta(days=30) - INSTANT, 2),
        (MAY.start - timedelta(days=90), 3),
        (MAY.start - timedelta(days=90) - INSTANT, None),
    ],
)
def test_blocks(at, block):
    assert MAY.block(at) == block


def test_the_last_days_hold_the_present_instant():
    assert days(30, NOW).block(NOW) == 0
    assert days(30, NOW).block(NOW - timedelta(days=30)) == 0
    assert days(30, NOW).block(NOW - timedelta(days=30) - INSTANT) == 1
