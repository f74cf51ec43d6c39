"""Harbour and Lakeside read their referrals again, and so would somebody who has no part in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from hub.exchange.index import Page, search_referrals
from hub.exchange.index.spelling import SUSPENDED
from hub.exchange.withdraw import withdraw_consent
from hub.model import codes
from hub.model.audit import Actor
from hub.model.directory import Agency, System
from hub.model.fhir import Resource
from tests import cms_builder as cms
from tests.network import Network, refer

KINDS = ("ServiceRequest", "Task")
ACTOR = Actor("harbour-worker", "worker", "harbour", os_user="tester")


def by(network: Network, agency: str) -> System:
    """A system of an agency."""
    return network.directory().systems[f"{agency}-cms"]


def stranger(network: Network) -> System:
    """Riverside, who has part in nothing."""
    cms.make_cms(network.dir / "riverside.sqlite")
    system = System("riverside-cms", "riverside", "cms", "active", {"path": str(network.dir / "riverside.sqlite")})
    network.put(Agency("riverside", "Riverside House", "general", "ca-on", "delivery.RIVERSIDEAAA"), system)
    return system


def numbers(network: Network) -> list[str]:
    """The referrals that have reached Lakeside, in the order in which they came."""
    return [str(row["payload"]["hub_referral_no"]) for row in network.inbox("lakeside", "referral")]


def sent(network: Network, **client: Any) -> str:
    """One more referral of Harbour that Lakeside has; its number."""
    refer(network, **client)
    network.run()
    return numbers(network)[-1]


def answered(network: Network, number: str, status: str, **fields: Any) -> None:
    """Lakeside says how it stands."""
    db = network.db("lakeside")
    cms.answer(db, number, status, **fields)
    db.close()
    network.run()


def withdrawn(network: Network, *numbers: str) -> None:
    """The clients of these referrals take back the consents on which they went."""
    with network.hub.store.peek() as rows:
        consents = [row.consent_id for row in rows.referrals.of_numbers(numbers).values()]
    for consent_id in consents:
        assert consent_id is not None
        withdraw_consent(network.hub.house, consent_id, ACTOR, said_at=network.clock.now(), how="TELEPHONE")


def search(network: Network, agency: str, kind: str, query: str = "", *, strict: bool = False) -> Page:
    """The page that a query asks for, as it stands in a URL."""
    return search_referrals(network.hub.house, by(network, agency), kind, parse_qsl(query), strict=strict)


def next_of(network: Network, agency: str, kind: str, page: Page) -> Page:
    """The page behind a page."""
    assert page.next is not None
    return search(network, agency, kind, f"_page={page.next}")


def ids(page: Page) -> list[str]:
    """The referrals of a page."""
    return [each["id"] for each in page.found]


def views(network: Network) -> list[Mapping[str, Any]]:
    """The looks, oldest first."""
    return [entry for entry in network.entries() if entry["event_type"] == "VIEW"]


def several(network: Network, count: int) -> list[str]:
    """As many more, of different clients; the numbers of all, in their order."""
    for place in range(count):
        refer(network, last_name=f"Client{'abcdefgh'[place]}", birth_date=f"19{60 + place}-03-04")
    network.run()
    return sorted(numbers(network))


def suspended_alone(resource: Resource, number: str) -> bool:
    """Whether nothing is left but the number and that word."""
    masked = {"_status", "intent"} | ({"subject"} if resource["resourceType"] == "ServiceRequest" else set())
    return (
        resource.keys() - masked == {"resourceType", "id", "extension", "identifier"}
        and resource["extension"] == [{"url": SUSPENDED, "valueBoolean": True}]
        and resource["identifier"] == [{"system": codes.ID_REFERRAL, "value": number}]
        and resource["intent"] == "order"
        and resource.get("subject", {}).keys() <= {"extension"}
    )
