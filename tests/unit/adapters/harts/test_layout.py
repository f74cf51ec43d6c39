"""One line of a HARTS file: program systems 9.4, and the cases of §10 that one line can meet."""

from __future__ import annotations

import string
from contextlib import suppress
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.harts.layout import Column, cut, fill, layout, names
from adapters.harts.values import LEVELS, READERS, WRITERS
from hub.errors import MappingGap
from hub.model.identifiers import clean, passes_as_sin

from .paper import KEY, as_, cl, co, el, rf

LENGTHS = {
    "HD": 31, "CL": 324, "EL": 39, "AS": 61, "RF": 208, "WL": 51, "EN": 66, "AT": 52, "EX": 53, "CO": 128, "TR": 29,
}  # fmt: skip
CLIENT = {
    "local_key": KEY, "doc_type": "PR", "surname": "Tremblay-Côté", "given": "Zoé", "dob": "1991-07-22",
    "dob_flag": "E", "sex": "F", "status": "PR",
}  # fmt: skip


def with_fields(**changes: str) -> dict[str, str]:
    return CLIENT | changes


# ---- the table ----


def test_the_table_has_the_ten_record_types_with_header_and_trailer_and_their_lengths():
    assert {record: form.length for record, form in layout().items()} == LENGTHS


@pytest.mark.parametrize("record", LENGTHS)
def test_columns_have_no_gap_and_no_overlap_and_fill_the_line(record):
    own = [(1, 3), *((column.first, column.last) for column in layout()[record].columns.values())]

    assert all(first <= last for first, last in own)
    assert all(after[0] == before[1] + 1 for before, after in pairwise(own))
    assert own[-1][1] == LENGTHS[record]


@pytest.mark.parametrize("record", LENGTHS)
def test_every_column_can_be_read_and_written_and_has_a_name_of_its_own(record):
    columns = layout()[record].columns.values()

    assert {column.kind for column in columns} <= READERS.keys() & WRITERS.keys()
    assert {column.need for column in columns} <= {"key", "yes", ""}
    assert len(set(names(record))) == len(columns)


# ---- reading ----


def test_a_line_becomes_text_by_field_and_blanks_are_left_out():
    line = cut(2, cl())

    assert (line.number, line.record, line.action, line.fields, line.faults) == (2, "CL", "A", CLIENT, ())


def test_days_flags_numbers_and_hours_are_told_in_plain_words():
    fields = cut(2, co({97: "20261218", 105: "N", 106: "000", 109: "012"})).fields

    assert fields["start"] == "2026-09-01"
    assert fields["hours_week"] == "12.50"
    assert (fields["ongoing"], fields["active"]) == ("0", "1")
    assert (fields["seats"], fields["funded_seats"]) == ("0", "12"), "zeros are zero"
    assert fields["schedule"] == "MW"
    assert "focus" not in fields, "blank is not a value"


@pytest.mark.parametrize(
    ("line", "field", "code", "got"),
    [
        pytest.param(cl({150: "19910230"}), "DOB", "DN_SCHEMA", "99999999", id="no such day"),
        pytest.param(cl({150: "1991-7-2"}), "DOB", "DN_SCHEMA", "9999-9-9", id="another form of day"),
        pytest.param(cl({50: " " * 40}), "SURNAME", "DN_SCHEMA", "nothing", id="a required field is blank"),
        pytest.param(cl({50: "\u00a0" + " " * 39}), "SURNAME", "DN_SCHEMA", "nothing", id="case 6 nothing visible"),
        pytest.param(cl({50: "Tab\x00ata"}), "SURNAME", "DN_SCHEMA", "aaa_aaa", id="a control character"),
        pytest.param(cl({24: "1234567"}), "UCI", "DN_SCHEMA", "a UCI of 7 or 9 digits", id="case 20 a lost zero"),
        pytest.param(cl({24: "1.1E+07"}), "UCI", "DN_SCHEMA", "a value that has not", id="case 20 scientific"),
        pytest.param(cl({38: "046454286"}), "DOC_NO", "DN_SCHEMA", "passes as a SIN", id="case 21 a SIN"),
        pytest.param(cl({38: "IMM5688"}), "DOC_NO", "DN_SCHEMA", "the number of a form", id="case 21 a form"),
        pytest.param(cl({4: "not an alias"}), "LOCAL_KEY", "DN_SCHEMA", "aaa_aa_aaaaa", id="no number of the hub"),
        pytest.param(cl({16: "   12345"}), "HARTS_NO", "DN_SCHEMA", "a value that has not", id="not eight digits"),
        pytest.param(cl({3: "X"}), "ACTION", "DN_SCHEMA", "`X`", id="no action"),
        pytest.param(cl({3: " "}), "ACTION", "DN_SCHEMA", "nothing", id="a blank action"),
        pytest.param(el({20: "J"}), "RESULT", "DN_SCHEMA", "`J`", id="case 29 neither yes nor no"),
        pytest.param(as_({38: "13"}), "W", "DN_SCHEMA", "`13`", id="case 44 no level"),
        pytest.param(as_({38: "8 "}), "W", "DN_SCHEMA", "`8`", id="case 44 a level without its zero"),
        pytest.param(as_({38: "  "}), "W", "H3", "nothing", id="H3 a skill is missing"),
        pytest.param(rf({28: "a b"}), "FROM_SITE", "DN_SCHEMA", "a code of shape", id="a space in a code"),
        pytest.param(rf({77: "12"}), "CONSENT_NO", "DN_SCHEMA", "99", id="no number of a consent"),
        pytest.param(co({106: " 12"}), "SEATS", "DN_SCHEMA", "99", id="a number padded with spaces"),
        pytest.param(co({116: "WM"}), "SCHEDULE", "DN_SCHEMA", "aa", id="letters out of their places"),
    ],
)
def test_a_wrong_value_is_a_fault_of_its_line_that_names_the_field_and_shows_no_value(line, field, code, got):
    read = cut(5, line)

    [fault] = read.faults
    assert (fault.line, fault.record, fault.field, fault.code) == (5, line[:2], field, code)
    assert got in fault.got
    assert fault.expected
    assert fault.next_step
    assert field.lower() not in read.fields
    assert len(read.fields) >= 3, "the other fields are read all the same"
    assert f"{line[:2]}.{field}" in fault.text()


