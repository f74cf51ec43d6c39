"""When something went to the wrong place: it is stopped or called back, its harm determined, who must be told is told.

Over the real road, on each store, by the officer's own commands.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from consent.incident import Asked
from hub.exchange import intake, relay
from hub.model.directory import System, Worker
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.shapes import ask
from tests.unit.commands.conftest import Desk

BY = ("--as", "officer")
NO = [question.value for question in Asked]


@pytest.fixture
def desk(network: Network) -> Desk:
    network.put(Worker("officer", "hub", "officer"))
    return Desk(network.dir / "hub", network.clock, [])


def delivered(network: Network) -> str:
    """A referral stands at Lakeside; its envelope id."""
    refer(network)
    network.run()
    return str(network.inbox("lakeside", "referral")[0]["message_id"])


def on_its_way(network: Network) -> str:
    """A referral has arrived on the bus and is not handed over; its envelope id."""
    house = network.hub.house
    refer(network)
    with house.store.peek() as rows:
        directory = rows.directory.all()
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["lakeside"].topic)
    with house.store.peek() as rows:
        return rows.handovers.every(10, ended=False)[0].envelope_id


def assessed(desk: Desk, incident: str, *yes: str, code: int = 0) -> Any:
    """Every question is answered, these with yes."""
    said = [word for question in NO for word in ("--yes" if question in yes else "--no", question)]
    return desk.json("incident", "assess", incident, *said, *BY, code=code)


def entries(network: Network, event: str) -> list[dict[str, Any]]:
    return [each for each in network.entries() if each["event_type"] == event]


def test_a_delivery_about_the_wrong_person_is_called_back_with_a_word_that_says_nothing_of_anybody(network, desk):
    envelope = delivered(network)
    before = json.dumps(network.inbox("lakeside"), default=str)

    opened = desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)
    network.run()

    (held,) = opened["held"]
    assert (held["holds_it"], held["recall"], held["told_at"]) == ("yes", "notice", None)
    assert {"IDENT", "NEEDS"} <= set(held["categories"])
    (recall,) = network.inbox("lakeside", "recall")
    assert recall["payload"] == {
        "message_id": envelope,
        "code": "RECALLED",
        "place": "do not use it or pass it on; lock it away; the privacy officer will call",
    }
    assert (recall["hub_referral_no"], recall["client_id"]) == (None, None)
    assert json.dumps(network.inbox("lakeside")[:-1], default=str) == before, "what was delivered stands as it was"
    (told,) = [each for each in entries(network, "NOTICE_SENT") if each["kind"] == "recall"]
    assert (told["envelope_id"], told["system"]) == (envelope, "lakeside-cms")
    (entry,) = entries(network, "INCIDENT_OPENED")
    assert (entry["sender"], entry["recipient"], entry["recall"]) == ("harbour", "lakeside", "notice")
    shown = desk.json("incident", "show", opened["incident"]["id"], *BY)
    assert shown["held"][0]["told_at"] is not None
    assert shown["to_do"] == ["its harm is not determined (`hub incident assess`)"]
    assert entries(network, "VIEW")[-1]["what"] == "incident"
    assert network.verifies()


def test_a_recall_is_repeated_until_it_is_there_and_is_there_once(network, desk):
    envelope = delivered(network)
    desk.ok("incident", "open", envelope, "--kind", "wrong-route", *BY)
    with network.hub.store.peek() as rows:
        lakeside = rows.directory.all().systems["lakeside-cms"]
    network.put(System("lakeside-cms", "lakeside", "cms", "active", {**lakeside.settings, "path": "/nowhere/x.sqlite"}))
    network.run()
    assert [each for each in entries(network, "NOTICE_SENT") if each["kind"] == "recall"] == []

    network.put(lakeside)
    network.settle()
    network.settle()

    assert len(network.inbox("lakeside", "recall")) == 1
    assert len([each for each in entries(network, "NOTICE_SENT") if each["kind"] == "recall"]) == 1


def test_what_has_not_left_is_stopped_and_never_leaves(network, desk):
    envelope = on_its_way(network)

    opened = desk.json("incident", "open", envelope, "--kind", "wrong-route", *BY)
    network.settle()

    (held,) = opened["held"]
    assert (held["holds_it"], held["recall"], held["categories"], held["left_at"]) == ("no", "stopped", [], None)
    assert network.inbox("lakeside") == []
    assert network.states() == {"returned": 1}
    assert network.told("harbour", "returned")[0][2] == "RECALLED"
    assert desk.json("deliveries", "list")["deliveries"] == []


def test_while_it_is_being_handed_over_nothing_is_opened(network, desk):
    envelope = on_its_way(network)
    with network.hub.store.unit() as unit:
        unit.handovers.get([envelope])
        unit.handovers.opened([envelope], unit.now + timedelta(seconds=10))

    said = desk.refused("incident", "open", envelope, "--kind", "wrong-route", *BY, code=4)
    network.clock.advance(timedelta(seconds=30))
    opened = desk.json("incident", "open", envelope, "--kind", "wrong-route", *BY)

    assert "handed over at this moment" in said
    assert opened["held"][0]["holds_it"] == "perhaps"
    assert opened["held"][0]["recall"] == "notice"


def test_a_system_without_a_place_for_a_recall_is_telephoned(network, desk):
    envelope = delivered(network)
    with network.hub.store.peek() as rows:
        lakeside = rows.directory.all().systems["lakeside-cms"]
    folder = network.dir / "harts"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    network.put(
        System("lakeside-cms", "lakeside", "harts", "active", {"in": str(folder / "in"), "out": str(folder / "out")})
    )

    opened = desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)
    network.put(lakeside)
    network.settle()

    assert opened["held"][0]["recall"] == "telephone"
    assert opened["to_do"][1] == "1 recipients are to be telephoned (`hub incident telephoned`)"
    assert network.inbox("lakeside", "recall") == []
    number = opened["incident"]["id"]
    assert desk.json("incident", "telephoned", number, envelope, *BY)["held"][0]["told_at"] is not None
    assert entries(network, "INCIDENT_MOVED")[-1]["action"] == "telephoned"


def test_from_the_harm_to_the_notices_to_the_end(network, desk):
    envelope = delivered(network)
    number = desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)["incident"]["id"]
    network.run()

    refused = desk.refused("incident", "close", number, *BY)
    weak = desk.refused("incident", "assess", number, "--no", "safety", *BY)
    found = assessed(desk, number, "sensitive", "not-back")

    assert "its harm is not determined" in refused
    assert "no answer to" in weak
    assert found["incident"]["harm"] == "real-risk"
    assert [(each["told"], each["agency"], each["law"]) for each in found["notices"]] == [
        ("individual", "harbour", "PIPEDA"),
        ("regulator", "harbour", "PIPEDA"),
    ]
    assert found["notices"][0]["client"] is not None
    assert "subject_ref" not in json.dumps(found)
    late = desk.json("incident", "list")["incidents"][0]["late"]
    network.clock.advance(timedelta(days=6))
    assert (late, desk.json("incident", "list")["incidents"][0]["late"]) == (0, 2)

    desk.ok("incident", "notice", number, "2", "--given", *BY)
    withheld = desk.json("incident", "notice", number, "1", "--withheld", "danger", *BY)
    still = desk.refused("incident", "close", number, *BY)
    assert withheld["notices"][0]["recheck_at"] is not None
    assert "notices 1 are neither given nor withheld for good" in still
    desk.ok("incident", "notice", number, "1", "--given", *BY)
    closed = desk.json("incident", "close", number, *BY)

    assert closed["incident"]["state"] == "closed"
    assert desk.json("incident", "list")["incidents"] == []
    assert [each["id"] for each in desk.json("incident", "list", "--all")["incidents"]] == [number]
    assert desk.refused("incident", "close", number, *BY).startswith(f"incident {number}: got a closed one")
    assert [each["what"] for each in closed["events"]] == ["opened", "assessed", "given", "withheld", "given", "closed"]
    assert entries(network, "INCIDENT_CLOSED")[0]["incident_id"] == number
    assert network.verifies()


def test_assessed_again_it_only_comes_out_worse_and_what_is_due_stays_due(network, desk):
    number = desk.json("incident", "open", delivered(network), "--kind", "wrong-person", *BY)["incident"]["id"]

    assert assessed(desk, number, "sensitive")["notices"] == []
    first = desk.json("incident", "show", number, *BY)["incident"]["determined_at"]
    network.clock.advance(timedelta(days=2))
    worse = assessed(desk, number, "sensitive", "further-use")

    assert worse["incident"]["determined_at"] == first
    assert len(worse["notices"]) == 2
    assessed(desk, number, "sensitive", code=1)
    assert len(assessed(desk, number, "sensitive", "further-use")["notices"]) == 2


def test_a_consent_that_was_void_stops_what_is_under_way_and_finds_all_that_left_on_it(network, desk):
    envelope = delivered(network)
    number = desk.json("consent", "show", "harbour-cms/consent:1", "--agency", "harbour", *BY)["consents"][0]["number"]

    opened = desk.json("incident", "open", "--consent", number, "--agency", "harbour", *BY)
    db = network.db("harbour")
    cms.add_referral(db, 1)
    cms.update(db, "consent", 1, row_version=2)
    db.close()
    network.settle()

    assert [each["delivery"] for each in opened["held"]] == [envelope]
    assert opened["incident"]["kind"] == "consent-void"
    assert len(network.inbox("lakeside", "recall")) == 1
    assert len(network.inbox("lakeside", "referral")) == 1, "nothing passes on it, whatever its row says later"
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
        assert filed is not None
        assert filed[0].state.value == "INVALIDATED"
    again = desk.json("incident", "open", "--consent", number, "--agency", "harbour", *BY)
    assert again == {"incident": None, "known": [opened["incident"]["id"]]}
    assert network.verifies()


def test_more_left_on_a_void_consent_than_one_incident_holds(network, desk, monkeypatch):
    monkeypatch.setattr("hub.desk.incidents.DELIVERIES_MAX", 1)
    delivered(network)
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    network.settle()
    ask = ("incident", "open", "--consent", "harbour-cms/consent:1", "--agency", "harbour")

    first = desk.ok(*ask, *BY)
    second = desk.ok(*ask, *BY)
    third = desk.ok(*ask, *BY)

    assert "1 deliveries more left on it: run the same command again" in first
    assert "are in these open incidents already" not in first
    assert "in these open incidents already" in second
    assert "more left" not in second
    assert "in these open incidents already" in third
    assert len(desk.json("incident", "list")["incidents"]) == 2
    network.settle()
    assert len(network.inbox("lakeside", "recall")) == 2


def test_a_consent_that_was_void_and_on_which_nothing_had_left_makes_no_incident(network, desk):
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    db.close()
    network.run()

    said = desk.ok("incident", "open", "--consent", "harbour-cms/consent:1", "--agency", "harbour", *BY)

    assert "Nothing had left on it" in said
    assert desk.json("incident", "list", "--all")["incidents"] == []


def test_what_somebody_may_be_acting_on_is_told_by_telephone(network, desk):
    envelope = delivered(network)

    opened = desk.json("incident", "open", envelope, "--kind", "override", *BY)
    network.settle()

    assert opened["held"][0]["recall"] == "telephone"
    assert network.inbox("lakeside", "recall") == []
    number = opened["incident"]["id"]
    desk.ok("incident", "telephoned", number, envelope, *BY)
    assert "its harm is not determined" in desk.refused("incident", "close", number, *BY)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nobody", "--kind", "wrong-person"), "DELIVERY: got aaaaaa, expected the id of a message"),
        (("{envelope}", "--kind", "gossip"), "--kind: got aaaaaa"),
        (("{envelope}", "--kind", "consent-void"), "--kind consent-void: got deliveries, expected the consent"),
    ],
)
def test_bad_input_opens_nothing(network, desk, args, said):
    envelope = delivered(network)
    before = ask(network.hub.settings, "SELECT COUNT(*) FROM audit_entry")

    refused = desk.refused("incident", "open", *(each.format(envelope=envelope) for each in args), *BY)

    assert said in refused
    assert desk.json("incident", "list", "--all")["incidents"] == []
    assert ask(network.hub.settings, "SELECT COUNT(*) FROM audit_entry") == before


def test_a_delivery_is_in_one_open_incident_and_one_that_never_left_in_none(network, desk):
    envelope = delivered(network)
    number = desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)["incident"]["id"]

    assert f"one of incident {number}" in desk.refused("incident", "open", envelope, "--kind", "wrong-route", *BY)
    desk.refused("incident", "open", "--kind", "wrong-person", *BY, code=2)
    desk.refused("incident", "open", envelope, "--consent", "x", "--agency", "harbour", *BY, code=2)
    desk.refused("incident", "notice", number, "1", "--given", *BY)
    desk.refused("incident", "notice", number, "1", *BY, code=2)
    desk.refused("incident", "telephoned", number, "nobody", *BY)
    desk.refused("incident", "show", "nobody", *BY)
