"""A CaMS site of the sample on the road: its people out to a CMS, a CMS' people in to it, answers both ways.

Harbour has a CMS, which the sample's own application empties and answers in; Northgate is the site. Nothing that the
sample writes or reads here was made with the adapters. All people are invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.desk.consent_file import import_consents
from hub.desk.who import Who
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.sample import cams_papers, cms, database, judge_cams, search
from hub.sample.cams import Cams
from hub.sample.cams_papers import AT_A_CAMS_SITE
from hub.sample.cams_tally import read_packages
from hub.sample.people import Person
from hub.sample.scenarios import EXPECTED, UNREADABLE, Scenario
from tests.network import Network, agreement, make
from tests.unit.sample.cams_people import HOME, SITES, SYSTEM, TICKED, TODAY, network, person, site, systems

SAVED, NOW = "2026-05-31 08:00:00", "2026-06-01 14:00:00"
SEED = 7  # of the CMS' workers: of these people they accept some, put some on a list and decline one
ROUNDS = 4  # of run, take in, answer: a referral is done in three


@dataclass
class Road:
    """The hub between both, and everybody who is on it."""

    hub: Network
    cams: Cams
    out: list[Person]
    into: list[Person]

    def run(self) -> None:
        """Hub, site and workers in turn, until nothing moves."""
        for _ in range(ROUNDS):
            self.hub.settle()
            self.cams.read_answers()
            self.cams.take_in(self.hub.clock.now())
            with database.connected(self.hub.dir / "harbour.sqlite") as db:
                cms.apply_inbox(db, "harbour", "NEWCOMER", NOW)
                cms.answer(db, SEED, NOW)
            self.hub.settle()
            self.cams.hand_in(self.cams.answers(self.hub.clock.now()))
        self.hub.settle()
        self.cams.read_answers()

    def sign(self, data: bytes) -> None:
        """The site's worker gives a file of consents to the hub."""
        found = import_consents(self.hub.hub.house, data, HOME, Who(f"{HOME}-worker", "tester"))
        assert not found.problems

    def statuses(self) -> dict[int, list[str]]:
        """Harbour's own number of a referral to the answers that came, in order."""
        found: dict[int, list[str]] = {}
        for row in self.hub.inbox("harbour", "referral-status"):
            found.setdefault(row["payload"]["referral_id"], []).append(row["payload"]["status"])
        return found

    def decisions(self) -> dict[str, dict[str, Any]]:
        """Source to the first decision of gate 1 about it."""
        entries = [entry for entry in self.hub.entries() if entry["event_type"] == "DECISION"]
        return {entry["source"]: entry for entry in reversed(entries)}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """The road when nothing moves any more; nobody who is handed it changes what lies there."""
    yield from _travelled(tmp_path_factory.mktemp("road"))


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Road]:
    """The same for one test alone."""
    yield from _travelled(tmp_path)


def _travelled(folder: Path) -> Iterator[Road]:
    """Everybody of the site with one scenario each, and six of Harbour's, of whom three have a CaMS reference."""
    hub, cams = make(folder), site(folder)
    connect(hub, cams)
    out = [_of_the_site(number, scenario) for number, scenario in enumerate(sorted(AT_A_CAMS_SITE), 1)]
    out += [person(len(out) + place) for place in range(1, 7)]
    out.append(person(len(out) + 1, reason=None, status_in_canada="WP", arrival_date=None))
    into = [
        person(100 + n, home="harbour", to=HOME, wanted="employment", cams="" if n % 2 else str(7_000_000 + n))
        for n in range(6)
    ]
    cams.refer(out, TODAY - timedelta(days=1))
    with database.connected(folder / "harbour.sqlite") as db, database.saved(db):
        for each in into:
            save(db, each)
    made = Road(hub, cams, out, into)
    for path in cams.consent_files():
        made.sign(path.read_bytes())
    made.run()
    yield made
    assert hub.verifies()
    hub.hub.close()


