"""Consent rows, referrals and answers about Harbour's only client, as tests of the whole road enter them."""

from __future__ import annotations

from typing import Any

from hub.exchange import intake, relay
from tests import cms_builder as cms
from tests.network import Network


def client(network: Network) -> int:
    db = network.db("harbour")
    number = cms.add_client(db)
    cms.add_identifier(db, number)
    return number


def row(network: Network, **fields: Any) -> int:
    """A consent row of the only client."""
    return cms.add_consent(network.db("harbour"), 1, fields.pop("recipient_org", "lakeside"), **fields)


def refuse(network: Network, **fields: Any) -> int:
    """A row of a form that the client refused."""
    return row(network, **{"declined": 1, "signed_on": "2026-02-01", **fields})


def save(network: Network, consent: int, **fields: Any) -> None:
    cms.update(network.db("harbour"), "consent", consent, **fields)


def ask(network: Network, **fields: Any) -> int:
    """A referral of the only client; the hub works until nothing moves."""
    number = cms.add_referral(network.db("harbour"), 1, **fields)
    network.run()
    return number


def filed(network: Network, consent: int) -> tuple[str, int]:
    """State and version that the registry has of a row."""
    with network.hub.store.peek() as rows:
        found = rows.consents.of_source("harbour-cms", f"consent:{consent}")
    assert found is not None
    return found[0].state.value, found[0].version


def on_the_bus(network: Network) -> None:
    """Everything up to the bus, and not a step further."""
    directory = network.directory()
    house = network.hub.house
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["lakeside"].topic)


def inbox(network: Network) -> list[str]:
    return [each["kind"] for each in network.inbox("lakeside")]


def sent(network: Network) -> str:
    """A referral that has arrived; its number."""
    client(network)
    row(network)
    ask(network)
    return str(network.inbox("lakeside")[0]["hub_referral_no"])


def say(network: Network, number: str, status: str, at: str = "2026-05-05 09:00:00", **fields: Any) -> None:
    cms.answer(network.db("lakeside"), number, status, status_at=at, **fields)
    network.run()


def heard(network: Network, agency: str) -> list[dict[str, Any]]:
    return [each["payload"] for each in network.inbox(agency, "referral-status")]
