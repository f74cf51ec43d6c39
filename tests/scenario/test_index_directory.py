"""What an agency may read of its clients and of the directory (settled S50; shared model 12)."""

from __future__ import annotations

import pytest

from hub.errors import MessageRejected
from hub.exchange.index import read_client, read_directory, search_clients, search_directory
from hub.model import codes
from hub.model.directory import RELAY, Agency, Service
from hub.model.fhir import Resource
from tests.looking import by, ids, sent, several, views
from tests.network import Network

# -- clients and directory


def test_a_client_is_an_alias_and_whether_it_stands(network: Network) -> None:
    sent(network, last_name="Zyxmark")

    (client,) = search_clients(network.hub.house, by(network, "lakeside"), [("active", "true")]).found

    assert client.keys() == {"resourceType", "id", "identifier", "active"}
    assert read_client(network.hub.house, by(network, "lakeside"), client["id"]) == client
    assert search_clients(network.hub.house, by(network, "lakeside"), [("active", "false")]).found == ()
    assert views(network)[-2].items() >= {"what": "Patient", "count": 1}.items()


def test_clients_are_read_page_by_page(network: Network) -> None:
    several(network, 3)
    house, system = network.hub.house, by(network, "harbour")

    first = search_clients(house, system, [("_count", "2")])
    second = search_clients(house, system, [("_page", first.next or "")])

    assert len({*ids(first), *ids(second)}) == 3
    assert second.next is None


def test_a_client_is_not_asked_for_by_a_number_of_theirs(network: Network) -> None:
    with pytest.raises(MessageRejected) as refused:
        search_clients(network.hub.house, by(network, "harbour"), [("identifier", "https://example.org/health|12345")])

    assert "12345" not in str(refused.value)


def directory(network: Network, agency: str, kind: str, **asked: str) -> tuple[Resource, ...]:
    parameters = [(name.replace("_", "-"), value) for name, value in asked.items()]
    return search_directory(network.hub.house, agency, kind, parameters).found


def test_the_directory_is_the_same_for_all_but_for_womens_services(network: Network) -> None:
    network.put(
        Agency("anna", "Anna's House", "womens", "ca-on", "delivery.ANNAAAAAAAAA"),
        Service("anna-shelter", "anna", "housing", "Anna's beds", "lakeside-cms", site="anna-street"),
    )

    others = str([directory(network, "harbour", kind) for kind in ("Organization", "HealthcareService")])
    own = directory(network, "anna", "Organization")

    assert "anna" not in others.lower()
    assert RELAY in others
    assert "anna" in [each["id"] for each in own]
    assert read_directory(network.hub.house, "harbour", "Organization", "anna") is None
    (hidden,) = directory(network, "harbour", "HealthcareService", organization=f"Organization/{RELAY}")
    assert read_directory(network.hub.house, "harbour", "HealthcareService", hidden["id"]) == hidden
    assert directory(network, "harbour", "HealthcareService", organization="Organization/anna") == ()


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        ("Organization", {"name": "lake"}, ["lakeside"]),
        ("Organization", {"name": "SERVICES"}, ["lakeside"]),
        ("Organization", {"identifier": f"{codes.ID_AGENCY}|harbour"}, ["harbour"]),
        ("Organization", {"type": "prov"}, ["harbour", RELAY, "lakeside"]),
        ("Organization", {"active": "false"}, []),
        ("HealthcareService", {"service_type": "settlement"}, ["harbour-settlement"]),
        ("HealthcareService", {"organization": "harbour"}, ["harbour-settlement"]),
        ("HealthcareService", {"name": "lang"}, ["lakeside-language-training"]),
        ("HealthcareService", {"program": "women"}, []),
        ("HealthcareService", {"characteristic": "any"}, []),
        (
            "HealthcareService",
            {"active": "true"},
            ["harbour-settlement", "lakeside-employment", "lakeside-language-training"],
        ),
    ],
)
def test_the_directory_is_searched(network: Network, kind: str, asked: dict[str, str], found: list[str]) -> None:
    assert [each["id"] for each in directory(network, "harbour", kind, **asked)] == found


def test_the_directory_is_nobodys_secret_and_no_look(network: Network) -> None:
    directory(network, "harbour", "Organization")

    assert views(network) == []
