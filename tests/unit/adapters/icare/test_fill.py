"""Rows into a template: lists, hidden sheets and every other part stay as they are (program systems 2.3, 9.3, §10)."""

from __future__ import annotations

import io
import re
import warnings

import openpyxl
import pytest

from adapters.icare import blank
from adapters.icare.fill import fill
from adapters.icare.layout import modules
from adapters.icare.package import FileRefused, Why
from adapters.icare.split import split
from adapters.icare.workbook import Workbook
from hub.errors import MappingGap
from tests import icare_builder as icare
from tests.icare_builder import ABSENT, GENUINE, profile

SHEET = "xl/worksheets/sheet1.xml"
LISTS = re.compile(rb"<x14:dataValidation .*?</x14:dataValidation>")


@pytest.fixture(scope="module")
def template() -> bytes:
    return blank.template(modules()["CLIENT_PROFILE"])


def blanked(data: bytes) -> bytes:
    """A workbook with its rows emptied, as a downloaded template is: cells keep their styles, their strings go too."""
    parts = icare.unzipped(data)
    strings = re.findall(rb"<si>.*?</si>", parts["xl/sharedStrings.xml"], re.S)
    head, _, body = parts[SHEET].partition(b'<row r="4"')
    body, _, tail = (b'<row r="4"' + body).partition(b"</sheetData>")
    kept = {
        int(place)
        for part in (head, *(xml for name, xml in parts.items() if name.endswith(("sheet2.xml", "sheet3.xml"))))
        for place in re.findall(rb't="s"><v>(\d+)</v>', part)
    }
    body = re.sub(rb'(<c r="[A-Z]+\d+"(?: s="\d+")?)[^>/]*>.*?</c>', rb"\1/>", body)
    for place, string in enumerate(strings):
        if place not in kept:
            parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(string, b"<si><t/></si>", 1)
    return icare.zipped(parts | {SHEET: head + body + b"</sheetData>" + tail})


def test_what_was_written_is_read_back_by_our_reader_and_by_another(template: bytes):
    rows = [profile(), profile(client_validation_id="0011-2233", city_txt="Sault Ste. Marie")]

    data = fill(template, rows)

    assert [(row.number, row.fields, row.faults) for row in Workbook(data).rows()] == [
        (4, rows[0], ()),
        (5, rows[1], ()),
    ]
    with warnings.catch_warnings():  # it says that it drops the lists
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(io.BytesIO(data))["iCARE Template"]
    ids = [cell.value for cell in sheet[2]]
    assert [{ids[cell.column - 1]: cell.value for cell in sheet[n] if cell.value is not None} for n in (4, 5)] == rows
    assert {cell.data_type for cell in sheet[4] if cell.value is not None} <= {"s", "inlineStr"}
    assert {cell.number_format for cell in sheet[4]} == {"@"}


def test_every_other_part_is_the_same_byte_for_byte_and_so_is_the_sheet_around_its_rows(template: bytes):
    before, after = icare.unzipped(template), icare.unzipped(fill(template, [profile()]))

    assert list(after) == list(before)
    assert {name for name in before if after[name] != before[name]} == {SHEET}
    assert before[SHEET].partition(b'<row r="4">')[0] == after[SHEET].partition(b'<row r="4">')[0]
    assert before[SHEET].partition(b'<row r="5">')[2] == after[SHEET].partition(b'<row r="5">')[2]


@pytest.mark.parametrize(("code", "column"), [("NARS", "client_birth_dt"), ("LT_SETUP", "start_dt")])
def test_case_32_all_lists_are_kept(code: str, column: str):
    module = modules()[code]
    empty = blank.template(module)
    listed = sum(1 for each in module.columns.values() if each.list)

    part = icare.unzipped(fill(empty, [{column: "2026-05-04"}]))[SHEET]

    assert len(LISTS.findall(part)) == listed == len(LISTS.findall(icare.unzipped(empty)[SHEET]))


