"""``hub override metrics`` and ``hub report month``: who sees what, what is entered, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.model.words import Category, Purpose
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.danger import client, declare, declared, in_danger, other
from tests.network import Network, agreement, refer
from tests.unit.commands.conftest import Desk

METRICS = ("override", "metrics")
MONTH = ("report", "month")


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = in_danger(tmp_path)
    made.put(Worker("officer", "hub", "officer"), Worker("l-500", "lakeside", "officer"))
    yield made
    made.hub.close()


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


def used(network: Network, turn: int, **fields: Any) -> str:
    """An override about another client each time, in other words."""
    words = f"At {turn} she said to me, number {turn}, that all of it would be over by this very evening. " * 2
    number = declare(network, "DOC-SELF", "hospital", other(network, turn), **{"narrative": words, **fields})
    return str(declared(network, number).override_id)


def one(found: Any, metric: str) -> Any:
    (figure,) = [each for each in found["figures"] if each["name"] == metric]
    return figure


def test_an_officer_sees_what_is_alarming_with_the_cases_and_the_look_is_entered(desk: Desk, network: Network):
    refer(network)
    numbers = [used(network, turn) for turn in range(3)]

    found = desk.json(*METRICS, "--as", "w-500")

    assert one(found, "overrides")["base"] == 4
    assert one(found, "overrides")["alert"] is True
    assert one(found, "duties of care by one worker")["cases"] == numbers
    assert one(found, "duties of care by one worker")["of"] == "w-301"
    assert one(found, "without a second person")["count"] == 0
    assert one(found, "without a second person")["base"] == 3
    entry = desk.entries()[-1]
    assert (entry["event_type"], entry["what"], entry["actor"]["ref"]) == ("AUDIT_READ", "override metrics", "w-500")
    assert entry["agency"] == "harbour"


def test_the_same_words_again_are_found_without_reading_them(desk: Desk, network: Network):
    again = "He told me at the door that he has bought a rope. He asked who would look after his dog."
    first, second = used(network, 1, narrative=again), used(network, 2, narrative=again)

    figure = one(desk.json(*METRICS, "--as", "w-500"), "identical or near-identical narratives")

    assert figure["cases"] == [second]
    assert figure["base"] == 2
    assert first not in figure["cases"]


def test_one_that_a_consent_covered_is_told_as_not_needed_and_is_no_override_of_its_agency(
    desk: Desk, network: Network
):
    about = client(network)
    network.put(
        agreement(
            network.clock.now() - timedelta(days=9),
            agreement_id="harbour-hospital",
            parties=("harbour", "hospital"),
            purposes=(Purpose.SAFETY,),
            categories=(Category.IDENT, Category.CONTACT, Category.RISK),
            events=("override-disclosure",),
        )
    )
    cms.add_consent(network.db("harbour"), about, "hospital", purposes="SAFETY", categories="IDENT CONTACT RISK")
    number = declared(network, declare(network, "DOC-SELF", "hospital", about)).override_id

    found = desk.json(*METRICS, "--as", "w-500")

    figure = one(found, "not needed (OX_NOT_NEEDED)")
    assert (figure["count"], figure["base"], figure["cases"]) == (1, 1, [number])
    assert [each for each in found["figures"] if each["name"] == "overrides"] == []


def test_what_is_overdue_alarms_when_it_is(desk: Desk, network: Network):
    number = used(network, 1)
    assert one(desk.json(*METRICS, "--as", "w-500"), "notices overdue")["alert"] is False
    network.clock.advance(timedelta(days=6))

    found = desk.json(*METRICS, "--as", "w-500")

    assert one(found, "notices overdue")["cases"] == [number]
    assert one(found, "reviews on time")["alert"] is True


def test_an_agencys_officer_sees_that_agency_alone_and_the_hubs_officer_all(desk: Desk, network: Network):
    used(network, 1)

    assert one(desk.json(*METRICS, "--as", "officer"), "imminent")["base"] == 1
    other_agency = desk.json(*METRICS, "--as", "l-500")
    assert other_agency["agency"] == "lakeside"
    assert one(other_agency, "imminent")["base"] == 0
    assert "w-301" not in json.dumps(other_agency)
    assert "harbour" not in json.dumps(other_agency)


@pytest.mark.parametrize("worker", ["w-301", "w-300", "w-7", "steward", "nobody"])
def test_nobody_else_sees_metrics_and_nothing_is_entered(desk: Desk, network: Network, worker: str):
    before = desk.entries()

    assert "--as" in desk.refused(*METRICS, "--as", worker)
    assert desk.entries() == before


@pytest.mark.parametrize("worker", ["w-301", "w-500", "steward", "nobody"])
def test_the_month_is_the_hubs_officers_alone(desk: Desk, network: Network, tmp_path: Path, worker: str):
    before = desk.entries()

    assert "--as" in desk.refused(*MONTH, "--as", worker, "--out", str(tmp_path / "x"))
    assert desk.entries() == before
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("days", ["0", "-1", "367"])
def test_no_number_of_days_is_refused(desk: Desk, network: Network, days: str):
    assert "--days" in desk.refused(*METRICS, "--as", "w-500", "--days", days)


def test_metrics_as_a_table_say_alert_and_what_nobody_keeps(desk: Desk, network: Network):
    used(network, 1)

    said = desk.ok(*METRICS, "--as", "w-500")

    assert "overrides\tharbour\t1000 per 1,000\t1\t1\tALERT\tabove 5" in said
    assert "nothing is recorded of this yet: same surname or address" in said


def test_a_month_is_one_page_and_fifteen_tables_that_name_nobody(desk: Desk, network: Network, tmp_path: Path):
    refer(network)
    numbers = [used(network, turn) for turn in range(3)]
    desk.ok(*METRICS, "--as", "w-500")
    network.clock.advance(timedelta(days=30))
    out = tmp_path / "june"

    said = desk.ok(*MONTH, "--as", "officer", "--out", str(out))

    assert "2026-06" in said
    assert sorted(path.name for path in out.iterdir())[-1] == "report-2026-06.html"
    assert len(list(out.iterdir())) == 16
    assert out.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    written = "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    assert [name for name in ("w-301", "w-900", "w-500", *numbers) if name in written] == []
    assert b'"By agency, and per 1,000 released messages",in all,masked,' in (out / "part-05.csv").read_bytes()
    entry = desk.entries()[-1]
    assert (entry["event_type"], entry["what"], entry["month"]) == ("AUDIT_READ", "monthly report", "2026-06")


def test_the_month_as_a_document_writes_no_file(desk: Desk, network: Network, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())

    found = desk.json(*MONTH, "--as", "officer")

    assert found["month"] == "2026-05"
    assert [part["number"] for part in found["parts"]] == list(range(1, 16))
    assert found["missing"]["13"] == ["results of verifications: nothing is recorded of this yet"]
    assert set(tmp_path.iterdir()) == before


def test_consents_on_file_are_counted_as_they_stand(desk: Desk, network: Network):
    refer(network)
    network.run()

    (table, *_) = desk.json(*MONTH, "--as", "officer")["parts"][1]["tables"]

    assert table["rows"] == [["which and how many", None], ["in all", None]], "one consent is masked"


@pytest.mark.parametrize("month", ["2026-06", "2027-01", "june", "2026-13"])
def test_a_month_that_is_not_over_is_refused(desk: Desk, network: Network, tmp_path: Path, month: str):
    said = desk.refused(*MONTH, "--as", "officer", "--month", month, "--out", str(tmp_path / "x"))

    assert said.startswith("--month")
    assert not (tmp_path / "x").exists()


def test_a_folder_that_is_there_is_left_alone(desk: Desk, network: Network, tmp_path: Path):
    (tmp_path / "x").mkdir()
    before = desk.entries()

    assert "--out" in desk.refused(*MONTH, "--as", "officer", "--out", str(tmp_path / "x"))
    assert list((tmp_path / "x").iterdir()) == []
    assert desk.entries() == before


def test_where_nothing_can_be_written_nothing_is_left(desk: Desk, network: Network, tmp_path: Path):
    (tmp_path / "file").write_text("")

    said = desk.refused(*MONTH, "--as", "officer", "--out", str(tmp_path / "file" / "x"), code=4)

    assert said.startswith("--out")


def test_what_a_killed_run_left_is_in_nobodys_way(desk: Desk, network: Network, tmp_path: Path):
    (tmp_path / "x.part").mkdir()
    (tmp_path / "x.part" / "part-01.csv").write_text("half")

    desk.ok(*MONTH, "--as", "officer", "--out", str(tmp_path / "x"))

    assert len(list((tmp_path / "x").iterdir())) == 16
    assert not (tmp_path / "x.part").exists()
