"""Deliveries, referrals, waiting records, systems and mappings as a tired worker sees them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from consent.model.words import Code
from hub.desk.advice import delivery_advice, referral_advice
from hub.exchange.ending import BASIS_ENDED, CHANGED, KEY_GONE, NOT_ACKNOWLEDGED, SEAL_BROKEN
from hub.model.advice import advice, by_code
from hub.model.envelope import MessageState
from hub.referral import STATES
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk

BY = ("--as", "steward")


def rows(network: Network, statement: str) -> list[Any]:
    """Straight from the hub's database."""
    with network.hub.store.database.reading() as connection:
        return list(connection.exec_driver_sql(statement).all())


def unconsented(network: Network) -> None:
    """A referral of a client whose consent names nobody."""
    db = network.db("harbour")
    client = cms.add_client(db, last_name="Bartok", first_name="Ilse")
    cms.add_identifier(db, client)
    cms.add_referral(db, client)
    db.close()


@pytest.mark.parametrize("code", [code for code in Code if code.name.startswith(("DN_", "NO_", "OX_"))])
def test_every_refusal_has_words(code: Code) -> None:
    assert advice(code).en != advice("nobody knows this").en


def test_who_is_told_that_it_came_back_for_good_is_not_told_that_the_hub_tries_again() -> None:
    for code in (NOT_ACKNOWLEDGED, KEY_GONE, SEAL_BROKEN, BASIS_ENDED):
        assert "by the hub itself" not in by_code()[f"returned:{code}"].en
        assert "telephone" in by_code()[f"returned:{code}"].en


def test_what_to_do_is_said_in_both_languages() -> None:
    assert all(words.en and words.fr and words.en != words.fr for words in by_code().values())


def test_every_end_and_state_has_words() -> None:
    returned = (NOT_ACKNOWLEDGED, KEY_GONE, SEAL_BROKEN, CHANGED, BASIS_ENDED)
    assert len({advice(code).en for code in (*returned, "nobody knows this")}) == 6
    assert all(delivery_advice(state, None, None) for state in MessageState)
    assert [state for state in sorted(STATES - {"draft"}) if not referral_advice(state)] == []
    assert referral_advice("nobody knows this") == ""
    assert "DUPLICATE" in delivery_advice(MessageState.DELIVERED, None, "DUPLICATE")


