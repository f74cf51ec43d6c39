"""Who holds data under a consent is told, in its own system, that the consent has changed (shared model 8; C-25)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.desk.consents import withdraw
from hub.desk.who import Who
from hub.exchange import changed
from hub.model.directory import System
from tests import cms_builder as cms
from tests.network import Network, refer

WORKER = Who("harbour-worker", "night-shift")


@pytest.fixture
def client(network: Network) -> int:
    """Of Harbour's, whose referral stands at Lakeside."""
    number, _ = refer(network)
    network.settle()
    assert words(network) == []
    return number


def words(network: Network, agency: str = "lakeside") -> list[dict[str, Any]]:
    return [row["payload"] for row in network.inbox(agency, "consent-changed")]


def save(network: Network, **fields: Any) -> None:
    db = network.db("harbour")
    cms.update(db, "consent", 1, **fields)
    db.close()
    network.settle()


def lakesides_number(network: Network) -> str:
    with network.hub.store.unit() as unit:
        consent, _ = unit.consents.of_source("harbour-cms", "consent:1")
        return str(unit.consents.number(consent.consent_id, "lakeside"))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"withdrawn_at": "2026-05-30"}, "WITHDRAWN"),
        ({"categories": "IDENT NEEDS SERVICE_STATUS"}, "CHANGED"),
        ({"expires_on": "2026-07-31"}, "CHANGED"),
        ({"purposes": "REFERRAL FOLLOW_UP"}, "CHANGED"),
    ],
)
def test_a_recipient_that_holds_data_hears_of_a_change_by_its_own_number(network, fields, code):
    save(network, **fields)
    network.settle()

    (word,) = words(network)
    assert word.keys() == {"consent_no", "code", "place"}, "it says nothing of anybody"
    assert (word["consent_no"], word["code"]) == (lakesides_number(network), code)
    (row,) = network.inbox("lakeside", "consent-changed")
    assert (row["hub_referral_no"], row["client_id"]) == (None, None)
    assert words(network, "harbour") == [], "its discloser knows"
    (entry,) = [each for each in network.entries() if each.get("kind") == "consent-changed"]
    assert (entry["event_type"], entry["reason_code"], entry["system"]) == ("NOTICE_SENT", code, "lakeside-cms")
    assert network.verifies()


def test_a_withdrawal_at_the_desk_is_told_too_and_told_once(network, client):
    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", WORKER, said_at=None, how="TELEPHONE")
    network.settle()
    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", WORKER, said_at=None, how="TELEPHONE")
    network.settle()

    assert [word["code"] for word in words(network)] == ["WITHDRAWN"]


@pytest.mark.usefixtures("client")
def test_a_consent_row_that_is_gone_is_in_doubt_and_told_so_and_its_return_is_told(network):
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    db.execute("INSERT INTO change_log(table_name, row_id, op, at, by) VALUES ('consent', 1, 'D', '2026-06-01', 'w')")
    db.close()
    network.settle()

    assert [word["code"] for word in words(network)] == ["SUSPENDED"]


@pytest.mark.usefixtures("client")
def test_what_changes_nothing_for_its_holders_is_not_told(network):
    save(network, evidence_ref="scan-2", row_version=2)
    save(network, client_reads="en fr", row_version=3)

    assert words(network) == []


def test_who_got_nothing_is_not_told(network):
    db = network.db("harbour")
    number = cms.add_client(db)
    cms.add_identifier(db, number)
    cms.add_consent(db, number)
    db.close()
    network.settle()
    save(network, withdrawn_at="2026-05-30")

    assert words(network) == []


@pytest.mark.usefixtures("client")
def test_a_kind_of_system_without_a_place_for_it_is_passed_over(network):
    folder = network.dir / "harts"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    network.put(System("lakeside-cms", "lakeside", "harts", "active", {"in": str(folder / "in"), "out": str(folder)}))

    save(network, withdrawn_at="2026-05-30")

    assert [each for each in network.entries() if each.get("kind") == "consent-changed"] == []
    assert not changed.step(network.hub.house), "it was looked at, and is not looked at for ever"


@pytest.mark.usefixtures("client")
def test_a_hub_that_was_killed_before_it_told_tells_when_it_goes_on_and_two_workers_tell_once(network):
    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", WORKER, said_at=None, how="TELEPHONE")
    network.reopen()

    assert changed.step(network.hub.house)
    assert not changed.step(network.hub.house)
    network.settle()

    assert [word["code"] for word in words(network)] == ["WITHDRAWN"]
