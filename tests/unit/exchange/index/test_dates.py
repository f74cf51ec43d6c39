"""The stretch of time that a date of FHIR covers."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from hub.exchange.index.dates import span_of


@pytest.mark.parametrize(
    "text", ["9999", "9999-12", "9999-12-31", "0000", "0001-01-01T00:00:00+14:00", "2026-00", "9998-12-31"]
)
def test_the_ends_of_time_break_nothing(text: str) -> None:
    span = span_of(text)

    for at in span or ():
        assert at.tzinfo is UTC
        assert at + timedelta(days=1) > at


def test_what_a_date_covers_is_in_utc() -> None:
    low, _ = span_of("2026-05-04T22:00:00-04:00") or (None, None)

    assert low is not None
    assert low.isoformat() == "2026-05-05T02:00:00+00:00"
