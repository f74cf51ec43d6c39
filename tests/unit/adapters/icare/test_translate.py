"""Named pairs of mappings for iCARE (program systems 1, 2.6, 6.1, §10)."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.icare.translate import FUNCTIONS
from hub.mapping import Partly, Unfit
from hub.model import codes


def into(name: str, *fields: str | None) -> Any:
    return FUNCTIONS[name][0](*fields)


def out(name: str, element: Any) -> Any:
    return FUNCTIONS[name][1](element)


@pytest.mark.parametrize(
    ("kind", "value", "system", "sent"),
    [
        ("FOSS/GCMS Client ID", "0011-2233", "uci", "00112233"),
        ("FOSS/GCMS Client ID", "11-2233-4455", "uci", "1122334455"),
        ("Temporary Resident or Minister’s Permit Number", "f123 456 789", "trp", "F123456789"),
        ("IMM5292, IMM5509, IMM1000 Number", "T123456789", "imm", "T123456789"),
    ],
)
def test_case_20_a_number_goes_under_the_system_of_its_kind_and_back(kind: str, value: str, system: str, sent: str):
    element = into("identifier", kind, value)

    assert element == {"system": f"{codes.ID}/{system}", "value": sent}
    assert out("identifier", element) == (kind, sent)
    assert out("identifier", [{"system": "urn:other", "value": "1"}, element]) == (kind, sent)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("FOSS/GCMS Client ID", "1122334", id="case 20 a zero may be lost"),
        pytest.param("FOSS/GCMS Client ID", "1.1E+07", id="case 20 exponent"),
        pytest.param("FOSS/GCMS Client ID", "046454286", id="case 21 SIN"),
        pytest.param("FOSS/GCMS Client ID", "CAN12345678", id="case 21 application"),
        pytest.param("IMM5292, IMM5509, IMM1000 Number", "11223344", id="case 21 another kind"),
        pytest.param("Passport", "T123456789", id="a kind that nobody knows"),
        pytest.param(None, "11223344", id="no kind"),
        pytest.param("FOSS/GCMS Client ID", None, id="no number"),
    ],
)
def test_case_21_what_is_no_number_of_its_kind_is_refused_without_it(kind: str | None, value: str | None):
    with pytest.raises(Unfit) as refused:
        into("identifier", kind, value)

    assert not value or value not in str((refused.value, refused.value.expected, refused.value.next_step))


def test_nothing_is_nothing_and_a_client_without_one_of_the_three_numbers_has_none():
    assert into("identifier", None, None) is None
    assert out("identifier", [{"system": f"{codes.ID}/harts", "value": "12345678"}]) == (None, None)


def test_case_13_a_birth_date_is_a_whole_day():
    assert into("birth_date", "1991-01-01") == "1991-01-01"
    assert into("birth_date", None) is None
    assert out("birth_date", "1991-07-22") == "1991-07-22"
    part = out("birth_date", "1991")
    assert isinstance(part, Partly)
    assert part.value is None
    with pytest.raises(Unfit):
        into("birth_date", "1991-02-30")


@pytest.mark.parametrize(
    ("text", "sent", "lost"),
    [
        ("416-555-0142", "+1-416-555-0142", False),
        ("+1 (416) 555 0142", "+1-416-555-0142", False),
        ("416-555-0142 ext. 7", "+1-416-555-0142", True),
        ("416-555-0142 or 416-555-0143", "+1-416-555-0142", True),
        ("555-0142", None, True),
    ],
)
def test_case_28_one_number_and_the_rest_in_the_losses(text: str, sent: str | None, lost: bool):
    found = into("phone", text)

    assert (found.value if isinstance(found, Partly) else found) == sent
    assert isinstance(found, Partly) is lost
    if sent:
        assert out("phone", sent) == "416-555-0142"


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (("13", "Maple", "Street", None, None), ["13 Maple Street"]),
        (("13A", "Maple", "Street", "NE - Northeast", "4"), ["13A Maple Street NE", "unit 4"]),
        ((None, "Maple", None, None, None), ["Maple"]),
        ((None, None, None, None, "4"), ["unit 4"]),
    ],
)
def test_case_27_the_parts_of_a_street_and_back(fields: tuple[str | None, ...], lines: list[str]):
    assert into("street", *fields) == lines
    assert out("street", lines) == fields


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("123, rue Ste-Catherine O", ("123", "Ste-Catherine", "Rue", "W - West", None)),
        ("12 Plateau Crescent", ("12", "Plateau", "Crescent", None, None)),
        ("RR 2", (None, "RR 2", None, None, None)),
        ("Street", (None, "Street", None, None, None)),
    ],
)
def test_case_27_french_order_and_rural_routes(line: str, fields: tuple[str | None, ...]):
    assert out("street", [line]) == fields


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["12 Elm Street", "4B"], ("12", "Elm", "Street", None, "4B")),
        (["12 Elm Street", "# 4"], ("12", "Elm", "Street", None, "4")),
        (["12 Elm Street", "PH1"], ("12", "Elm Street, PH1", None, None, None)),  # nobody guesses
        (["12"], (None, "12", None, None, None)),
    ],
)
def test_case_27_a_unit_below_the_street_as_a_cms_writes_it(lines: list[str], fields: tuple[str | None, ...]):
    assert out("street", lines) == fields


def test_a_street_that_is_none_says_nothing():
    assert into("street", None, None, "Not Applicable", None, None) is None


def test_case_25_a_postal_code_goes_with_a_space_and_comes_back_without():
    assert into("postal_code", "m5v2t6") == "M5V 2T6"
    assert out("postal_code", "M5V 2T6") == "M5V2T6"
    with pytest.raises(Unfit):
        into("postal_code", "H0H0H0")
