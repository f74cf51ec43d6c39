"""What falls due about declared duties of care, who they are about, and what must not be kept or told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.exchange import declaring, intake, relay
from hub.exchange.withdraw import Drain
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests.danger import answers, client, declare, declared, in_danger, limbs
from tests.network import Network
from tests.shapes import Shape, ask

CHILD: dict[str, Any] = {"child_name": "Tremblay, Noé", "child_birth_date": "2018-05-04", "approved_by": None}
HALF_AN_HOUR = timedelta(minutes=30, seconds=1)


@pytest.fixture
def network(tmp_path, shape: Shape) -> Iterator[Network]:
    made = in_danger(tmp_path, shape=shape)
    yield made
    made.hub.close()


def events(network: Network, *kinds: str) -> list[dict[str, Any]]:
    return [entry for entry in network.entries() if entry["event_type"] in kinds]


def test_c_144_a_report_is_delivered_and_its_reporter_told_to_telephone_all_the_same_end_to_end(network):
    number = declare(network, "ST-CHILD-PROTECT", "society", **CHILD)
    assert len(network.inbox("society", "override")) == 1
    assert declared(network, number).discharged_at is None, "that it was delivered discharges nothing"

    network.clock.advance(HALF_AN_HOUR)
    network.run()
    network.settle()

    (word,) = network.inbox("harbour", "override-status")
    assert (word["payload"]["code"], word["payload"]["override_id"]) == ("TELEPHONE_NOW", number)
    assert "telephone" in word["payload"]["place"]


def test_c_144_the_society_cannot_be_reached_and_the_reporter_is_told_to_telephone_end_to_end(network, tmp_path):
    (tmp_path / "society.sqlite").rename(tmp_path / "away")
    number = declare(network, "ST-CHILD-PROTECT", "society", **CHILD)

    network.clock.advance(HALF_AN_HOUR)
    network.run()

    assert network.told("harbour", "override-status") == [("override_id", number, "TELEPHONE_NOW")]


def test_whom_the_reporter_has_reached_discharges_the_duty_and_nobody_is_reminded(network):
    number = declare(network, "ST-CHILD-PROTECT", "society", **CHILD)
    said = {"reported_to": "Ms Diaz, intake", "reported_at": "2026-06-01 12:10:00"}

    cms.update(network.db("harbour"), "override_declaration", number, **said)
    network.run()
    network.clock.advance(HALF_AN_HOUR)
    network.run()

    assert declared(network, number).discharged_at is not None
    assert not network.inbox("harbour")
    assert len(events(network, "OVERRIDE_DISCHARGED")) == 1
    assert len(network.inbox("society", "override")) == 1


def test_a_grant_stops_after_its_hours_and_the_log_says_so(network):
    number = declare(network, "DOC-SELF", "hospital")

    network.clock.advance(timedelta(hours=4, seconds=1))
    network.run()

    (entry,) = events(network, "OVERRIDE_ENDED")
    assert (entry["end_cause"], entry["override_id"]) == ("expired", declared(network, number).override_id)


def test_a_late_review_is_told_on_day_one_three_and_seven_and_to_the_worker(network):
    declare(network, "DOC-SELF", "hospital")

    for days in (2, 1, 1, 4, 1):  # the self-review is due after one
        network.clock.advance(timedelta(days=days))
        network.run()

    late = [(entry["part"], entry["told_to"]) for entry in events(network, "REVIEW_LATE") if entry["part"] == "self"]
    assert late == [("self", "privacy officer"), ("self", "executive director"), ("self", "hub governance")]
    assert network.told("harbour", "override-status")[0][2] == "SELF_REVIEW_LATE"


def test_a_self_review_is_written_where_it_was_declared(network):
    number = declare(network, "DOC-SELF", "hospital")
    said = "I rang her back at ten, she was with her sister. I would call the crisis line first next time."

    cms.add_word(network.db("harbour"), number, "w-301", "self-review", said=said)
    network.run()

    (entry,) = events(network, "REVIEW_DONE")
    assert (entry["part"], entry["outcome"], entry["late"]) == ("self", "DONE", False)
    assert said not in json.dumps(network.entries())


def test_a_self_review_of_a_word_or_of_somebody_else_is_refused_with_a_reason(network):
    number = declare(network, "DOC-SELF", "hospital")
    db = network.db("harbour")

    cms.add_word(db, number, "w-301", "self-review", said="Fine.")
    cms.add_word(db, number, "w-900", "self-review", said="The worker did all that could be done that night.")
    network.run()

    places = [word["payload"]["place"] for word in network.inbox("harbour", "refusal")]
    assert ["20 at least" in places[0], "OX_ROLE" in places[1]] == [True, True]
    assert not events(network, "REVIEW_DONE")


def test_a_women_s_service_reports_a_child_and_is_not_named(network):
    agency = network.directory().agencies["harbour"]
    network.put(replace(agency, lane="womens", call_back="416-555-0100"))

    declare(network, "ST-CHILD-PROTECT", "society", **CHILD)
    declare(network, "DOC-SELF", "hospital")

    (came,) = network.inbox("society", "override")
    assert "harbour" not in json.dumps(came).lower()
    assert (came["payload"]["from_org"], came["payload"]["call_back"]) == ("relay", "416-555-0100")
    assert "12 Elm Street" not in json.dumps(came)
    assert not network.inbox("hospital"), "that it has a client at all is told to nobody else"


def test_of_two_who_may_be_meant_a_report_goes_and_an_override_asks(network):
    first = client(network)
    declare(network, "DOC-SELF", "hospital", first)
    twin = client(network, last_name="Okonkwo", phone="416-555-0177")

    report = declare(network, "ST-RETIREMENT", "registrar", twin, approved_by=None)
    asks = declare(network, "DOC-OTHER", "police", twin, narrative="He says that he will burn the house down. " * 3)

    assert answers(network, report)[-1][1][0] == "OV_STATUTORY"
    assert answers(network, asks)[-1][1][0] == "DN_IDENTITY"
    assert not network.inbox("police")


def test_what_is_declared_and_refused_keeps_no_words_inv_6(network):
    declare(network, "DOC-SELF", "hospital", missing=("serious",))

    assert ask(network.hub.settings, "SELECT count(*) FROM override_words") == [(0,)]


def test_what_was_released_and_never_opened_keeps_no_words_inv_6(network, tmp_path):
    (tmp_path / "hospital.sqlite").rename(tmp_path / "away")
    declare(network, "DOC-SELF", "hospital")
    assert ask(network.hub.settings, "SELECT count(*) FROM override_words") != [(0,)]

    network.clock.advance(timedelta(hours=4, minutes=1))
    (tmp_path / "away").rename(tmp_path / "hospital.sqlite")
    network.settle()

    assert ask(network.hub.settings, "SELECT count(*) FROM override_words") == [(0,)]


def test_words_stand_nowhere_in_the_clear(network):
    declare(network, "DOC-SELF", "hospital")

    rows = ask(network.hub.settings, "SELECT sealed FROM override_words")
    assert len(rows) >= 5
    assert all(b"tablets" not in bytes(row[0]) for row in rows)
    assert "tablets" not in json.dumps(network.entries())


def test_an_override_that_ends_while_its_message_is_on_the_bus_lets_nothing_go(network):
    db = network.db("harbour")
    number = cms.add_override(db, client(network), "DOC-SELF", "hospital", limbs("DOC-SELF"))
    cms.add_word(db, number, "w-900")
    house, directory = network.hub.house, network.directory()
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["hospital"].topic)

    found = declared(network, number)
    declaring.end(house, found.override_id, "danger-passed", Actor("w-301"))
    receipt = Drain(house, [f"override:{found.override_id}"]).step()
    network.settle()

    assert receipt is not None
    assert len(receipt.not_arrived) == 1
    assert not network.inbox("hospital")


def test_a_declaration_whose_row_is_deleted_is_revoked(network):
    number = declare(network, "DOC-SELF", "hospital", approved_by=None)
    db = network.db("harbour")
    db.execute("DELETE FROM override_limb")
    db.execute("DELETE FROM override_declaration")
    network.settle()

    assert declared(network, number).end_cause == "revoked"


def test_the_next_message_about_the_client_is_decided_as_if_nothing_had_been_declared(network):
    about = client(network)
    declare(network, "DOC-SELF", "hospital", about)

    referral = cms.add_referral(network.db("harbour"), about)
    network.run()

    assert network.told("harbour") == [("referral_id", referral, "DN_NO_CONSENT")]
    assert not network.inbox("lakeside")


def test_people_s_keys_are_wrapped_anew_every_month_and_the_former_key_is_destroyed(network):
    number = declare(network, "DOC-SELF", "hospital")
    found = declared(network, number)
    folder = network.hub.settings.keys / "words"
    (first,) = [path.name for path in folder.iterdir()]

    network.clock.advance(timedelta(days=31))
    network.run()
    network.clock.advance(timedelta(days=2))
    network.run()

    (only,) = [path.name for path in folder.iterdir()]
    assert only > first
    with network.hub.store.peek() as rows:
        key, words = rows.overrides.subject_key(found.subject), rows.overrides.words(found.override_id)
    house = network.hub.house
    assert "tablets" in house.words.open(*key, f"{found.override_id}/narrative", words["narrative"])
    assert [entry["words"] for entry in events(network, "KEY_EVENT") if "words" in entry] == [
        [first.removesuffix(".key")]
    ]


def test_erasing_a_person_s_key_leaves_every_proof_valid_inv_8(network):
    number = declare(network, "DOC-SELF", "hospital")
    found = declared(network, number)

    with network.hub.store.unit(own=[f"subject:{found.subject}"]) as unit:
        assert unit.overrides.destroy_subject_key(found.subject)

    assert network.verifies()
