"""iCARE on the road: a referral that a row of a needs assessment tells of goes where its agency's routes.csv says.

Program systems 2.7, 6.3, 9.3; settled S1, S9, S13. All people are invented.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from hub.compose import compose
from hub.errors import Refused
from hub.model.directory import System
from tests import cms_builder as cms
from tests import icare_builder as icare
from tests.fakes import SeededIds
from tests.looking import answered, withdrawn
from tests.network import Network
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

NUMBER, BORN = "11-0000-0001", "1991-07-22"
ROUTES = "kind,list,code,service\nicare,NARS,find_employment_referrals_ind,lakeside-employment\n"
SEEDS = count(1000)
WORK = {
    "language_skills_needs_ind": "",
    "language_skills_referrals_ind": "",
    "language_skills_needs_reason_id": "",
    "find_employment_needs_ind": "Yes",
    "find_employment_referrals_ind": "Yes",
    "find_employment_period_id": "Within one year",
}


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour has a CMS and an agreement with iCARE's funder, and a table of routes."""
    network.put(System("harbour-icare", "harbour", "icare", "active", office(network).settings))
    routes(network, ROUTES)
    return network


def office(network: Network) -> icare.Office:
    return icare.Office(network.dir / "icare")


def routes(network: Network, text: str) -> None:
    file = network.hub.settings.dir / "agencies" / "harbour" / "routes.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    limits = network.hub.house.limits
    network.hub.close()
    network.hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(next(SEEDS)), limits=limits)


def client(network: Network) -> None:
    """A client of Harbour's CMS with a consent for Lakeside."""
    db = network.db("harbour")
    number = cms.add_client(db, birth_date=BORN)
    cms.add_identifier(db, number, value=NUMBER)
    cms.add_consent(db, number)
    db.close()
    network.run()


def answers(workers: icare.Office, name: str) -> list[tuple[str, str]]:
    """Row and code of each line that the hub wrote beside a file."""
    return [(line[0], line[1]) for line in workers.answer_to(name) or []]


def row(**changes: icare.Cell) -> dict[str, icare.Cell]:
    return icare.assessed(client_validation_id=NUMBER, client_birth_dt=BORN, **{**WORK, **changes})


def test_a_referral_flag_with_a_route_is_a_referral_to_that_service(network: Network) -> None:
    client(network)
    workers = office(network)

    name = workers.hand_in("NARS", [row()])
    network.settle()

    (got,) = network.inbox("lakeside", "referral")
    asked = got["payload"]
    assert (asked["service_wanted"], asked["reason_code"], asked["from_org"]) == ("employment", "employment", "harbour")
    (who,) = asked["client"]
    assert who["birth_date"] == BORN
    assert [each["value"] for each in who["identifier"]] == ["1100000001"]
    assert "last_name" not in who, "an iCARE row has no name"
    assert answers(workers, name) == [("", "SETTLED"), ("4", "OK")]
    assert network.verifies()


def test_a_message_carries_that_need_alone_and_no_support_of_the_session_s9(network: Network) -> None:
    client(network)
    office(network).hand_in(
        "NARS",
        [
            row(
                non_cic_program_needs_services_required="Yes",
                hlth_mental_wellness_needs_ind="Yes",
                housing_accommodation_needs_ind="No",
            )
        ],
    )
    network.settle()

    assert "HEALTH" not in str(network.entries()), "the other need was never a part of the message"
    assert len(network.inbox("lakeside", "referral")) == 1


def test_a_flag_without_a_route_waits_for_a_human_and_goes_when_the_agency_has_said_where(network: Network) -> None:
    client(network)
    workers = office(network)
    routes(network, "kind,list,code,service\n")

    name = workers.hand_in("NARS", [row()])
    network.settle()

    assert network.inbox("lakeside", "referral") == []
    assert answers(workers, name) == [("", "OPEN"), ("4", "DN_RECIPIENT")]
    routes(network, ROUTES)
    network.settle()
    assert len(network.inbox("lakeside", "referral")) == 1


