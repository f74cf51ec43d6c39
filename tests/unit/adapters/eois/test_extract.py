"""Extracts: bytes into rows, rows into referrals (program systems 3.11, 9.5; cases 12, 29, 33, 48 to 55 and 63)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from adapters.eois import extract, lists, outcomes, plans, rules
from adapters.eois.extract import Extract, Refusal
from tests import eois_builder as eois

NAMES = {report: f"{report}_3898A_20260601.csv" for report in eois.HEADERS}


def read(report: str, *rows: Mapping[str, str], **how: str) -> Extract:
    found = extract.read(NAMES[report], eois.extract(report, *rows, **how))
    assert isinstance(found, Extract)
    return found


def first(report: str, **cells: str) -> Mapping[str, str]:
    found = read(report, {name.replace("_", " "): text for name, text in cells.items()})
    assert found.faults == ()
    return found.rows[0][1]


def wrong(report: str, changes: Mapping[str, str]) -> list[tuple[str, str]]:
    found = read(report, changes)
    return [(fault.column, fault.code) for fault in found.faults]


def site(*rows: Mapping[str, str], ends: tuple[Mapping[str, str], ...] = ({},)) -> plans.Site:
    return plans.newest([read("15B", *rows), read("15D", *ends), read("CLIENT", {})])


# -- bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252"])
def test_an_extract_is_read_in_each_encoding_with_note_line_breaks_and_commas_case_48(encoding: str) -> None:
    address = "12, rue Sainte-Élise\nMontréal"
    found = read(
        "CLIENT", {"Primary Mailing Address": address}, {"CaMS Reference Number": "7654321"}, encoding=encoding
    )

    assert [number for number, _ in found.rows] == [2, 3]
    assert found.rows[0][1]["address"] == "12, rue Sainte-Élise Montréal"
    assert found.note == 4
    assert found.faults == ()


def test_a_site_is_known_by_its_code_whatever_its_address_says_case_48() -> None:
    assert first("15B", SDS_Code='3898A - "Maple", Oak & Sons - 1 King Street, Toronto')["sds"] == "3898A"
    assert wrong("15B", {"SDS Code": "3898H - Maple"}) == [("SDS Code", "DN_SENDER")]
    assert wrong("15B", {"SDS Code": "3898AB"}) == [("SDS Code", "DN_SENDER")]


def test_a_note_is_only_in_the_last_line_and_blank_rows_count() -> None:
    data = eois.extract("15D", {}, note="").decode() + ",,,,,,,,,,,\r\nThis report's data is current\r\n"
    found = extract.read(NAMES["15D"], (data + eois.extract("15D", {}, note="").decode().split("\r\n")[1]).encode())

    assert isinstance(found, Extract)
    assert [(fault.row, fault.code) for fault in found.faults] == [(4, "DN_SCHEMA")]
    assert [number for number, _ in found.rows] == [2, 5]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"PK\x03\x04rest", id="case 33: a workbook"),
        pytest.param(eois.extract("15D", {}), id="another report"),
        pytest.param(eois.extract("15B", {}).replace(b"Program,", b"Programme,"), id="another column"),
        pytest.param(eois.extract("15B", {}).replace(b"SDS Code,", b""), id="a column missing"),
        pytest.param(b'"' + b"x" * 200_000, id="a cell without an end"),
        pytest.param(b"\x81\x8d", id="no encoding"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_file_that_is_no_such_extract_is_refused_whole(data: bytes) -> None:
    assert isinstance(extract.read(NAMES["15B"], data), Refusal)


@pytest.mark.parametrize("name", ["15B_3898A_20260601.csv", "CLIENT_0001Z_20240229.csv"])
def test_a_name_tells_report_site_and_day(name: str) -> None:
    report, sds, day = extract.named(name) or ("", "", date.min)

    assert f"{report}_{sds}_{day:%Y%m%d}.csv" == name


@pytest.mark.parametrize(
    "name", ["15B_3898A_20260230.csv", "15A_3898A_20260601.csv", "15B_3898A_20260601.CSV", "15B_3898a_20260601.csv"]
)
def test_other_names_are_none(name: str) -> None:
    assert extract.named(name) is None


# -- cells


def test_a_date_is_day_month_year_whatever_it_would_allow_case_12() -> None:
    assert first("15B", Plan_Start_Date="03/05/1980")["plan_start_date"] == "1980-05-03"


@pytest.mark.parametrize("text", ["2026-05-03", "05/13/2026", "3/5/2026", "31/02/2026", "46145", "03/05/26"])
def test_any_other_form_of_a_date_is_refused_and_never_guessed_case_12(text: str) -> None:
    assert wrong("15B", {"Plan Start Date": text}) == [("Plan Start Date", "DN_SCHEMA")]


@pytest.mark.parametrize(("text", "value"), [("Yes", "1"), ("NO", "0"), ("Oui", "1"), ("TRUE", "1"), ("n", "0")])
def test_known_words_for_yes_and_no_are_read_case_29(text: str, value: str) -> None:
    assert first("15B", Self_Initiated=text)["self_initiated"] == value


def test_an_empty_flag_is_no_no_and_an_unknown_one_is_refused_case_29() -> None:
    assert "self_initiated" not in first("15B", Self_Initiated="")
    assert wrong("15B", {"Self Initiated": "perhaps"}) == [("Self Initiated", "DN_SCHEMA")]


@pytest.mark.parametrize("text", ["60", "=Newcomer Services", "EO - Nobody", "Newcomer"])
def test_a_label_of_no_list_is_told_and_a_number_alone_is_none_cases_33_54_55(text: str) -> None:
    assert wrong("15B", {"Referred Out 1": text}) == [("Referred Out 1", "CODE_UNKNOWN")]


def test_labels_are_matched_with_their_spaces_collapsed_case_54() -> None:
    assert first("15B", Referred_Out_1="EO  -Service Provider")["referred_out_1"] == "program/60"
    assert first("15D")["satisfaction"] == "3 -  No general opinion"


@pytest.mark.parametrize("text", ["123456", "12345678", "1.2E+06", "046454286", "1234567.0"])
def test_a_reference_is_seven_digits_as_text(text: str) -> None:
    assert wrong("15B", {"Client Reference": text}) == [("Client Reference", "DN_SCHEMA")]


def test_a_plan_reference_that_passes_as_a_sin_is_refused_case_21() -> None:
    assert wrong("15B", {"Service Plan Reference": "046454286"}) == [("Service Plan Reference", "DN_SCHEMA")]


def test_accents_that_were_read_in_the_wrong_alphabet_are_put_right_where_that_is_certain_case_63() -> None:
    wrongly = "Québec, l’Île".encode().decode("cp1252")

    assert first("CLIENT", Primary_Mailing_Address=wrongly)["address"] == "Québec, l’Île"
    assert extract.repaired("CÃ©line et Éric Ã©") == ("CÃ©line et Éric Ã©", True)
    assert extract.repaired("Élise Ângela") == ("Élise Ângela", False)
    found = read("CLIENT", {"Primary Mailing Address": "CÃ©line et Éric"})
    assert [fault.code for fault in found.faults] == ["MARKS"]
    assert len(found.rows) == 1, "a warning; the row stands"


def test_no_fault_holds_a_value() -> None:
    found = read("15B", {"Client Reference": "Zyxwvut", "Program": "Zyxwvut", "Plan Start Date": "Zyxwvut"})

    assert len(found.faults) == 3
    assert "Zyxwvut" not in str(found.faults)


# -- what the reports say together


def states(found: plans.Site) -> list[tuple[str, str]]:
    return [(item.key, item.state.value) for item in plans.items(found)]


def test_a_referral_counts_only_when_its_plan_is_closed_case_53() -> None:
    opened = {"Plan Status": "Active", "Plan Close Date": ""}

    assert states(site({})) == [("15B/3898A/2345678/community/80", "MADE")]
    assert states(site(opened)) == [("15B/3898A/2345678/community/80", "PENDING")]


def test_a_plan_opened_in_error_is_void_also_while_it_is_open_case_51() -> None:
    void = {"Closure Reason": "Opened in Error", "Follow-up Month": "", "Follow-up Date": ""}

    assert [state for _, state in states(site({}, ends=(void,)))] == ["VOID"]


def test_a_closed_plan_without_its_outcome_says_nothing_yet() -> None:
    other = {"Service Plan Reference": "9"}

    assert [state for _, state in states(site({}, ends=(other,)))] == ["OUTCOME_MISSING"]
    assert [state for _, state in states(site({}, ends=({"Closure Reason": ""},)))] == ["OUTCOME_MISSING"]


def test_of_a_client_who_died_the_row_says_so_and_when_case_61() -> None:
    (item,) = plans.items(site({}, ends=({"Closure Reason": "Deceased"},)))
    (other,) = plans.items(site({}))

    assert item.client["deceased_date"] == "2026-05-28"
    assert "deceased_date" not in other.client


def test_each_of_five_labels_is_a_referral_once_and_not_applicable_is_none_case_55() -> None:
    row = {
        "Referred Out 1": "Language Services Assessment", "Referred Out 2": "EO - Service Provider",
        "Referred Out 3": "Not Applicable", "Referred Out 4": "EO-Service Provider", "Referred Out 5": "",
    }  # fmt: skip

    assert [key.removeprefix("15B/3898A/2345678/") for key, _ in states(site(row))] == ["community/60", "program/60"]


def test_a_referral_counts_by_whichever_row_of_its_plan_counts_and_is_said_once_in_a_row() -> None:
    opened = {"Plan Status": "Active", "Plan Close Date": "", "Referred Out 2": "Newcomer Services"}

    assert [state for _, state in states(site(opened, {}, {}))] == ["PENDING", "MADE"]


def test_a_plan_of_two_clients_is_nobodys() -> None:
    found = site({}, {"Client Reference": "7654321"}, {"Service Plan Reference": "9"}, ends=({}, {}))
    assert found.plans is not None

    assert [(fault.row, fault.code) for fault in plans.faults(found.plans)] == [(2, "DN_IDENTITY"), (3, "DN_IDENTITY")]
    assert [key for key, _ in states(found)] == ["15B/3898A/9/community/80"]
    assert {item.state.value for item in outcomes.items(found)} == {"PLAN_MISSING"}


def test_of_a_person_who_is_registered_twice_the_first_row_speaks_e1_case_24() -> None:
    twice = read("CLIENT", {}, {"Phone": "416-555-0199"})
    (item,) = plans.items(plans.newest([read("15B", {}), read("15D", {}), twice]))

    assert item.client["phone"] == "416-555-0142"


def test_the_digest_is_of_the_item_alone_s16() -> None:
    (one,) = plans.items(site({}))
    (same,) = plans.items(site({"Time Out": "3 to 6 Months", "Source of Income": "ODSP", "Self Initiated": "No"}))
    (later,) = plans.items(site({"Plan Close Date": "29/05/2026"}))

    assert one.own() == same.own()
    assert one.own() != later.own()
    assert b"1234567" not in one.own()


def test_plans_at_two_programs_stand_beside_each_other_and_a_second_active_lbs_plan_does_not_e4_case_52() -> None:
    active = {"Plan Status": "Active", "Plan Close Date": ""}
    lbs = {**active, "Program": "Literacy and Basic Skills"}
    rows = [{**lbs}, {**active, "Service Plan Reference": "2"}, {**lbs, "Service Plan Reference": "3"}]
    others = {**lbs, "Service Plan Reference": "4", "Client Reference": "7654321"}

    found = read("15B", *rows)

    assert [(fault.row, fault.code) for fault in plans.faults(found)] == [(4, "LBS_ACTIVE_EXISTS")]
    assert [fault.code for fault in plans.faults(read("15B", others, lbs))] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Plan Close Date": "04/01/2026"}, "DATE_ORDER"),
        ({"Plan Close Date": ""}, "DN_SCHEMA"),
        ({"Plan Status": "Active"}, "DN_SCHEMA"),
    ],
)
def test_a_plan_closes_after_it_was_begun_and_says_when_e4(changes: dict[str, str], code: str) -> None:
    assert [fault.code for fault in plans.faults(read("15B", changes))] == [code]
    assert states(site(changes)) == []


@pytest.mark.parametrize(
    ("month", "day", "fits"),
    [
        ("0", "28/05/2026", True), ("0", "27/05/2026", False), ("0", "27/06/2026", True), ("0", "28/06/2026", False),
        ("3", "14/08/2026", True), ("3", "13/08/2026", False), ("3", "27/09/2026", True), ("3", "28/09/2026", False),
        ("6", "28/11/2026", True), ("12", "28/05/2027", True), ("12", "13/05/2027", False),
    ],
)  # fmt: skip
def test_a_follow_up_has_its_window_also_of_a_closed_plan_e5_case_52(month: str, day: str, *, fits: bool) -> None:
    found = read("15D", {"Follow-up Month": month, "Follow-up Date": day})

    assert [fault.code for fault in plans.faults(found)] == ([] if fits else ["DATE_ORDER"])


@pytest.mark.parametrize("day", ["01/01/0001", "31/12/9999"])
@pytest.mark.parametrize("month", ["0", "3", "12"])
def test_a_window_that_no_calendar_has_holds_no_day_e5(day: str, month: str) -> None:
    found = read("15D", {"Exit Date": day, "Follow-up Month": month, "Follow-up Date": day})

    assert [fault.code for fault in plans.faults(found)] == ["DATE_ORDER"]


def test_a_void_plan_has_no_follow_up_and_a_follow_up_has_month_date_and_exit_e5_case_51() -> None:
    assert [fault.code for fault in plans.faults(read("15D", {"Closure Reason": "Opened in Error"}))] == ["PLAN_CLOSED"]
    assert [fault.code for fault in plans.faults(read("15D", {"Follow-up Month": ""}))] == ["DN_SCHEMA"]
    assert [fault.code for fault in plans.faults(read("15D", {"Exit Date": ""}))] == ["DN_SCHEMA"]
    assert wrong("15D", {"Follow-up Month": "4"}) == [("Follow-up Month", "DN_SCHEMA")]


def test_a_person_is_registered_once_e1_case_24() -> None:
    found = read("CLIENT", {}, {"CaMS Reference Number": "7654321"}, {})

    assert [(fault.row, fault.code) for fault in plans.faults(found)] == [(4, "PERSON_EXISTS")]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"), ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-15", 3, "2027-03-15"), ("2026-10-31", 3, "2027-01-31"),
    ],
)  # fmt: skip
def test_months_after_a_day_end_with_their_month(day: str, months: int, then: str) -> None:
    assert rules.months_after(date.fromisoformat(day), months) == date.fromisoformat(then)


def test_codes_of_jobs_tell_their_edition_e6_case_49() -> None:
    assert [rules.noc_version(each) for each in ("0213", "21300", "00", "021A", "")] == [
        "2016",
        "2021",
        None,
        None,
        None,
    ]


def test_the_columns_name_lists_that_are_there() -> None:
    for columns in extract.layout().values():
        for column in columns:
            assert column.list in (lists.names() if column.kind == "label" else {""})