def test_a_delivered_message_is_listed_with_all_only(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()

    assert desk.json("deliveries", "list")["deliveries"] == []
    document = desk.json("deliveries", "list", "--all")
    assert [(row["recipient"], row["state"]) for row in document["deliveries"]] == [("lakeside", "delivered")]
    assert document["messages"] == {"delivered": 1}
    assert "nothing is under way" in desk.ok("deliveries", "list")


def test_a_refused_record_waits_with_words_for_a_person(network: Network, desk: Desk) -> None:
    unconsented(network)
    network.run()

    (row,) = desk.json("deliveries", "waiting")["waiting"]
    assert row["code"] == "DN_NO_CONSENT"
    assert "consent" in row["what_to_do"]
    assert "Bartok" not in desk.ok("deliveries", "waiting")


def test_retry_of_a_waiting_record_reads_it_again_and_the_gate_decides_as_ever(network: Network, desk: Desk) -> None:
    unconsented(network)
    network.run()
    (row,) = desk.json("deliveries", "waiting")["waiting"]

    said = desk.json("deliveries", "retry", row["id"], "--as", "steward")
    network.run()

    assert said == {"id": row["id"], "what": "waiting"}
    assert desk.json("deliveries", "waiting")["waiting"][0]["code"] == "DN_NO_CONSENT"
    assert network.states() == {"refused": 2}
    assert desk.entries()[-1]["event_type"] in ("CONFIG_CHANGE", "DECISION", "NOTICE_SENT")


def test_retry_of_a_stuck_message_takes_its_usual_way(network: Network, desk: Desk) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away.sqlite")
    network.run()
    (row,) = desk.json("deliveries", "list")["deliveries"]
    (network.dir / "away.sqlite").rename(network.dir / "lakeside.sqlite")

    assert row["state"] == "arrived"
    assert desk.json("deliveries", "retry", row["id"], "--as", "steward")["what"] == "delivery"
    desk.ok("systems", "send", "lakeside-cms", *BY)

    assert network.states() == {"delivered": 1}
    assert [entry["event_type"] for entry in desk.entries()].count("DELIVERY") == 1


def test_what_has_ended_is_not_tried_again(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    (row,) = desk.json("deliveries", "list", "--all")["deliveries"]

    assert "it has ended" in desk.refused("deliveries", "retry", row["id"], "--as", "steward")


def test_what_the_bus_changed_is_listed_by_digest_and_code(network: Network, desk: Desk) -> None:
    with network.hub.store.unit() as unit:
        unit.handovers.set_aside("ab12", "BUS_DIFFERS", "delivery.X/7")

    (row,) = desk.json("deliveries", "dead")["dead"]
    assert (row["sha256"], row["code"], row["place"]) == ("ab12", "BUS_DIFFERS", "delivery.X/7")
    assert "who can write to the bus" in desk.ok("deliveries", "dead")


def test_a_referral_shows_its_steps_and_names_nobody(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    (row,) = desk.json("referral", "list")["referrals"]

    shown = desk.json("referral", "show", row["number"])
    assert shown["events"][0]["transition"] == "T1"
    assert (shown["sender"], shown["recipient"]) == ("harbour", "lakeside")
    assert "subject" not in json.dumps(shown)
    assert "harbour asked lakeside" in desk.ok("referral", "show", row["number"])


def test_systems_check_finds_a_missing_database_and_ends_with_1(network: Network, desk: Desk) -> None:
    (network.dir / "lakeside.sqlite").unlink()

    document = desk.json("systems", "check", code=1)

    bad = {row["system"] for row in document["findings"] if not row["ok"] and row["place"] != "cms clock"}
    assert bad == {"lakeside-cms"}


def test_systems_check_looks_at_a_suspended_one_and_says_that_it_is(network: Network, desk: Desk) -> None:
    desk.ok("suspend", "system", "lakeside-cms", "--as", "steward")

    first, *seen = desk.json("systems", "check", "lakeside-cms", code=1)["findings"]
    assert (first["text"], first["ok"]) == ("suspended", True)
    assert [row["place"] for row in seen if not row["ok"]] == ["cms clock"], "time stands still here, and is told of"
    assert len(seen) > 1


def test_fetch_reads_one_system_and_send_hands_over_to_one(network: Network, desk: Desk) -> None:
    refer(network)

    first = desk.json("systems", "fetch", "harbour-cms", *BY)
    again = desk.json("systems", "fetch", "harbour-cms", *BY)
    nothing = desk.json("systems", "send", "lakeside-cms", *BY)  # the bus has not been asked yet

    assert first == {"system": "harbour-cms", "read": True, "accepted": 1}
    assert (again["read"], again["accepted"]) == (False, 0)
    assert nothing["handed_over"] is False
    assert network.states() == {"released": 1}


def test_who_has_a_system_read_or_written_to_is_in_the_log_and_nobody_elses_worker_may(
    network: Network, desk: Desk
) -> None:
    for action in ("fetch", "send"):
        desk.ok("systems", action, "harbour-cms", "--as", "harbour-worker")
        before = desk.entries()
        assert (before[-1]["actor"]["ref"], before[-1]["name"], before[-1]["action"]) == (
            "harbour-worker",
            "harbour-cms",
            action,
        )

        assert "expected a worker of `harbour`" in desk.refused(
            "systems", action, "harbour-cms", "--as", "lakeside-worker"
        )
        assert desk.entries() == before


def test_fetch_from_a_system_that_is_out_of_reach_ends_with_4(network: Network, desk: Desk) -> None:
    (network.dir / "harbour.sqlite").unlink()

    desk.refused("systems", "fetch", "harbour-cms", *BY, code=4)


def test_a_store_that_is_locked_is_unavailable_and_not_broken(desk: Desk) -> None:
    holder = sqlite3.connect(desk.folder / "hub.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        said = desk.refused("suspend", "all", "--as", "steward", code=4)
    finally:
        holder.close()

    assert "locked" in said
