"""Sheets of a workbook, and workbooks that may not be opened. Tricky cases of program systems §10 by their number."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters import workbook
from adapters.table.cells import Unread
from adapters.table.rows import Row
from adapters.table.sheets import read_sheets
from adapters.workbook import refuse_unsafe
from hub.errors import RecordUnreadable, Unavailable

NAMED = {"people": ("no", "name")}


def book(*rows: tuple[Any, ...], change: Callable[[openpyxl.Workbook], None] = lambda _: None) -> bytes:
    """A workbook with a sheet ``people``: header ``no``, ``name``."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "people"
    for row in (("no", "name"), *rows):
        sheet.append(row)
    change(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same workbook with other parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def read(data: bytes, sheet: str = "people", header_row: int = 1) -> list[Row]:
    return read_sheets("rooms", data, {"people": sheet}, NAMED, header_row)[0]["people"]


def test_rows_keep_their_number_and_blank_ones_are_passed_over_case_3() -> None:
    rows = read(book(("1", "Ada"), (None, None), (None, "  "), ("2", "Bea")))

    assert [(row.number, row.cells["name"]) for row in rows] == [(2, "Ada"), (5, "Bea")]


def test_case_33_a_formula_and_an_error_cell_are_no_values() -> None:
    rows = read(book(("1", "=A2"), ("2", "#N/A")))

    assert [row.cells["name"] for row in rows] == [Unread("a formula"), Unread("an error of the workbook")]


def test_case_33_a_text_that_begins_as_a_formula_is_a_text() -> None:
    def as_text(made: openpyxl.Workbook) -> None:
        made.worksheets[0]["B2"].data_type = "s"

    assert read(book(("1", "=1+1"), change=as_text))[0].cells["name"] == "=1+1"


def test_case_11_a_workbook_that_counts_from_1904_says_so() -> None:
    def since_1904(made: openpyxl.Workbook) -> None:
        made.epoch = CALENDAR_MAC_1904

    assert read_sheets("rooms", book(("1", "a")), {"people": "people"}, NAMED, 1)[1] is False
    assert read_sheets("rooms", book(("1", "a"), change=since_1904), {"people": "people"}, NAMED, 1)[1] is True


def test_a_header_may_stand_below_a_title() -> None:
    def with_title(made: openpyxl.Workbook) -> None:
        made.worksheets[0].insert_rows(1)
        made.worksheets[0]["A1"] = "Our list"

    assert [row.number for row in read(book(("1", "Ada"), change=with_title), header_row=2)] == [3]


@pytest.mark.parametrize(
    ("data", "sheet", "place", "got"),
    [
        pytest.param(book(("1", "a")), "clients", "sheet people", "no such sheet", id="another sheet"),
        pytest.param(
            book(change=lambda b: b.worksheets[0].delete_cols(2)),
            "people",
            "header",
            "no column name",
            id="a column less",
        ),
        pytest.param(b"no,name\n1,a\n", "people", "rooms", "no workbook", id="case_33 a renamed csv"),
        pytest.param(
            bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 100,
            "people",
            "rooms",
            "behind a password",
            id="case_33 a password",
        ),
        pytest.param(book(("1", "a"))[:-40], "people", "rooms", "damaged", id="cut off"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_told_without_a_cell_of_it(
    data: bytes, sheet: str, place: str, got: str
) -> None:
    with pytest.raises(Unavailable) as away:
        read(data, sheet)

    assert place in away.value.where
    assert got in away.value.got
    assert away.value.next_step


def test_case_33_a_part_with_entities_of_its_own_is_not_read() -> None:
    def with_entity(parts: dict[str, bytes]) -> None:
        sheet = parts["xl/worksheets/sheet1.xml"]
        parts["xl/worksheets/sheet1.xml"] = b'<!DOCTYPE a [<!ENTITY b "c">]>' + sheet

    with pytest.raises(Unavailable, match="damaged"):
        read(repacked(book(("1", "a")), with_entity))


SHEET = "xl/worksheets/sheet1.xml"


def with_cells(rows: str) -> bytes:
    """A workbook with such rows below its own, however they are written."""

    def more(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    return repacked(book(("1", "Ada")), more)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', id="the last cell of all"),
        pytest.param('<row r="50001"><c r="A50001"><v>1</v></c></row>', id="a row too many"),
        pytest.param('<row r="3"><c r="SG3"><v>1</v></c></row>', id="a column too many"),
        pytest.param('<row r="50000"/><row><c><v>1</v></c></row>', id="a row without its number"),
        pytest.param('<row r="3"><c r="SF3"><v>1</v></c><c><v>1</v></c></row>', id="a cell without its address"),
        pytest.param('<row r="50000"><c r="BL50000"><v>1</v></c></row>', id="few rows, few columns, many cells"),
        pytest.param('<row r="50001"><c r="A50001" t="inlineStr"><is><t>x</t></is></c></row>', id="a text in it"),
        pytest.param('<x:row xmlns:x="urn:x" r="50001"><x:c r="A50001"><x:v>1</x:v></x:c></x:row>', id="other names"),
    ],
)
def test_a_sheet_that_would_be_laid_out_too_large_is_refused_before_it_is(cell: str) -> None:
    with pytest.raises(Unavailable) as away:
        read(with_cells(cell))

    assert "rows" in away.value.got
    assert "50000 and 500 at most" in away.value.expected


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<row r="3"><c r="xfd1048576"><v>1</v></c></row>', id="an address in small letters"),
        pytest.param('<row r="3"><c r="A1048576"><v>1</v></c></row>', id="a cell of another row"),
        pytest.param('<row r="3"><c r="B3"/><c r="A3"><v>1</v></c></row>', id="a column before the last"),
        pytest.param('<row r="2"><c r="A2"><v>1</v></c></row>', id="a row twice"),
        pytest.param('<row r="1e9"><c><v>1</v></c></row>', id="a row that is no number"),
    ],
)
def test_cells_out_of_order_are_damage(cell: str) -> None:
    with pytest.raises(Unavailable, match="damaged"):
        read(with_cells(cell))


def test_a_sheet_for_which_there_may_be_two_parts_is_damaged() -> None:
    def twice(parts: dict[str, bytes]) -> None:
        parts[SHEET.replace("sheet1", "Sheet1")] = parts[SHEET]

    with pytest.raises(Unavailable, match="damaged"):
        read(repacked(book(("1", "Ada")), twice))


def test_case_3_cells_that_are_only_formatted_take_no_room_and_what_follows_the_cells_is_none() -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'

    def more(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(
            b"</sheetData>", far.encode() + b'</sheetData><extLst><ext><f xmlns="urn:x">A1</f></ext></extLst>'
        )

    assert [row.cells for row in read(repacked(book(("1", "Ada")), more))] == [{"no": "1", "name": "Ada"}]


# -- the checks that every reader of workbooks shares


def put(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.update({name: data})


def drop(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.pop(name) and None


def macro_type(parts: dict[str, bytes]) -> None:
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"sheet.main", b"sheet.macroEnabled.main")


@pytest.mark.parametrize(
    ("change", "got"),
    [
        pytest.param(put("xl/vbaProject.bin"), "macros", id="a project of macros"),
        pytest.param(put("xl/macrosheets/sheet1.xml"), "macros", id="a sheet of macros"),
        pytest.param(put("xl/embeddings/oleObject1.bin"), "embedded", id="an embedded file"),
        pytest.param(macro_type, "macros", id="a type with macros"),
        pytest.param(put("../outside.xml"), "outside the file", id="a part that climbs out"),
        pytest.param(put("/etc/part.xml"), "outside the file", id="a part with a path of its own"),
        pytest.param(drop("xl/workbook.xml"), "no workbook", id="a zip of something else"),
        pytest.param(put("xl/media/bomb.xml", b"\0" * 40_000_000), "unpacks to far more", id="a bomb"),
    ],
)
def test_case_33_a_workbook_that_could_do_harm_is_refused_before_it_is_opened(
    change: Callable[[dict[str, bytes]], None], got: str
) -> None:
    with pytest.raises(RecordUnreadable) as refused:
        refuse_unsafe(repacked(book(("1", "a")), change))

    assert got in refused.value.got
    assert refused.value.next_step


def test_case_33_limits_of_size_parts_and_unpacked_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book(("1", "a"))
    refuse_unsafe(data)
    for name, most, got in (
        ("FILE_BYTES_MAX", len(data) - 1, f"{len(data)} bytes"),
        ("MEMBERS_MAX", 3, "parts"),
        ("UNPACKED_BYTES_MAX", 1_000, "unpack to too much"),
    ):
        with monkeypatch.context() as narrower:
            narrower.setattr(workbook, name, most)
            with pytest.raises(RecordUnreadable, match=got):
                refuse_unsafe(data)


def test_case_33_a_part_that_lies_about_its_size_is_counted() -> None:
    data = bytearray(repacked(book(("1", "a")), put("xl/media/bomb.xml", b"\0" * 40_000_000)))
    entry = data.rindex(b"xl/media/bomb.xml") - 46  # the part's place in the central directory
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")

    with pytest.raises(RecordUnreadable):
        refuse_unsafe(bytes(data))


def test_a_sheet_that_somebody_else_wrote_is_safe() -> None:
    refuse_unsafe(book(*[(str(number), "x") for number in range(2_000)]))