def test_case_32_the_genuine_template_keeps_its_88_lists_and_its_hidden_sheets():
    if not GENUINE.exists():
        pytest.skip(ABSENT)
    row = {
        "client_validation_type_id": "FOSS/GCMS Client ID", "client_validation_id": "11223344",
        "client_birth_dt": "1991-07-22", "postal_cd": "M5V2T6", "start_dttm": "2026-05-04",
        "service_language_id": "Plautdietsch (Mennonite Low German)", "institution_type_id": "The client’s home",
        "orientation_length_hours_no": "1", "orientation_length_minutes_no": "5", "support_received_ind": "No",
    }  # fmt: skip
    before = blanked(GENUINE.read_bytes())

    after = fill(before, [row])

    parts, whole = icare.unzipped(before), icare.unzipped(after)
    assert len(LISTS.findall(whole[SHEET])) == 88
    assert LISTS.findall(whole[SHEET]) == LISTS.findall(parts[SHEET])
    assert {name for name in parts if whole[name] != parts[name]} == {SHEET}
    assert [(found.number, found.fields, found.faults) for found in Workbook(after).rows()] == [(4, row, ())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(io.BytesIO(after))["iCARE Template"]
    assert sheet["H4"].value == "Plautdietsch (Mennonite Low German) ", "case 5: written as the template has it"
    assert sheet.dimensions == "A1:CQ2503"


def test_the_genuine_workbook_as_it_lies_there_is_refused_for_the_client_in_it():
    if not GENUINE.exists():
        pytest.skip(ABSENT)

    with pytest.raises(FileRefused) as refused:
        fill(GENUINE.read_bytes(), [])

    assert refused.value.why is Why.LEAKS


def test_a_template_with_a_value_below_its_labels_is_refused_without_the_value(template: bytes):
    used = fill(template, [profile(city_txt="Zyxwvut")])

    with pytest.raises(FileRefused) as refused:
        fill(used, [profile()])

    assert refused.value.why is Why.LEAKS
    assert "Zyxwvut" not in str(refused.value)
    assert "B4" in str(refused.value)


def test_a_template_with_a_value_beside_its_columns_is_refused():
    used = icare.workbook("CLIENT_PROFILE", extra={9: {"Z": "Zyxwvut"}})

    with pytest.raises(FileRefused) as refused:
        fill(used, [profile()])

    assert refused.value.why is Why.LEAKS


def test_a_template_whose_rows_were_emptied_but_whose_strings_were_not_is_refused():
    used = icare.workbook("CLIENT_PROFILE", shared=["Zyxwvut"])

    with pytest.raises(FileRefused) as refused:
        fill(used, [profile()])

    assert refused.value.why is Why.LEAKS
    assert "Zyxwvut" not in str(refused.value)


def test_a_template_with_a_further_sheet_is_refused_unless_it_is_empty():
    own = [("iCARE Template", "visible", icare.sheet(icare.heads("CLIENT_PROFILE"))), *icare.hidden("CLIENT_PROFILE")]

    fill(icare.package([*own, ("Sheet2", "visible", icare.sheet({}))]), [profile()])
    with pytest.raises(FileRefused) as refused:
        fill(icare.package([*own, ("Sheet2", "visible", icare.sheet({7: {"B": "Zyxwvut"}}))]), [profile()])

    assert refused.value.why is Why.LEAKS


@pytest.mark.parametrize("part", ["xl/comments1.xml", "xl/externalLinks/externalLink1.xml"])
def test_a_template_with_comments_or_values_of_another_workbook_is_refused(part: str):
    parts = icare.unzipped(icare.workbook("CLIENT_PROFILE")) | {part: b"<x/>"}

    with pytest.raises(FileRefused) as refused:
        fill(icare.zipped(parts), [])

    assert refused.value.why is Why.LEAKS


@pytest.mark.parametrize(
    ("column", "text"),
    [
        pytest.param("province_id", "Maine", id="no value of the list"),
        pytest.param("consent_ind", "Perhaps", id="no answer"),
        pytest.param("client_birth_dt", "22/07/1991", id="no day"),
        pytest.param("city_txt", "a\x01b", id="no text"),
        pytest.param("city_txt", "a" * 2_001, id="too long a text"),
        pytest.param("processing_details", "[BUID:1]", id="iCARE's own column"),
        pytest.param("street_name", "Maple", id="no column"),
    ],
)
def test_what_the_template_cannot_hold_is_an_error_that_names_the_column_and_no_value(
    template: bytes, column: str, text: str
):
    with pytest.raises(MappingGap) as refused:
        fill(template, [profile(**{column: text})])

    assert text not in str(refused.value)
    if column != "street_name":
        assert column in str(refused.value)


def test_case_31_a_french_template_is_filled_by_its_ids_with_its_own_labels():
    labels = {("yes_no", "1"): "Oui", ("yes_no", "0"): "Non", ("official_language", "3"): "Aucune préférence "}
    empty = icare.workbook("CLIENT_PROFILE", culture="fr-CA", labels=labels)
    row = {"official_language_id": "Unknown/No preference", "consent_ind": "Yes", "email_txt_ind": "No"}

    data = fill(empty, [row])

    part = icare.unzipped(data)[SHEET].decode()
    assert 'xml:space="preserve">Aucune préférence </t>' in part
    assert (part.count(">Oui<"), part.count(">Non<")) == (1, 1)
    assert next(Workbook(data).rows()).fields == row


def test_case_31_what_no_id_leads_to_cannot_be_written_into_a_french_template():
    empty = icare.workbook("CLIENT_PROFILE", culture="fr-CA", labels={("province", "Ontario"): "l’Ontario"})

    with pytest.raises(MappingGap, match="province_id"):
        fill(empty, [{"province_id": "Ontario"}])


@pytest.mark.parametrize("text", ["=1+1", "+1-416-555-0142", "-", "@example", "=HYPERLINK(1)"])
def test_case_33_what_a_program_might_run_is_neutralised_and_read_back_as_it_was(template: bytes, text: str):
    data = fill(template, [profile(street_nme=text)])

    assert f">'{text}<" in icare.unzipped(data)[SHEET].decode()
    assert next(Workbook(data).rows()).fields["street_nme"] == text


def test_signs_of_xml_and_accents_stay_what_they_are(template: bytes):
    row = profile(street_nme='<Côte> & "Île" ]]> ’')

    assert next(Workbook(fill(template, [row])).rows()).fields == row


def test_rows_that_the_template_has_not_prepared_are_added_with_the_style_of_the_first():
    prepared = {column["id"]: (' s="1"', "") for column in icare.columns("CLIENT_PROFILE")}
    empty = icare.workbook("CLIENT_PROFILE", [prepared])

    data = fill(empty, [profile()] * 3)

    assert [row.fields for row in Workbook(data).rows()] == [profile()] * 3
    part = icare.unzipped(data)[SHEET].decode()
    assert re.findall(r'<c r="B([456])" s="1" t="inlineStr">', part) == ["4", "5", "6"]


def test_a_template_with_prefixes_and_a_row_without_an_end_tag_is_filled_in_its_own_way():
    parts = icare.unzipped(icare.workbook("CLIENT_PROFILE"))
    sheet = parts[SHEET].decode().replace("</sheetData>", "<row r='4' hidden=\"0\" customFormat='>'/></sheetData>")
    for word in ("worksheet", "sheetData", "row", "c", "is", "t"):
        sheet = re.sub(rf"(</?){word}(?=[ >/])", rf"\1x:{word}", sheet)
    sheet = sheet.replace("xmlns=", "xmlns:x=").replace("<x:sheetData>", '<x:dimension ref="A1"/><x:sheetData>')

    data = fill(icare.zipped(parts | {SHEET: sheet}), [profile()] * 2)

    assert [row.fields for row in Workbook(data).rows()] == [profile()] * 2
    written = icare.unzipped(data)[SHEET].decode()
    assert '<x:dimension ref="A1:Q5"/>' in written
    assert "<x:row r='4' hidden=\"0\" customFormat='>'><x:c r=\"B4\"" in written


def test_equal_rows_give_equal_bytes(template: bytes):
    assert fill(template, [profile()]) == fill(template, [profile()])


def test_2500_rows_fit_and_one_more_does_not(template: bytes):
    rows = [{"client_birth_dt": "1991-07-22"}] * 2_501

    assert sum(1 for _ in Workbook(fill(template, rows[1:])).rows()) == 2_500
    with pytest.raises(MappingGap, match="split"):
        fill(template, rows)


def test_a_template_without_technical_ids_is_not_filled():
    top = icare.heads("CLIENT_PROFILE")
    for without in ({1: top[1], 2: top[3]}, {1: top[1], 3: top[3]}):
        with pytest.raises(FileRefused) as refused:
            fill(icare.workbook("CLIENT_PROFILE", top=without), [profile()])
        assert refused.value.why is Why.NOT_A_TEMPLATE


def test_the_edited_spelling_of_the_children_is_read_and_never_written():
    top = icare.heads("NARS")
    top[2] = {
        place: str(text).replace("Children[", "Children_").replace("]childminding", "_childminding")
        for place, text in top[2].items()
    }
    edited = icare.workbook("NARS", top=top)

    assert list(Workbook(edited).rows()) == []
    with pytest.raises(FileRefused):
        fill(edited, [])


def client(number: int, **more: str) -> dict[str, str]:
    return {
        "client_validation_type_id": "FOSS/GCMS Client ID",
        "client_validation_id": f"{number:08}",
        "client_birth_dt": "1991-07-22",
        **more,
    }


def test_a_client_is_in_one_workbook_with_all_rows_and_no_row_is_lost():
    rows = [client(1, postal_cd="a"), client(2), client(3), client(1, postal_cd="b"), client(2, postal_cd="c")]

    found = split(rows, most=3)

    assert [[row["client_validation_id"][-1] for row in each] for each in found] == [["1", "1"], ["2", "2", "3"]]


def test_one_number_in_two_spellings_is_one_client_and_another_birth_date_is_another():
    rows = [
        client(1),
        {**client(1), "client_validation_id": "0000-0001"},
        {**client(1), "client_birth_dt": "1950-01-01"},
    ]

    assert [len(each) for each in split(rows, most=2)] == [2, 1]


def test_rows_of_nobody_stand_by_themselves_and_a_client_with_too_many_is_an_error():
    assert [len(each) for each in split([{"course_cd": "L-1"}] * 3, most=2)] == [2, 1]
    with pytest.raises(MappingGap) as refused:
        split([client(1)] * 3, most=2)
    assert "00000001" not in str(refused.value)
