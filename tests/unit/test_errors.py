"""What an error may show of a value (INV-1): a code that cannot be a word of a person, else a shape."""

from __future__ import annotations

import pytest

from hub.errors import HubError, code, shape


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        pytest.param("07", "`07`", id="a number of two digits is a code"),
        pytest.param("B2", "`B2`", id="letters and digits are a code"),
        pytest.param("W", "`W`", id="so is one letter"),
        pytest.param("", "a code of shape empty", id="nothing is no code"),
        pytest.param("hiv", "a code of shape aaa", id="C2 three letters may say what somebody has"),
        pytest.param("Lee", "a code of shape aaa", id="C2 or what somebody is called"),
        pytest.param("1991", "a code of shape 9999", id="C2 four digits may be a year of birth"),
        pytest.param("A1234567", "a code of shape a9999999", id="C2 the number of a document"),
        pytest.param("M5V2T6", "a code of shape a9a9a9", id="C2 a postal code"),
        pytest.param("-1", "a code of shape -9", id="a sign is no part of a code"),
        pytest.param("19910722", "a code of shape 99999999", id="eight digits may be a birth date"),
        pytest.param("Tremblay", "a code of shape aaaaaaaa", id="a word may be a name"),
        pytest.param("TREMBLAY", "a code of shape aaaaaaaa", id="in capitals too"),
        pytest.param("Anne-Marie", "a code of shape aaaa-aaaaa", id="and with a hyphen"),
        pytest.param("x1 y2", "a code of shape a9_a9", id="a space makes it a text"),
        pytest.param("é1", "a code of shape a9", id="no code of ours has an accent"),
    ],
)
def test_a_wrong_code_is_shown_only_where_it_cannot_be_a_word_of_a_person(value: str, seen: str) -> None:
    assert code(value) == seen


def test_a_shape_longer_than_an_identifier_is_only_a_length() -> None:
    assert (shape("1991-07-22"), shape("Okonkwo-Tremblay")) == ("9999-99-99", "length 16")


def test_an_error_says_where_what_was_got_what_was_expected_and_what_to_do() -> None:
    error = HubError("cms client: birth_date", "9999-99", "YYYY-MM-DD", "mend the record and save it")

    assert str(error) == "cms client: birth_date: got 9999-99, expected YYYY-MM-DD; mend the record and save it"
