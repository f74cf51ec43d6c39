"""Of several kinds of record for one message the best is taken and named (settled S18); what a worker fills (S6)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.icare import ADAPTER
from hub.mapping import load
from hub.mapping.contents import Cell, cells
from hub.mapping.matrix import BY_HAND, Kind, Sheet, Verdict, matrix

ROOT = Path(__file__).resolve().parents[3]
FIELDS = ("uci", "born", "activity", "began_on", "ended_on", "minutes", "held", "language")
SERVICE = r"""
[resource.client]
type = "Patient"
label = "ident"
[resource.client.element]
"identifier[#uci]" = { identifier = "uci", system = "…/id/uci", form = "[0-9]{10}" }
"birthDate" = { date = "born" }

[resource.session]
type = "Encounter"
label = "service-status"
[resource.session.element]
"status" = { constant = "finished" }
"period.start" = { date = "began_on" }
"period.end" = { date = "ended_on", way = ">" }
"length.value" = { number = "minutes" }
"length.code" = { constant = "min" }
"extension[service-format].valueCode" = { code = "held", table = "held" }
"extension[service-language].valueCode" = { code = "language", other = "[a-z]{2,3}" }
"subject" = { to = "client" }

[resource.activity]
type = "Procedure"
label = "service-status"
[resource.activity.element]
"status" = { constant = "completed" }
"code" = { code = "activity", table = "activity", system = "…/CodeSystem/service-activity" }
"performedPeriod.start" = { date = "began_on", way = ">" }
"performedPeriod.end" = { date = "ended_on" }
"subject" = { to = "client" }
"encounter" = { to = "session" }
"""
ACTIVITIES = ("conversation-circle", "orientation", "mentoring", "needs-assessment", "cooking")
ICARE = load("icare", [ROOT / "mappings" / "icare"], ADAPTER.columns(), ADAPTER.functions)


def sender(folder: Path, activities: tuple[str, ...] = ACTIVITIES, toml: str = SERVICE, **more: Any) -> Kind:
    folder = folder / "one"
    folder.mkdir()
    (folder / "REPORT.toml").write_text(toml, encoding="utf-8")
    for name, words in {"activity": activities, "held": ("individual", "group")}.items():
        rows = "".join(f"{word},{word},<->\n" for word in words)
        (folder / f"{name}.csv").write_text(f"local,code,way\n{rows}", encoding="utf-8")
    mappings = load("one", [folder], {"REPORT": {"fields": FIELDS}}, {})
    return Kind(mappings, {"report": ("REPORT",), **more}, {}, {})


@cache
def icare() -> Kind:
    takes = {"report": ("NARS_REPORT", "IO", "CC", "ERS"), "profile": ("CLIENT_PROFILE",)}
    activities = {record.name: record.activities for record in ADAPTER.records}
    return Kind(ICARE, {}, takes, ADAPTER.required(), ADAPTER.completed(), activities)


def sheets(folder: Path, **more: Any) -> dict[str, Sheet]:
    return {sheet.takes: sheet for sheet in matrix(sender(folder, **more), icare())}


def cell(folder: Path, content: str, **more: Any) -> Cell:
    one = sender(folder, **more)
    return next(each for each in cells(one, icare(), matrix(one, icare())) if each.content == content)


def test_s18_there_is_a_sheet_for_each_kind_of_record(tmp_path: Path):
    found = sheets(tmp_path)

    assert list(found) == ["NARS_REPORT", "IO", "CC", "ERS"]
    assert {sheet.says for sheet in found.values()} == {"REPORT"}


@pytest.mark.parametrize(
    ("takes", "field", "arrives", "verdict"),
    [
        pytest.param("IO", "activity", "end_dttm", "carried", id="the module says it"),
        pytest.param("IO", "began_on", "start_dttm", "carried", id="IO begins"),
        pytest.param("IO", "ended_on", "end_dttm", "carried", id="IO ends"),
        pytest.param("IO", "minutes", "orientation_length_id", "partly", id="case 41 a class"),
        pytest.param("IO", "uci", "client_validation_id", "partly", id="who it is: one of the numbers"),
        pytest.param(
            "CC", "minutes", "service_length_hours_no service_length_minutes_no", "partly", id="steps of five"
        ),
        pytest.param("NARS_REPORT", "minutes", "", "cannot", id="NARS has no length"),
        pytest.param("NARS_REPORT", "held", "", "cannot", id="NARS has no format"),
    ],
)
def test_what_arrives_in_each_kind_of_record(tmp_path: Path, takes: str, field: str, arrives: str, verdict: str):
    row = next(each for each in sheets(tmp_path)[takes].rows if each.sender == field)

    assert (" ".join(row.receiver), row.verdict.value) == (arrives, verdict)


def test_s6_what_icare_asks_for_and_nobody_says_is_filled_by_a_worker(tmp_path: Path):
    found = sheets(tmp_path)["IO"]
    filled = {row.receiver[0]: row for row in found.rows if not row.sender}

    assert set(filled) == {
        "service_official_language_id",
        "service_referred_by_id",
        "skill_received_service_ind",
        "support_received_ind",
        "training_received_service_ind",
    }
    assert {(row.verdict, row.reasons) for row in filled.values()} == {(Verdict.PARTLY, (BY_HAND,))}


def test_s18_the_best_kind_of_record_is_taken_and_named(tmp_path: Path):
    found = cell(tmp_path, "service")

    assert (found.verdict, found.says, found.takes) == (Verdict.PARTLY, "REPORT", "ERS")
    assert found.lost["assessment_referral_id"] == BY_HAND


def test_who_never_says_who_the_client_is_cannot_report(tmp_path: Path):
    nobody = "\n".join(line for line in SERVICE.splitlines() if "[#uci]" not in line)
    found = cell(tmp_path, "service", toml=nobody + '\n[skipped]\n"uci" = "not sent"\n')

    assert found.verdict is Verdict.CANNOT
    assert set(found.lost) == {"client_validation_id", "client_validation_type_id"}


def test_an_activity_that_no_kind_of_record_is_for_cannot_be_reported(tmp_path: Path):
    assert cell(tmp_path, "service", activities=("cooking",)).verdict is Verdict.CANNOT


def test_a_pair_that_has_neither_message_says_whose_record_is_missing(tmp_path: Path):
    assert cell(tmp_path, "client").lost == {"-": "no record of one says it"}
