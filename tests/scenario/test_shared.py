"""What is shared beside a referral: a plan, a note, the end of a case (settled S3). Each agency has its own or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.model.words import Category, Purpose
from hub.model.advice import advice
from hub.model.directory import System
from tests import cms_builder as cms
from tests.network import AGREED, Network, agree, agreement, in_harbour, refer

PLAN, NOTE = "PLAN", "NOTES_FREE"
ALL = "IDENT CONTACT NEEDS LANG SERVICE_STATUS PLAN NOTES_FREE"


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour and Lakeside, who have also agreed on plans and notes."""
    both = agreement(
        network.clock.now() - timedelta(days=300),
        agreement_id="coordination",
        purposes=(Purpose.COORDINATION,),
        categories=tuple(Category(word) for word in f"{AGREED} PLAN".split()),
        events=("plan-shared", "case-note-shared"),
    )
    network.put(both)
    return network


def referred(network: Network, categories: str = ALL) -> int:
    """A client of Harbour who was referred to Lakeside, and said yes to working together; their number."""
    client, _ = refer(network)
    agree(network, client, "COORDINATION", categories)
    network.run()
    return client


def test_a_signed_plan_goes_to_the_agency_that_works_with_the_client(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.add_plan, client)

    (row,) = network.inbox("lakeside", "plan")
    (sent,) = network.inbox("lakeside", "referral")
    plan = row["payload"]
    assert row["hub_referral_no"] == sent["hub_referral_no"], "so that the receiver knows whose plan it is"
    assert (plan["version"], plan["worker_signed_on"], plan["from_org"]) == (1, "2026-05-01", "harbour")
    work, shop = plan["goal"]
    assert (work["goal_description"], work["indicator"]) == ("Work in a bakery", "A job of 20 hours a week")
    assert [each["action_description"] for each in work["action"]] == ["Write a résumé", "Ask three bakeries"]
    assert [each.get("done_on") for each in work["action"]] == ["2026-05-03", None]
    assert [each["responsible"] for each in work["action"]] == ["client", "worker"]
    assert (shop["term"], shop["goal_status"], "action" in shop) == ("long", "NOT_STARTED", False)
    assert not row["incomplete"]
    assert network.verifies()


def test_the_receiving_agency_shares_its_plan_the_other_way(network: Network) -> None:
    referred(network)
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value="1100000001")
    cms.add_consent(db, theirs, "harbour", purposes="COORDINATION", categories=ALL)
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs)
    cms.add_plan(db, theirs)
    db.close()

    network.settle()

    assert len(network.inbox("harbour", "plan")) == 1
    assert network.inbox("lakeside", "plan") == []


def test_a_plan_without_a_consent_for_it_is_refused_and_the_worker_is_told_for_whom(network: Network) -> None:
    client, _ = refer(network)
    network.run()

    plan = in_harbour(network, cms.add_plan, client)

    assert network.inbox("lakeside", "plan") == []
    ((key, number, code),) = network.told("harbour")
    assert (key, number, code) == ("plan_id", plan, "DN_PURPOSE")
    (row,) = network.inbox("harbour", "refusal")
    assert row["payload"]["place"] == f"for lakeside: {advice('DN_PURPOSE').en}"
    assert network.waits()[f"plan:{plan}>lakeside"].code == "DN_PURPOSE"


def test_a_consent_that_comes_later_wakes_the_plan(network: Network) -> None:
    client, _ = refer(network)
    network.run()
    in_harbour(network, cms.add_plan, client)

    agree(network, client, "COORDINATION", ALL)
    network.settle()

    assert len(network.inbox("lakeside", "plan")) == 1
    assert network.waits() == {}


