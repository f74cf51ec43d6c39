"""The sample's iCARE agencies at a real hub: referrals out of workbooks arrive at a CMS, refusals are told beside them;
a month of services is reported, uploaded and answered (program systems 9.3; settled S1, S2, S6, S7, S9, S12, S13).

Adapter and sample share no code, so each judges the other. All people are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from consent.model.words import Category, Purpose
from hub.compose import compose
from hub.desk.consent_file import import_consents
from hub.desk.who import Who
from hub.model.advice import advice
from hub.model.directory import Service, System, Worker
from hub.sample import cms, database, icare_papers, judge_icare
from hub.sample.deviations import people
from hub.sample.icare import Reporting, Settlement
from hub.sample.icare_tally import read_reports, read_words
from hub.sample.network import Agreement, ways
from hub.sample.network import Network as Sample
from hub.sample.people import ALWAYS, Person, consent_row
from hub.sample.permitted import Systems, allowed
from hub.sample.scenarios import Scenario
from tests.fakes import SeededIds
from tests.network import AGREED, Network, agreement
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

TODAY, YESTERDAY = date(2026, 6, 1), date(2026, 5, 31)
SAVED, NOW = "2026-05-31 08:00:00", "2026-06-01 12:30:00"
WAYS = [("seaway", "lakeside", wanted) for wanted in icare_papers.FLAGS]
# all that a row can tell, but who has no agreement, and who waits for a day that does not come here
_NOT_HERE = icare_papers.UNSAID | {Scenario.NO_AGREEMENT, Scenario.NOT_YET}
SCENARIOS = tuple(each for each in Scenario if each not in _NOT_HERE)
FUNDED = "IDENT CONTACT LANG NEEDS SERVICE_STATUS"
REPORTED, UNKNOWN = 12, 2  # how many clients are reported, and which of them the funder does not find


@dataclass
class Seaway:
    """Seaway has iCARE alone, an agreement with Lakeside, and its table of routes."""

    network: Network
    site: Settlement

    @property
    def sample(self) -> Sample:
        """What the sample knows of agreements and days."""
        signed = (Agreement(("lakeside", "seaway"), tuple(AGREED.split())),)
        return Sample(self.network.dir, 3, TODAY, 0, agreements=signed)

    def refer(self, who: Sequence[Person]) -> list[tuple[Person, str]]:
        """Workbooks and consents are handed in; each person with the source of the referral."""
        self.site.refer(who, YESTERDAY)
        for file in self.site.consent_files():
            self.enter(file.read_bytes())
        self.settle()
        last = list(self.site.records())[-len(who) :]
        return [(person, f"seaway-icare/{source}") for person, (_, source) in zip(who, last, strict=True)]

    def enter(self, data: bytes) -> None:
        found = import_consents(self.network.hub.house, data, "seaway", Who("seaway-worker", "tester"))
        assert found.problems == (), "the command takes every line that the sample writes"

    def settle(self) -> None:
        self.network.settle()
        self.site.read_answers()


@pytest.fixture
def seaway(network: Network) -> Seaway:
    site = Settlement(network.dir / "seaway", "seaway", "SEA-100")
    site.begin()
    lakeside = network.directory().agencies["lakeside"]
    signed = agreement(network.clock.now() - timedelta(days=400), parties=("lakeside", "seaway"))
    network.put(
        replace(lakeside, id="seaway", name="Seaway Settlement Services", topic="delivery.5ea3"),
        System("seaway-icare", "seaway", "icare", "active", site.settings),
        Worker("seaway-worker", "seaway", "worker"),
        replace(signed, agreement_id="seaway-lakeside"),
        *(Service(f"lakeside-{wanted}", "lakeside", wanted, wanted, "lakeside-cms") for _, _, wanted in WAYS),
    )
    file = network.hub.settings.dir / "agencies" / "seaway" / "routes.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(icare_papers.routes(WAYS))
    network.hub.close()
    network.hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(3000))
    return Seaway(network, site)


def theirs(scenarios: Sequence[Scenario] = SCENARIOS) -> list[Person]:
    """One person of each scenario, as a client of Seaway whom it refers to Lakeside."""
    found: dict[Scenario, Person] = {}
    for person in people(900, 3, TODAY, ways()):
        found.setdefault(person.scenario, person)
    return [_moved(found[each], number) for number, each in enumerate(scenarios, 1)]


def _moved(person: Person, number: int) -> Person:
    consent = person.consent
    if consent is not None:
        to = "harbour" if person.scenario is Scenario.ELSEWHERE else "lakeside"
        consent = {**consent, "recipient_org": to, "captured_by": consent["captured_by"] and "seaway-worker"}
    wanted = WAYS[number % len(WAYS)][2]
    return replace(person, home="seaway", to="lakeside", wanted=wanted, number=number, consent=consent)


def decided(network: Network) -> dict[str, tuple[str, set[str]]]:
    """Source to the first code and the categories withheld, of the last decision of gate 1."""
    found = (entry for entry in network.entries() if entry["event_type"] == "DECISION")
    return {entry["source"]: (entry["codes"][0], set(entry["categories_removed"])) for entry in found}


def test_every_row_gets_the_answer_that_its_story_deserves_and_arrives_or_does_not(seaway: Seaway) -> None:
    sources = seaway.refer(theirs())

    assert (
        judge_icare.told_otherwise(seaway.site, [(p, s) for p, s in sources if p.scenario is not Scenario.LATE]) == []
    )
    codes = {source: code for source, (code, _) in decided(seaway.network).items()}
    assert codes == {source: person.expected for person, source in sources if person.expected is not None}
    goes = [person for person, _ in sources if person.expected == "OK_CONSENT"]
    came = [each["payload"] for each in seaway.network.inbox("lakeside", "referral")]
    assert sorted((each["client"][0]["birth_date"], each["service_wanted"]) for each in came) == sorted(
        (person.client["birth_date"], person.wanted) for person in goes
    )
    assert seaway.network.verifies()


def test_a_referral_says_of_its_client_what_was_ticked_and_no_other_need_s9(seaway: Seaway) -> None:
    sources = seaway.refer(theirs())
    found = Systems()
    judge_icare.read_own(seaway.site, found)

    withheld = {source: categories for source, (_, categories) in decided(seaway.network).items()}
    for person, source in sources:
        if person.expected == "OK_CONSENT":
            owner = judge_icare.about(found, "seaway", {"birth_date": person.client["birth_date"], "identifier": [
                {"value": person.identifiers[0]["value"]}]})  # fmt: skip
            assert owner is not None
            may = allowed(seaway.sample, found, owner, "lakeside")
            assert withheld[source] == icare_papers.held(person) - may, person.scenario
    for row in seaway.network.inbox("lakeside", "referral"):
        owner = judge_icare.about(found, "seaway", row["payload"]["client"][0])
        assert owner is not None, "each is one whom Seaway has"
        may = allowed(seaway.sample, found, owner, "lakeside")
        assert ("phone" in row["payload"]["client"][0]) == ("CONTACT" in may)
    assert any("hlth_mental_wellness_needs_ind" in line.fields for _, line in seaway.site.handed_in())
    assert "HEALTH" not in str(seaway.network.entries())


def test_no_value_of_anybody_stands_beside_a_workbook_or_in_the_files_of_the_hub(seaway: Seaway) -> None:
    seaway.refer(theirs())
    private = [value for value in judge_icare.private_values(seaway.site) if len(value) > 6]

    assert list(judge_icare.judge_words(seaway.site, private)) == []
    files = [path.read_bytes() for path in seaway.network.hub.settings.dir.rglob("*") if path.is_file()]
    kept = b"".join(files).decode(errors="replace") + str(seaway.network.entries())
    assert [value for value in private if value in kept] == []


def test_each_flag_leads_to_the_service_that_its_route_names(seaway: Seaway) -> None:
    (person,) = theirs([Scenario.AGREED])
    others = [each for each in people(900, 3, TODAY, ways()) if each.scenario is Scenario.AGREED][1 : len(WAYS)]
    seaway.refer([person, *(_moved(each, number) for number, each in enumerate(others, 2))])

    wanted = sorted(each["payload"]["service_wanted"] for each in seaway.network.inbox("lakeside", "referral"))
    assert wanted == sorted(icare_papers.FLAGS)


def test_who_signs_later_is_told_twice_and_the_second_time_it_went(seaway: Seaway) -> None:
    ((person, source),) = seaway.refer(theirs([Scenario.LATE]))

    row = icare_papers.consent_of(person, consent_row(person, "lakeside", YESTERDAY, (*ALWAYS, "LANG")))
    assert row is not None
    seaway.enter(seaway.site.sign([row]))
    seaway.settle()

    record = source.partition("/")[2]
    assert list(seaway.site.told()) == [(record, "DN_NO_CONSENT"), (record, "OK")]
    assert judge_icare.told_otherwise(seaway.site, [(person, source)]) == []
    assert [word.code for word in read_words(seaway.site)] == ["DN_NO_CONSENT"]


def test_a_cms_takes_in_somebody_without_a_name_and_its_answer_ends_in_no_file_of_icare(seaway: Seaway) -> None:
    seaway.refer(theirs([Scenario.AGREED, Scenario.WITHDRAWS, Scenario.VERBAL]))
    before = sorted(seaway.site.workbooks.rglob("*.xlsx"))
    with database.connected(seaway.network.dir / "lakeside.sqlite") as db:
        applied = cms.apply_inbox(db, "lakeside", "EMPLOYMENT", NOW)
        for row in database.select(db, "SELECT referral_id FROM referral WHERE direction = 'IN'"):
            moved = {"status": "ACCEPTED", "status_at": NOW}
            database.update(db, "referral", ("referral_id", row["referral_id"]), moved, NOW)
    seaway.settle()

    assert (applied.applied, applied.errors) == (3, {})
    assert seaway.network.states() == {"delivered": 6}
    assert sorted(seaway.site.workbooks.rglob("*.xlsx")) == before
    assert seaway.network.verifies()


@dataclass
class Harbour:
    """Harbour reports a month of its services to IRCC through an iCARE site of its own."""

    network: Network
    site: Reporting
    clients: list[Person]

    @property
    def path(self) -> Path:
        return self.network.dir / "harbour.sqlite"

    def judged(self) -> list[str]:
        """What must not stand in the workbooks."""
        return list(judge_icare.judge_reports(self.site, judge_icare.read_reported(self.path), FUNDED.split()))

    def otherwise(self) -> list[str]:
        return judge_icare.reported_otherwise(self.site, judge_icare.read_reported(self.path), "2026-05")

    def settle(self) -> None:
        """The hub gathers rows for ten minutes before it writes a workbook."""
        for _ in range(2):
            self.network.run()
            self.network.clock.advance(timedelta(minutes=11))
        self.network.run()
        self.site.read_answers()


@pytest.fixture
def harbour(network: Network) -> Harbour:
    told = (each for each in people(2000, 3, TODAY, ways()) if each.home == "harbour")
    own = [each for each in told if each.scenario is Scenario.AGREED][:REPORTED]
    unknown = frozenset({icare_papers.plain_number(own[UNKNOWN])})
    site = Reporting(network.dir / "harbour-icare", "harbour", "HBR-200", unknown)
    site.begin()
    signed = agreement(
        network.clock.now() - timedelta(days=300),
        agreement_id="harbour-ircc",
        parties=("harbour", "ircc"),
        purposes=(Purpose.FUNDER_REPORT,),
        categories=tuple(Category(word) for word in FUNDED.split()),
        events=("funder-report",),
    )
    funder = replace(network.directory().agencies["harbour"], id="ircc", name="IRCC", topic="delivery.9f3e")
    network.put(funder, System("harbour-icare", "harbour", "icare", "active", site.settings), signed)
    with database.connected(network.dir / "harbour.sqlite") as db:
        for person in own:
            database.insert(db, "client", person.client, SAVED)
            for row in person.identifiers:
                database.insert(db, "client_identifier", row, SAVED)
        for table, row in icare_papers.month_of_services(own, TODAY):
            database.insert(db, table, row, SAVED)
    return Harbour(network, site, own)


def test_a_month_is_reported_uploaded_and_answered_and_who_is_unknown_is_not_reported_further(harbour: Harbour) -> None:
    harbour.settle()
    assert {file for file, _ in harbour.site.received()} == {"CLIENT_PROFILE_HBR-200_202605_1.xlsx"}
    assert (harbour.site.upload(), harbour.site.process(harbour.network.clock.now())) == (1, 1)
    harbour.settle()
    assert (harbour.site.upload(), harbour.site.process(harbour.network.clock.now())) == (1, 1)
    harbour.settle()

    assert (len(read_reports(harbour.site)), len(list(harbour.site.refused()))) == (2 * REPORTED - 1, 1)
    assert [word.code for _, word in harbour.site.told()] == ["CLIENT_UNKNOWN"]
    (rejected,) = harbour.network.inbox("harbour", "rejected")
    assert rejected["payload"].pop("place") == advice("rejected:CLIENT_UNKNOWN").en
    assert rejected["payload"] == {"code": "CLIENT_UNKNOWN", "participant_id": UNKNOWN + 1}
    assert harbour.network.codes() == {"OK_NOTICE_BASED": 2 * REPORTED - 1}
    assert (harbour.judged(), harbour.otherwise()) == ([], [])
    assert harbour.network.verifies()


def test_a_row_that_the_worker_uploads_lacks_nothing_that_icare_asks_for_s6(harbour: Harbour) -> None:
    harbour.settle()
    harbour.site.upload()
    harbour.site.process(harbour.network.clock.now())
    harbour.settle()
    asked = sorted(path.name for path in harbour.site.workbooks.glob("*.todo.csv"))
    harbour.site.upload()

    assert asked == ["IO_HBR-200_202605_1.xlsx.todo.csv"]
    assert list(harbour.site.workbooks.glob("*.todo.csv")) == []
    assert harbour.site.incomplete() == []


def test_before_the_worker_has_uploaded_nobody_has_heard_of_anybody(harbour: Harbour) -> None:
    harbour.settle()

    assert list(harbour.site.accepted()) == []
    assert len(harbour.otherwise()) == 2 * (REPORTED - 1)
