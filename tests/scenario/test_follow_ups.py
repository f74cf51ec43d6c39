"""Follow-ups at 3, 6 and 12 months, between two case management systems, through the gate (S3, C-40 to C-43)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent.model.words import Category, Purpose
from tests import cms_builder as cms
from tests.network import AGREED, Network, agree, agreement, in_harbour, refer

ALL = "IDENT CONTACT LANG SERVICE_STATUS EMPLOY"


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour and Lakeside, who have also agreed on follow-ups."""
    row = agreement(
        network.clock.now() - timedelta(days=300),
        agreement_id="follow-up",
        purposes=(Purpose.FOLLOW_UP,),
        categories=tuple(Category(word) for word in AGREED.split()),
        events=("review-done",),
    )
    network.put(row)
    return network


def referred(network: Network, categories: str = ALL, **client: object) -> int:
    """A client of Harbour who was referred to Lakeside, and said yes to follow-ups; their number."""
    number, _ = refer(network, phone="416-555-0142", phone_safe=1, **client)
    agree(network, number, "FOLLOW_UP", categories)
    network.run()
    return number


def test_a_follow_up_goes_to_the_agency_of_the_referral(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.add_follow_up, client)

    (row,) = network.inbox("lakeside", "follow-up")
    (sent,) = network.inbox("lakeside", "referral")
    said = {name: value for name, value in row["payload"].items() if name != "client"}
    assert said == {
        "month": 3,
        "due_on": "2026-05-20",
        "done_on": "2026-05-22",
        "method": "phone",
        "reached": 1,
        "satisfaction": 4,
        "situation": "EMPLOYED_FT",
        "needs_booking": 0,
        "from_org": "harbour",
        "hub_referral_no": sent["hub_referral_no"],
    }
    assert row["payload"]["client"][0]["phone"] == "416-555-0142"
    assert row["hub_referral_no"] == sent["hub_referral_no"]
    assert not row["incomplete"]
    assert network.verifies()


def test_the_receiving_agency_follows_up_too(network: Network) -> None:
    referred(network)
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value="1100000001")
    cms.add_consent(db, theirs, "harbour", purposes="FOLLOW_UP", categories=ALL)
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs)
    cms.add_follow_up(db, theirs)
    db.close()

    network.settle()

    assert len(network.inbox("harbour", "follow-up")) == 1
    assert network.inbox("lakeside", "follow-up") == []


def test_c_40_c_41_case_52_a_closed_case_does_not_stop_it(network: Network) -> None:
    client = referred(network)
    in_harbour(network, cms.close_case, client)

    in_harbour(network, cms.add_follow_up, client)

    assert len(network.inbox("lakeside", "follow-up")) == 1


def test_c_42_work_stays_where_the_client_did_not_tick_it(network: Network) -> None:
    client = referred(network, "IDENT CONTACT LANG SERVICE_STATUS")

    in_harbour(network, cms.add_follow_up, client)

    (row,) = network.inbox("lakeside", "follow-up")
    assert "situation" not in row["payload"]
    assert row["payload"]["satisfaction"] == 4
    assert row["incomplete"]


def test_c_42_what_a_follow_up_has_no_use_for_leaves_no_mark(network: Network) -> None:
    client = referred(network, f"{ALL} IMMIG NOTES_FREE")

    in_harbour(network, cms.add_follow_up, client)

    (row,) = network.inbox("lakeside", "follow-up")
    assert not row["incomplete"]
    assert "status_in_canada" not in row["payload"]["client"][0]


def test_c_43_after_the_twelfth_month_it_is_refused(network: Network) -> None:
    number, _ = refer(network)
    agree(network, number, "FOLLOW_UP", ALL, expires_on="2026-06-30")
    in_harbour(network, cms.update, "consent", 1, expires_on="2026-06-30")
    network.clock.advance(timedelta(days=31))

    follow_up = in_harbour(network, cms.add_follow_up, number, month=12, due_on="2026-07-01", done_on="2026-07-01")

    assert network.inbox("lakeside", "follow-up") == []
    assert network.told("harbour") == [("follow_up_id", follow_up, "DN_EXPIRED")]


def test_a_consent_to_the_referral_alone_is_none_to_a_follow_up(network: Network) -> None:
    client, _ = refer(network)
    network.run()

    follow_up = in_harbour(network, cms.add_follow_up, client)

    assert network.inbox("lakeside", "follow-up") == []
    assert network.told("harbour") == [("follow_up_id", follow_up, "DN_PURPOSE")]


def test_one_that_is_due_and_not_done_is_no_message(network: Network) -> None:
    client = referred(network)

    follow_up = in_harbour(network, cms.add_follow_up, client, done_on=None, reached=None)

    assert network.inbox("lakeside", "follow-up") == []
    assert network.inbox("harbour", "refusal") == []
    in_harbour(network, cms.update, "follow_up", follow_up, done_on="2026-05-25", reached=0)
    (row,) = network.inbox("lakeside", "follow-up")
    assert row["payload"]["reached"] == 0


def test_a_follow_up_of_another_case_does_not_go_to_the_agency_of_this_one(network: Network) -> None:
    client = referred(network)
    other = in_harbour(network, cms.add_case, client, program="WOMEN")

    in_harbour(network, cms.add_follow_up, client, case_id=other)

    assert network.inbox("lakeside", "follow-up") == []
    assert network.inbox("harbour", "refusal") == [], "to whom it might go is nobody's business"


def test_case_61_of_a_client_who_has_died_nothing_goes(network: Network) -> None:
    client = referred(network)
    in_harbour(network, cms.update, "client", client, deceased_date="2026-05-30")

    follow_up = in_harbour(network, cms.add_follow_up, client)

    assert network.inbox("lakeside", "follow-up") == []
    assert ("follow_up_id", follow_up, "DN_DECEASED") in network.told("harbour")


def test_a_follow_up_that_is_corrected_goes_again(network: Network) -> None:
    client = referred(network)
    follow_up = in_harbour(network, cms.add_follow_up, client)

    in_harbour(network, cms.update, "follow_up", follow_up, satisfaction=2)
    in_harbour(network, cms.update, "client", client, city="Ottawa")

    assert [row["payload"]["satisfaction"] for row in network.inbox("lakeside", "follow-up")] == [4, 2]


def test_a_withdrawal_stops_the_next_one(network: Network) -> None:
    client, _ = refer(network)
    consent = agree(network, client, "FOLLOW_UP", ALL)
    network.run()
    in_harbour(network, cms.update, "consent", consent, withdrawn_at="2026-05-30")

    in_harbour(network, cms.add_follow_up, client)

    assert network.inbox("lakeside", "follow-up") == []
    assert [code for _, _, code in network.told("harbour")] == ["DN_PURPOSE"], "the yes to the referral stands"


def test_a_situation_in_other_words_waits_and_the_table_is_named(network: Network) -> None:
    client = referred(network)

    in_harbour(network, cms.add_follow_up, client, situation="Works at her cousin's")

    (row,) = network.inbox("harbour", "refusal")
    assert row["payload"]["code"] == "DN_SCHEMA"
    assert "mappings/cms/situation.csv" in row["payload"]["place"]
    assert "cousin" not in str(row["payload"])
