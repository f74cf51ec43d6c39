"""A row that was deleted and entered again, emptied and filled anew, or came back from a backup: the same number, and
the same revision, are no proof of the same person or the same word (INV-2, INV-10)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests import cms_builder as cms
from tests.network import Network, make, refer


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return make(tmp_path)


def settle(network: Network) -> None:
    network.run()
    network.clock.advance(timedelta(hours=1))
    network.run()


def test_a_decline_under_the_number_and_revision_of_a_deleted_consent_is_heard(network: Network) -> None:
    client, _ = refer(network)
    settle(network)
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    cms.add_consent(db, client, consent_id=1, declined=1)
    cms.add_referral(db, client)

    settle(network)

    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_DIRECTIVE"


def test_a_narrower_consent_under_the_number_of_a_deleted_one_is_the_one_that_counts(network: Network) -> None:
    client, _ = refer(network)
    settle(network)
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    cms.add_consent(db, client, "elsewhere", consent_id=1)
    cms.add_referral(db, client)

    settle(network)

    assert len(network.inbox("lakeside")) == 1


def test_a_withdrawal_that_was_entered_after_a_backup_came_back_is_heard(network: Network) -> None:
    client, _ = refer(network)
    settle(network)
    db = network.db("harbour")
    cms.update(db, "consent", 1, captured_by="w-18")
    settle(network)
    db.execute("UPDATE consent SET row_version = 1 WHERE consent_id = 1")
    db.execute("UPDATE consent SET withdrawn_at = '2026-06-01', row_version = 2 WHERE consent_id = 1")
    cms.add_referral(db, client)

    settle(network)

    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    assert filed[0].state == "WITHDRAWN"
    assert len(network.inbox("lakeside")) == 1


@pytest.mark.parametrize("declines", [True, False])
def test_another_person_under_a_clients_number_never_goes_on_that_clients_consent(
    network: Network, declines: bool
) -> None:
    refer(network)
    settle(network)
    db = network.db("harbour")
    db.execute("DELETE FROM client_identifier")
    cms.update(db, "client", 1, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    if declines:
        cms.add_consent(db, 1, declined=1)
    cms.add_referral(db, 1)

    settle(network)

    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_IDENTITY"


def test_a_consent_whose_client_became_somebody_else_opens_nothing(network: Network) -> None:
    refer(network)
    settle(network)
    db = network.db("harbour")
    db.execute("DELETE FROM client_identifier")
    cms.update(db, "client", 1, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    cms.update(db, "consent", 1, captured_by="w-18")

    settle(network)

    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    assert filed[0].state == "SUSPENDED"


def test_a_referral_of_another_client_under_a_used_number_is_refused_and_not_lost_in_silence(network: Network) -> None:
    refer(network)
    settle(network)
    db = network.db("harbour")
    other = cms.add_client(db, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    cms.add_consent(db, other)
    db.execute("DELETE FROM referral")
    cms.add_referral(db, other, referral_id=1)

    settle(network)

    assert len(network.inbox("lakeside")) == 1
    assert [code for _, _, code in network.told("harbour")] == ["DN_TRANSITION"]


def test_an_answer_that_was_entered_again_under_its_number_reaches_the_sender(network: Network) -> None:
    refer(network)
    settle(network)
    db = network.db("lakeside")
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    cms.answer(db, number, "RECEIVED")
    settle(network)
    db.execute("UPDATE referral SET status = 'DECLINED', status_reason = 'no-capacity', row_version = 1")

    settle(network)

    assert [row["payload"]["status"] for row in network.inbox("harbour", "referral-status")][-1] == "DECLINED"


@pytest.mark.parametrize("table", ["consent", "referral"])
def test_a_row_with_a_number_below_zero_counts_as_any_other(network: Network, table: str) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_consent(db, client)
    if table == "consent":
        cms.add_consent(db, client, consent_id=-4, declined=1)
        cms.add_referral(db, client)
    else:
        cms.add_referral(db, client, referral_id=-5)

    settle(network)

    assert len(network.inbox("lakeside")) == (table == "referral")
    assert [code for _, _, code in network.told("harbour")] == (["DN_DIRECTIVE"] if table == "consent" else [])


def test_a_date_of_death_that_was_entered_by_mistake_can_be_taken_out_again(network: Network) -> None:
    client, _ = refer(network)
    db = network.db("harbour")
    cms.update(db, "client", client, deceased_date="2026-05-30")
    settle(network)
    refused = network.codes()

    cms.update(db, "client", client, deceased_date=None)
    settle(network)

    assert refused == {"DN_DECEASED": 1}
    assert len(network.inbox("lakeside")) == 1
