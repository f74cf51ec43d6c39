"""Values of CMS columns: program systems §10, the cases that one value can meet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import cells
from adapters.cms import values


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param("Okonkwo", "Okonkwo", id="plain"),
        pytest.param("  a\u00a0b\tc\u200b\n", "a b c", id="case 6 what nobody sees is stripped"),
        pytest.param("Que\u0301bec", "Qu\u00e9bec", id="case 7 accents are composed"),
        pytest.param("Qu\u00c3\u00a9bec", "Qu\u00e9bec", id="case 63 certain: repaired"),
        pytest.param("\u00c3\u0089lise \u00e9", None, id="case 63 not certain: not guessed"),
        pytest.param("Qu\ufffdbec", None, id="case 63 lost: not guessed"),
        pytest.param("D\u2019Angelo", "D\u2019Angelo", id="case 16 kept for display"),
        pytest.param("\u0633\u0627\u0631\u0629", "\u0633\u0627\u0631\u0629", id="case 18 another script"),
        pytest.param("a\x00b", None, id="control character"),
        pytest.param("   ", "", id="blank"),
        pytest.param(12, None, id="a number is no text"),
    ],
)
def test_text(value, read):
    assert cells.text(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1, "1"),
        (0, "0"),
        (True, "1"),
        ("Oui", "1"),
        ("FALSE", "0"),
        ("", ""),
        (" ", ""),
        ("maybe", None),
        (2, None),
        (1.0, None),
    ],
)
def test_case_29_known_words_are_a_yes_or_a_no_blank_is_neither_and_anything_else_is_refused(value, read):
    assert cells.flag(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param("2026-05-04 23:59:59", "2026-05-04 23:59:59", id="a time"),
        pytest.param("2026-11-01 01:30:00", "2026-11-01 01:30:00", id="case 62 an hour that comes twice is kept"),
        pytest.param("2026-03-08 02:30:00", None, id="case 62 an hour that never was"),
        pytest.param("2026-03-08 03:00:00", "2026-03-08 03:00:00", id="case 62 the hour after it"),
        pytest.param("2026-05-04T10:00:00Z", None, id="case 62 a zone is not what was agreed"),
        pytest.param("2026-02-30 10:00:00", None, id="no such day"),
        pytest.param("2026-05-04", None, id="a day is no time"),
        pytest.param("9999-12-31 23:59:59", None, id="A2 an evening that UTC has no day for"),
        pytest.param("0001-01-01 00:00:00", None, id="A2 the first night of all"),
        pytest.param("1895-01-01 00:00:00", None, id="A2 before Toronto had an offset of whole minutes"),
        pytest.param("1900-01-01 00:00:00", "1900-01-01 00:00:00", id="A2 and after"),
        pytest.param("", "", id="blank"),
    ],
)
def test_timestamp(value, read):
    assert values.timestamp(value) == read


@pytest.mark.parametrize("value", ["2026-02-30", "04/05/2026", "20260504", 1991, "2026-05-04 10:00:00"])
def test_what_is_no_day_is_refused(value):
    assert values.day(value) is None


def test_a_number_is_not_a_yes_and_not_a_text():
    assert values.whole_number(7) == "7"
    assert values.whole_number(True) is None
    assert values.whole_number("7") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2024-000123", "2024-000123"), ("L/7_a.b", "L/7_a.b"), ("", ""), ("A" * 20, "A" * 20), ("A" * 21, None),
        ("ask Amara", None), ("-7", None), ("Zoé", None), (7, None),
    ],
)  # fmt: skip
def test_c1_a_number_of_the_agencys_own_has_no_spaces_and_no_words(value, read):
    assert cells.own_number(value) == read


def test_prose_keeps_its_lines():
    assert cells.prose(" one\u00a0 \n\ntwo\t2 ") == "one\n\ntwo 2"


def test_case_62_a_time_is_written_as_toronto_says_it_in_winter_and_summer():
    assert values.local_time(datetime(2026, 1, 1, 4, 59, tzinfo=UTC)) == "2025-12-31 23:59:00"
    assert values.local_time(datetime(2026, 7, 1, 4, 59, tzinfo=UTC)) == "2026-07-01 00:59:00"


@given(st.text(alphabet=st.characters(min_codepoint=0xC0, max_codepoint=0x17F), min_size=1, max_size=12))
def test_case_63_what_was_read_in_the_wrong_encoding_once_is_undone(name):
    wrong = "".join(
        byte.to_bytes(1, "big").decode("cp1252", errors="ignore") or chr(byte) for byte in name.encode("utf-8")
    )
    once = cells.repaired(wrong)

    assert once in (name, wrong), "never a third reading"


@given(st.text(alphabet="abcdefgéèàçôîüëïœÉÈ '-", max_size=20))
def test_case_63_a_french_name_is_never_repaired_into_another(name):
    assert cells.repaired(name) == name
