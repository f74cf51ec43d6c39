"""What breaks for one record or system does not stop the others, and nothing goes round in circles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import MessageRejected, Refused, Unavailable
from hub.exchange import gate, handover, intake
from hub.model import locks
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.scenario.test_again import sealed
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE


def two(network: Network) -> None:
    refer(network)
    refer(network, birth_date="1984-02-03", last_name="Neighbour")


def fails_for(first: Callable[..., Any]) -> Callable[..., Any]:
    """A function of which the message that meets it first always breaks it."""
    broken: list[str] = []

    def faulty(*parts: Any) -> Any:
        message = next(each.envelope_id if hasattr(each, "envelope_id") else each.record.source.key for each in parts
                       if hasattr(each, "envelope_id") or hasattr(each, "record"))  # fmt: skip
        broken.append(message) if not broken else None
        if message == broken[0]:
            raise KeyError("a fault of ours")
        return first(*parts)

    return faulty


def test_a_fault_at_gate_1_holds_one_record_and_not_its_neighbours(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(network)
    monkeypatch.setattr(intake, "judge", fails_for(gate.judge))

    network.run()

    assert network.states() == {"delivered": 1}
    (waiting,) = network.waits().values()
    assert waiting.code == "DN_SCHEMA"
    assert "KeyError" in waiting.place
    assert "a fault of ours" not in waiting.place


@pytest.mark.parametrize("where", ["write_parcel", "at_gate_2"])
def test_a_fault_at_hand_over_holds_one_message_and_not_its_neighbours(
    network: Network, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    two(network)
    monkeypatch.setattr(handover, where, fails_for(getattr(handover, where)))

    network.run()

    assert network.states()["delivered"] == 1
    with network.hub.store.peek() as rows:
        (held,) = rows.handovers.every(9, ended=False)
    assert held.state == "held"
    assert "KeyError" in (held.problem or "")


def test_a_fault_when_a_hand_over_is_opened_holds_one_message_and_not_its_neighbours(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(network)
    gather = handover.gather
    asked: list[str] = []

    def faulty(unit: Any, question: Any, packs: Any) -> Any:
        asked.append(question.message.subject)
        if question.message.subject == asked[0]:
            raise KeyError("a fault of ours")
        return gather(unit, question, packs)

    monkeypatch.setattr(handover, "gather", faulty)

    network.run()

    assert network.states()["delivered"] == 1
    with network.hub.store.peek() as rows:
        assert [each.state for each in rows.handovers.every(9, ended=False)] == ["held"]


def test_a_system_whose_settings_are_refused_takes_neither_notices_nor_wakes_from_another(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_referral(db, client)
    back = network.db("lakeside")
    cms.add_referral(back, cms.add_client(back, last_name="Other"), "harbour", "settlement", from_org="lakeside")
    systems = network.directory().systems
    for system in systems.values():
        intake.step(network.hub.house, system)
    connections = type(network.hub.connections)
    real = connections.source

    def source(self: Any, system: Any) -> Any:
        if system.id == "harbour-cms":
            raise Refused("system harbour-cms", "settings", "others", "mend them")
        return real(self, system)

    monkeypatch.setattr(connections, "source", source)
    cms.add_consent(back, 1, "harbour")
    network.run()

    assert network.told("lakeside") != []
    assert network.inbox("harbour") == []
    assert network.states()["released"] == 1, "woken, judged, and waits for the system that is refused"


def test_what_may_have_been_sent_and_can_no_longer_be_written_is_held_and_not_tried_in_circles(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    refer(network)
    sealed(network)
    lakeside = network.directory().systems["lakeside-cms"]
    source = type(network.hub.connections.source(lakeside))

    def lost(_self: Any, _parcels: Any, commit: Callable[[], None]) -> Any:
        commit()
        raise Unavailable("lakeside-cms", "no answer")

    def gap(*_: Any) -> Any:
        raise MessageRejected("mapping", "x", "y", "z")

    with monkeypatch.context() as patch:
        patch.setattr(source, "send", lost)
        handover.step(network.hub.house, lakeside)
    network.clock.advance(timedelta(seconds=60))
    with monkeypatch.context() as patch:
        patch.setattr(handover, "write_parcel", gap)
        network.run()

    with network.hub.store.peek() as rows:
        (held,) = rows.handovers.every(9, ended=False)
    assert held.state == "held"
    assert held.opened_at is not None, "that it may be there stays known"


def test_corrections_count_as_no_returns_and_tell_the_sender_nothing(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    for turn in range(5):
        cms.update(network.db("harbour"), "referral", referral, reason_text=f"because {turn}")
        network.clock.advance(timedelta(seconds=61))
        sealed(network)

    network.run()

    assert network.told("harbour", "returned") == []
    assert network.states() == {"returned": 5, "delivered": 1}
    assert network.waits() == {}


def test_a_request_that_was_taken_away_while_it_was_on_the_bus_leaves_nothing_that_waits(network: Network) -> None:
    _, referral = refer(network)
    sealed(network)
    network.db("harbour").execute("DELETE FROM referral WHERE referral_id = ?", (referral,))

    network.run()

    assert network.states() == {"returned": 1}
    assert network.waits() == {}


def test_a_pending_consent_whose_missing_fields_change_is_told_again(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    consent = cms.add_consent(db, client, captured_by=None)
    cms.add_referral(db, client)
    for change in ({}, {"captured_by": "w-17", "receipt_channel": None}, {"form_id": "F-9"}):
        if change:
            cms.update(db, "consent", consent, **change)
        network.run()
        network.clock.advance(timedelta(minutes=5))
        network.run()

    places = [row["payload"].get("place") for row in network.inbox("harbour", "refusal")]
    assert len(places) == 2
    assert ["captured_by" in place for place in places] == [True, False]


def test_a_person_whom_nobody_knows_is_kept_30_days_in_all_however_often_the_record_is_saved(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    referral = cms.add_referral(db, client)
    network.run()
    (first,) = network.waits().values()
    network.clock.advance(timedelta(days=29))

    cms.update(db, "referral", referral, reason_text="again")
    network.run()

    (now,) = network.waits().values()
    assert now.until_at == first.until_at is not None


def test_the_number_of_what_waits_stays_while_the_same_record_gets_the_same_answer(network: Network) -> None:
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))
    network.run()
    (before,) = network.waits().values()

    with network.hub.store.unit(own=[locks.CONFIG]):
        pass
    with network.hub.store.unit(share=[locks.CONFIG]) as unit:
        unit.waiting.snooze(before.waiting_id, unit.now)
    network.clock.advance(timedelta(minutes=5))
    network.run()

    (after,) = network.waits().values()
    assert (after.waiting_id, after.attempts) == (before.waiting_id, before.attempts + 1)