def test_all_faults_of_a_line_are_told_at_once_in_the_order_of_its_columns():
    faults = cut(5, cl({24: "1", 50: " " * 40, 150: "99999999"})).faults

    assert [fault.field for fault in faults] == ["UCI", "SURNAME", "DOB"]


def test_case_6_invisible_characters_are_stripped_and_curly_apostrophes_kept():
    assert cut(2, cl({50: "D’Angelo\u00a0 Ba\u00adh"})).fields["surname"] == "D’Angelo Bah"
    assert cut(2, cl({50: " de  la  Cruz "})).fields["surname"] == "de la Cruz"


def test_case_20_hyphens_of_a_uci_are_dropped_and_leading_zeros_count():
    assert cut(2, cl({24: "0012-3456"})).fields["uci"] == "00123456"


def test_case_44_codes_that_are_no_level_are_values_of_their_own():
    fields = cut(2, as_({32: "IE", 34: "NA", 36: "2L", 38: "FL"})).fields

    assert [fields[skill] for skill in "lsrw"] == ["IE", "NA", "2L", "FL"]


def test_case_47_a_line_that_deletes_needs_its_key_alone():
    gone = cut(2, rf({3: "D", 28: " " * 6, 57: "99999999"}))

    assert gone.action == "D"
    assert gone.faults == ()
    assert "ref_date" not in gone.fields, "what cannot be read is left out"
    assert [fault.field for fault in cut(2, rf({3: "D", 16: " " * 12})).faults] == ["REF_NO"]


# ---- writing ----


def test_a_line_is_written_as_it_stands_on_paper():
    assert fill("CL", "A", CLIENT) == cl()


def test_case_7_accents_are_composed_before_the_line_is_padded():
    assert fill("CL", "A", with_fields(surname="Tremblay-Co\u0302te\u0301")) == cl()


@pytest.mark.parametrize(
    ("changes", "where", "got"),
    [
        pytest.param({"surname": "سارة"}, "CL.SURNAME", "aaaa", id="case 18 Arabic"),
        pytest.param({"given": "Олена"}, "CL.GIVEN", "aaaaa", id="case 18 Ukrainian"),
        pytest.param({"city": "ᐃᖃᓗᐃᑦ"}, "CL.CITY", "aaaaa", id="case 18 syllabics"),
        pytest.param({"surname": "\x81"}, "CL.SURNAME", "_", id="case 18 a byte that Windows-1252 leaves open"),
        pytest.param({"surname": "a" * 41}, "CL.SURNAME", "41 characters", id="case 16 too long"),
        pytest.param({"surname": ""}, "CL.SURNAME", "nothing", id="required and blank"),
        pytest.param({"surname": " \u200b "}, "CL.SURNAME", "___", id="required and nothing visible"),
        pytest.param({"surname": "a\x00b"}, "CL.SURNAME", "a_a", id="a control character"),
        pytest.param({"dob": "22/07/1991"}, "CL.DOB", "99/99/9999", id="another form of day"),
        pytest.param({"dob": "1991-02-30"}, "CL.DOB", "9999-99-99", id="no such day"),
        pytest.param({"sex": "F|"}, "CL.SEX", "2 characters", id="a code too long"),
        pytest.param({"status": "P R"}, "CL.STATUS", "a_a", id="a code with a space"),
        pytest.param({"uci": "123456789"}, "CL.UCI", "999999999", id="case 20 a UCI of 9 digits"),
        pytest.param({"doc_no": "046454286"}, "CL.DOC_NO", "999999999", id="case 21 a SIN never leaves"),
        pytest.param({"nickname": "Zo"}, "CL", "a field nickname", id="a field that the record has not"),
    ],
)
def test_what_cannot_be_written_is_an_error_that_names_the_field_and_shows_its_shape(changes, where, got):
    with pytest.raises(MappingGap) as refused:
        fill("CL", "A", with_fields(**changes))

    assert refused.value.where == f"harts {where}"
    assert refused.value.got == got
    assert all(value not in str(refused.value) for value in changes.values() if len(value.strip()) > 1)