def test_a_route_to_a_service_that_was_closed_leads_nowhere(network: Network) -> None:
    client(network)
    service = next(each for each in network.directory().services if each.id == "lakeside-employment")
    network.put(replace(service, status="ended"))

    office(network).hand_in("NARS", [row()])
    network.settle()

    assert network.inbox("lakeside", "referral") == []


def test_case_19_a_client_whom_the_registry_does_not_know_is_refused_and_waits(network: Network) -> None:
    workers = office(network)

    name = workers.hand_in("NARS", [row()])
    network.settle()
    assert answers(workers, name) == [("", "OPEN"), ("4", "DN_NO_CONSENT")]
    client(network)
    network.settle()
    assert len(network.inbox("lakeside", "referral")) == 1


def test_a_row_with_two_flags_is_two_referrals_each_by_its_own_route(network: Network) -> None:
    client(network)
    routes(network, f"{ROUTES}icare,NARS,language_skills_referrals_ind,lakeside-language-training\n")

    office(network).hand_in(
        "NARS",
        [
            row(
                language_skills_needs_ind="Yes",
                language_skills_referrals_ind="Yes",
                language_skills_needs_reason_id="Find employment",
            )
        ],
    )
    network.settle()

    wanted = sorted(each["payload"]["service_wanted"] for each in network.inbox("lakeside", "referral"))
    assert wanted == ["employment", "language-training"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "another header", id="empty"),
        pytest.param("kind,code,service\n", "another header", id="another header"),
        pytest.param(f"{ROUTES}icare,NARS,x\n", "line 3", id="a row that is short"),
        pytest.param(f"{ROUTES}icare,NARS,,s\n", "line 3", id="a row with a gap"),
        pytest.param(ROUTES + ROUTES.splitlines()[1] + "\n", "a second route", id="two routes of one code"),
        pytest.param(f'{ROUTES}"icare', "CSV in UTF-8", id="a quote that is not closed"),
    ],
)
def test_routes_that_cannot_be_read_stop_the_start_and_say_where(network: Network, text: str, says: str) -> None:
    with pytest.raises(Refused, match=r"agencies/harbour/routes\.csv") as caught:
        routes(network, text)

    assert says in str(caught.value)
    routes(network, ROUTES)


def deleted(workers: icare.Office, name: str) -> str:
    (workers.folder / name).unlink()
    (workers.folder / f"{name}.hub.csv").unlink()
    return workers.hand_in("NARS", [row()])


def renamed(workers: icare.Office, name: str) -> str:
    (workers.folder / name).rename(workers.folder / "NARS_A-100_202605_9.xlsx")
    return "NARS_A-100_202605_9.xlsx"


def copied(workers: icare.Office, name: str) -> str:
    shutil.copy(workers.folder / name, workers.folder / "NARS_A-100_202606_1.xlsx")
    return "NARS_A-100_202606_1.xlsx"


@pytest.mark.parametrize("again", [deleted, renamed, copied])
def test_a_settled_workbook_that_comes_again_under_whatever_name_sends_nothing_a_second_time(
    network: Network, again: Callable[[icare.Office, str], str]
) -> None:
    client(network)
    workers = office(network)
    name = workers.hand_in("NARS", [row()])
    network.settle()
    (before,) = network.inbox("lakeside", "referral")

    second = again(workers, name)
    network.settle()

    assert network.inbox("lakeside", "referral") == [before]
    assert answers(workers, second)[0] == ("", "SETTLED")
    assert network.verifies()


def test_an_answer_that_icare_has_no_word_for_lies_nowhere_so_nobody_is_told_later_that_it_must_be_taken_out(
    network: Network,
) -> None:
    client(network)
    office(network).hand_in("NARS", [row()])
    network.settle()
    (got,) = network.inbox("lakeside", "referral")
    answered(network, got["payload"]["hub_referral_no"], "ACCEPTED")
    network.settle()
    acks = [entry for entry in network.entries() if entry["event_type"] == "ACK" and entry["recipient"] == "harbour"]
    assert [(entry["system"], entry["reason_code"]) for entry in acks] == [("harbour-icare", "NO_WORD")]

    withdrawn(network, got["payload"]["hub_referral_no"])
    network.settle()

    assert network.told("lakeside") == []
    assert network.verifies()
