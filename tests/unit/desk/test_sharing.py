"""Two agencies' systems never lead to the same place, whatever else their settings say, and whenever it is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.desk import stopping
from hub.desk.sharing import one_agency_each
from hub.errors import Refused
from hub.model import locks
from hub.model.directory import System
from tests.network import Network
from tests.unit.desk.conftest import STEWARD, Between

HOST = {"host": "cases.example.org", "database": "cases"}


def held_against(network: Network, standing: System, added: System) -> None:
    with network.hub.store.peek() as rows:
        directory = rows.directory.all()
    one_agency_each(replace(directory, systems={standing.id: standing}), [added])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(HOST, HOST, id="the same settings"),
        pytest.param(HOST, {**HOST, "timeout_ms": 50}, id="one setting more"),
        pytest.param({**HOST, "timeout_ms": 40}, {**HOST, "timeout_ms": 50}, id="one setting otherwise"),
        pytest.param(HOST, {**HOST, "host": "CASES.example.org"}, id="another spelling"),
        pytest.param({}, {}, id="no setting at all"),
        pytest.param(HOST, {"path": "cases.sqlite"}, id="one of them names no file"),
    ],
)
def test_no_setting_evades_it_where_nothing_says_what_place_a_system_leads_to(
    network: Network, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    standing = System("lakeside-x", "lakeside", "x", "active", theirs)

    with pytest.raises(Refused) as refused:
        held_against(network, standing, System("harbour-x", "harbour", "x", "active", ours))

    assert "`lakeside-x`, an active system of `lakeside`" in refused.value.got
    assert "cases" not in str(refused.value).lower()


@pytest.mark.parametrize(
    "added",
    [
        pytest.param(System("lakeside-y", "lakeside", "x", "active", HOST), id="its own agency's"),
        pytest.param(System("harbour-x", "harbour", "x", "suspended", HOST), id="one that takes no part"),
        pytest.param(System("harbour-x", "harbour", "y", "active", HOST), id="another kind"),
    ],
)
def test_what_cannot_be_the_same_is_not_refused(network: Network, added: System) -> None:
    held_against(network, System("lakeside-x", "lakeside", "x", "active", HOST), added)


def harts(system: str, agency: str, folder: str) -> System:
    settings = {"from_harts_path": f"/srv/{folder}/from", "to_harts_path": f"/srv/{folder}/to", "site": "T00001"}
    return System(system, agency, "harts", "active", settings)


def test_two_agencies_may_each_have_a_site_with_folders_of_its_own(network: Network) -> None:
    held_against(network, harts("lakeside-harts", "lakeside", "lakeside"), harts("harbour-harts", "harbour", "harbour"))


@pytest.mark.parametrize("agency", ["lakeside", "harbour"])
def test_two_systems_never_lead_to_the_same_folder(network: Network, agency: str) -> None:
    """Not of one agency either: each of its records would be said twice."""
    with pytest.raises(Refused):
        held_against(network, harts("lakeside-harts", "lakeside", "a"), harts("second-harts", agency, "a"))


def test_a_system_may_be_put_again(network: Network) -> None:
    held_against(network, harts("lakeside-harts", "lakeside", "a"), harts("lakeside-harts", "lakeside", "a"))


def test_a_system_does_not_go_on_at_a_place_that_was_given_away_just_before(network: Network) -> None:
    """Between the command and its unit, another agency's system is turned to the same database."""
    house = network.hub.house
    path = {"path": str(network.dir / "harbour.sqlite")}
    stopping.stop(house, "system", "harbour-cms", STEWARD)

    def meanwhile() -> None:
        with house.store.unit(own=[locks.CONFIG]) as unit:
            unit.directory.put(System("lakeside-two", "lakeside", "cms", "active", path))

    with pytest.raises(Refused) as refused:
        stopping.go_on(replace(house, store=Between(house.store, meanwhile)), "system", "harbour-cms", STEWARD)

    assert "`lakeside-two`" in refused.value.got
    with house.store.peek() as rows:
        assert rows.directory.all().systems["harbour-cms"].status == "suspended"