def test_notes_inside_a_plan_stay_where_notes_were_not_allowed(network: Network) -> None:
    client = referred(network, "IDENT CONTACT SERVICE_STATUS PLAN")

    in_harbour(network, cms.add_plan, client)

    (row,) = network.inbox("lakeside", "plan")
    assert row["incomplete"]
    assert "library" not in str(row["payload"])
    assert "interviews" not in str(row["payload"])
    assert row["payload"]["goal"][0]["goal_description"] == "Work in a bakery", "the goal is the plan itself"


def test_a_plan_that_nobody_has_signed_is_a_draft_and_does_not_leave(network: Network) -> None:
    client = referred(network)

    plan = in_harbour(network, cms.add_plan, client, worker_signed_on=None)

    assert network.inbox("lakeside", "plan") == []
    assert network.inbox("harbour", "refusal") == []
    in_harbour(network, cms.update, "isp_plan", plan, worker_signed_on="2026-05-09")
    assert len(network.inbox("lakeside", "plan")) == 1


def test_a_plan_of_a_client_whom_nobody_was_asked_for_goes_nowhere(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_plan(db, client)
    db.close()
    agree(network, client, "COORDINATION", ALL)

    network.settle()

    assert network.states() == {}
    (waits,) = network.waits().values()
    assert (waits.record_key, waits.code) == ("plan:1", "DN_TRANSITION"), "it is looked at again: somebody may be"
    assert network.inbox("harbour", "refusal") == []


def test_a_plan_that_is_entered_with_its_referral_goes_when_that_has_arrived(network: Network) -> None:
    client, _ = refer(network)
    agree(network, client, "COORDINATION", ALL)
    db = network.db("harbour")
    cms.add_plan(db, client)
    cms.add_note(db, client)
    db.close()

    network.settle()

    assert [len(network.inbox("lakeside", kind)) for kind in ("referral", "plan", "note")] == [1, 1, 1]
    assert network.waits() == {}


def test_a_plan_under_way_is_called_back_when_its_client_is_corrected(network: Network) -> None:
    client = referred(network)
    db = network.db("lakeside")
    db.execute("BEGIN EXCLUSIVE" if "lakeside" not in network.servers else "BEGIN")
    in_harbour_without_work(network, cms.add_plan, client)
    step_until_released(network)

    in_harbour_without_work(network, cms.update, "client", client, address_confidential=1)
    for _ in range(10):
        network.hub.step()
    db.execute("ROLLBACK")
    db.close()
    network.settle()

    assert "Elm Street" not in str([row["payload"] for row in network.inbox("lakeside", "plan")])
    assert len(network.inbox("lakeside", "plan")) == 1


def test_a_plan_under_way_whose_case_is_moved_to_another_client_does_not_arrive(network: Network) -> None:
    client = referred(network)
    db = network.db("harbour")
    other = cms.add_client(db, last_name="Berg", birth_date="1970-03-04")
    cms.add_identifier(db, other)
    db.close()
    network.run()
    db = network.db("lakeside")
    db.execute("BEGIN EXCLUSIVE" if "lakeside" not in network.servers else "BEGIN")
    in_harbour_without_work(network, cms.add_plan, client)
    step_until_released(network)

    in_harbour_without_work(network, cms.update, "case_file", 1, client_id=other)
    for _ in range(10):
        network.hub.step()
    db.execute("ROLLBACK")
    db.close()
    network.settle()

    assert network.inbox("lakeside", "plan") == []


def test_many_notes_ride_on_one_referral_at_once(network: Network) -> None:
    client = referred(network)
    db = network.db("harbour")
    for number in range(12):
        cms.add_note(db, client, body=f"Note {number}.")
    db.close()

    network.run()

    assert [row["payload"]["body"] for row in network.inbox("lakeside", "note")] == [f"Note {n}." for n in range(12)]
    assert not [each for each in network.entries() if "kept changing" in str(each)]


def test_nothing_rides_on_a_referral_that_never_arrived(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    consent = cms.add_consent(db, client)
    cms.add_consent(db, client, purposes="COORDINATION", categories=ALL)
    db.close()
    network.run()
    there = network.db("lakeside")
    there.execute("BEGIN EXCLUSIVE" if "lakeside" not in network.servers else "LOCK TABLE hub_inbox")
    in_harbour_without_work(network, cms.add_referral, client)
    for _ in range(10):
        network.hub.step()
    in_harbour_without_work(network, cms.update, "consent", consent, withdrawn_at="2026-05-30")
    for _ in range(10):
        network.hub.step()
    there.execute("ROLLBACK")
    there.close()
    network.settle()

    in_harbour(network, cms.add_plan, client)

    assert network.inbox("lakeside", "referral") == []
    assert network.inbox("lakeside", "plan") == []


def test_another_case_of_the_client_is_no_outcome_of_the_referral(network: Network) -> None:
    client = referred(network)
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value=f"11{client:08d}")
    cms.add_consent(db, theirs, "harbour", categories=ALL)
    before = cms.add_case(db, theirs, program="YOUTH")
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs, case_id=cms.add_case(db, theirs))
    cms.update(db, "case_file", before, status="CLOSED", closed_on="2023-05-20", closure_reason="ACHIEVED")
    db.close()

    network.settle()

    assert network.inbox("harbour", "exit") == []


