"""A record of the registry that can no longer be read may be a no: it denies, and an alarm says so; others go on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from hub.desk.consents import Forbidden, forbid
from hub.desk.who import Who
from tests import cms_builder as cms
from tests.network import Network, agree, refer


def spoil(network: Network, statement: str, **values: Any) -> None:
    """Somebody changes the hub's own database by hand."""
    with network.hub.store.database.writing(share=set(), own=[]) as connection:
        connection.execute(text(statement), values)
    network.reopen()


def another(network: Network) -> None:
    """Somebody else, with a referral of their own."""
    db = network.db("harbour")
    number = cms.add_client(db, first_name="Robert", last_name="Zed", birth_date="1970-02-03")
    cms.add_identifier(db, number)
    cms.add_consent(db, number)
    cms.add_referral(db, number)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE consent SET body = '{'", id="a consent that is cut off"),
        pytest.param("UPDATE consent SET body = replace(body, 'ACTIVE', 'GIVEN')", id="a state that is none"),
        pytest.param("UPDATE subject SET body = '[]'", id="what is noted of a person"),
    ],
)
def test_what_cannot_be_read_denies_and_alarms_and_blocks_nobody_else(network, statement):
    refer(network)
    network.run()
    assert len(network.inbox("lakeside", "referral")) == 1
    spoil(network, statement)
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    another(network)
    network.settle()

    assert network.waits()["referral_out:2"].code == "DN_CONFLICT"
    assert [row["payload"]["client"][0]["last_name"] for row in network.inbox("lakeside", "referral")][1:] == ["Zed"]
    alarms = [each for each in network.entries() if each.get("reason_code") == "RECORD_CORRUPT"]
    assert alarms
    assert all(each["subject_ref"].startswith("s-") for each in alarms)
    assert network.verifies()


def test_a_standing_no_that_cannot_be_read_is_a_no(network):
    refer(network)
    network.run()
    agree(network, 1, "COORDINATION", "IDENT")
    with network.hub.store.unit() as unit:
        consent, _ = unit.consents.of_source("harbour-cms", "consent:1")
        alias = unit.subjects.alias("harbour", consent.subject_ref)
    forbid(network.hub.house, "harbour", alias, Who("harbour-worker", "x"), Forbidden(categories=["LANG"]))
    spoil(network, "UPDATE directive SET body = 'x'")
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    network.settle()

    assert network.waits()["referral_out:2"].code == "DN_CONFLICT"