def connect(hub: Network, cams: Cams) -> None:
    """As an administrator would (docs/administrator.md)."""
    folders = {"from_cams_path": str(cams.from_cams), "to_cams_path": str(cams.to_cams), "sds": cams.sds}
    since = hub.clock.now() - timedelta(days=400)
    hub.put(
        Agency(HOME, "Northgate Employment Services", "general", "ca-on", "delivery.NORTHGATEAAA"),
        System(SYSTEM, HOME, "eois", "active", folders),
        Worker(f"{HOME}-worker", HOME, "worker"),
        *(Site("eois", code, agency, agency) for agency, code in SITES.items()),
        Service(f"{HOME}-employment", HOME, "employment", "employment", SYSTEM, site=cams.sds),
        replace(agreement(since), agreement_id=f"harbour-{HOME}", parties=("harbour", HOME)),
    )


def save(db: Any, each: Person) -> None:
    """A client of Harbour with all papers, in its own database."""
    assert each.consent is not None
    rows = [("client", each.client), *(("client_identifier", row) for row in each.identifiers)]
    rows += [("case_file", each.case), ("consent", {"consent_id": each.number, **each.consent})]
    for table, row in [*rows, ("referral", {"referral_id": each.number, **each.referral})]:
        database.insert(db, table, row, SAVED)


def _of_the_site(number: int, scenario: Scenario) -> Person:
    if scenario is Scenario.NO_AGREEMENT:
        return person(number, scenario, to="lakeside", wanted="employment")
    return person(number, scenario)


def test_each_package_of_the_site_is_judged_and_told_by_its_scenario(road: Road) -> None:
    codes = {source: entry["codes"][0] for source, entry in road.decisions().items()}
    found = {each.number: codes.get(f"{SYSTEM}/{road.cams.source_of(each)}") for each in road.out}

    assert found == {e.number: None if e.scenario in UNREADABLE else EXPECTED[e.scenario] for e in road.out}
    late = next(each for each in road.out if each.scenario is Scenario.LATE)
    (wrong,) = judge_cams.told_otherwise(road.cams, SYSTEM, road.out)
    assert "AcceptedWithWarnings DN_NO_CONSENT beside it where Accepted was due (late)" in wrong
    assert wrong.startswith(f"{SYSTEM}/{road.cams.source_of(late)}: "), "who has not signed yet"


def test_who_signs_late_is_told_again_and_goes(changing: Road) -> None:
    late = next(each for each in changing.out if each.scenario is Scenario.LATE)
    signed = person(late.number).consent
    assert signed is not None
    changing.sign(changing.cams.sign([cams_papers.consent_of(late, signed)]))
    changing.run()

    assert judge_cams.told_otherwise(changing.cams, SYSTEM, changing.out) == []
    source = changing.cams.source_of(late)
    words = [said.code or said.result for each, said in changing.cams.told() if each == source]
    assert words == ["DN_NO_CONSENT", "Accepted"]
    assert late.client["last_name"] in _arrived(changing)


def test_who_agreed_arrives_at_the_cms_and_nobody_else(road: Road) -> None:
    agreed = [each for each in road.out if each.scenario is Scenario.AGREED]

    assert _arrived(road) == sorted(each.client["last_name"] for each in agreed)
    for row in road.hub.inbox("harbour", "referral"):
        client = row["payload"]["client"][0]
        assert (row["payload"]["service_wanted"], row["payload"]["from_org"]) == ("settlement", HOME)
        assert {"phone", "email", "birth_date"} <= client.keys()
        assert "reason_text" not in row["payload"], "NOTES_FREE was not ticked"
        assert not {"status_in_canada", "arrival_date", "official_language"} & client.keys()


def test_what_stays_behind_is_what_a_package_holds_and_was_not_ticked(road: Road) -> None:
    decisions = road.decisions()
    for each in road.out:
        if each.scenario is Scenario.AGREED:
            entry = decisions[f"{SYSTEM}/{road.cams.source_of(each)}"]
            assert set(entry["categories_removed"]) == cams_papers.held(each) - set(TICKED)
    bare = [each for each in road.out if not each.referral["reason_text"] and not each.client["arrival_date"]]
    assert [each.scenario for each in bare] == [Scenario.AGREED], "one says less"


