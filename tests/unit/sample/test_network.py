"""The invented network: the same from the same seed, one of each scenario, nobody twice (settled S54, S55)."""

from __future__ import annotations

import random
import sqlite3
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from hub.errors import Refused
from hub.model.identifiers import skeleton
from hub.sample import names
from hub.sample.agencies import ways
from hub.sample.database import connected, select
from hub.sample.deviations import HIDING_PLACE, MANDATORY, people
from hub.sample.network import CLIENTS_MIN, Network, make_network
from hub.sample.people import PEOPLE_MAX, Draw
from hub.sample.scenarios import EXPECTED, NEEDED, TOLD, UNREADABLE, Leg, Scenario
from hub.sample.search import files_below
from tests.unit.sample.conftest import CLIENTS, SEED, TODAY


def dump(network: Network) -> list[str]:
    lines: list[str] = []
    for agency in network.agencies:
        with connected(network.database(agency.id)) as db:
            lines += db.iterdump()
    files = [path for site in network.sites for path in files_below(site.folder)]
    return [*lines, *(f"{path.name} {path.read_bytes()!r}" for path in files)]


def test_the_same_clients_seed_and_day_give_the_same_rows_to_the_last_byte(tmp_path: Path, network: Network) -> None:
    again = make_network(tmp_path / "again", CLIENTS, SEED, TODAY)

    assert dump(again) == dump(network)


@pytest.mark.parametrize(
    ("seed", "day"),
    [
        pytest.param(6, TODAY, id="another seed gives other people"),
        pytest.param(5, TODAY + timedelta(days=1), id="another day gives other days"),
    ],
)
def test_what_differs_makes_other_rows(tmp_path: Path, network: Network, seed: int, day: date) -> None:
    other = make_network(tmp_path / "other", CLIENTS, seed, day)

    assert dump(other) != dump(network)


def test_the_first_people_are_one_of_each_scenario(tmp_path: Path) -> None:
    network = make_network(tmp_path / "small", len(TOLD), 1, TODAY)

    assert {person.scenario for person in network.people()} == set(Scenario)


def test_the_smallest_network_has_everybody_whom_the_demo_needs(tmp_path: Path) -> None:
    network = make_network(tmp_path / "smallest", CLIENTS_MIN, 1, TODAY)

    assert [person.scenario for person in network.people()] == [scenario for scenario, _ in NEEDED]
    ends = [(person.home == network.centre.id, person.to == network.centre.id) for person in network.people()]
    assert ends == [(leg is Leg.FROM_CENTRE, leg is Leg.TO_CENTRE) for _, leg in NEEDED]


def test_every_scenario_says_what_it_must_lead_to_or_is_unreadable() -> None:
    assert EXPECTED.keys() | UNREADABLE == set(Scenario)
    assert not EXPECTED.keys() & UNREADABLE


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_shares_a_given_name_and_birthday_nor_a_number_so_that_nobody_is_taken_for_another(seed: int) -> None:
    vague = (Scenario.NEW_YEAR, Scenario.SINGLE_NAME, Scenario.BAD_DATE)
    everybody = list(people(5_000, seed, TODAY, ways()))
    named = [person.client for person in everybody if person.scenario not in vague]
    numbers = [row["value"] for person in everybody for row in person.identifiers if person.expected]

    assert len({(skeleton(row["first_name"]), row["birth_date"]) for row in named}) == len(named)
    assert len({number.replace("-", "") for number in numbers}) == len(numbers)


def test_two_given_names_are_never_taken_for_one() -> None:
    assert len({skeleton(name) for name in names.GIVEN}) == len(names.GIVEN)


def test_there_is_a_name_and_a_birthday_for_each_of_a_million() -> None:
    draws = (Draw(index, random.Random(0), 7, TODAY) for index in (0, 1, 17_166, 17_167, PEOPLE_MAX - 1))
    assert len({draw.given_and_birthday() for draw in draws}) == 5


def test_people_come_one_after_the_other_and_the_last_needs_none_of_the_first() -> None:
    first = list(islice(people(100_000, 3, TODAY, ways()), 50))
    assert first == list(people(50, 3, TODAY, ways()))


def test_every_name_is_long_enough_to_be_told_from_random_bytes() -> None:
    every = (*names.GIVEN, *names.FAMILY_FIRST, *names.FAMILY_SECOND)

    assert min(len(name) for name in every) >= names.TELLING


def test_a_consent_lacks_one_mandatory_field_where_it_is_to_be_a_draft_and_none_elsewhere(network: Network) -> None:
    for person in network.people():
        if person.consent is not None and person.consent["form"] != "VERBAL":  # what is said is signed later
            missing = [name for name in MANDATORY if person.consent[name] is None]
            assert len(missing) == (1 if person.scenario is Scenario.DRAFT else 0)


def test_somebody_without_consent_has_no_row_of_consent_at_all(network: Network) -> None:
    for scenario in (Scenario.NO_CONSENT, Scenario.LATE):
        person = network.one(scenario)
        with connected(network.database(person.home)) as db:
            assert select(db, "SELECT 1 FROM consent WHERE client_id = ?", [person.number]) == []


def test_a_closed_case_is_closed_after_its_referral_was_sent(network: Network) -> None:
    person = network.one(Scenario.CASE_CLOSED)

    with connected(network.database(person.home)) as db:
        rows = select(db, "SELECT status FROM case_file WHERE case_id = ?", [person.number])
        sent = select(db, "SELECT status FROM v_hub_referral_out WHERE referral_id = ?", [person.number])
    assert (rows, sent) == ([{"status": "CLOSED"}], [{"status": "SENT"}])


def test_the_pair_without_agreement_is_referred_to_and_stands_in_no_agreement(network: Network) -> None:
    person = network.one(Scenario.NO_AGREEMENT)

    assert {person.home, person.to} not in [set(agreement.parties) for agreement in network.agreements]


@pytest.mark.parametrize("clients", [0, CLIENTS_MIN - 1, PEOPLE_MAX + 1])
def test_too_few_or_too_many_clients_are_refused_and_nothing_is_written(tmp_path: Path, clients: int) -> None:
    with pytest.raises(Refused, match="choose another number"):
        make_network(tmp_path / "none", clients, 1, TODAY)

    assert not (tmp_path / "none").exists()


def test_what_is_interrupted_leaves_nothing_half_written(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_network(tmp_path / "half", 1_000, 1, TODAY, stop)

    assert list((tmp_path / "half").iterdir()) == []
    assert make_network(tmp_path / "half", CLIENTS_MIN, 1, TODAY).database("harbour").exists()


def test_where_somebody_hides_stands_in_their_own_agencys_database_alone(network: Network) -> None:
    there = []
    for agency in network.agencies:
        with connected(network.database(agency.id)) as db:
            there += [agency.id for _ in select(db, "SELECT 1 FROM client WHERE address_line = ?", [HIDING_PLACE])]
    homes = [person.home for person in network.people() if person.scenario is Scenario.HIDDEN]
    assert sorted(there) == sorted(homes)


def test_a_folder_in_which_something_lies_is_left_alone(network: Network, tmp_path: Path) -> None:
    before = dump(network)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README").write_text("mine")

    for folder in (network.folder, tmp_path / "other"):
        with pytest.raises(Refused, match="not empty"):
            make_network(folder, CLIENTS, 6, TODAY)

    assert dump(network) == before
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["README"]


def test_the_database_holds_references(network: Network) -> None:
    with connected(network.database("harbour")) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("DELETE FROM client WHERE client_id = 1")
