"""A service that an agency gave to a client who was referred to it is told to whom referred the client (settled S3)."""

from __future__ import annotations

import pytest

from tests import cms_builder as cms
from tests.network import Network, refer


def accepted(network: Network) -> tuple[int, int]:
    """A client of Harbour whom Lakeside has taken on; Lakeside's numbers of the client and of the case."""
    refer(network)
    network.run()
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    theirs = cms.add_client(db)
    cms.add_identifier(db, theirs, value="1100000001")
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=theirs)
    (case,) = db.execute("SELECT MAX(case_id) FROM case_file").fetchone()
    db.close()
    network.run()
    return theirs, int(case)


def served(network: Network, client: int, case: int | None, **fields: object) -> int:
    db = network.db("lakeside")
    (part,) = cms.add_service(db, client, case_id=case, activity="employment-counselling", **fields)
    db.close()
    network.run()
    return part


def test_a_service_comes_back_to_whom_referred_the_client(network: Network) -> None:
    client, case = accepted(network)
    served(network, client, case, supports="transport", minutes=45)
    (row,) = network.inbox("harbour", "service")
    told = row["payload"]
    assert (told["activity"], told["minutes"], told["attended"]) == ("employment-counselling", 45, 1)
    assert told["support"] == [{"code": "transport"}]
    assert "referral_id" in told, "it finds its row"
    assert network.verifies()


@pytest.mark.parametrize("program", [None, "YOUTH"], ids=["no case", "another case"])
def test_a_service_of_no_case_or_another_is_told_to_nobody(network: Network, program: str | None) -> None:
    client, _ = accepted(network)
    db = network.db("lakeside")
    case = cms.add_case(db, client, program=program) if program else None
    db.close()
    served(network, client, case)
    assert network.inbox("harbour", "service") == []


def test_a_service_that_is_corrected_is_told_again_and_one_that_only_stands_is_not(network: Network) -> None:
    client, case = accepted(network)
    served(network, client, case)
    network.settle()
    assert len(network.inbox("harbour", "service")) == 1
    db = network.db("lakeside")
    cms.update(db, "service_event", 1, minutes=30)
    db.close()
    network.settle()
    assert [row["payload"]["minutes"] for row in network.inbox("harbour", "service")] == [60, 30]


def test_a_service_without_a_consent_for_the_referral_any_more_is_not_told(network: Network) -> None:
    client, case = accepted(network)
    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-06-01 11:00:00", withdrawn_how="PHONE")
    db.close()
    network.run()
    served(network, client, case)
    assert network.inbox("harbour", "service") == []
    assert "DN_WITHDRAWN" in network.codes()