def test_a_new_version_goes_and_a_change_beneath_it_does_not_send_it_again(network: Network) -> None:
    client = referred(network)
    plan = in_harbour(network, cms.add_plan, client)

    in_harbour(network, cms.update, "client", client, city="Ottawa")
    network.settle()
    assert len(network.inbox("lakeside", "plan")) == 1
    in_harbour(network, cms.update, "isp_plan", plan, review_due="2026-09-01")

    assert [row["payload"]["review_due"] for row in network.inbox("lakeside", "plan")] == ["2026-08-01", "2026-09-01"]


def test_c5_a_signed_shareable_note_goes_and_another_stays(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.add_note, client)
    in_harbour(network, cms.add_note, client, signed_at=None, body="Not signed.")
    in_harbour(network, cms.add_note, client, shareable=0, body="Not to be shared.")

    (row,) = network.inbox("lakeside", "note")
    note = row["payload"]
    assert (note["body"], note["language"], note["category"]) == ("Came with two letters.", "en", "progress")
    assert (note["author"], note["signed_at"]) == ("w-17", cms.SAVED_AT)


def test_a_note_is_refused_where_the_client_allowed_plans_alone(network: Network) -> None:
    client = referred(network, "IDENT CONTACT SERVICE_STATUS PLAN")

    in_harbour(network, cms.add_note, client)

    assert network.inbox("lakeside", "note") == []
    assert [code for _, _, code in network.told("harbour")] == ["DN_REQUIRED_BLOCKED"]


def test_a_note_that_is_taken_back_before_it_left_does_not_leave(network: Network) -> None:
    client = referred(network)
    db = network.db("lakeside")
    db.execute("BEGIN EXCLUSIVE" if "lakeside" not in network.servers else "BEGIN")
    note = in_harbour_without_work(network, cms.add_note, client)
    step_until_released(network)

    in_harbour_without_work(network, cms.update, "case_note", note, shareable=0)
    for _ in range(10):
        network.hub.step()
    db.execute("ROLLBACK")
    db.close()
    network.settle()

    assert network.inbox("lakeside", "note") == []


def in_harbour_without_work(network: Network, act, *args, **fields) -> int:
    db = network.db("harbour")
    number = act(db, *args, **fields)
    db.close()
    return number


def step_until_released(network: Network) -> None:
    for _ in range(20):
        network.hub.step()
        if network.states().get("arrived") or network.states().get("released"):
            return
    raise AssertionError("the note was never let go")


