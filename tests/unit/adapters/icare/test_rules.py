"""Rules V1 to V7 and the gates (program systems 2.5, 2.16, §10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from adapters.icare.details import key_of
from adapters.icare.layout import modules
from adapters.icare.rules import checked, last_day, repeated, reportable, rules_on
from tests.icare_builder import assessed, profile

TODAY = date(2026, 6, 3)
CHILD = "childminding_NewcomerChildren[1]childminding_age_id"


def breaches(module: str, fields: dict[str, str]) -> list[tuple[str, str]]:
    found = checked(modules()[module], fields, TODAY)
    assert all(each.text() and each.expected for each in found)
    return [(each.rule, each.column) for each in found]


def test_rows_that_are_right_break_no_rule():
    assert breaches("NARS", assessed()) == []  # type: ignore[arg-type]
    assert breaches("CLIENT_PROFILE", profile()) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "rule", "column"),
    [
        pytest.param({"client_validation_type_id": ""}, "V1", "client_validation_type_id", id="no kind"),
        pytest.param({"client_validation_id": ""}, "V1", "client_validation_id", id="case 19 no number"),
        pytest.param({"client_birth_dt": ""}, "V1", "client_birth_dt", id="no birth date"),
        pytest.param({"client_validation_id": "1122334"}, "V1", "client_validation_id", id="case 20 seven digits"),
        pytest.param({"client_validation_id": "112233445"}, "V1", "client_validation_id", id="case 20 nine digits"),
        pytest.param({"client_validation_id": "1.1E+07"}, "V1", "client_validation_id", id="case 20 exponent"),
        pytest.param({"client_validation_id": "046454286"}, "V1", "client_validation_id", id="case 21 SIN"),
        pytest.param({"client_validation_id": "IMM5688"}, "V1", "client_validation_id", id="case 21 form"),
        pytest.param({"client_validation_id": "T123456789"}, "V1", "client_validation_id", id="case 21 wrong kind"),
        pytest.param({"client_birth_dt": "2026-06-04"}, "V1", "client_birth_dt", id="born tomorrow"),
        pytest.param({"postal_cd": ""}, "V2", "postal_cd", id="mandatory"),
        pytest.param({"assessment_completed_dt": "2026-05-03"}, "V3", "assessment_completed_dt", id="before its start"),
        pytest.param({"postal_cd": "M5V 2T6"}, "V6", "postal_cd", id="space"),
        pytest.param({"postal_cd": "m5v2t6"}, "V6", "postal_cd", id="lower case"),
        pytest.param({"update_record_id": "10387104"}, "V5", "assessment_update_reason_id", id="case 35 no reason"),
        pytest.param({"assessment_update_reason_id": "Amend record"}, "V5", "update_record_id", id="case 35 no record"),
    ],
)
def test_a_row_that_breaks_a_rule_names_it_and_its_column(change: dict[str, str], rule: str, column: str):
    assert breaches("NARS", assessed(**change)) == [(rule, column)]  # type: ignore[arg-type]


@pytest.mark.parametrize("born", ["2026-06-03", "1900-01-01"])
def test_who_was_born_today_or_long_ago_is_somebody(born: str):
    assert breaches("NARS", assessed(client_birth_dt=born)) == []  # type: ignore[arg-type]


def test_no_breach_holds_a_value():
    found = checked(modules()["NARS"], assessed(client_validation_id="1122334", postal_cd="ZYX"), TODAY)  # type: ignore[arg-type]

    assert len(found) == 2
    assert not any(value in each.text() for each in found for value in ("1122334", "ZYX"))


@pytest.mark.parametrize(
    ("change", "right"),
    [
        pytest.param({"support_received_ind": "No"}, True, id="No and nothing"),
        pytest.param({"support_received_ind": "No", "transportation_ind": "No"}, True, id="No and a member that is No"),
        pytest.param({"support_received_ind": "No", "transportation_ind": "Yes"}, False, id="No and a filled member"),
        pytest.param({"support_received_ind": "No", CHILD: "Toddler (19-35 months)"}, False, id="No and a child"),
        pytest.param({"support_received_ind": "Yes"}, False, id="Yes and none"),
        pytest.param({"support_received_ind": "Yes", "transportation_ind": "No"}, False, id="Yes and only No"),
        pytest.param({"support_received_ind": "Yes", "transportation_ind": "Yes"}, True, id="Yes and one"),
        pytest.param({"support_received_ind": "", "transportation_ind": "Yes"}, False, id="blank and one"),
    ],
)
def test_a_gate_agrees_with_its_members(change: dict[str, str], right: bool):
    found = breaches("NARS", assessed(**change))  # type: ignore[arg-type]

    assert (("V5", "support_received_ind") not in found) is right


def test_a_blank_gate_without_members_is_only_missing_where_it_is_mandatory():
    assert ("V2", "support_received_ind") in breaches("NARS", assessed(support_received_ind=""))  # type: ignore[arg-type]
    assert not any(column == "support_received_ind" for _, column in breaches("ERS", {}))


def test_a_course_is_nobodys_and_has_no_identity_to_miss():
    assert not any(rule == "V1" for rule, _ in breaches("LT_SETUP", {"course_cd": "L-1"}))


def upload(day: date, module: str = "IO", **fields: str) -> list[str]:
    return [each.column for each in reportable(modules()[module], fields, day)]


def test_case_37_a_service_may_be_uploaded_in_the_month_after_its_own_or_thirty_days_back():
    assert upload(date(2026, 6, 30), start_dttm="2026-05-04") == []
    assert upload(date(2026, 7, 1), start_dttm="2026-05-04") == ["start_dttm"]
    assert upload(date(2026, 3, 2), start_dttm="2026-01-31") == []
    assert upload(date(2026, 3, 3), start_dttm="2026-01-31") == ["start_dttm"]


def test_before_2025_it_was_ninety_days_and_a_service_could_go_on():
    began = date(2024, 9, 10)

    assert rules_on(date(2024, 12, 31)).days_back == 90
    assert last_day(began, date(2024, 12, 9)) == began + timedelta(days=90)
    assert upload(date(2024, 10, 2), "CC", service_start_dt="2024-09-10", service_status_id="Ongoing") == []


def test_case_37_a_service_over_the_end_of_a_month_or_one_that_goes_on_is_told():
    assert upload(TODAY, start_dttm="2026-05-29", end_dttm="2026-06-01") == ["end_dttm"]
    assert upload(TODAY, "CC", service_start_dt="2026-05-29", service_status_id="Ongoing") == ["service_status_id"]
    assert upload(TODAY, start_dttm="2026-05-04", end_dttm="2026-05-31") == []


def test_a_service_to_come_cannot_be_reported():
    assert upload(TODAY, start_dttm="2026-06-04") == ["start_dttm"]


def test_one_row_for_each_client_activity_and_month():
    keys = [
        key_of("IO", {**assessed(), "start_dttm": day, "orientation_service_id": activity})  # type: ignore[dict-item]
        for day, activity in (
            ("2026-05-04", "Group"), ("2026-05-20", "Group"), ("2026-05-20", "Family"), ("2026-06-01", "Group"),
        )
    ]  # fmt: skip

    assert repeated(keys, TODAY) == [1]
    assert repeated(keys, date(2024, 6, 3)) == []
    assert repeated([key_of("LT_SETUP", {"course_cd": "L-1"})] * 2, TODAY) == []


@pytest.mark.parametrize(
    ("began", "last"),
    [
        pytest.param("2026-05-01", "2026-06-30", id="case 37 to the end of the month after its own"),
        pytest.param("2026-12-31", "2027-01-31", id="over the end of a year"),
        pytest.param("2026-01-01", "2026-02-28", id="over February"),
        pytest.param("2026-01-31", "2026-03-02", id="30 days, where they are more"),
        pytest.param("2024-12-05", "2025-03-05", id="90 days, before 2025"),
    ],
)
def test_case_37_a_service_may_be_uploaded_in_its_reporting_month_or_for_30_days(began: str, last: str):
    start = date.fromisoformat(began)

    assert last_day(start, start) == date.fromisoformat(last)
