"""The judge finds what may not lie in HARTS' files, when it is put there by hand (INV-1, INV-2)."""

from __future__ import annotations

import json

import pytest

from hub.sample import papers
from hub.sample.database import connected
from hub.sample.harts import Draft
from hub.sample.judge import judge, private_values
from hub.sample.judge_files import told_otherwise
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.scenarios import EXPECTED, Scenario
from tests.unit.sample.conftest import NOW
from tests.unit.sample.hub_writes import ASKED, CLIENT, answer, asks, to_harts, told


def to_the_centre(network: Network) -> Person:
    """Somebody of a database who has agreed that the centre gets the least."""
    return next(
        person for person in network.people() if person.scenario is Scenario.AGREED and person.to == "bridgeway"
    )


def lines(network: Network, person: Person, *more: Draft, **changes: str) -> list[Draft]:
    """What the hub may write about this person, and what it may not."""
    named = {
        "SURNAME": person.client["last_name"],
        "GIVEN": person.client["first_name"],
        "DOB": papers.compact(person.client["birth_date"]),
    }
    site = network.harts.sites[person.home]
    return [("CL", "A", {**CLIENT, **named, **changes}), *more, ("RF", "A", {**ASKED, "FROM_SITE": site})]


def limit(network: Network, person: Person, categories: str) -> None:
    with connected(network.database(person.home)) as db:
        db.execute("UPDATE consent SET categories = ? WHERE client_id = ?", [categories, person.number])


def test_what_was_agreed_is_in_order(network: Network) -> None:
    to_harts(network.harts, [lines(network, to_the_centre(network)), told()])

    assert judge(network) == []


@pytest.mark.parametrize(
    ("category", "changes"),
    [
        pytest.param("CONTACT", {"CITY": "Toronto"}, id="a city"),
        pytest.param("LANG", {"LANG1": "amh"}, id="a language"),
        pytest.param("IMMIG", {"STATUS": "PR"}, id="a status in Canada"),
    ],
)
def test_a_category_that_was_not_ticked_is_found(network: Network, category: str, changes: dict[str, str]) -> None:
    person = to_the_centre(network)
    limit(network, person, "IDENT NEEDS SERVICE_STATUS")
    to_harts(network.harts, [lines(network, person, **changes)])

    found = judge(network)

    assert f"{category} of client {person.number} of {person.home}-cms" in " ".join(found)
    assert all(not text or text not in " ".join(found) for text in changes.values() if len(text) > 3)


def test_a_language_result_that_was_not_ticked_is_found(network: Network) -> None:
    person = to_the_centre(network)
    limit(network, person, "IDENT NEEDS SERVICE_STATUS")
    result = {"ASSESS_DATE": "20260301", "TYPE": "I", "TOOL": "CLBPT", "CENTRE": "TOR01"}
    levels = dict.fromkeys("LSRW", "05")
    to_harts(network.harts, [lines(network, person, ("AS", "A", {**result, **levels}))])

    assert any("AS: LANG of client" in each for each in judge(network))


def test_somebody_who_has_not_agreed_or_whom_nobody_has_is_found(network: Network) -> None:
    person = network.one(Scenario.NO_CONSENT)
    to_harts(network.harts, [lines(network, person), asks(0)])

    found = judge(network)

    assert any(f"client {person.number} of {person.home}-cms has not agreed" in each for each in found)
    assert any("is about nobody whom a sender has" in each for each in found)


def test_an_answer_that_restates_its_client_is_found(network: Network) -> None:
    client, status = told()
    to_harts(network.harts, [[(*client[:2], {**CLIENT}), status]])

    assert any("an answer that tells more" in each for each in judge(network))


def test_a_result_that_came_back_is_found_unless_its_client_has_signed_for_it_c_72(network: Network) -> None:
    person = to_the_centre(network)
    payload = {"referral_id": person.number, "status": "ACCEPTED", "language": [{"listening": "05"}]}
    with connected(network.database(person.home)) as db:
        row = ("m-1", "referral-status", json.dumps(payload), 0, NOW)
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at) VALUES (?, ?, ?, ?, ?)", row
        )

    before = judge(network)
    signed = lines(network, person)[0][2]
    row = papers.consent_for_result("bridgeway", signed, 900_000, person.home, network.today)
    network.harts.sign([row])

    assert before == [f"{person.home}-cms hub_inbox m-1: LANG of somebody who has not agreed to it"]
    assert judge(network) == []


def test_the_private_values_hold_those_of_the_centres_files_and_say_whose_they_are(network: Network) -> None:
    person = network.one_of_centre(Scenario.AGREED)
    values = {value: whose for whose, value in private_values(network)}

    for value in (person.client["last_name"], person.client["email"], papers.harts_no(person)):
        assert f"of client {person.number} of bridgeway-harts" in values[value]
        assert value not in values[value]


def deserved(network: Network) -> dict[str, tuple[str, str]]:
    """REF_NO to what its line deserves once everybody has signed who will."""
    found = {}
    for person in network.people():
        if person.home == "bridgeway" and person.expected is None:
            found[papers.ref_no(person)] = ("ERR", "DN_SCHEMA")
        elif person.home == "bridgeway" and person.expected != "OK_CONSENT" and person.scenario is not Scenario.LATE:
            found[papers.ref_no(person)] = ("WARN", EXPECTED[person.scenario])
    return found


def test_a_line_that_was_told_otherwise_than_deserved_is_named_and_so_is_one_that_was_told_nothing(
    network: Network,
) -> None:
    right = deserved(network)
    silent = told_otherwise(network)
    answer(network.harts, right)
    network.harts.read_answers()
    well = told_otherwise(network)
    answer(network.harts, {**right, "B-000001": ("ERR", "DN_SCHEMA")})
    network.harts.read_answers()

    assert len(silent) == sum(person.home == "bridgeway" for person in network.people())
    assert well == []
    assert ["ERR DN_SCHEMA in its .ACK where OK" in each for each in told_otherwise(network)] == [True]
