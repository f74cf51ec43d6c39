"""Who else is there, what is needed, and how a client sees it: beside a referral, each by its own tick (C-73)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consent.model.words import Category
from tests import cms_builder as cms
from tests.network import Network

ALL = "IDENT CONTACT NEEDS LANG SERVICE_STATUS FAMILY NOTES_FREE DV HEALTH_MENTAL"


@pytest.fixture
def network(network: Network) -> Network:
    """Harbour and Lakeside, whose agreement covers families and violence too."""
    (row,) = network.directory().agreements
    network.put(replace(row, version=2, categories=(*row.categories, Category.FAMILY, Category.DV)))
    return network


def refer(network: Network, categories: str = ALL, *issues: str) -> dict[str, Any]:
    """A mother of one, with issues and an assessment, is referred to Lakeside; what arrives there."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, categories=categories)
    child = cms.add_client(db, last_name="Zyxwvut", first_name="Noor", birth_date="2019-01-05")
    cms.add_relation(db, client, child)
    case = cms.add_case(db, client)
    cms.add_issues(db, case, *(issues or ("employment", "childcare")))
    cms.add_assessment(db, client)
    cms.add_referral(db, client, case_id=case)
    db.close()
    network.run()
    (row,) = network.inbox("lakeside", "referral")
    assert network.verifies()
    return row


def test_c_73_a_child_is_a_relation_in_the_same_household_and_no_name(network: Network) -> None:
    row = refer(network)

    assert row["payload"]["client"][0]["relation"] == [{"relation": "child", "same_household": 1}]
    assert not any(word in str(row["payload"]) for word in ("Zyxwvut", "Noor", "2019-01-05"))
    assert not row["incomplete"]


def test_c_73_c_75_without_the_tick_nothing_is_said_of_a_family(network: Network) -> None:
    row = refer(network, ALL.replace(" FAMILY", ""))

    assert "relation" not in row["payload"]["client"][0]
    assert row["incomplete"]


def test_issues_and_the_newest_assessment_travel_as_needs(network: Network) -> None:
    payload = refer(network)["payload"]

    assert payload["issue"] == [{"issue_code": "employment"}, {"issue_code": "childcare"}], "in order of rank"
    assert payload["assessment"] == [
        {
            "done_on": "2026-02-01",
            "kind": "initial",
            "needs": "A job near home",
            "strengths": "Bakes well",
            "barriers": "No car",
            "priority": "high",
        }
    ]


def test_the_clients_own_words_stay_where_notes_were_not_allowed(network: Network) -> None:
    row = refer(network, ALL.replace(" NOTES_FREE", ""))

    assert row["payload"]["assessment"] == [{"done_on": "2026-02-01", "kind": "initial", "priority": "high"}]
    assert row["incomplete"]


@pytest.mark.parametrize(
    ("issue", "tick"),
    [
        pytest.param("safety", "DV", id="S10 safety is violence"),
        pytest.param("health", "HEALTH_MENTAL", id="S10 health may be mental health"),
    ],
)
def test_a_telling_issue_needs_a_tick_of_its_own(network: Network, issue: str, tick: str) -> None:
    row = refer(network, ALL.replace(f" {tick}", ""), "housing", issue, "employment")

    assert row["payload"]["issue"] == [{"issue_code": "housing"}, {"issue_code": "employment"}], "I-10 no count"
    assert row["incomplete"]


def test_an_issue_in_other_words_waits_and_the_table_is_named(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    case = cms.add_case(db, client)
    cms.add_issues(db, case, "bakery")
    cms.add_referral(db, client, case_id=case)
    db.close()

    network.run()

    (row,) = network.inbox("harbour", "refusal")
    assert "mappings/cms/need.csv" in row["payload"]["place"]
