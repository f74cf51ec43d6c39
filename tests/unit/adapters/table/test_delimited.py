"""Delimited text: what is read, what stops a line, what stops the file. Nothing of it is ever repeated."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.table.delimited import DELIMITERS, ENCODINGS, ROWS_MAX, read_lines
from hub.errors import Unavailable

NAMED = ("no", "name")


def lines(data: bytes, encoding: str = "utf-8", delimiter: str = "comma") -> list[tuple[int, dict, bool]]:
    found = read_lines("rooms table people", data, encoding, delimiter, NAMED)
    return [(row.number, dict(row.cells), bool(row.fault)) for row in found]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        pytest.param(b"no,name\r\n1,Ada\r\n", [(2, {"no": "1", "name": "Ada"}, False)], id="one line"),
        pytest.param(b"\xef\xbb\xbfno,name\n1,Ada\n", [(2, {"no": "1", "name": "Ada"}, False)], id="case_48 a mark"),
        pytest.param(
            b'no,name\n1,"Ada,\nof ""Elm"""\n2,Bea\n',
            [(2, {"no": "1", "name": 'Ada,\nof "Elm"'}, False), (4, {"no": "2", "name": "Bea"}, False)],
            id="case_48 quoted line breaks and commas: the line is the physical one",
        ),
        pytest.param(
            b"no,name\n1,Ada\nThis report's data is current to 2026-06-01\n",
            [(2, {"no": "1", "name": "Ada"}, False)],
            id="case_48 a footer",
        ),
        pytest.param(b"no,name\n\n1,Ada\n,\n", [(3, {"no": "1", "name": "Ada"}, False)], id="case_3 blank lines"),
        pytest.param(b"name,more,no\nAda,x,1\n", [(2, {"name": "Ada", "more": "x", "no": "1"}, False)], id="any order"),
        pytest.param(b"no,name\n1,Ada,,\n", [(2, {"no": "1", "name": "Ada"}, False)], id="empty cells behind the last"),
        pytest.param(b"no,name\n1,Ada,x\n", [(2, {"no": "1", "name": "Ada"}, True)], id="a cell too many"),
        pytest.param(
            b"no,name\n1\n2,Bea\n", [(2, {"no": "1"}, True), (3, {"no": "2", "name": "Bea"}, False)], id="one short"
        ),
        pytest.param(b"no,name\n", [], id="a header alone"),
    ],
)
def test_lines_are_rows(data: bytes, rows: list) -> None:
    assert lines(data) == rows


@pytest.mark.parametrize(
    ("data", "place", "got"),
    [
        pytest.param(b"", "people", "an empty file", id="nothing"),
        pytest.param(b"no,name\n1,\xe9t\xe9\n", "line 2", "bytes that are not utf-8", id="another encoding"),
        pytest.param(b'no,name\n1,"Ada\n2,Bea\n', "line 2", "quotes that do not close", id="an open quote"),
        pytest.param(b"no\n1\n", "header", "no column name", id="a column less"),
        pytest.param(b"no,name,name\n1,a,b\n", "header", "name twice", id="a column twice"),
        pytest.param(b"PK\x03\x04\x00\x00", "people", "another kind", id="case_33 a workbook that was renamed"),
        pytest.param(b"no,name\n" + b"1,a\n" * (ROWS_MAX + 1), "people", "50001 rows", id="too many rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_without_a_cell_of_it(data: bytes, place: str, got: str) -> None:
    with pytest.raises(Unavailable) as away:
        lines(data)

    assert place in away.value.where
    assert got in away.value.got
    assert away.value.next_step
    assert "Ada" not in str(away.value)


def test_windows_1252_and_semicolons_are_read_where_the_settings_say_so() -> None:
    assert lines("no;name\n1;Éloïse\n".encode("cp1252"), "windows-1252", "semicolon")[0][1]["name"] == "Éloïse"


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(
    st.lists(st.tuples(CELL, CELL), max_size=8), st.sampled_from(sorted(DELIMITERS)), st.sampled_from(["\r\n", "\n"])
)
def test_what_a_spreadsheet_program_writes_is_read_back(rows: list, delimiter: str, end: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=DELIMITERS[delimiter], lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([NAMED, *rows])

    found = lines(file.getvalue().encode(), delimiter=delimiter)

    assert [(cells["no"], cells["name"]) for _, cells, _ in found] == [
        row for row in rows if any(cell.strip() for cell in row)
    ]
    assert not any(fault for _, _, fault in found)


@given(st.binary(max_size=300), st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(DELIMITERS)))
def test_any_bytes_are_rows_or_an_error_of_ours(data: bytes, encoding: str, delimiter: str) -> None:
    with_header = NAMED[0].encode() + DELIMITERS[delimiter].encode() + NAMED[1].encode() + b"\n" + data
    for given_bytes in (data, with_header):
        try:
            found = lines(given_bytes, encoding, delimiter)
        except Unavailable:
            continue
        assert all(number > 1 for number, _, _ in found)