def test_the_answers_of_the_cms_that_cams_has_a_word_for_come_back_as_packages(road: Road) -> None:
    with database.connected(road.hub.dir / "harbour.sqlite") as db:
        query = "SELECT status FROM referral WHERE direction = 'IN'"
        said = Counter(row["status"] for row in database.select(db, query))
    said["ACCEPTED"] += said.pop("COMPLETED", 0)  # who was served was accepted first
    said.pop("RECEIVED", None)  # CaMS has no word for it

    told = Counter(row.state for row in read_packages(road.cams) if row.kind == "referral-status")
    assert told == said
    assert told.keys() == {"ACCEPTED", "WAITLISTED", "DECLINED"}


def test_the_people_of_the_cms_are_keyed_each_once_and_the_references_that_came_are_kept(road: Road) -> None:
    keyed = list(road.cams.in_cams())

    assert sum(row.kind == "referral" for row in read_packages(road.cams)) == len(road.into)
    assert len(keyed) == len(road.into) - 1, "one is refused"
    assert {each.reference for each in keyed} >= {"7000000", "7000002", "7000004"}
    assert len(road.cams.references_given()) == 2


def test_the_answers_of_the_site_reach_the_cms_after_the_word_that_the_referral_was_received_t2(road: Road) -> None:
    names = {each.number: each.client["last_name"] for each in road.into}
    place = {each.package.get("Person/LegalLastName"): each.place for each in road.cams.in_cams()}
    words = {0: "ACCEPTED", 1: "WAITLISTED", 2: "DECLINED", 4: "ACCEPTED", 5: "WAITLISTED"}
    due = {number: ["RECEIVED", words[place[last_name]]] for number, last_name in names.items() if last_name in place}

    assert road.statuses() == due
    (refused,) = names.keys() - due.keys()
    assert road.hub.told("harbour", "rejected") == [("referral_id", refused, "PERSON_EXISTS")]


def test_how_a_plan_ended_reaches_who_referred_without_how_work_goes_c_72(road: Road) -> None:
    served = [each for each in road.cams.in_cams() if each.place in (0, 4) and each.package.reference]

    ended = [row["payload"] for row in road.hub.inbox("harbour", "exit")]
    assert len(served) > 0
    assert [row["closure_reason"] for row in ended] == ["EMPLOYED"] * len(served)
    removed = {s: entry["categories_removed"] for s, entry in road.decisions().items() if f"{SYSTEM}/X/" in s}
    assert list(removed.values()) == [["EMPLOY"]] * len(served)


def test_the_judge_finds_nothing_and_finds_what_is_put_there(road: Road) -> None:
    asked = network(road.hub.dir)
    found = systems(road.cams, road.into)
    judge_cams.read_own(road.cams, found)
    before = list(judge_cams.judge(road.cams, asked, found))

    path = next(road.cams.to_cams / name for name, package in road.cams.received() if package.asks)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<Address>", b"<PreferredLanguage>French</PreferredLanguage><Address>"))
    after = list(judge_cams.judge(road.cams, asked, found))
    path.write_bytes(data)

    assert before == []
    assert ["LANG of client" in each for each in after] == [True]


def test_nothing_of_anybody_rests_in_the_hub(road: Road) -> None:
    values = judge_cams.private_values(road.cams, SYSTEM)
    wanted = sorted({value for value in values if len(value) >= search.PREFIX})

    assert wanted
    assert list(search.find(search.files_below(road.hub.hub.settings.dir), wanted)) == []


def test_nothing_is_taken_in_answered_or_told_twice(road: Road) -> None:
    def files() -> dict[str, bytes]:
        every = (path for path in road.cams.folder.rglob("*.*") if ".spool" not in path.parts)
        return {str(path): path.read_bytes() for path in every if path.is_file()}

    before, entries = files(), len(road.hub.entries())
    road.run()

    assert files() == before
    assert len(road.hub.entries()) == entries


def _arrived(road: Road) -> list[str]:
    """Family names of who came to Harbour."""
    return sorted(row["payload"]["client"][0]["last_name"] for row in road.hub.inbox("harbour", "referral"))
