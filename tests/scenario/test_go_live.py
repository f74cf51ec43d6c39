"""``docs/go-live``: the commands of the agreement and the pilot plan are run as they stand, and do what is said.

That what the papers name is there at all: ``tests/tidy/test_pages.py``.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from hub.model.directory import Service, Worker
from tests import cms_builder as cms
from tests.network import NOON, Network, agreement, make, refer
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk

BLOCK = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(paper: str) -> list[list[str]]:
    """The commands of its blocks, as words; a line may end in a backslash."""
    page = (ROOT / "docs" / "go-live" / f"{paper}.md").read_text(encoding="utf-8")
    blocks = "".join(BLOCK.findall(page))
    return [shlex.split(line)[1:] for line in blocks.replace("\\\n", " ").splitlines()]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Harbour has referred a client to Lakeside, which alone has services; nothing is signed or connected yet."""
    monkeypatch.chdir(tmp_path)
    made = make(tmp_path)
    made.put(
        Worker("admin", "hub", "administrator"),
        Service("harbour-settlement", "harbour", "settlement", "settlement", "harbour-cms", status="suspended"),
        agreement(NOON, version=2, status="ended"),
        replace(made.directory().systems["harbour-cms"], status="suspended"),
    )
    refer(made)
    return made


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


def do(desk: Desk, words: list[str]) -> str:
    """What a command said; it succeeds. A system's own clock is the machine's, and here time stands still."""
    if words[:2] != ["systems", "check"]:
        return desk.ok(*words)
    said = desk.run(*words).stdout
    assert [line for line in said.splitlines() if line.startswith("WRONG") and "clock" not in line] == []
    return said


def take_out(network: Network) -> None:
    """Harbour says of all that it has sent that it went by fax."""
    db = network.db("harbour")
    db.execute("UPDATE referral SET channel = 'fax'")
    db.close()


def accept(network: Network) -> None:
    """Lakeside answers in its own system."""
    db = network.db("lakeside")
    cms.answer(db, str(network.inbox("lakeside", "referral")[0]["hub_referral_no"]), "ACCEPTED")
    db.close()


def test_an_agreement_that_is_entered_as_the_template_says_lets_a_referral_go_and_its_answer_come(
    network: Network, desk: Desk
) -> None:
    (entered,) = commands("agreement")
    desk.ok("resume", "system", "harbour-cms", "--as", "admin")
    network.run()
    assert network.codes() == {"DN_NO_AGREEMENT": 1}

    entered[2] = "as-signed"  # the small network's own, which has ended, has the template's id
    desk.ok(*entered)
    network.run()
    accept(network)
    network.run()

    assert [row["payload"]["status"] for row in network.inbox("harbour", "referral-status")] == ["ACCEPTED"]


def test_by_an_agreement_of_one_discloser_no_answer_comes_back(network: Network, desk: Desk) -> None:
    (entered,) = commands("agreement")
    desk.ok("resume", "system", "harbour-cms", "--as", "admin")
    entered[2] = "as-signed"
    desk.ok(*entered, "--discloser", "harbour")
    network.run()
    accept(network)
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1
    assert network.inbox("harbour", "referral-status") == []
    assert network.codes()["DN_NO_AGREEMENT"] >= 1


def test_the_pilot_observes_first_and_then_lets_referrals_go_one_way(network: Network, desk: Desk) -> None:
    planned = commands("pilot")
    begins = next(number for number, words in enumerate(planned) if words[:2] == ["agreements", "add"])

    observed = [do(desk, words) for words in planned[:begins]][-1]
    assert "DN_NO_AGREEMENT" in observed, "nothing is signed yet"
    network.run()
    assert network.inbox("lakeside") == []
    assert network.states() == {}

    take_out(network)
    assert "there is no record to judge" in do(desk, planned[begins - 1])
    for words in planned[begins:]:
        do(desk, words)
    network.run()
    assert network.inbox("lakeside") == [], "it went by fax"

    refer(network, last_name="Haddad", birth_date="1980-05-06")
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1
    assert network.verifies()


def test_what_is_not_taken_out_after_the_shadow_goes_when_the_system_is_resumed(network: Network, desk: Desk) -> None:
    for words in commands("pilot"):
        do(desk, words)
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1


def test_the_pilot_is_stopped_by_one_command(network: Network, desk: Desk) -> None:
    for words in commands("pilot"):
        do(desk, words)

    desk.ok("suspend", "all", "--as", "admin")
    network.run()

    assert network.inbox("lakeside") == []
