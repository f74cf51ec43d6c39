"""A row that was deleted and entered again, emptied and filled anew, or came back from a backup: the same number, and
the same revision, are no proof of the same person or the same word (INV-2, INV-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.desk.people import resolve
from hub.desk.who import Who
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE


def test_a_decline_under_the_number_and_revision_of_a_deleted_consent_is_heard(network: Network) -> None:
    client, _ = refer(network)
    network.settle()
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    cms.add_consent(db, client, consent_id=1, declined=1)
    cms.add_referral(db, client)

    network.settle()

    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_DIRECTIVE"


def test_a_narrower_consent_under_the_number_of_a_deleted_one_is_the_one_that_counts(network: Network) -> None:
    client, _ = refer(network)
    network.settle()
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    cms.add_consent(db, client, "elsewhere", consent_id=1)
    cms.add_referral(db, client)

    network.settle()

    assert len(network.inbox("lakeside")) == 1


def test_a_withdrawal_that_was_entered_after_a_backup_came_back_is_heard(network: Network) -> None:
    client, _ = refer(network)
    network.settle()
    db = network.db("harbour")
    cms.update(db, "consent", 1, captured_by="w-18")
    network.settle()
    db.execute("UPDATE consent SET row_version = 1 WHERE consent_id = 1")
    db.execute("UPDATE consent SET withdrawn_at = '2026-06-01', row_version = 2 WHERE consent_id = 1")
    cms.add_referral(db, client)

    network.settle()

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
    network.settle()
    db = network.db("harbour")
    db.execute("DELETE FROM client_identifier")
    cms.update(db, "client", 1, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    if declines:
        cms.add_consent(db, 1, declined=1)
    cms.add_referral(db, 1)

    network.settle()

    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_IDENTITY"


def test_a_consent_whose_client_became_somebody_else_opens_nothing(network: Network) -> None:
    refer(network)
    network.settle()
    db = network.db("harbour")
    db.execute("DELETE FROM client_identifier")
    cms.update(db, "client", 1, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    cms.update(db, "consent", 1, captured_by="w-18")

    network.settle()

    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    assert filed[0].state == "SUSPENDED"


def test_a_referral_of_another_client_under_a_used_number_is_refused_and_not_lost_in_silence(network: Network) -> None:
    refer(network)
    network.settle()
    db = network.db("harbour")
    other = cms.add_client(db, last_name="Zed", first_name="Robert", birth_date="1970-02-03")
    cms.add_consent(db, other)
    db.execute("DELETE FROM referral")
    cms.add_referral(db, other, referral_id=1)

    network.settle()

    assert len(network.inbox("lakeside")) == 1
    assert [code for _, _, code in network.told("harbour")] == ["DN_TRANSITION"]


def test_an_answer_that_was_entered_again_under_its_number_reaches_the_sender(network: Network) -> None:
    refer(network)
    network.settle()
    db = network.db("lakeside")
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    cms.answer(db, number, "RECEIVED")
    network.settle()
    db.execute("UPDATE referral SET status = 'DECLINED', status_reason = 'no-capacity', row_version = 1")

    network.settle()

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

    network.settle()

    assert len(network.inbox("lakeside")) == (table == "referral")
    assert [code for _, _, code in network.told("harbour")] == (["DN_DIRECTIVE"] if table == "consent" else [])


def test_a_date_of_death_that_was_entered_by_mistake_can_be_taken_out_again(network: Network) -> None:
    client, _ = refer(network)
    db = network.db("harbour")
    cms.update(db, "client", client, deceased_date="2026-05-30")
    network.settle()
    refused = network.codes()

    cms.update(db, "client", client, deceased_date=None)
    network.settle()

    assert refused == {"DN_DECEASED": 1}
    assert len(network.inbox("lakeside")) == 1


def test_a_twin_in_the_row_of_her_sister_is_asked_about_case_24(network: Network) -> None:
    refer(network)
    network.settle()
    db = network.db("harbour")
    cms.update(db, "client", 1, first_name="Awa")
    cms.update(db, "client_identifier", 1, value="99887766")
    cms.add_referral(db, 1)

    network.settle()

    assert network.waits()["referral_out:2"].code == "DN_IDENTITY"


def test_a_row_that_becomes_somebody_else_step_by_step_is_asked_about(network: Network) -> None:
    refer(network)
    network.settle()
    db = network.db("harbour")
    db.execute("DELETE FROM client_identifier")
    for change in ({"last_name": "Zed"}, {"first_name": "Robert"}, {"birth_date": "1970-02-03"}):
        cms.update(db, "client", 1, **change)
        cms.update(db, "consent", 1, captured_by=f"w-{len(str(change))}")
        network.settle()
    cms.add_referral(db, 1)

    network.settle()

    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_IDENTITY"


@pytest.mark.parametrize("no", [{"declined": 1}, {"withdrawn_at": "2026-06-01"}])
def test_a_no_whose_client_cannot_be_read_is_that_clients_and_the_client_stays_one(
    network: Network, no: dict[str, object]
) -> None:
    client, _ = refer(network)
    network.settle()
    db = network.db("harbour")
    cms.update(db, "client", client, gender="zzz")
    cms.add_consent(db, client, **no)
    network.settle()
    cms.update(db, "client", client, gender="woman")
    cms.add_referral(db, client)

    network.settle()

    with network.hub.store.peek() as rows:
        subjects = {
            filed[0].subject_ref
            for key in (1, 2)
            if (filed := rows.consents.of_source("harbour-cms", f"consent:{key}"))
        }
    assert len(subjects) == 1
    refused = network.waits().get("referral_out:2")
    assert (refused.code if refused else None) == ("DN_DIRECTIVE" if "declined" in no else None)


def test_a_decline_of_one_of_two_look_alikes_counts_for_both_until_somebody_has_said_whose_it_is(
    network: Network,
) -> None:
    client, _ = refer(network)
    network.settle()
    db = network.db("harbour")
    other = cms.add_client(db)
    cms.add_consent(db, other, declined=1)
    network.settle()
    cms.add_referral(db, client)
    network.settle()
    assert len(network.inbox("lakeside")) == 1
    assert network.waits()["referral_out:2"].code == "DN_SUSPENDED"

    question = network.waits()["consent:2"]
    resolve(network.hub.house, question.waiting_id, Who("harbour-worker", "tester"), same_as=None)
    network.settle()

    assert len(network.inbox("lakeside")) == 2


def test_an_expired_consent_stays_so_through_a_moment_of_doubt(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, expires_on="2026-05-31")
    cms.add_referral(db, client)
    network.settle()
    cms.update(db, "client", client, gender="zzz")
    cms.update(db, "consent", 1, captured_by="w-18")
    network.settle()

    cms.update(db, "client", client, gender="woman")
    cms.update(db, "consent", 1, expires_on="2026-12-31")
    network.settle()

    assert network.inbox("lakeside") == []


def test_an_answer_that_comes_from_another_row_is_said_again_when_the_first_one_arrived_nowhere(
    network: Network,
) -> None:
    refer(network)
    network.settle()
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    db = network.db("lakeside")
    away, here = network.dir / "harbour.away", network.dir / "harbour.sqlite"
    here.rename(away)
    cms.answer(db, number, "ACCEPTED")
    network.run()
    network.clock.advance(timedelta(hours=73))
    network.run()
    db.execute("UPDATE referral SET referral_id = 77 WHERE hub_referral_no = ?", (number,))
    network.run()
    away.rename(here)

    network.settle()

    assert [row["payload"]["status"] for row in network.inbox("harbour", "referral-status")] == ["ACCEPTED"]


def test_an_answer_to_the_wrong_referral_is_called_back_while_it_is_under_way(network: Network) -> None:
    refer(network)
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    network.settle()
    first, second = (row["hub_referral_no"] for row in network.inbox("lakeside", "referral"))
    db = network.db("lakeside")
    away, here = network.dir / "harbour.away", network.dir / "harbour.sqlite"
    here.rename(away)
    cms.answer(db, first, "ACCEPTED")
    network.run()
    db.execute("UPDATE referral SET hub_referral_no = ?, row_version = 9", (second,))
    network.run()
    away.rename(here)

    network.settle()

    assert [row["hub_referral_no"] for row in network.inbox("harbour", "referral-status")] == [second]


def test_a_request_that_is_changed_back_to_what_was_sent_waits_for_nothing(network: Network) -> None:
    _, referral = refer(network)
    network.settle()
    db = network.db("harbour")
    (text,) = db.execute("SELECT reason_text FROM referral").fetchone()
    cms.update(db, "referral", referral, reason_text="something else")
    network.settle()
    assert network.waits()["referral_out:1"].code == "DN_TRANSITION"

    cms.update(db, "referral", referral, reason_text=text)
    network.settle()

    assert network.waits() == {}
