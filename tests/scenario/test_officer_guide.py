"""docs/officer.md, from an incident to its end: every command of the two parts is run as it stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import pytest

from consent.incident import WITHHELD, Asked, Kind
from hub.model.directory import Worker
from tests.network import Network, refer
from tests.shapes import ON_SQLITE
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk

GUIDE = (ROOT / "docs" / "officer.md").read_text(encoding="utf-8")
BY = ("--as", "officer")


def commands(heading: str) -> Iterator[list[str]]:
    """The commands of a part, as words; a line may end in a backslash."""
    part = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for block in re.findall(r"^```\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line)


def run(desk: Desk, words: list[str], named: Mapping[str, str]) -> str:
    assert words[0] == "hub"
    return desk.ok(*[named.get(word, word) for word in words[1:]])


@pytest.fixture
def desk(network: Network) -> Desk:
    network.put(Worker("officer", "hub", "officer"))
    return Desk(network.dir / "hub", network.clock, [])


@ON_SQLITE
def test_from_an_incident_to_its_end_as_the_guide_says(network, desk):
    for name in ("One", "Other"):
        refer(network, last_name=name, birth_date=f"19{80 + len(name)}-03-04")
    network.run()
    one, other = (str(row["message_id"]) for row in network.inbox("lakeside", "referral"))
    found = desk.json("consent", "show", "harbour-cms/consent:2", "--agency", "harbour", *BY)
    named = {"DELIVERY": one, "CONSENT": found["consents"][0]["number"]}
    said = []

    for words in commands("When something went to the wrong place"):
        said.append(" ".join(words[:3]))
        run(desk, words, named)
        if "INCIDENT" not in named:
            network.run()  # the recall goes by itself
            named["INCIDENT"] = desk.json("incident", "list")["incidents"][0]["id"]

    assert set(said) == {f"hub incident {verb}" for verb in ("open", "telephoned", "assess", "notice", "close")}
    shown = desk.json("incident", "show", named["INCIDENT"], *BY)
    assert shown["incident"]["state"] == "closed"
    assert [each["state"] for each in shown["notices"]] == ["given", "given"]
    (left,) = desk.json("incident", "list")["incidents"]
    void = desk.json("incident", "show", left["id"], *BY)
    assert (void["incident"]["kind"], [each["delivery"] for each in void["held"]]) == ("consent-void", [other])


@ON_SQLITE
def test_what_is_kept_how_long_can_be_asked_as_the_guide_says(network, desk):
    refer(network)
    network.run()
    desk.ok("audit", "checkpoint")

    said = [run(desk, words, {}) for words in commands("What is kept how long")]

    assert "nothing is older than its years" in said[0]
    assert said[1].startswith("verified: ")


def test_the_guide_names_every_question_and_every_reason():
    for word in (*Asked, *WITHHELD, *Kind):
        assert word in GUIDE, word
