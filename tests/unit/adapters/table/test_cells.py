"""One typed cell of a table. Tricky cases of program systems §10 by their number."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.table.cells import DATES, TYPES, Forms, Unread, typed

ISO, DAY_FIRST, MONTH_FIRST = Forms(), Forms("DD/MM/YYYY"), Forms("MM/DD/YYYY")
MIDNIGHT = datetime.fromisoformat("1951-06-24")  # cells of a sheet know no zone
TEN, HALF_PAST_NINE = datetime.fromisoformat("1951-06-24 10:00"), datetime.fromisoformat("2026-03-01 09:30")
SHEET, SHEET_1904 = Forms(serial=True), Forms(serial=True, since_1904=True)


@pytest.mark.parametrize(
    ("kind", "value", "forms", "text"),
    [
        pytest.param("text", "\u200bTrem\u00a0blay\t", ISO, "Trem blay", id="case_6 unseen signs go"),
        pytest.param("text", "Que\u0301bec", ISO, "Qu\u00e9bec", id="case_7 accents are composed"),
        pytest.param("text", "QuÃ©bec", ISO, "Québec", id="case_63 the wrong encoding, certain: repaired"),
        pytest.param("date", date(1951, 6, 24), SHEET, "1951-06-24", id="case_11 a date cell"),
        pytest.param("date", MIDNIGHT, SHEET, "1951-06-24", id="case_11 a date cell with midnight"),
        pytest.param("date", 18803.0, SHEET, "1951-06-24", id="case_11 a serial"),
        pytest.param("date", 17341.0, SHEET_1904, "1951-06-24", id="case_11 a serial of a 1904 workbook"),
        pytest.param("date", "03/05/1980", DAY_FIRST, "1980-05-03", id="case_12 the day first, as the setting says"),
        pytest.param(
            "date", "03/05/1980", MONTH_FIRST, "1980-03-05", id="case_12 the month first, as the setting says"
        ),
        pytest.param("id", 12345678.0, ISO, "12345678", id="case_20 a number of a sheet in digits"),
        pytest.param("id", "01234567", ISO, "01234567", id="case_20 a leading zero stays"),
        *[
            pytest.param("flag", yes, ISO, "1", id=f"case_29 yes as {yes}")
            for yes in ("Y", "TRUE", "1", "Oui", True, 1.0)
        ],
        *[pytest.param("flag", no, ISO, "0", id=f"case_29 no as {no}") for no in ("N", "False", "0", "non", False, 0)],
        *[pytest.param("flag", blank, ISO, "", id=f"case_29 blank {blank!r} is no no") for blank in ("", " ", None)],
        pytest.param("number", "1", ISO, "1", id="case_30 a number as text"),
        pytest.param("number", 1.0, ISO, "1", id="case_30 a whole number of a sheet"),
        pytest.param("number", 0.25, ISO, "0.25", id="case_30 a fraction"),
        pytest.param("number", "0,50", ISO, "0.5", id="case_30 a comma of French"),
        pytest.param("text", 7.0, ISO, "7", id="case_30 a number in a column of text"),
        pytest.param("time", "2026-03-01 09:30", ISO, "2026-03-01 09:30:00", id="a time without seconds"),
        pytest.param("time", "01/03/2026 09:30:05", DAY_FIRST, "2026-03-01 09:30:05", id="a time by the setting"),
        pytest.param("time", HALF_PAST_NINE, SHEET, "2026-03-01 09:30:00", id="a time cell"),
        pytest.param(
            "time", datetime(2026, 7, 1, 4, 59, tzinfo=UTC), ISO, "2026-07-01 00:59:00", id="an instant in Toronto"
        ),
        pytest.param("prose", " one\u00a0 \n\ntwo\t2 ", ISO, "one\n\ntwo 2", id="lines stay"),
        pytest.param("any", "on the telephone", ISO, "on the telephone", id="anything counts"),
        *[pytest.param(kind, None, ISO, "", id=f"nothing in a column of {kind}") for kind in TYPES],
    ],
)
def test_a_cell_is_read_as_its_column_says(kind: str, value: Any, forms: Forms, text: str) -> None:
    assert typed(kind, value, forms) == text


@pytest.mark.parametrize(
    ("kind", "value", "forms"),
    [
        *[
            pytest.param("date", text, ISO, id=f"case_11 malformed {text}")
            for text in ("1978/5/20", "201-05-20", "2018-0520", "1978-02-30", "0000-01-01")
        ],
        pytest.param("date", 18803.5, SHEET, id="case_11 a serial with an hour is no day"),
        pytest.param("date", 18803, ISO, id="case_11 outside a workbook a number is no day"),
        pytest.param("date", 60.0, SHEET, id="case_11 the day that never was"),
        pytest.param("date", TEN, SHEET, id="case_11 a date cell with an hour"),
        pytest.param("date", "1980-05-03", DAY_FIRST, id="case_12 another form than the setting's is not guessed"),
        pytest.param("date", "13/25/1980", MONTH_FIRST, id="case_12 nor is a day that fits the other order"),
        pytest.param("id", 1.1e7 + 0.5, ISO, id="case_20 a number with a fraction is no identifier"),
        pytest.param("id", "1.1E+07", ISO, id="case_20 nor is scientific notation"),
        pytest.param("id", "Amara Okonkwo", ISO, id="a name is no identifier"),
        pytest.param("id", True, ISO, id="a yes is no identifier"),
        pytest.param("flag", "perhaps", ISO, id="case_29 an unknown word"),
        pytest.param("flag", 2, ISO, id="case_29 another number"),
        pytest.param("number", "twelve", ISO, id="case_30 a word"),
        pytest.param("number", float("inf"), ISO, id="case_30 infinity"),
        pytest.param("number", float("nan"), ISO, id="case_30 no number at all"),
        pytest.param("time", "2026-03-08 02:30:00", ISO, id="case_62 an hour that the clock skipped"),
        pytest.param("time", "2026-03-01", ISO, id="a day is no time"),
        pytest.param("text", "a\x07bell", ISO, id="a control character"),
        pytest.param("text", "Ã\u0081 and Ã", ISO, id="case_63 an encoding that nobody can undo"),
        pytest.param("text", b"bytes", ISO, id="bytes"),
        pytest.param("text", timedelta(hours=1), SHEET, id="a duration of a sheet"),
        pytest.param("date", time(3, 4), SHEET, id="a time of a sheet without its day"),
    ],
)
def test_what_is_no_such_value_is_told_by_its_shape(kind: str, value: Any, forms: Forms) -> None:
    found = typed(kind, value, forms)

    assert isinstance(found, Unread)
    assert found.got
    assert not isinstance(value, str) or len(value) < 4 or value not in found.got or value.isdigit() is False


def test_case_11_the_last_day_of_the_calendar_is_the_last_serial() -> None:
    assert typed("date", 2_958_465.0, SHEET) == typed("date", 2_957_003.0, SHEET_1904) == "9999-12-31"
    assert typed("date", 2_958_466.0, SHEET) == typed("date", 2_957_004.0, SHEET_1904) == Unread("a float")


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), id="before the first day"),
        pytest.param(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), id="after the last one"),
        pytest.param(datetime.min.replace(tzinfo=UTC), id="the first one, not yet in Toronto"),
    ],
)
def test_an_instant_beyond_the_calendar_is_its_cells_fault(edge: datetime) -> None:
    assert typed("time", edge, ISO) == Unread("a datetime")


def test_case_33_what_the_workbook_would_not_tell_stays_what_it_is() -> None:
    assert typed("text", Unread("a formula"), SHEET) == Unread("a formula")


@given(
    st.sampled_from(TYPES),
    st.one_of(
        st.text(), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes(), st.times(), st.timedeltas(),
        st.binary(), st.none(),
    ),
    st.sampled_from(DATES),
    st.booleans(),
)  # fmt: skip
def test_any_cell_is_a_text_or_a_shape_and_never_an_accident(kind: str, value: Any, dates: str, sheet: bool) -> None:
    found = typed(kind, value, Forms(dates, serial=sheet))

    assert isinstance(found, str | Unread)


@given(st.sampled_from(DATES), st.dates(min_value=date(1000, 1, 1)))
def test_a_day_is_read_back_in_every_form(dates: str, day: date) -> None:
    parts = {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "DD": f"{day.day:02}"}
    text = dates
    for word, part in parts.items():
        text = text.replace(word, part)

    assert typed("date", text, Forms(dates)) == day.isoformat()
