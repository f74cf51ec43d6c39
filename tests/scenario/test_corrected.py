"""A request that is corrected while it is under way: what goes is what the record says now, or nothing."""

from __future__ import annotations

from dataclasses import replace

from hub.model.directory import Agency, Service, System
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.scenario.test_again import sealed
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE


def third(network: Network) -> None:
    """A third agency with the same service, and an agreement."""
    path = network.dir / "third.sqlite"
    cms.make_cms(path)
    network.put(
        Agency("third", "Third Place", "general", "ca-on", "delivery.THIRDAAAAAAA"),
        System("third-cms", "third", "cms", "active", {"path": str(path), "busy_timeout_ms": 50}),
        Service("third-employment", "third", "employment", "employment", "third-cms"),
    )


def test_a_request_that_was_moved_to_another_client_never_goes_on_the_first_ones_consent_inv_2(
    network: Network,
) -> None:
    _, referral = refer(network)
    sealed(network)
    db = network.db("harbour")
    other = cms.add_client(db, first_name="Robert", last_name="Zed", birth_date="1970-02-03")
    cms.update(db, "referral", referral, case_id=cms.add_case(db, other))

    network.settle()

    assert network.inbox("lakeside") == []
    assert network.waits()["referral_out:1"].code == "DN_NO_CONSENT"
    cms.add_consent(db, other)
    network.settle()
    assert network.inbox("lakeside") == [], "not under the referral that was opened for somebody else"
    cms.add_referral(db, other)
    network.settle()
    (row,) = network.inbox("lakeside", "referral")
    assert row["payload"]["client"][0]["last_name"] == "Zed"


def test_a_request_that_was_moved_to_another_agency_does_not_go_to_the_first_one_inv_2(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    third(network)
    cms.update(network.db("harbour"), "referral", referral, to_org="third")

    network.settle()

    assert network.inbox("lakeside") == []
    assert network.inbox("third") == []
    assert [code for _, _, code in network.told("harbour")] == ["DN_TRANSITION"]


def test_a_request_that_was_corrected_to_another_service_goes_by_the_rules_of_that_service(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "referral", referral, service_wanted="language-training")
    network.settle()

    (row,) = network.inbox("lakeside", "referral")
    assert row["payload"]["service_wanted"] == "language-training"
    with network.hub.store.peek() as rows:
        (handover,) = [each for each in rows.handovers.every(10, ended=True) if each.state == "delivered"]
        kept = rows.referrals.get(handover.referral_no or "")
    assert handover.service == "lakeside-language-training"
    assert kept is not None
    assert kept.service == "language-training"


def test_a_request_that_is_asked_again_meets_the_service_as_it_is_now(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "referral", referral, urgency="urgent")
    (service,) = [each for each in network.directory().services if each.id == "lakeside-employment"]
    network.put(replace(service, status="suspended"))

    network.settle()

    assert network.inbox("lakeside") == []
    assert network.waits()["referral_out:1"].code == "DN_RECIPIENT"


def test_a_request_that_was_corrected_into_something_unreadable_does_not_go_as_it_was(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "referral", referral, urgency="at once")

    network.settle()

    assert network.inbox("lakeside") == []
    assert [code for _, _, code in network.told("harbour")] == ["DN_SCHEMA"]
