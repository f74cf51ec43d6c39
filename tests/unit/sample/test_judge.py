"""The judge finds what the hub must not do, when it is done to a copy of the databases by hand (INV-1, INV-2)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from hub.sample.database import connected, select
from hub.sample.deviations import HIDING_PLACE
from hub.sample.judge import judge, private_values, read_systems
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.permitted import allowed
from hub.sample.scenarios import Scenario
from tests.unit.sample.conftest import NOW


def deliver(network: Network, person: Person, to: str = "", **changes: Any) -> None:
    """Write into an agency's hub_inbox what a referral of this person would carry with a consent for the least."""
    client = {name: person.client[name] for name in ("last_name", "first_name", "birth_date", "gender")}
    payload = {
        "from_org": person.home,
        "to_org": person.to,
        "service_wanted": person.wanted,
        "reason_code": person.referral["reason_code"],
        "client": [{**client, **changes.pop("client", {})}],
        **changes,
    }
    with connected(network.database(to or person.to)) as db:
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at)"
            " VALUES ('m-1', 'referral', ?, 0, ?)",
            (json.dumps(payload), NOW),
        )


def agreed(network: Network, without: str) -> Person:
    """Somebody whose consent is complete and does not tick a category."""
    return next(
        person
        for person in network.people()
        if person.scenario is Scenario.AGREED
        and not {network.centre.id, network.cams_site.id, network.settlement.id} & {person.home, person.to}
        and person.consent
        and without not in person.consent["categories"]
    )


def test_a_network_in_which_nothing_has_moved_is_in_order(network: Network) -> None:
    assert judge(network) == []


def test_what_was_agreed_is_in_order(network: Network) -> None:
    deliver(network, agreed(network, "CONTACT"))

    assert judge(network) == []


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario.NO_CONSENT,
        Scenario.DRAFT,
        Scenario.EXPIRED,
        Scenario.DECLINED,
        Scenario.ELSEWHERE,
        Scenario.NARROW,
        Scenario.NO_AGREEMENT,
    ],
)
def test_somebody_who_has_not_agreed_is_found_at_another_agency(network: Network, scenario: Scenario) -> None:
    person = network.one(scenario)
    deliver(network, person)

    assert f"{person.to}-cms hub_inbox m-1: client {person.number} of {person.home}-cms has not agreed" in judge(
        network
    )


@pytest.mark.parametrize(
    ("category", "changes"),
    [
        pytest.param("CONTACT", {"client": {"phone": "416-555-0199"}}, id="a phone number"),
        pytest.param("LANG", {"client": {"home_language": "amh"}}, id="a language"),
        pytest.param("IMMIG", {"client": {"status_in_canada": "PR"}}, id="a status in Canada"),
        pytest.param("NOTES_FREE", {"reason_text": "Prefers mornings."}, id="a free text"),
        pytest.param("DV", {"issue": [{"issue_code": "safety"}]}, id="a need that tells of violence"),
        pytest.param("HEALTH_MENTAL", {"issue": [{"issue_code": "health"}]}, id="a need that tells of an illness"),
        pytest.param("NOTES_FREE", {"assessment": [{"needs": "x"}]}, id="a text of an assessment"),
        pytest.param("FAMILY", {"client": {"relation": [{"relation": "child"}]}}, id="that there is a child"),
        pytest.param("rank", {"issue": [{"issue_code": "income", "rank": 2}]}, id="that a need was left out"),
        pytest.param("diagnosis", {"client": {"diagnosis": "x"}}, id="a column that nobody knows"),
    ],
)
def test_a_category_that_was_not_ticked_is_found(network: Network, category: str, changes: dict[str, Any]) -> None:
    person = agreed(network, category)
    deliver(network, person, **changes)

    assert f"{person.to}-cms hub_inbox m-1: {category} of client {person.number} of {person.home}-cms" in judge(network)


def test_a_referral_at_the_wrong_agency_is_found(network: Network) -> None:
    person = agreed(network, "CONTACT")
    wrong = next(agency.id for agency in network.agencies if agency.id not in (person.home, person.to))
    deliver(network, person, to=wrong)

    assert f"{wrong}-cms hub_inbox m-1: client {person.number} of {person.home}-cms has not agreed" in judge(network)


def test_a_referral_about_nobody_is_found(network: Network) -> None:
    person = agreed(network, "CONTACT")
    deliver(network, person, client={"last_name": "Invented-Nobody"})

    assert f"{person.to}-cms hub_inbox m-1: is about nobody whom a sender has" in judge(network)


def test_a_value_of_a_stranger_in_any_table_is_found_and_not_shown(network: Network) -> None:
    person = network.one(Scenario.NO_CONSENT)
    with connected(network.database("keystone")) as db:
        db.execute("UPDATE case_file SET closure_summary = ?", [person.identifiers[0]["value"]])

    found = judge(network)

    assert found == [f"keystone-cms case_file: IDENT of client {person.number} of {person.home}-cms"]


def test_somebody_whom_both_agencies_know_is_no_stranger(network: Network) -> None:
    known = [person for person in network.people() if person.known_there]

    assert known, "the seed gives some"
    assert judge(network) == []


def test_what_may_stand_elsewhere_is_consent_and_agreement_and_profile_together(network: Network) -> None:
    person = network.one(Scenario.AGREED)
    owner = (person.home, person.number)
    with connected(network.database(person.home)) as db:
        db.execute("UPDATE consent SET categories = 'IDENT NEEDS LANG IMMIG SUBSTANCE' WHERE client_id = ?", [owner[1]])

    found = allowed(network, read_systems(network), owner, person.to)

    assert found == {"IDENT", "NEEDS", "LANG"}, "IMMIG is not in the profile, SUBSTANCE not in the agreement"


def test_the_private_values_hold_names_numbers_channels_and_texts_and_say_whose_they_are(network: Network) -> None:
    often = Counter(person.client["phone"] for person in network.people())
    person = next(p for p in network.people() if p.referral["reason_text"] and often[p.client["phone"]] == 1)
    values = {value: whose for whose, value in private_values(network)}

    for value in (
        person.client["last_name"],
        person.client["phone"],
        person.client["phone"].replace("-", ""),
        person.client["email"],
        person.identifiers[0]["value"].replace("-", ""),
        person.referral["reason_text"],
    ):
        assert f"of client {person.number} of {person.home}-cms" in values[value]
        assert value not in values[value]


def test_where_somebody_lives_who_may_not_be_found_is_found_elsewhere_ticked_or_not(network: Network) -> None:
    person = network.one(Scenario.HIDDEN)
    with connected(network.database(person.home)) as db:
        ticked = "IDENT NEEDS SERVICE_STATUS CONTACT"
        db.execute("UPDATE consent SET categories = ? WHERE client_id = ?", [ticked, person.number])
    deliver(network, person, client={"address_line": HIDING_PLACE})

    found = judge(network)

    where = f"where client {person.number} of {person.home}-cms lives, who may not be found"
    assert f"{person.to}-cms hub_inbox m-1: {where}" in found
    assert not any(HIDING_PLACE in each for each in found)


def test_the_rows_of_people_are_those_of_the_database(network: Network) -> None:
    with connected(network.database("harbour")) as db:
        numbers = {row["client_id"] for row in select(db, "SELECT client_id FROM client")}

    assert {person.number for person in network.people() if person.home == "harbour"} <= numbers
