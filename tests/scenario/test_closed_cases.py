"""A closed case cannot be opened again, whatever record asks for it (C1, C-40, cases 50, 52).

Of every kind of record that a CMS gives and takes: what arrives stands in ``hub_inbox`` alone and changes no case;
where its system then says ``CASE_CLOSED``, the sender is told so. The agency's own trigger refuses whoever tries.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.cms import ADAPTER
from consent.model.words import Purpose
from tests import cms_builder as cms
from tests.network import Network

ALL = "IDENT CONTACT NEEDS LANG SERVICE_STATUS EMPLOY PLAN NOTES_FREE"
# parcel kind -> who takes it, and how the other one comes to send it
SENT = {
    "referral": ("lakeside", lambda db, client: cms.add_referral(db, client, service_wanted="language-training")),
    "referral-status": ("harbour", lambda db, _: cms.update(db, "referral", 1, status="COMPLETED")),
    "plan": ("lakeside", cms.add_plan),
    "note": ("lakeside", cms.add_note),
    "exit": ("harbour", cms.close_case),
    "follow-up": ("lakeside", cms.add_follow_up),
    "service": ("harbour", lambda db, client: cms.add_service(db, client, case_id=1, funder="own")),
}


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour and Lakeside, who have agreed on everything; Harbour's client is also Lakeside's."""
    (row,) = network.directory().agreements
    purposes = (Purpose.REFERRAL, Purpose.COORDINATION, Purpose.FOLLOW_UP)
    events = (*row.events, "plan-shared", "case-note-shared", "review-done")
    categories = (*row.categories, *(each for each in type(row.categories[0]) if each.name == "PLAN"))
    network.put(replace(row, version=2, purposes=purposes, events=events, categories=categories))
    for agency, other in (("harbour", "lakeside"), ("lakeside", "harbour")):
        db = network.db(agency)
        client = cms.add_client(db)
        cms.add_identifier(db, client)
        cms.add_consent(db, client, other, purposes="REFERRAL COORDINATION FOLLOW_UP", categories=ALL)
        if agency == "harbour":
            cms.add_referral(db, client)
        db.close()
    network.run()
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=1)
    db.close()
    network.settle()
    return network


def close(network: Network, agency: str) -> None:
    """The agency closes every case of its own; what that tells others is not looked at."""
    db = network.db(agency)
    for (case,) in db.execute("SELECT case_id FROM case_file WHERE status <> 'CLOSED'").fetchall():
        cms.update(db, "case_file", case, status="CLOSED", closed_on="2026-05-20", closure_reason="ACHIEVED")
    db.close()
    network.settle()


def cases(network: Network, agency: str) -> list[Any]:
    db = network.db(agency)
    rows = db.execute("SELECT * FROM case_file ORDER BY case_id").fetchall()
    db.close()
    return rows


def test_there_is_a_way_to_send_each_kind_that_a_cms_takes() -> None:
    assert {kind.parcel for kind in ADAPTER.records if kind.parcel} == {
        *SENT,
        "override",
        "enquiry",
        "enquiry-answer",
        "risk-filter",
    }, "a duty of care belongs to no case; nor does what is about nobody, or only asks"


@pytest.mark.parametrize("kind", SENT)
def test_what_arrives_changes_no_closed_case_and_the_sender_is_told(network: Network, kind: str) -> None:
    receiver, act = SENT[kind]
    sender = "harbour" if receiver == "lakeside" else "lakeside"
    close(network, receiver)
    closed = cases(network, receiver)
    before = [row["message_id"] for row in network.inbox(receiver, kind)]
    db = network.db(sender)
    act(db, 1)
    db.close()
    network.settle()

    (row,) = [row for row in network.inbox(receiver, kind) if row["message_id"] not in before]
    assert cases(network, receiver) == closed

    db = network.db(receiver)
    db.execute(
        "INSERT INTO hub_inbox_error (message_id, code, occurred_at) VALUES (?, 'CASE_CLOSED', ?)",
        (row["message_id"], cms.SAVED_AT),
    )
    db.close()
    network.settle()
    assert [code for _, _, code in network.told(sender, "rejected")] == ["CASE_CLOSED"]
    assert cases(network, receiver) == closed


def test_c_40_a_referral_of_a_closed_case_does_not_leave(network: Network) -> None:
    db = network.db("harbour")
    cms.add_referral(db, 1, service_wanted="language-training")
    cms.update(db, "case_file", 1, status="CLOSED", closed_on="2026-05-20", closure_reason="ACHIEVED")
    db.close()

    network.settle()

    assert len(network.inbox("lakeside", "referral")) == 1, "the one of before"
    assert [code for _, _, code in network.told("harbour")] == ["DN_CASE_CLOSED"]


@pytest.mark.parametrize("status", ["OPEN", "PENDING", "ON_HOLD"])
def test_c1_nobody_opens_it_again_and_a_return_is_a_new_case(network: Network, status: str) -> None:
    close(network, "lakeside")
    closed = cases(network, "lakeside")
    db = network.db("lakeside")

    with pytest.raises(Exception, match="CASE_CLOSED"):
        cms.update(db, "case_file", 1, status=status)

    again = cms.add_case(db, 1, previous_case_id=1)
    db.close()
    assert again != 1
    assert cases(network, "lakeside")[: len(closed)] == closed
