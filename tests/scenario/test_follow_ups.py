"""A system is reminded of its own clients' follow-ups, and a person hears of what was missed (shared model 3.12)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from consent.model.words import Purpose
from hub.exchange.alerts import standing
from hub.model.alerts import AlertCode
from tests import cms_builder as cms
from tests.network import NOON, Network
from tests.unit.commands.conftest import Desk

TODAY = NOON.date()
DUE, MISSED = "FOLLOW_UP_DUE", "FOLLOW_UP_MISSED"


def scheduled(network: Network, days: int, **fields: Any) -> int:
    """A follow-up of a client of Harbour, so many days from today."""
    db = network.db("harbour")
    client = fields.pop("client", None) or cms.add_client(db)
    still = {"done_on": None, "method": None, "reached": None, "satisfaction": None, "situation": None}
    due = (TODAY + timedelta(days=days)).isoformat()
    found = cms.add_follow_up(db, client, **{**still, "due_on": due, "needs_booking": None, **fields})
    db.close()
    return found


def later(network: Network, days: int = 1) -> None:
    for _ in range(days):
        network.clock.advance(timedelta(days=1))
        network.run()


def made(network: Network, follow_up: int, on: date) -> None:
    db = network.db("harbour")
    cms.update(db, "follow_up", follow_up, done_on=on.isoformat(), method="phone", reached=1, situation="EMPLOYED_FT")
    db.close()


def told(network: Network) -> list[tuple[int, str]]:
    return [(number, code) for _, number, code in network.told("harbour", "review-due")]


def missed(network: Network) -> int:
    with network.hub.store.peek() as rows:
        tally = rows.counts.tally(rows.now)
    counts = {alert.code: alert.count for alert in standing(tally, {}, network.clock.now())}
    return counts.get(AlertCode.FOLLOW_UP_MISSED, 0)


def test_the_word_comes_once_when_the_window_opens_and_once_when_it_is_over(network):
    number = scheduled(network, days=16)
    network.run()
    assert told(network) == []
    later(network, 2)
    assert told(network) == [(number, DUE)]
    later(network, 43)
    assert told(network) == [(number, DUE)]
    assert missed(network) == 0
    later(network, 3)
    assert told(network) == [(number, DUE), (number, MISSED)]
    assert missed(network) == 1
    assert network.verifies()


def test_the_word_says_the_record_and_a_code_and_nothing_of_anybody(network):
    number = scheduled(network, days=3)
    network.run()
    [row] = network.inbox("harbour", "review-due")
    assert row["payload"] == {"follow_up_id": number, "code": DUE}
    assert row["client_id"] is None
    assert "Okonkwo" not in json.dumps(network.entries())
    with network.hub.store.peek() as rows:
        [kept] = rows.follow_ups.of("harbour-cms").values()
    assert (kept.record_key, kept.due_on) == (f"follow_up:{number}", TODAY + timedelta(days=3))


def test_what_was_made_is_over_and_takes_the_road_of_every_record(network):
    [agreed] = network.directory().agreements
    events, purposes = (*agreed.events, "review-done"), (*agreed.purposes, Purpose.FOLLOW_UP)
    network.put(replace(agreed, version=2, events=events, purposes=purposes))
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, purposes="REFERRAL FOLLOW_UP", categories="IDENT CONTACT NEEDS EMPLOY SERVICE_STATUS")
    cms.add_referral(db, client)
    db.close()
    network.run()
    number = scheduled(network, days=-29, client=client, case_id=1)
    later(network, 3)
    assert missed(network) == 1
    made(network, number, TODAY + timedelta(days=3))
    later(network)
    assert missed(network) == 0
    [row] = network.inbox("lakeside", "follow-up")
    assert row["hub_referral_no"]
    assert [code for _, code in told(network)] == [DUE, MISSED]


def test_what_was_missed_before_the_hub_looked_for_the_first_time_is_not_told(network):
    scheduled(network, days=-31)
    network.run()
    later(network, 5)
    assert told(network) == []
    assert missed(network) == 0


@pytest.mark.parametrize("over", ["made", "dead", "moved"])
def test_c61_who_is_not_to_be_called_is_reminded_of_no_more(network, over):
    number = scheduled(network, days=-28)
    network.run()
    assert told(network) == [(number, DUE)]
    db = network.db("harbour")
    if over == "made":
        made(network, number, TODAY)
    elif over == "dead":
        cms.update(db, "client", 1, deceased_date="2026-05-30")
    else:
        cms.update(db, "follow_up", number, due_on=(TODAY + timedelta(days=60)).isoformat())
    db.close()
    later(network, 5)
    assert told(network) == [(number, DUE)]
    assert missed(network) == 0
    with network.hub.store.peek() as rows:
        assert rows.follow_ups.of("harbour-cms") == {}


def test_a_day_that_was_put_off_is_told_anew(network):
    number = scheduled(network, days=1)
    network.run()
    db = network.db("harbour")
    cms.update(db, "follow_up", number, due_on=(TODAY + timedelta(days=4)).isoformat())
    db.close()
    later(network)
    assert told(network) == [(number, DUE), (number, DUE)]


def test_a_system_that_is_away_is_asked_again_on_the_same_day(network):
    number = scheduled(network, days=1)
    there = network.dir / "harbour.sqlite"
    away = there.rename(network.dir / "away.sqlite")
    network.run()
    away.rename(there)
    network.clock.advance(timedelta(hours=1))
    network.run()
    assert told(network) == [(number, DUE)]


def test_a_system_whose_rows_cannot_be_read_is_asked_again_after_a_while_and_not_at_every_step(network):
    scheduled(network, days=1)
    db = network.db("harbour")
    db.execute("DROP VIEW v_hub_follow_up")
    db.close()
    network.run()
    with network.hub.store.peek() as rows:
        first = rows.cursors.get("follow-ups harbour-cms")
    network.run()
    with network.hub.store.peek() as rows:
        assert rows.cursors.get("follow-ups harbour-cms") == first
    network.clock.advance(timedelta(minutes=15))
    network.run()
    with network.hub.store.peek() as rows:
        assert rows.cursors.get("follow-ups harbour-cms") > first


def test_of_a_system_that_is_suspended_nobody_is_told_any_more(network):
    scheduled(network, days=-29)
    network.run()
    later(network, 3)
    assert missed(network) == 1
    network.put(replace(network.directory().systems["harbour-cms"], status="suspended"))
    assert missed(network) == 0
    with network.hub.store.peek() as rows:
        assert rows.follow_ups.missed(10) == []


def test_whose_record_was_missed_is_listed(network):
    number = scheduled(network, days=-29)
    network.run()
    later(network, 3)
    network.hub.close()
    desk = Desk(network.dir / "hub", network.clock, [])
    said = desk.json("referral", "follow-ups")
    due = (TODAY - timedelta(days=29)).isoformat()
    assert said["follow_ups"] == [{"system": "harbour-cms", "record": f"follow_up:{number}", "due_on": due}]
