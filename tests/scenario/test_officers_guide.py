"""docs/officer.md, the parts with a heading: every command is run as it stands, on a referral that was delivered."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from hub.exchange.alerts import standing
from hub.model.alerts import Alert, AlertCode
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.danger import declare, declared, in_danger
from tests.network import Network, make, refer
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk

GUIDE = (ROOT / "docs" / "officer.md").read_text(encoding="utf-8")
HEREDOC = re.compile(r"cat > (\S+) <<'END'\n(.*?)^END$", re.DOTALL | re.MULTILINE)


class Officer:
    """Somebody who does what a part of the page says; ALIAS and NUMBER are what the commands before have printed."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.words: dict[str, str] = {}
        self.said: list[tuple[str, str]] = []

    def do(self, heading: str, guide: str = GUIDE) -> None:
        part = guide.split(f"\n## {heading}\n")[1].split("\n## ", 1)[0]
        for block in re.findall(r"^```\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            for file, text in HEREDOC.findall(block):
                (self.folder / file).write_text(text, encoding="utf-8")
            for line in HEREDOC.sub("", block).split("\n"):
                if line:
                    self.run(line)

    def run(self, line: str) -> None:
        program, *words = shlex.split(line)
        if program == "rm":
            (self.folder / words[0]).unlink()
            return
        assert program == "hub", f"the page asks for {program}, which nobody here knows"
        said = self.desk.ok(*(self.words.get(word, word) for word in words))
        self.said.append((" ".join(words), said))
        if words[:2] == ["subjects", "find"]:
            self.words["ALIAS"] = said.strip()
        if words[:2] == ["requests", "add"]:
            self.words["NUMBER"] = said.split()[1].rstrip(",")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Harbour has referred a client to Lakeside; it and the hub have an officer each."""
    made = make(tmp_path)
    made.put(Worker("harbour-officer", "harbour", "officer"), Worker("officer", "hub", "officer"))
    refer(made)
    made.run()
    made.hub.close()
    return made


def test_from_an_alert_to_a_closed_review_as_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    network = in_danger(tmp_path)
    network.put(Worker("officer", "hub", "officer"))
    number = declare(network, "DOC-SELF", "hospital")
    override = declared(network, number).override_id
    assert [alert.code for alert in standing_alerts(network)] == [AlertCode.OVERRIDE_USED]
    cms.add_word(
        network.db("harbour"), number, "w-301", "self-review", said="I rang her back at ten, and she was safe."
    )
    network.run()
    officer = Officer(Desk(network.dir / "hub", network.clock, []), tmp_path)
    officer.words["OVERRIDE"] = override

    officer.do("Somebody was in danger")

    assert "nothing is due" in officer.said[-1][1]
    assert standing_alerts(network) == []
    network.hub.close()


def standing_alerts(network: Network) -> list[Alert]:
    """What the officer would be told now."""
    with network.hub.store.peek() as rows:
        return standing(rows.counts.tally(rows.now), {}, rows.now)


def test_a_client_who_asks_has_a_page_and_the_request_is_closed(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    officer = Officer(Desk(network.dir / "hub", network.clock, []), tmp_path)

    officer.do("A client asks who got what")

    assert not (tmp_path / "papers.csv").exists()
    assert "Lakeside Employment Services" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in (tmp_path / "whole.html").read_text(encoding="utf-8")
    (bundle,) = [said for words, said in officer.said if "--fhir" in words]
    Bundle.model_validate(json.loads(bundle))
    assert officer.desk.json("requests", "list", "--open")["requests"] == []
    assert len(officer.desk.json("requests", "list")["requests"]) == 2
    looks = [entry for entry in officer.desk.entries() if entry["event_type"] == "AUDIT_READ"]
    assert [entry["actor"]["ref"] for entry in looks] == ["harbour-officer"] * 3 + ["officer"]
