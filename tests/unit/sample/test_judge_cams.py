"""The judge finds what may not lie in CaMS' files, on paper or not, when it is put there by hand (INV-1, INV-2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.sample import cams_papers, database, judge_cams
from hub.sample.cams import Cams
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.scenarios import EXPECTED, Scenario
from tests.unit.sample.cams_people import (
    SYSTEM,
    TICKED,
    TODAY,
    about,
    answering,
    asking,
    network,
    person,
    put,
    say,
    site,
    systems,
)

NOW = "2026-06-01 12:00:00"
LEAST = ("IDENT", "NEEDS", "SERVICE_STATUS")


@dataclass(frozen=True)
class Room:
    """The site, who judges, and one client of Harbour."""

    cams: Cams
    network: Network
    client: Person

    def judged(self) -> list[str]:
        """What the judge says."""
        return list(judge_cams.judge(self.cams, self.network, systems(self.cams, [self.client])))

    def of(self, categories: tuple[str, ...] = LEAST, scenario: Scenario = Scenario.AGREED, **row: str | int) -> Room:
        """The same with a client who has ticked these."""
        own = person(7, scenario, home="harbour", to="northgate", wanted="employment", categories=categories, **row)
        return Room(self.cams, self.network, own)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    database.create(tmp_path / "harbour.sqlite").close()
    client = person(7, home="harbour", to="northgate", wanted="employment")
    return Room(site(tmp_path), network(tmp_path), client)


def test_what_was_agreed_is_in_order_on_paper_too(room: Room) -> None:
    told = {"Person/Contact/@phone": "416-555-0107", "Referral/Reason": "INFO NOT COMPLETE"}
    page = [("Legal last name", "Hbekwe-Hawthorne"), ("Phone", "416-555-0107"), ("Reason", "INFO NOT COMPLETE")]
    put(room.cams, about(room.client, told), page)
    put(room.cams, answering({"Referral/Reason": "No capacity"}), [("Reason", "No capacity")])

    assert room.judged() == []


@pytest.mark.parametrize(
    ("category", "changes"),
    [
        pytest.param("CONTACT", {"Person/Contact/@phone": "416-555-0107"}, id="a telephone"),
        pytest.param("CONTACT", {"Person/Address/PostalCode": "M5V2T6"}, id="a postal code"),
        pytest.param("LANG", {"Person/PreferredLanguage": "English"}, id="a language"),
        pytest.param("IMMIG", {"Person/StatusInCanada": "Permanent Resident"}, id="a status in Canada"),
        pytest.param("HEALTH_PHYS", {"Person/DesignatedGroup/@code": "deaf-blind"}, id="a disability"),
        pytest.param("RACE_INDIG", {"Person/DesignatedGroup/@code": "visible-minority"}, id="a group"),
        pytest.param("EMPLOY", {"Employment/@hoursPerWeek": "12"}, id="hours of work"),
        pytest.param("NOTES_FREE", {"Referral/Reason": "INFO NOT COMPLETE Asks for evenings"}, id="words"),
    ],
)
def test_a_category_that_was_not_ticked_is_found(room: Room, category: str, changes: Mapping[str, str]) -> None:
    limited = room.of()
    put(room.cams, about(limited.client, changes))

    found = limited.judged()

    assert [each.partition(": ")[2] for each in found] == [f"{category} of client 7 of harbour-cms"]
    assert all(text not in " ".join(found) for text in changes.values() if len(text) > 3)


def test_a_worksheet_that_tells_more_than_may_leave_is_found_though_its_package_does_not(room: Room) -> None:
    limited = room.of()
    name = put(room.cams, about(limited.client), [("Phone", "416-555-0107"), ("Designated groups", "Deaf/Blind")])

    sheet = name.replace(".xml", ".html")
    assert limited.judged() == [
        f"{SYSTEM} {sheet}: {category} of client 7 of harbour-cms" for category in ("CONTACT", "HEALTH_PHYS")
    ]


def test_a_worksheet_whose_package_is_not_there_is_found(room: Room) -> None:
    name = put(room.cams, about(room.client))
    (room.cams.to_cams / name).unlink()

    assert ["a worksheet without a package" in each for each in room.judged()] == [True]


def test_a_gender_that_is_not_told_tells_nothing(room: Room) -> None:
    put(room.cams, about(room.client, {"Person/IdentifyAs": "Prefer not to disclose"}))

    assert room.judged() == []


def test_somebody_who_has_not_agreed_or_whom_nobody_has_is_found(room: Room) -> None:
    silent = room.of(scenario=Scenario.NO_CONSENT)
    put(room.cams, about(silent.client))
    put(room.cams, asking(1))

    found = " ".join(silent.judged())

    assert "client 7 of harbour-cms has not agreed" in found
    assert "is about nobody whom a sender has" in found


def test_who_is_sent_by_another_agency_than_the_one_that_has_them_is_nobody(room: Room) -> None:
    put(room.cams, about(room.client, {"Sender/@sds": "5210C"}))

    said = {each.partition(": ")[2] for each in room.judged()}
    assert said == {"is about nobody whom a sender has"}


def test_a_single_name_and_a_year_alone_still_say_who_it_is(room: Room) -> None:
    single = room.of(TICKED, first_name="FNU", birth_date_quality="Y")
    put(room.cams, about(single.client, {"Person/LegalFirstName": "-", "Person/DateOfBirth": ""}))

    assert single.judged() == []


def test_where_somebody_lives_who_may_not_be_found_is_found_whatever_they_ticked(room: Room) -> None:
    hidden = room.of(TICKED, address_confidential=1)
    put(room.cams, about(hidden.client, {"Person/Address/PostalCode": "M5V2T6"}))

    assert ["where client 7 of harbour-cms lives" in each for each in hidden.judged()] == [True]


@pytest.mark.parametrize(
    "changes",
    [
        {"Person/LegalLastName": "Hbekwe-Hawthorne"},
        {"Person/DateOfBirth": "1991-07-22"},
        {"Employment/@hoursPerWeek": "12"},
    ],
)
def test_an_answer_that_restates_its_client_is_found(room: Room, changes: Mapping[str, str]) -> None:
    put(room.cams, answering(changes))

    assert ["an answer that tells more" in each for each in room.judged()] == [True]


@pytest.mark.parametrize(("more", "said"), [({}, []), ({"situation": "EMPLOYED_FT"}, ["situation"])])
def test_an_ending_that_tells_how_work_goes_is_found_c_72(room: Room, more: dict[str, str], said: list[str]) -> None:
    payload = {"referral_id": 7, "closed_on": "2026-06-01", "closure_reason": "EMPLOYED", **more}
    with database.connected(room.network.database("harbour")) as db:
        row = ("m-1", "exit", json.dumps(payload), 0, NOW)
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at) VALUES (?, ?, ?, ?, ?)", row
        )

    assert room.judged() == [f"harbour-cms hub_inbox m-1: {name} of somebody who has not agreed to it" for name in said]


# -- what is the site's own


def test_the_sites_own_people_consents_and_texts_are_read(room: Room) -> None:
    own = person(1)
    room.cams.refer([own, person(2, Scenario.NO_CONSENT)], TODAY)
    put(room.cams, asking(1), [("Legal first name", "Adaeze")])
    found = systems(room.cams, [])

    judge_cams.read_own(room.cams, found)

    assert found.people[("northgate", 1)]["birth_date"] == own.client["birth_date"]
    assert [row["recipient_org"] for row in found.consents[("northgate", 1)]] == ["harbour"]
    assert ("northgate", 2) not in found.consents
    assert (("northgate", 1), "CONTACT") in found.owners["4165550101"]
    assert {("to_cams", "B-Hawthorne"), ("to_cams", "Adaeze")} <= found.cells["northgate"]


def test_the_private_values_hold_those_of_the_sites_packages_and_say_whose_they_are(room: Room) -> None:
    own = person(1)
    room.cams.refer([own], TODAY)

    values = judge_cams.private_values(room.cams, SYSTEM)

    for value in (own.client["last_name"], own.client["email"], "4165550101", own.referral["reason_text"]):
        assert values[value].endswith(f"of client 1 of {SYSTEM}")
        assert value not in values[value]
    assert cams_papers.reference(own) not in values, "seven digits stand in a digest by chance"


# -- what was told


def test_a_package_that_was_told_otherwise_than_deserved_is_named_and_so_is_one_that_was_told_nothing(
    room: Room,
) -> None:
    everyone = [person(number, scenario) for number, scenario in enumerate(sorted(cams_papers.AT_A_CAMS_SITE), 1)]
    warned = {each for each in cams_papers.AT_A_CAMS_SITE if EXPECTED.get(each, "OK_CONSENT") != "OK_CONSENT"}
    right = {
        cams_papers.referral_no(each): ("AcceptedWithWarnings", EXPECTED[each.scenario])
        for each in everyone
        if each.scenario in warned - {Scenario.LATE}
    } | {
        cams_papers.referral_no(each): ("Refused", code)
        for each in everyone
        for scenario, code in ((Scenario.BAD_CODE, "CODE_UNKNOWN"), (Scenario.BAD_DATE, "DN_SCHEMA"))
        if each.scenario is scenario
    }
    room.cams.refer(everyone, TODAY)

    def judged() -> list[str]:
        room.cams.read_answers()
        return judge_cams.told_otherwise(room.cams, SYSTEM, [*everyone, room.client])

    silent = judged()
    say(room.cams, right)
    well = judged()
    say(room.cams, {**right, "N-000001": ("Refused", "DN_SCHEMA")})

    assert len(silent) == len(everyone)
    assert well == []
    assert judged() == [
        f"{SYSTEM}/P/3898A/4102B/PKG-B0000001: Refused DN_SCHEMA beside it where Accepted was due (agreed)"
    ]
