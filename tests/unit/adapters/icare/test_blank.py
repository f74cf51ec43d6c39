"""Our own templates look, to another reader, like the genuine one (program systems 2.3)."""

from __future__ import annotations

import io
import re
import warnings

import openpyxl
import pytest

from adapters.icare import blank
from adapters.icare.layout import modules
from adapters.icare.workbook import Workbook
from tests.icare_builder import ABSENT, GENUINE, letters, unzipped

LISTED = re.compile(rb"<x14:dataValidation ")


def opened(data: bytes) -> openpyxl.Workbook:
    with warnings.catch_warnings():  # it says that it drops the lists
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(data))


@pytest.fixture(scope="module")
def profile() -> bytes:
    return blank.template(modules()["CLIENT_PROFILE"])


def test_equal_tables_give_equal_bytes(profile: bytes):
    assert blank.template(modules()["CLIENT_PROFILE"]) == profile


def test_another_reader_sees_title_hidden_ids_and_labels(profile: bytes):
    sheet = opened(profile)["iCARE Template"]
    module = modules()["CLIENT_PROFILE"]

    assert sheet["A1"].value == module.title
    assert [str(each) for each in sheet.merged_cells.ranges] == ["A1:Q1"]
    assert [cell.value for cell in sheet[2]] == list(module.columns)
    assert sheet.row_dimensions[2].hidden
    assert not sheet.row_dimensions[3].hidden
    assert [cell.value for cell in sheet[3]] == [column.label for column in module.columns.values()]


def test_mandatory_labels_are_orange_by_their_font_and_no_other_is(profile: bytes):
    sheet = opened(profile)["iCARE Template"]
    orange = {sheet.cell(2, cell.column).value for cell in sheet[3] if cell.font.color.rgb == "FFFFA500"}

    assert orange == {each.id for each in modules()["CLIENT_PROFILE"].columns.values() if each.required == "yes"}
    assert len({cell.fill.fgColor.rgb for cell in sheet[3]}) == 1


def test_2500_rows_of_text_cells_are_prepared_and_empty(profile: bytes):
    sheet = opened(profile)["iCARE Template"]

    assert sheet.dimensions == "A1:Q2503"
    assert {cell.number_format for row in sheet["A4:Q2503"] for cell in row} == {"@"}
    assert {cell.value for row in sheet["A4:Q2503"] for cell in row} == {None}


def test_the_hidden_sheets_say_version_culture_what_is_mandatory_and_ids():
    book = opened(blank.template(modules()["IO"]))
    lov, ids = book["LOV"], book["LOVIds"]

    assert {book[name].sheet_state for name in ("LOV", "LOVIds")} == {"hidden"}
    assert [cell.value for cell in lov[1]][:4] == ["info", 95, 591, "en-CA"]
    assert (lov["B2"].value, lov["C2"].value) == ("Mandatory=false;", "Mandatory=true;")
    assert [lov.cell(row, 13).value for row in (3, 6)] == ["5 minutes or less", "1 to 2 hours"]
    assert [ids.cell(row, 13).value for row in (3, 6)] == [1, 5], "4 does not exist"


def test_every_list_column_has_its_list_in_the_extension_part_and_no_other_has():
    for module in modules().values():
        part = unzipped(blank.template(module))["xl/worksheets/sheet1.xml"]
        listed = {letters(column.position) for column in module.columns.values() if column.list}
        found = re.findall(rb"<xm:f>LOV!\$([A-Z]+)\$3:", part)

        assert len(LISTED.findall(part)) == len(found) == len(listed)
        assert {each.decode() for each in found} == listed


def test_our_own_reader_knows_each_of_them():
    for module in modules().values():
        found = Workbook(blank.template(module))
        assert found.template.module == module
        assert (found.template.culture, found.template.version) == ("en-CA", module.version)
        assert list(found.rows()) == []


def test_the_genuine_workbook_offers_the_same_lists_from_the_same_places():
    if not GENUINE.exists():
        pytest.skip(ABSENT)
    ours, theirs = (
        unzipped(data)["xl/worksheets/sheet1.xml"] for data in (blank.template(modules()["IO"]), GENUINE.read_bytes())
    )
    lists = re.compile(rb"<xm:f>(.*?)</xm:f></x14:formula1><xm:sqref>(.*?)</xm:sqref>")

    assert lists.findall(ours) == lists.findall(theirs)
    assert len(lists.findall(ours)) == 88
