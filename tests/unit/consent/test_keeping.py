"""How long what is kept is kept (consent rules 4.2): the longest that applies, and never what something needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from consent.days import months_after, years_after
from consent.keeping import NOBODY, Person, Why, breach_ends_at, longest, why_kept
from consent.packs.afterwards import Keeping

KEEPING = Keeping(event_years=10, service_years=7, from_18_years=7, breach_months=24, files={})
NOW = datetime(2040, 6, 1, 12, tzinfo=UTC)
OLD = datetime(2020, 6, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({}, None, id="twenty years old, of nobody: it ends"),
        pytest.param({"at": years_after(NOW, -10)}, None, id="ten years to the instant: it ends"),
        pytest.param({"at": years_after(NOW, -10) + MOMENT}, Why.EVENT, id="and is kept until then"),
        pytest.param(
            {"people": [Person(served_at=years_after(NOW, -7) + MOMENT)]}, Why.SERVICE, id="served since, seven years"
        ),
        pytest.param({"people": [Person(served_at=years_after(NOW, -7))]}, None, id="and no longer"),
        pytest.param({"people": [Person(turns_18_on=date(2033, 6, 2))]}, Why.MINOR, id="seven years from 18"),
        pytest.param({"people": [Person(turns_18_on=date(2033, 6, 1))]}, None, id="and no longer than that"),
        pytest.param({"people": [NOBODY, Person(turns_18_on=date(2039, 1, 1))]}, Why.MINOR, id="of one of several"),
        pytest.param({"people": [Person(held=True)]}, Why.HOLD, id="an incident about the person is open"),
        pytest.param({"held": True}, Why.HOLD, id="an incident about the delivery is open"),
        pytest.param({"is_open": True}, Why.OPEN, id="a message under way, whatever its age"),
        pytest.param({"is_open": True, "held": True}, Why.OPEN, id="the strongest reason is named"),
        pytest.param({"kinds": ["icare"]}, Why.NO_VALUE, id="iCARE: no default, so nothing ends"),
        pytest.param({"kinds": ["cms", "eois"]}, Why.NO_VALUE, id="Employment Ontario: the same"),
        pytest.param({"kinds": ["cms", "harts"]}, None, id="no agreement speaks of the others"),
    ],
)
def test_what_is_kept_and_why(changes, why):
    asked = {"at": OLD, "people": [NOBODY], **changes}

    assert why_kept(KEEPING, NOW, asked.pop("at"), asked.pop("people"), **asked) is why


def test_what_the_agreement_with_the_funder_says_counts_from_the_event():
    keeping = replace(KEEPING, files={"icare": 25})

    assert why_kept(keeping, NOW, OLD, [NOBODY], kinds=["icare"]) is Why.AGREEMENT
    assert why_kept(keeping, NOW, years_after(NOW, -25), [NOBODY], kinds=["icare"]) is None
    assert why_kept(replace(KEEPING, files={"icare": 1}), NOW, OLD, [NOBODY], kinds=["icare"]) is None
    assert why_kept(keeping, NOW, years_after(NOW, -25), [NOBODY], kinds=["icare", "eois"]) is Why.NO_VALUE


def test_a_breach_is_kept_24_months_from_the_day_it_was_determined():
    assert breach_ends_at(KEEPING, datetime(2026, 1, 31, 9, tzinfo=UTC)) == datetime(2028, 1, 31, 9, tzinfo=UTC)
    leap = datetime(2028, 2, 29, tzinfo=UTC)
    assert breach_ends_at(KEEPING, leap) == datetime(2030, 2, 28, tzinfo=UTC)


def test_of_two_packs_the_longer_years_bind_and_a_file_that_one_of_them_does_not_name_has_no_end():
    one, other = replace(KEEPING, event_years=12, files={"icare": 7, "eois": 9}), replace(KEEPING, files={"icare": 8})

    assert longest([one, other]) == replace(KEEPING, event_years=12, files={"icare": 8})


def test_months_end_on_the_same_day_or_the_last_of_the_month():
    """I-05."""
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2026, 1, 31), 12) == date(2027, 1, 31)
    assert months_after(date(2026, 12, 1), 1) == date(2027, 1, 1)
    with pytest.raises(ValueError, match="calendar"):
        months_after(date(9999, 12, 1), 1)
    assert years_after(datetime(9999, 12, 1, tzinfo=UTC), 1) == datetime.max.replace(tzinfo=UTC)