def test_a_withdrawal_stops_what_is_shared_and_the_referral_goes_on(network: Network) -> None:
    client, _ = refer(network)
    consent = agree(network, client, "COORDINATION", ALL)
    network.run()

    in_harbour(network, cms.update, "consent", consent, withdrawn_at="2026-05-30")
    in_harbour(network, cms.add_plan, client)

    assert network.inbox("lakeside", "plan") == []
    assert len(network.inbox("lakeside", "referral")) == 1


def test_a_closed_case_is_told_to_who_referred_the_client(network: Network) -> None:
    client = referred(network)
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value=f"11{client:08d}")
    cms.add_consent(db, theirs, "harbour", categories=ALL)
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs)
    db.close()
    network.settle()
    db = network.db("lakeside")
    cms.close_case(db, theirs)
    db.close()

    network.settle()

    (row,) = network.inbox("harbour", "exit")
    assert row["payload"] == {
        "closed_on": "2026-05-20",
        "closure_reason": "EMPLOYED",
        "opened_on": "2026-01-12",
        "program": "NEWCOMER",
        "referral_id": 1,
        "referral_status": "ACCEPTED",
    }
    assert network.verifies()


def test_a_closed_case_is_not_told_to_whom_the_client_was_sent(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.close_case, client)

    assert network.inbox("lakeside", "exit") == []


def test_who_shared_what_stands_in_the_log_and_no_word_of_it(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.add_plan, client)

    entries = network.entries()
    (decision,) = [each for each in entries if "plan:1>lakeside" in str(each) and "OK_CONSENT" in str(each)]
    assert (decision["event_type"], decision["event"]) == ("DECISION", "plan-shared")
    assert "bakery" not in str(entries)


def test_an_agreement_without_the_event_refuses_a_plan(network: Network) -> None:
    client = referred(network)
    known = network.directory().agreements
    row = next(each for each in known if each.agreement_id == "coordination")
    network.put(replace(row, version=2, events=("case-note-shared",)))

    in_harbour(network, cms.add_plan, client)

    assert [code for _, _, code in network.told("harbour")] == ["DN_NO_AGREEMENT"]
    assert len(network.inbox("lakeside", "referral")) == 1, "the referral's own agreement stays"
    assert network.inbox("lakeside", "plan") == []


def test_what_cannot_be_said_of_a_client_with_whom_nobody_works_is_told_to_nobody(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_note(db, client, category="a kind of no list")
    cms.close_case(db, client, reason="OTHER")
    db.close()

    network.settle()

    assert network.inbox("harbour", "refusal") == []
    assert network.waits() == {}


def test_what_cannot_be_said_of_a_client_who_was_referred_is_told_and_goes_when_it_was_mended(network: Network) -> None:
    client = referred(network)

    note = in_harbour(network, cms.add_note, client, category="a kind of no list")

    ((key, number, code),) = network.told("harbour")
    assert (key, number, code) == ("note_id", note, "DN_SCHEMA")
    in_harbour(network, cms.update, "case_note", note, category="contact")
    assert [row["payload"]["category"] for row in network.inbox("lakeside", "note")] == ["contact"]
    assert network.waits() == {}


def test_a_plan_in_another_system_of_the_agency_rides_on_the_same_referral(network: Network) -> None:
    client = referred(network)
    path = network.dir / "second.sqlite"
    cms.make_cms(path)
    network.put(System("harbour-second", "harbour", "cms", "active", {"path": str(path)}))
    db = cms.connect(path)
    same = cms.add_client(db)
    cms.add_identifier(db, same, value=f"11{client:08d}")
    cms.add_plan(db, same)
    db.close()

    network.settle()
    assert len(network.inbox("lakeside", "plan")) == 1

    network.put(System("harbour-second", "harbour", "cms", "suspended", {"path": str(path)}))
    db = cms.connect(path)
    cms.update(db, "isp_plan", 1, review_due="2026-09-01")
    db.close()
    network.settle()
    assert len(network.inbox("lakeside", "plan")) == 1, "a suspended system shares nothing"
