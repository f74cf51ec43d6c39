"""The directory by commands: who may say so, what is kept whole or not at all, and what the log then says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.network import Network
from tests.unit.commands.conftest import OS_USER, Desk

AGENCY = ("agencies", "add", "northside", "--name", "Northside", "--lane", "general", "--as", "steward")


def test_the_first_worker_of_a_fresh_hub_names_itself(fresh: Desk) -> None:
    fresh.ok("workers", "add", "admin", "--agency", "hub", "--role", "administrator", "--as", "admin")

    (entry,) = fresh.entries()
    assert entry["event_type"] == "CONFIG_CHANGE"
    assert entry["actor"] == {"ref": "admin", "role": "administrator", "agency": "hub", "os_user": OS_USER}


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["admin", "--agency", "hub", "--role", "administrator", "--as", "other"], id="by another name"),
        pytest.param(["admin", "--agency", "hub", "--role", "king", "--as", "admin"], id="in a role that is none"),
    ],
)
def test_a_fresh_hub_takes_no_other_first_worker(fresh: Desk, args: list[str]) -> None:
    fresh.refused("workers", "add", *args)

    assert fresh.json("workers", "list") == {"workers": []}
    assert fresh.entries() == []


def test_an_agencys_worker_cannot_be_the_first_nor_name_itself_later(fresh: Desk) -> None:
    fresh.ok("workers", "add", "admin", "--agency", "hub", "--role", "administrator", "--as", "admin")
    fresh.ok("agencies", "add", "harbour", "--name", "Harbour", "--lane", "general", "--as", "admin")

    fresh.refused("workers", "add", "ann", "--agency", "harbour", "--role", "worker", "--as", "ann")
    fresh.refused("workers", "add", "eve", "--agency", "hub", "--role", "administrator", "--as", "eve")

    assert [row["id"] for row in fresh.json("workers", "list")["workers"]] == ["admin"]


def test_a_change_is_an_entry_and_a_repeat_is_none(desk: Desk) -> None:
    desk.ok(*AGENCY)
    after = desk.entries()

    again = desk.json(*AGENCY)

    assert again == {"changed": [], "same": 1, "unknown": []}
    assert desk.entries() == after
    assert after[-1]["what"] == "agency"
    assert after[-1]["name"] == "northside"
    assert after[-1]["action"] == "added"
    assert "Northside" not in str(after[-1])


def test_a_row_that_is_wrong_names_column_and_next_step(desk: Desk) -> None:
    said = desk.refused("agencies", "add", "northside", "--name", "N", "--lane", "loose", "--as", "steward")

    assert "agency, lane: got `loose`, expected one of custodian" in said


def test_a_file_is_kept_whole_or_not_at_all_and_every_fault_is_named(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "agencies.csv"
    file.write_text("id,name,lane,pack\nnorthside,Northside,general,ca-on\nx,X,general,ca-on\nwest,West,loose,ca-on\n")

    result = desk.run("agencies", "import", str(file), "--as", "steward")

    assert result.exit_code == 1
    assert "agencys, line 3, id" in result.stderr
    assert "line 4, lane: got `loose`" in result.stderr
    assert "northside" not in desk.ok("agencies", "list")


def test_a_file_may_come_from_standard_input_and_a_repeat_changes_nothing(desk: Desk) -> None:
    rows = "kind,code,agency,name\ncms,TOR01,harbour,Quay\ncms,TOR02,harbour,\n"

    first = desk.json("sites", "import", "-", "--as", "steward", stdin=rows)
    again = desk.json("sites", "import", "-", "--as", "steward", stdin=rows)

    assert first == {"changed": ["cms/TOR01", "cms/TOR02"], "same": 0, "unknown": [], "problems": []}
    assert again == {"changed": [], "same": 2, "unknown": [], "problems": []}


def test_problems_of_a_file_are_a_document_too(desk: Desk) -> None:
    document = desk.json("workers", "import", "-", "--as", "steward", code=1, stdin=b"\xff\xfe")

    assert document["changed"] == []
    assert document["problems"][0]["next_step"] == "save the file as UTF-8"


def test_a_system_whose_settings_its_adapter_refuses_is_not_kept(desk: Desk) -> None:
    said = desk.refused("systems", "add", "harbour-two", "--agency", "harbour", "--kind", "cms", "--as", "steward")

    assert "path" in said
    assert "harbour-two" not in desk.ok("systems", "list")


def test_a_list_of_systems_shows_no_value_of_a_setting(network: Network, desk: Desk) -> None:
    rows = desk.json("systems", "list")["systems"]

    assert {row["settings"] for row in rows} == {"busy_timeout_ms path"}
    assert str(network.dir / "harbour.sqlite") not in desk.ok("systems", "list")


AGREEMENT = (
    *("agreements", "add", "harbour-lakeside", "--party-a", "harbour", "--party-b", "lakeside"),
    *("--purposes", "REFERRAL", "--events", "add-service-request", "--valid-from", "2025-01-01", "--as", "steward"),
)


def test_an_agreement_that_changes_gets_a_version_and_one_that_does_not_keeps_its_own(desk: Desk) -> None:
    desk.ok(*AGREEMENT, "--categories", "IDENT NEEDS")
    desk.ok(*AGREEMENT, "--categories", "IDENT NEEDS")

    (row,) = desk.json("agreements", "list")["agreements"]
    assert row["version"] == 2
    assert row["valid_from"] == "2025-01-01T05:00:00+00:00"  # its first local day in Toronto


def test_an_agreement_that_has_ended_does_not_come_back(desk: Desk) -> None:
    desk.ok("agreements", "end", "harbour-lakeside", "--as", "steward")

    said = desk.refused("resume", "agreement", "harbour-lakeside", "--as", "steward")

    assert "has ended" in said
    assert desk.json("agreements", "list")["agreements"][0]["status"] == "ended"


@pytest.mark.parametrize(
    "what",
    [["agency", "lakeside"], ["system", "lakeside-cms"], ["agreement", "harbour-lakeside"], ["all"]],
    ids=" ".join,
)
def test_suspend_and_resume_are_entries_and_the_receipt_is_empty_where_nothing_relied_on_it(
    desk: Desk, what: list[str]
) -> None:
    receipt = desk.json("suspend", *what, "--as", "steward")
    desk.ok("resume", *what, "--as", "steward")

    assert {name: receipt[name] for name in ("arrived", "not_arrived", "unknown")} == {
        "arrived": [],
        "not_arrived": [],
        "unknown": [],
    }
    assert [entry["status"] for entry in desk.entries()[-2:]] == ["suspended", "active"]
