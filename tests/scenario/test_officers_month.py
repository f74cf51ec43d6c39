"""docs/officer.md, how overrides are used and the month: every command is run as it stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.model.directory import Worker
from tests.danger import declare, in_danger
from tests.scenario.test_officers_guide import Officer
from tests.unit.commands.conftest import Desk


def test_an_officer_goes_from_the_figures_to_the_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = in_danger(tmp_path)
    network.put(Worker("harbour-officer", "harbour", "officer"), Worker("officer", "hub", "officer"))
    declare(network, "DOC-SELF", "hospital")
    network.clock.advance(timedelta(days=30))
    network.run()
    network.hub.close()
    monkeypatch.chdir(tmp_path)
    officer = Officer(Desk(network.dir / "hub", network.clock, []), tmp_path)

    officer.do("How overrides are used, and the month")

    assert "ALERT" in officer.said[0][1]
    for name in ("report-2026-06", "june", "juin"):
        assert len(list((tmp_path / name).iterdir())) == 16
    looks = [entry["what"] for entry in officer.desk.entries() if entry["event_type"] == "AUDIT_READ"]
    assert looks == ["override metrics"] * 2 + ["monthly report"] * 3
