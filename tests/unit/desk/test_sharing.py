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


def cms(system: str, agency: str, **settings: str) -> System:
    return System(system, agency, "cms", "active", settings)


@pytest.mark.parametrize("agency", ["lakeside", "harbour"])
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://hub@cases.example.org/cases", id="the same"),
        pytest.param("postgresql://other@cases.example.org/cases", id="as another user"),
        pytest.param("postgres://hub@cases.example.org/cases", id="by the other name of the scheme"),
        pytest.param("postgresql://hub@cases.example.org:5432/cases", id="with the port that it has anyway"),
        pytest.param("postgresql://hub@CASES.example.ORG./cases", id="another spelling"),
        pytest.param("postgresql://hub@cases.example.org/%63ases", id="another encoding"),
        pytest.param("postgresql://hub@cases.example.org/cases?sslmode=require", id="with an option"),
        pytest.param("postgresql://hub@standby.example.org,cases.example.org:5432/cases", id="one of several hosts"),
    ],
)
def test_two_systems_never_lead_to_the_same_database(network: Network, agency: str, url: str) -> None:
    standing = cms("lakeside-db", "lakeside", url="postgresql://hub@cases.example.org/cases")

    with pytest.raises(Refused) as refused:
        held_against(network, standing, cms("second-db", agency, url=url))

    assert "`lakeside-db`, an active system of `lakeside`" in refused.value.got
    assert "cases" not in str(refused.value).lower()


def test_this_machine_has_several_names(network: Network) -> None:
    standing = cms("lakeside-db", "lakeside", url="postgresql://hub@localhost/cases")

    for host in ("127.0.0.1", "[::1]:5432"):
        with pytest.raises(Refused):
            held_against(network, standing, cms("harbour-db", "harbour", url=f"postgresql://hub@{host}/cases"))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"url": "postgresql://hub@cases.example.org/harbour"}, id="another database"),
        pytest.param({"url": "postgresql://hub@cases.example.org:5433/cases"}, id="another port"),
        pytest.param({"url": "postgresql://hub@other.example.org/cases"}, id="another host"),
        pytest.param({"path": "/srv/cases.sqlite"}, id="a file"),
    ],
)
def test_two_agencies_may_each_have_a_database_of_its_own(network: Network, settings: dict[str, str]) -> None:
    held_against(
        network,
        cms("lakeside-db", "lakeside", url="postgresql://hub@cases.example.org/cases"),
        cms("harbour-db", "harbour", **settings),
    )


def test_systems_may_read_their_passwords_from_one_file(network: Network) -> None:
    held_against(
        network,
        cms("lakeside-db", "lakeside", url="postgresql://hub@h/lakeside", password_file="/srv/password"),
        cms("harbour-db", "harbour", url="postgresql://hub@h/harbour", password_file="/srv/password"),
    )


def test_a_system_does_not_go_on_at_a_database_that_was_given_away(network: Network) -> None:
    house, url = network.hub.house, "postgresql://hub@cases.example.org/cases"
    with house.store.unit(own=[locks.CONFIG]) as unit:
        unit.directory.put(replace(cms("harbour-db", "harbour", url=url), status="suspended"))
        unit.directory.put(cms("lakeside-db", "lakeside", url=f"{url}?sslmode=require"))

    with pytest.raises(Refused, match="lakeside-db"):
        stopping.go_on(house, "system", "harbour-db", STEWARD)


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
