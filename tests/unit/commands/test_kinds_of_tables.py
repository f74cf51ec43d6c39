"""A kind that is a folder of data: what an administrator is told where it is wrong, has gone, or only sends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.network import Network
from tests.table_builder import Registry
from tests.unit.commands.conftest import Desk

PACKAGED = Path(__file__).resolve().parents[3] / "mappings"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(tmp_path / "registry")
    made.refer(made.apply())
    made.save()
    return made


def kind(desk: Desk, name: str) -> Path:
    """A kind of the data folder, a copy of the housing registry's; its folder."""
    folder = desk.folder / "mappings" / name
    shutil.copytree(PACKAGED / "housing", folder)
    return folder


def connect(desk: Desk, registry: Registry, of_kind: str = "housing") -> None:
    settings = [part for name, value in registry.settings.items() for part in ("--setting", f"{name}={value}")]
    desk.ok("systems", "add", "harbour-homes", "--agency", "harbour", "--kind", of_kind, *settings, "--as", "steward")


def wrong(desk: Desk) -> dict[str, str]:
    """Place to text and next step of what the doctor finds wrong."""
    found = desk.json("doctor", code=1)["findings"]
    return {row["place"]: f"{row['text']}; {row['next_step']}" for row in found if not row["ok"]}


def test_a_system_of_a_packaged_kind_of_tables_is_connected_and_looked_at(desk: Desk, registry: Registry) -> None:
    connect(desk, registry)

    found = desk.json("systems", "check", "harbour-homes")["findings"]

    assert {"housing table referrals": "1 rows"}.items() <= {row["place"]: row["text"] for row in found}.items()
    assert any("takes none" in row["text"] and "another system" in row["next_step"] for row in found)


def test_two_systems_never_read_one_folder(desk: Desk, registry: Registry) -> None:
    connect(desk, registry)

    said = desk.refused(
        *("systems", "add", "lakeside-homes", "--agency", "lakeside", "--kind", "housing", "--as", "steward"),
        *("--setting", "form=csv", "--setting", f"path={registry.path}"),
    )

    assert "an active system of `harbour`" in said


def test_a_setting_that_a_kind_of_tables_has_not_is_refused_when_it_is_typed(desk: Desk) -> None:
    said = desk.refused(
        *("systems", "add", "harbour-homes", "--agency", "harbour", "--kind", "housing", "--as", "steward"),
        *("--setting", "form=csv", "--setting", "path=/data", "--setting", "date=DD/MM/YYYY"),
    )

    assert "1 that are none" in said
    assert "dates" in said


def test_a_service_cannot_receive_in_a_system_that_only_sends(desk: Desk, registry: Registry) -> None:
    connect(desk, registry)
    add = ("services", "add", "harbour-housing", "--agency", "harbour", "--wanted", "housing", "--name", "Homes")

    said = desk.refused(*add, "--system", "harbour-homes", "--as", "steward")

    assert "a system of kind housing, which only sends" in said
    desk.ok(*add, "--system", "harbour-cms", "--answers", "harbour-homes", "--as", "steward")


def test_an_unknown_kind_is_refused_as_ever(desk: Desk) -> None:
    said = desk.refused("systems", "add", "x-rooms", "--agency", "harbour", "--kind", "rooms", "--as", "steward")

    assert "cms, eois, fhir, harts, housing" in said


def test_a_kind_of_the_data_folder_is_one_like_any_other(desk: Desk, registry: Registry, network: Network) -> None:
    kind(desk, "rooms")
    network.hub.close()

    connect(desk, registry, "rooms")

    assert "rooms" in [row["kind"] for row in desk.json("mappings", "check")["mappings"]]
    assert desk.json("mappings", "loss", "rooms")["losses"]


def test_a_file_of_a_kind_that_is_wrong_is_named_by_check_and_doctor_and_stops_the_start(desk: Desk) -> None:
    path = kind(desk, "rooms") / "records.toml"
    path.write_text(path.read_text().replace('makes = "referral"', 'makes = "invoice"'))

    document = desk.json("mappings", "check", code=1)
    said = desk.refused("systems", "list")

    assert [problem["where"] for problem in document["problems"]] == ["mappings/rooms/records.toml: RF_REQUEST.makes"]
    assert "mappings/rooms/records.toml: RF_REQUEST.makes: got `invoice`" in said
    assert any("mappings/rooms/records.toml" in place for place in wrong(desk))


def test_a_kind_without_a_mapping_of_its_records_is_named(desk: Desk) -> None:
    (kind(desk, "rooms") / "RF_STATUS.toml").unlink()

    (problem,) = desk.json("mappings", "check", code=1)["problems"]

    assert problem["where"] == "mappings/rooms/RF_STATUS.toml"


def test_a_field_that_the_mapping_does_not_account_for_is_named(desk: Desk) -> None:
    path = kind(desk, "rooms") / "records.toml"
    path.write_text(path.read_text().replace('urgency = "code"', 'urgency = "code"\nrent = "number"'))

    (problem,) = desk.json("mappings", "check", code=1)["problems"]

    assert problem["where"] == "mappings/rooms/RF_REQUEST.toml: rent"
    assert "neither mapped nor skipped" in problem["got"]


def test_a_kind_that_has_gone_is_told_by_the_doctor_while_the_hub_does_not_start(
    desk: Desk, registry: Registry
) -> None:
    folder = kind(desk, "rooms")
    connect(desk, registry, "rooms")
    shutil.move(folder, desk.folder / "away")

    said = desk.refused("systems", "list")

    assert "systems of kind rooms: got no such kind" in said
    assert "there is no kind `rooms`" in wrong(desk)["system harbour-homes"]

    shutil.move(desk.folder / "away", folder)
    desk.ok("systems", "list")


def test_a_folder_that_belongs_to_no_kind_is_not_passed_over_in_silence(desk: Desk) -> None:
    folder = desk.folder / "mappings" / "huosing"
    folder.mkdir(parents=True)
    shutil.copy(PACKAGED / "housing" / "RF_STATUS.toml", folder)

    assert "belongs to no kind" in wrong(desk)["mappings"]


def test_a_changed_file_of_a_kind_counts_as_a_change_of_its_mappings(desk: Desk) -> None:
    digest = {row["kind"]: row["digest"] for row in desk.json("mappings", "check")["mappings"]}
    folder = desk.folder / "mappings" / "housing"
    folder.mkdir(parents=True)
    text = (PACKAGED / "housing" / "records.toml").read_text()
    (folder / "records.toml").write_text(text.replace('column = "Phone"', 'column = "Telephone"'))

    now = {row["kind"]: row["digest"] for row in desk.json("mappings", "check")["mappings"]}

    assert now["housing"] != digest["housing"]
    assert now["cms"] == digest["cms"]


def test_the_matrix_says_that_a_kind_takes_no_request(desk: Desk) -> None:
    said = desk.ok("systems", "matrix", "--from", "cms", "--to", "housing")

    assert "referral: cannot, no record of housing takes it" in said
    assert "cms -> housing answer" in said
