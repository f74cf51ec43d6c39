"""The four programs of an agency, women, newcomer, youth and employment: the same rules for each; a women's service
itself says nothing (C-13, C-114 to C-119: its lane is not open yet)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.model.words import Category, Purpose
from tests import cms_builder as cms
from tests.network import AGREED, EVENTS, Network, agreement

ALL = "IDENT CONTACT NEEDS LANG SERVICE_STATUS EMPLOY PLAN NOTES_FREE DV"
PROGRAMS = pytest.mark.parametrize("program", ["WOMEN", "NEWCOMER", "YOUTH", "EMPLOYMENT"])
KINDS = ("plan", "note", "follow-up")


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour and Lakeside, who have agreed on everything."""
    row = agreement(
        network.clock.now() - timedelta(days=300),
        agreement_id="all",
        purposes=(Purpose.REFERRAL, Purpose.COORDINATION, Purpose.FOLLOW_UP),
        categories=tuple(Category(word) for word in f"{AGREED} PLAN DV".split()),
        events=(*EVENTS, "plan-shared", "case-note-shared", "review-done"),
    )
    network.put(replace(agreement(row.valid_from), version=2, status="ended"), row)
    return network


def referred(network: Network, program: str, categories: str = ALL) -> int:
    """A client with a case of a program at Harbour, referred to Lakeside, which opens one of the same program."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    case = cms.add_case(db, client, program=program)
    cms.add_consent(db, client, purposes="REFERRAL COORDINATION FOLLOW_UP", categories=ALL)
    cms.add_referral(db, client, case_id=case)
    db.close()
    network.run()
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value=f"11{client:08d}")
    cms.add_consent(db, theirs, "harbour", purposes="REFERRAL COORDINATION FOLLOW_UP", categories=categories)
    case = cms.add_case(db, theirs, program=program)
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs, case_id=case)
    db.close()
    network.settle()
    return client


def share(network: Network, agency: str, client: int = 1) -> None:
    db = network.db(agency)
    cms.add_plan(db, client)
    cms.add_note(db, client)
    cms.add_follow_up(db, client)
    db.close()
    network.run()


@PROGRAMS
def test_plans_notes_and_follow_ups_of_a_program_go_both_ways(network: Network, program: str) -> None:
    referred(network, program)

    share(network, "harbour")
    share(network, "lakeside")

    for agency in ("harbour", "lakeside"):
        assert [len(network.inbox(agency, kind)) for kind in KINDS] == [1, 1, 1]
        assert network.told(agency) == []


@PROGRAMS
def test_the_end_of_a_case_is_told_with_its_program(network: Network, program: str) -> None:
    referred(network, program)

    db = network.db("lakeside")
    cms.close_case(db, 1)
    db.close()
    network.settle()

    (row,) = network.inbox("harbour", "exit")
    assert (row["payload"]["program"], row["payload"]["closure_reason"]) == (program, "EMPLOYED")


def test_l5_that_a_case_was_of_the_womens_program_needs_a_tick_of_its_own(network: Network) -> None:
    referred(network, "WOMEN", ALL.replace(" DV", ""))

    db = network.db("lakeside")
    cms.close_case(db, 1)
    db.close()
    network.settle()

    assert network.inbox("harbour", "exit") == []
    assert network.told("lakeside") == [("case_id", 1, "DN_DIRECTION")], "C-72: nothing else is left to say"
    assert "WOMEN" not in str([row["payload"] for row in network.inbox("harbour")])


@PROGRAMS
def test_p_1_nothing_leaves_a_womens_service_of_whatever_program(network: Network, program: str) -> None:
    client = referred(network, program)
    network.put(replace(network.directory().agencies["lakeside"], lane="womens"))
    before = len(network.inbox("harbour"))

    share(network, "lakeside")
    db = network.db("lakeside")
    cms.update(db, "referral", 1, status="COMPLETED")
    cms.close_case(db, client)
    db.close()
    network.settle()

    assert len(network.inbox("harbour")) == before
    assert {code for _, _, code in network.told("lakeside")} == {"DN_EXISTENCE"}
    keys = {key for key, _, _ in network.told("lakeside")}
    assert keys == {"plan_id", "note_id", "follow_up_id", "referral_id", "case_id"}, "each kind was asked for"
