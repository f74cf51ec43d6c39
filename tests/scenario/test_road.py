"""The road as two agencies see it: out of one case management system, into the other, and back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.audit.verify import verify_export
from hub.exchange.withdraw import resume, suspend, withdraw_consent
from hub.model.advice import advice
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests.network import Network, refer

ACTOR = Actor("harbour-worker", "worker", "harbour", os_user="tester")


def consent_id(network: Network, client: int) -> str:
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{client}")
    assert filed is not None
    return filed[0].consent_id


def verifies(network: Network, tmp_path: Path) -> bool:
    while network.hub.log.step():
        pass
    note = network.hub.log.checkpoint()
    network.hub.log.export(tmp_path / "export")
    key = (network.hub.settings.keys / "hub.pub").read_text()
    return verify_export(tmp_path / "export", key=key, checkpoint=note).ok


def test_a_referral_with_consent_arrives_in_the_other_agencys_inbox(network: Network, tmp_path: Path) -> None:
    refer(network)

    network.run()

    (row,) = network.inbox("lakeside")
    assert row["kind"] == "referral"
    assert row["payload"]["from_org"] == "harbour"
    assert row["payload"]["client"][0]["last_name"] == "Okonkwo-Tremblay"
    assert network.states() == {"delivered": 1}
    assert verifies(network, tmp_path)


def test_the_answer_comes_back_and_names_the_senders_own_referral(network: Network) -> None:
    _, referral = refer(network)
    network.run()
    number = network.inbox("lakeside")[0]["hub_referral_no"]

    cms.answer(network.db("lakeside"), number, "ACCEPTED")
    network.run()

    (row,) = network.inbox("harbour")
    assert (row["kind"], row["hub_referral_no"]) == ("referral-status", number)
    assert (row["payload"]["referral_id"], row["payload"]["status"]) == (referral, "ACCEPTED")
    assert network.codes()["OK_STATUS_ONLY"] == 1


def test_without_consent_nothing_leaves_and_the_sender_is_told_why(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    referral = cms.add_referral(db, client)

    network.run()

    assert network.inbox("lakeside") == []
    (row,) = network.inbox("harbour")
    told = {"code": "DN_NO_CONSENT", "referral_id": referral, "place": advice("DN_NO_CONSENT").en}
    assert (row["kind"], row["payload"]) == ("refusal", told)
    assert network.states() == {"refused": 1}


def test_a_late_consent_wakes_what_was_refused_inv_6(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_referral(db, client)
    network.run()

    cms.add_consent(db, client)
    network.run()

    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]
    assert network.states() == {"refused": 1, "delivered": 1}
    with network.hub.store.peek() as rows:
        message = rows.inbox.latest("harbour-cms", ["referral_out:1"])["referral_out:1"]
    assert (message.attempt, message.previous is not None) == (2, True)


def test_what_the_client_did_not_tick_stays_behind(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_language(db, client)
    cms.add_consent(db, client, categories="IDENT NEEDS SERVICE_STATUS")
    cms.add_referral(db, client)

    network.run()

    (row,) = network.inbox("lakeside")
    assert "language" not in row["payload"]["client"][0]
    assert row["incomplete"] == 1


def test_a_withdrawal_stops_a_message_that_is_already_on_the_bus_inv_3(network: Network) -> None:
    client, _ = refer(network)
    hub = network.hub
    from hub.exchange import intake, relay  # the parts of the road up to the bus

    with hub.store.peek() as rows:
        directory = rows.directory.all()
    intake.step(hub.house, directory.systems["harbour-cms"])
    relay.publish(hub.house)
    relay.arrive(hub.house, directory.agencies["lakeside"].topic)

    receipt = withdraw_consent(
        hub.house, consent_id(network, client), ACTOR, said_at=network.clock.now(), how="TELEPHONE"
    ).step()
    network.run()

    assert receipt is not None
    assert (len(receipt.arrived), len(receipt.not_arrived), len(receipt.unknown)) == (0, 1, 0)
    assert network.inbox("lakeside") == []
    assert network.states() == {"refused": 1}
    assert network.codes(gate=2) == {"DN_WITHDRAWN": 1}


def test_a_withdrawal_lists_what_had_left_before(network: Network) -> None:
    client, _ = refer(network)
    network.run()

    receipt = withdraw_consent(
        network.hub.house, consent_id(network, client), ACTOR, said_at=network.clock.now(), how="IN_PERSON"
    ).step()

    assert receipt is not None
    assert (len(receipt.arrived), len(receipt.not_arrived)) == (1, 0)


def test_a_withdrawal_row_never_loses_to_a_later_row_of_the_same_consent(network: Network) -> None:
    refer(network)
    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-05-20", withdrawn_how="TELEPHONE")
    network.run()

    cms.update(db, "consent", 1, withdrawn_at=None, withdrawn_how=None)
    network.run()

    assert network.inbox("lakeside") == []
    assert set(network.codes()) == {"DN_WITHDRAWN"}


def test_nothing_is_said_twice_when_the_source_is_read_again(network: Network) -> None:
    refer(network)
    network.run()
    with network.hub.store.unit() as unit:
        unit.cursors.put("harbour-cms", "")

    network.run()

    assert len(network.inbox("lakeside")) == 1
    assert network.states() == {"delivered": 1}


def test_a_suspended_agreement_stops_and_a_resumed_one_wakes(network: Network) -> None:
    house = network.hub.house
    suspend(house, "agreement", "harbour-lakeside", ACTOR)
    refer(network)
    network.run()
    stopped = (network.inbox("lakeside"), network.codes())

    resume(house, "agreement", "harbour-lakeside", ACTOR)
    network.run()

    assert stopped == ([], {"DN_NO_AGREEMENT": 1})
    assert len(network.inbox("lakeside")) == 1


def test_stored_facts_give_the_stored_decision(network: Network) -> None:
    refer(network)
    cms.add_referral(network.db("harbour"), cms.add_client(network.db("harbour"), first_name="Lin"))
    network.run()

    with network.hub.store.peek() as rows:
        stored = rows.decisions.stored(100)

    assert len(stored) == 3
    assert all(decide(read_facts(facts)) == read_decision(decision) for _, facts, decision in stored)


def test_a_message_that_nobody_takes_is_returned_after_72_hours_and_judged_again_inv_5(network: Network) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()
    assert network.states() == {"released": 1}

    network.clock.advance(timedelta(hours=72))
    network.run()
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    network.clock.advance(timedelta(hours=1))
    network.run()

    assert network.states() == {"returned": 1, "delivered": 1}
    assert len(network.inbox("lakeside")) == 1


def test_a_restart_in_the_middle_changes_nothing(network: Network) -> None:
    refer(network)
    for _ in range(200):
        moved = network.hub.step()
        network.reopen()
        if not moved:
            break

    assert network.states() == {"delivered": 1}
    assert len(network.inbox("lakeside")) == 1
