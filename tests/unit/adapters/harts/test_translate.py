"""The named pairs at the ends of the calendar: what is no day there is told, and stops nothing."""

from __future__ import annotations

import pytest

from adapters.harts import translate
from hub.mapping import Partly, Unfit


@pytest.mark.parametrize("period", ["0000-01", "9999-12"])
def test_a_month_that_no_calendar_holds_is_told_by_its_field(period: str) -> None:
    with pytest.raises(Unfit) as told:
        translate.month_in(period)

    assert told.value.field == "period"


@pytest.mark.parametrize("day", ["0000-01-01", "9999-12-01"])
def test_a_period_of_no_month_of_the_calendar_does_not_go(day: str) -> None:
    assert translate.month_out({"start": day, "end": day}) == Partly(None, {"period": "no whole month"})


def test_the_last_month_that_there_is_goes_both_ways() -> None:
    assert translate.month_out(translate.month_in("9999-11")) == "9999-11"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_that_toronto_never_has_is_none(moment: str) -> None:
    assert translate.moment_out(moment) == (None, None, None)
