"""What was delivered and is wrong: put right at its source, it goes once more to whoever holds it (settled S36).

Through both gates, with no category that was not delivered before, and only where an officer has asked for it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hub.account.disclosure import Fate
from hub.exchange import intake, relay
from hub.model.directory import System, Worker
from tests import cms_builder as cms
from tests.network import EVENTS, Network, refer
from tests.scenario.test_disclosures import people, ways
from tests.unit.commands.conftest import Desk

BY = ("--as", "officer")
RIGHT = "1990-12-31"  # the client's birth date as it should have been


@pytest.fixture
def desk(network: Network) -> Desk:
    network.put(Worker("officer", "hub", "officer"))
    return Desk(network.dir / "hub", network.clock, [])


@pytest.fixture
def envelope(network: Network) -> str:
    """Of a referral that stands at Lakeside with the wrong birth date."""
    refer(network)
    network.run()
    return str(network.inbox("lakeside", "referral")[0]["message_id"])


def put_right(network: Network, **fields: Any) -> None:
    """Harbour's worker corrects the client."""
    db = network.db("harbour")
    cms.update(db, "client", 1, **(fields or {"birth_date": RIGHT}))
    db.close()


def asked(desk: Desk, *deliveries: str) -> dict[str, Any]:
    return dict(desk.json("incident", "open", *deliveries, "--kind", "correction", *BY))


def held(desk: Desk, opened: dict[str, Any]) -> dict[str, Any]:
    """How the incident's only delivery stands now, with what is to be done."""
    shown = desk.json("incident", "show", opened["incident"]["id"], *BY)
    return {**shown["held"][0], "to_do": shown["to_do"]}


def corrections(network: Network) -> list[dict[str, Any]]:
    return network.inbox("lakeside", "correction")


@pytest.mark.parametrize("when", ["before it is asked for", "after it was asked for"])
def test_a_birth_date_that_was_put_right_goes_to_who_holds_it(network, desk, envelope, when):
    if when == "before it is asked for":
        put_right(network)
        network.settle()
        assert corrections(network) == [], "nobody has asked for it"
    opened = asked(desk, envelope)
    assert (opened["held"][0]["recall"], opened["held"][0]["told_at"]) == ("correction", None)
    if when == "after it was asked for":
        network.settle()
        assert corrections(network) == [], "it is no more right than before"
        assert held(desk, opened)["to_do"] == [
            "1 corrections have not arrived: their records are put right at their source"
        ]
        put_right(network)
    network.settle()
    network.settle()

    first = network.inbox("lakeside", "referral")[0]
    (row,) = corrections(network)
    assert row["payload"]["client"][0]["birth_date"] == RIGHT
    assert row["hub_referral_no"] == first["hub_referral_no"], "it is the same referral, of the same client"
    assert row["payload"]["client"][0]["last_name"] == first["payload"]["client"][0]["last_name"]
    after = held(desk, opened)
    assert (after["told_at"] is not None, after["to_do"]) == (True, [])
    assert desk.json("incident", "close", opened["incident"]["id"], *BY)["incident"]["state"] == "closed"
    decided = [each for each in network.entries() if each.get("event") == "notify-update-service-request"]
    assert [(each["outcome"], each["purpose"]) for each in decided] == [("PERMIT", "REFERRAL")]
    assert network.verifies()


def test_it_holds_no_category_that_was_not_delivered_before(network, desk):
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_language(db, client)
    cms.add_consent(db, client, categories="IDENT CONTACT NEEDS SERVICE_STATUS")
    cms.add_referral(db, client)
    network.run()
    first = network.inbox("lakeside", "referral")[0]
    opened = asked(desk, str(first["message_id"]))
    assert "LANG" not in opened["held"][0]["categories"]

    cms.update(db, "consent", 1, categories="IDENT CONTACT NEEDS LANG SERVICE_STATUS", row_version=2)
    put_right(network)
    network.settle()

    (row,) = corrections(network)
    assert row["payload"]["client"][0]["birth_date"] == RIGHT
    assert row["payload"].keys() == first["payload"].keys()
    assert row["payload"]["client"][0].keys() == first["payload"]["client"][0].keys(), (
        "the client allows more now, and it is no correction"
    )
    (decided,) = [each for each in network.entries() if each.get("event") == "notify-update-service-request"]
    assert "LANG" not in decided["categories_requested"]


def test_without_an_incident_a_change_does_not_travel_and_once_it_has_come_the_next_does_not(network, desk, envelope):
    opened = asked(desk, envelope)
    put_right(network)
    network.settle()
    desk.ok("incident", "close", opened["incident"]["id"], *BY)

    put_right(network, first_name="Another")
    network.settle()

    assert len(corrections(network)) == 1
    again = asked(desk, str(corrections(network)[0]["message_id"]))
    network.settle()
    assert [row["payload"]["client"][0]["first_name"] for row in corrections(network)][1:] == ["Another"]
    assert held(desk, again)["told_at"] is not None, "a correction may be corrected"


def refuses(network: Network) -> None:
    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-05-30")
    db.close()
    network.settle()


def asks_another_client(network: Network) -> None:
    db = network.db("harbour")
    other = cms.add_client(db, first_name="Robert", last_name="Zed", birth_date="1970-02-03")
    cms.add_consent(db, other)
    cms.update(db, "referral", 1, case_id=cms.add_case(db, other))
    db.close()


def leaves_it_out_of_the_agreement(network: Network) -> None:
    (agreed,) = network.directory().agreements
    network.put(replace(agreed, events=tuple(event for event in EVENTS if event != "notify-update-service-request")))