def test_case_18_no_question_mark_stands_for_another_sign_but_a_real_one_is_kept():
    with pytest.raises(MappingGap):
        fill("CL", "A", with_fields(surname="Łukasz"))
    assert cut(2, fill("CL", "A", with_fields(address="12 What? Road"))).fields["address"] == "12 What? Road"


def test_case_16_a_text_of_exactly_its_width_goes_whole():
    assert cut(2, fill("CL", "A", with_fields(surname="é" * 40))).fields["surname"] == "é" * 40


def test_a_line_end_within_a_text_never_reaches_the_file():
    written = fill("CL", "A", with_fields(address="12 Elm St\r\nTRA"))

    assert "\r" not in written
    assert "\n" not in written
    assert len(written) == 324


@pytest.mark.parametrize(("record", "action"), [("CL", " "), ("CL", "X"), ("CL", ""), ("HD", "A"), ("ZZ", "A")])
def test_no_line_of_an_unknown_type_or_action_is_written(record, action):
    with pytest.raises(MappingGap):
        fill(record, action, {})


# ---- both ways ----

WORDS = "".join(
    sign
    for sign in (bytes([byte]).decode("cp1252", errors="ignore") for byte in range(32, 256))
    if sign not in "\x7f\u00ad"
)
KINDS = {
    "text": lambda width: st.text(WORDS, min_size=1, max_size=width).map(clean),
    "code": lambda width: st.text(string.ascii_letters + string.digits + "._/-", min_size=1, max_size=width),
    "site": lambda width: st.text(string.ascii_letters + string.digits, min_size=1, max_size=width),
    "level": lambda _: st.sampled_from(sorted(LEVELS)),
    "flag": lambda _: st.sampled_from("10"),
    "number": lambda width: st.integers(0, 10**width - 1).map(str),
    "hours": lambda width: st.integers(0, 10**width - 1).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
    "date": lambda _: st.dates().map(date.isoformat),
    "month": lambda _: st.dates().map(lambda day: day.isoformat()[:7]),
    "alias": lambda _: st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=12, max_size=12),
    "schedule": lambda _: st.sets(st.sampled_from("MAEWTO"), min_size=1).map(
        lambda days: "".join(day for day in "MAEWTO" if day in days)
    ),
    "uci": lambda _: st.from_regex(r"([0-9]{8}|[0-9]{10})", fullmatch=True).filter(str.isascii),
    "harts": lambda _: st.from_regex(r"[0-9]{8}", fullmatch=True).filter(str.isascii),
    "document": lambda _: st.from_regex(r"[A-Z][0-9]{9}", fullmatch=True).filter(str.isascii),
}


def values(column: Column) -> st.SearchStrategy[str]:
    own = KINDS[column.kind](column.width).filter(lambda text: text and not passes_as_sin(text))
    return own if column.need else st.just("") | own


def records(record: str) -> st.SearchStrategy[dict[str, str]]:
    """Fields of a line, blank ones left out."""
    whole = st.fixed_dictionaries({name: values(column) for name, column in layout()[record].columns.items()})
    return whole.map(lambda fields: {name: value for name, value in fields.items() if value})


@pytest.mark.parametrize("record", LENGTHS)
@given(st.data())
def test_what_is_written_is_read_back(record, data):
    fields = data.draw(records(record))
    action = data.draw(st.sampled_from(sorted(layout()[record].actions)))

    text = fill(record, action, fields)

    assert len(text.encode("cp1252")) == LENGTHS[record], "encode, then pad (case 46)"
    read = cut(3, text)
    assert (read.action, read.fields, read.faults) == (action.strip(), fields, ())


@given(st.sampled_from(sorted(LENGTHS)), st.data())
def test_whatever_stands_in_a_line_it_is_fields_or_faults_and_never_another_error(record, data):
    width = LENGTHS[record] - 2
    text = record + data.draw(st.text(WORDS + "\x00\x1a\x7f\t\u00ad", min_size=width, max_size=width))

    line = cut(2, text)

    needed = layout()[record].keys if line.action == "D" else layout()[record].needed
    assert line.faults or set(needed) <= line.fields.keys()
    assert not {fault.field.lower() for fault in line.faults} & line.fields.keys()


@given(st.sampled_from(sorted(LENGTHS)), st.data())
def test_whatever_is_to_be_written_it_is_a_whole_line_or_a_gap(record, data):
    fields = data.draw(st.dictionaries(st.sampled_from(names(record)), st.text(st.characters(), max_size=20)))

    with suppress(MappingGap):
        text = fill(record, sorted(layout()[record].actions)[0], fields)
        assert len(text) == LENGTHS[record]
        assert not set(text) & set("\r\n\x1a")
