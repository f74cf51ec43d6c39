"""A file is refused by its content before anything of it is unpacked (program systems §10, case 33)."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from adapters.icare import package
from adapters.icare.package import FileRefused, Why
from adapters.icare.workbook import Workbook
from tests import icare_builder as icare


def why(data: bytes) -> Why:
    with pytest.raises(FileRefused) as refused:
        list(Workbook(data).rows())
    assert refused.value.next_step
    return refused.value.why


def with_part(name: str, data: str | bytes) -> bytes:
    return icare.zipped(icare.unzipped(icare.workbook("NARS", [icare.assessed()])) | {name: data})


@pytest.mark.parametrize(
    "data", [b"", b"client,born\n1,1991-07-22\n", b"PK", "é".encode("utf-16"), icare.zipped({"a.txt": "no workbook"})]
)
def test_case_33_what_is_no_workbook_is_refused_whatever_its_name_says(data: bytes):
    assert why(data) in (Why.NOT_A_WORKBOOK, Why.DAMAGED)


def test_case_33_a_renamed_csv_is_told_that_it_is_no_workbook():
    assert why(b"client_validation_id,client_birth_dt\r\n") is Why.NOT_A_WORKBOOK


def test_case_33_a_file_with_a_password_is_refused():
    assert why(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)) is Why.LOCKED


def test_case_33_an_encrypted_member_is_refused():
    data = bytearray(icare.workbook("NARS"))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1

    assert why(bytes(data)) is Why.LOCKED


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"])
def test_case_33_macros_are_refused_under_any_name_of_the_file(name: str):
    assert why(with_part(name, b"x")) is Why.PROGRAMS


def test_case_33_a_workbook_that_calls_itself_macro_enabled_is_refused_without_any():
    types = icare.unzipped(icare.workbook("NARS"))["[Content_Types].xml"].decode()
    changed = types.replace("sheet.main+xml", "sheet.macroEnabled.main+xml")

    assert why(with_part("[Content_Types].xml", changed)) is Why.PROGRAMS


def test_case_33_a_zip_bomb_is_refused_before_a_byte_of_it_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    bomb = with_part("xl/more.xml", bytes(60 * 1024 * 1024))

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a member was unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "open", opened)
    assert len(bomb) < 200_000
    assert why(bomb) is Why.TOO_LARGE


def test_case_33_a_member_that_says_less_than_it_holds_is_not_read_beyond_what_it_says():
    data = bytearray(icare.workbook("NARS", [icare.assessed()]))
    at = data.index(b"PK\x01\x02", data.rindex(b"PK\x03\x04"))
    while b"xl/worksheets/sheet1.xml" not in data[at : at + 100]:
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + 24 : at + 28] = struct.pack("<I", 500)

    assert why(bytes(data)) is Why.DAMAGED


def test_case_33_many_members_are_refused_by_their_directory():
    parts = icare.unzipped(icare.workbook("NARS")) | {f"xl/{n}.xml": b"" for n in range(package.PARTS_MAX)}

    assert why(icare.zipped(parts)) is Why.TOO_LARGE


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"]
)
def test_case_33_entities_are_refused_and_never_expanded(part: str):
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'

    assert why(with_part(part, bomb)) is Why.DAMAGED


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param("<a>" * 3_000_000, id="elements in one another"),
        pytest.param("".join(f"<a{n:x}/>" for n in range(300_000)), id="kinds of element"),
        pytest.param("<c " + "".join(f'a{n:x}="" ' for n in range(300_000)) + "/>", id="one tag"),
        pytest.param("<sheetData><row r='1'>" + "<c/>" * 2_100_000, id="cells"),
    ],
)
def test_case_33_a_part_that_is_made_to_fill_the_memory_is_refused(xml: str, tmp_path: Path):
    path = tmp_path / "bomb.xlsx"
    parts = icare.unzipped(icare.package([("S", "visible", f"<worksheet>{xml}")]))
    path.write_bytes(icare.zipped(parts, zipfile.ZIP_STORED))  # so that its ratio does not tell

    done = subprocess.run(
        [sys.executable, "-c", READ_IN_150_MB, str(path)], capture_output=True, text=True, cwd=icare.ROOT, check=False
    )

    assert (done.stdout.strip(), done.stderr) == ("F14", "")


READ_IN_150_MB = """
import resource, sys
from adapters.icare.package import FileRefused
from adapters.icare.workbook import Workbook
resource.setrlimit(resource.RLIMIT_AS, (150 << 20,) * 2)
try:
    with open(sys.argv[1], "rb") as file:
        Workbook(file.read())
except FileRefused as refused:
    print(refused.why)
"""


def test_two_members_of_one_name_are_refused():
    out = io.BytesIO(icare.workbook("NARS"))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/styles.xml", "<x/>")

    assert why(out.getvalue()) is Why.DAMAGED


@pytest.mark.parametrize("cut", [10, 200, 2_000, -100, -10])
def test_a_file_that_is_cut_is_refused(cut: int):
    assert why(icare.workbook("NARS", [icare.assessed()])[:cut]) in (Why.DAMAGED, Why.NOT_A_WORKBOOK)


def test_two_cells_in_opposite_corners_cost_nothing():
    corners = {1: {"A": "x"}, 1_048_576: {"XFD": "y"}}
    data = icare.package([("iCARE Template", "visible", icare.sheet(corners))])

    assert why(data) is Why.NOT_A_TEMPLATE


@pytest.mark.parametrize(
    "inside",
    [
        '<row r="5"><c r="A5"/></row><row r="4"><c r="A4"/></row>',
        '<row r="4"><c r="B4"/><c r="A4"/></row>',
        '<row r="4"><c r="A5"/></row>',
        '<row r="4"><c r="A4" t="s"><v>9</v></c></row>',
        '<row r="4"><c r="A4" t="s"><v>-1</v></c></row>',
        '<row r="4"><c r="A4" t="zz"><v>1</v></c></row>',
        '<row r="4"><c r="A4" s="x"><v>1</v></c></row>',
        '<row r="4"><c r="A4"><v>1</v></row>',
        '<row r="9999999"><c><v>1</v></c></row>',
    ],
)
def test_cells_that_contradict_each_other_are_refused(inside: str):
    sheet = f'<worksheet xmlns="{icare.MAIN}"><sheetData>{inside}</sheetData></worksheet>'

    assert why(with_part("xl/worksheets/sheet1.xml", sheet)) in (Why.DAMAGED, Why.NOT_A_TEMPLATE)
    assert why(icare.package([("S", "visible", sheet)])) is Why.DAMAGED


def test_a_text_longer_than_a_cell_can_hold_is_refused():
    data = icare.workbook("NARS", [icare.assessed(update_record_id="1" * 32_768)])

    assert why(data) is Why.TOO_LARGE