@pytest.mark.parametrize(
    ("bar", "code"),
    [
        pytest.param(refuses, "DN_WITHDRAWN", id="its client has withdrawn"),
        pytest.param(asks_another_client, "DN_TRANSITION", id="it is about another client now"),
        pytest.param(leaves_it_out_of_the_agreement, "DN_NO_AGREEMENT", id="the agreement does not cover it"),
    ],
)
def test_a_correction_that_is_refused_is_the_officers_to_telephone(network, desk, envelope, bar, code):
    opened = asked(desk, envelope)
    bar(network)
    put_right(network)
    network.settle()

    assert corrections(network) == []
    now = held(desk, opened)
    assert (now["recall"], now["to_do"]) == (
        "telephone",
        ["1 recipients are to be telephoned (`hub incident telephoned`)"],
    )
    (said,) = [each for each in network.entries() if each.get("action") == "not-corrected"]
    assert said["reason_code"] == code
    desk.ok("incident", "telephoned", opened["incident"]["id"], envelope, *BY)
    assert desk.json("incident", "close", opened["incident"]["id"], *BY)["incident"]["state"] == "closed"
    assert network.verifies()


def test_a_kind_of_system_that_has_no_place_for_it_is_telephoned_at_once(network, desk, envelope):
    lakeside = network.directory().systems["lakeside-cms"]
    folder = network.dir / "harts"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    network.put(System("lakeside-cms", "lakeside", "harts", "active", {"in": str(folder / "in"), "out": str(folder)}))
    opened = asked(desk, envelope)
    network.put(lakeside)
    put_right(network)
    network.settle()

    assert opened["held"][0]["recall"] == "telephone"
    assert corrections(network) == []


@pytest.mark.parametrize("status", ["ACCEPTED", "DECLINED", "COMPLETED"])
def test_a_referral_that_went_on_or_is_over_is_corrected_too(network, desk, envelope, status):
    number = str(network.inbox("lakeside", "referral")[0]["hub_referral_no"])
    fields = {"status_reason": "no-capacity"} if status == "DECLINED" else {}
    cms.answer(network.db("lakeside"), number, status, status_at="2026-05-05 09:00:00", **fields)
    network.settle()
    opened = asked(desk, envelope)
    put_right(network)
    network.settle()

    (row,) = corrections(network)
    assert row["payload"]["client"][0]["birth_date"] == RIGHT
    assert held(desk, opened)["told_at"] is not None


def to_the_bus(network: Network) -> None:
    directory, house = network.directory(), network.hub.house
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["lakeside"].topic)


def test_changed_again_on_its_way_only_the_last_word_arrives(network, desk, envelope):
    opened = asked(desk, envelope)
    put_right(network, birth_date="1990-12-30")
    to_the_bus(network)
    put_right(network)
    network.settle()

    assert [row["payload"]["client"][0]["birth_date"] for row in corrections(network)] == [RIGHT]
    assert held(desk, opened)["told_at"] is not None


def test_a_client_who_withdraws_while_it_is_on_its_way_is_heard(network, desk, envelope):
    opened = asked(desk, envelope)
    put_right(network)
    to_the_bus(network)
    refuses(network)

    assert corrections(network) == []
    assert held(desk, opened)["recall"] == "telephone"
    assert RIGHT not in json.dumps(network.inbox("lakeside"), default=str)


def test_a_client_is_told_of_both_messages(network, desk, envelope):
    asked(desk, envelope)
    put_right(network)
    network.settle()

    (ref,) = people(network)
    assert ways(network, ref) == [("harbour", "lakeside", Fate.ARRIVED)] * 2


def test_put_back_as_it_was_on_its_way_it_says_nothing_new_and_is_waited_for(network, desk, envelope):
    opened = asked(desk, envelope)
    first = network.inbox("lakeside", "referral")[0]["payload"]["client"][0]["birth_date"]
    put_right(network)
    to_the_bus(network)
    put_right(network, birth_date=first)
    network.settle()
    assert corrections(network) == []
    assert (held(desk, opened)["recall"], held(desk, opened)["told_at"]) == ("correction", None)

    put_right(network)
    network.settle()
    assert [row["payload"]["client"][0]["birth_date"] for row in corrections(network)] == [RIGHT]


def test_of_a_record_that_is_gone_the_officer_telephones(network, desk, envelope):
    opened = asked(desk, envelope)
    db = network.db("harbour")
    db.execute("DELETE FROM referral")
    db.execute("INSERT INTO change_log(table_name, row_id, op, at, by) VALUES ('referral', 1, 'D', '2026-06-01', 'w')")
    db.close()
    network.settle()

    assert held(desk, opened)["recall"] == "telephone"


def test_what_is_to_be_put_right_may_turn_out_to_be_worse(network, desk, envelope):
    opened = asked(desk, envelope)
    worse = desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)
    put_right(network)
    network.settle()

    assert worse["held"][0]["recall"] == "notice"
    assert corrections(network) == []
    assert held(desk, opened)["recall"] == "telephone"


def test_a_correction_on_its_way_is_given_back_when_the_officer_calls_it_off(
    network: Network, desk: Desk, envelope: str
) -> None:
    asked(desk, envelope)
    network.run()
    put_right(network)
    intake.step(network.hub.house, network.directory().systems["harbour-cms"])

    desk.json("incident", "open", envelope, "--kind", "wrong-person", *BY)
    network.settle()

    assert corrections(network) == []
    assert [each.get("reason_code") for each in network.entries() if each.get("action") == "not-corrected"] == [
        "CALLED_OFF"
    ]
