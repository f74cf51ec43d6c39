"""What arrived nowhere is said again; what was refused comes back when its reason is gone; nothing is said twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.compose import compose
from hub.exchange import intake, relay, wake
from hub.exchange.withdraw import resume, suspend, withdraw_consent
from hub.model.audit import Actor
from hub.model.envelope import MessageState
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.network import Network, refer
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

ACTOR = Actor("harbour-worker", "worker", "harbour")


@contextmanager
def away(network: Network, agency: str) -> Iterator[None]:
    """An agency's database cannot be reached for longer than a message lives."""
    file, hidden = network.dir / f"{agency}.sqlite", network.dir / f"{agency}.away"
    file.rename(hidden)
    yield
    network.run()
    network.clock.advance(timedelta(hours=73))
    network.run()
    hidden.rename(file)
    network.clock.advance(timedelta(hours=1))
    network.run()


def sealed(network: Network) -> None:
    """Everything up to the bus and back, and no further."""
    hub = network.hub
    with hub.store.peek() as rows:
        directory = rows.directory.all()
    for system in directory.systems.values():
        while intake.step(hub.house, system):
            pass
    with hub.house.store.peek() as rows:
        system = rows.directory.all().systems["harbour-cms"]
    while wake.step(hub.house, system):
        pass
    while relay.publish(hub.house):
        pass
    for agency in directory.agencies.values():
        while relay.arrive(hub.house, agency.topic):
            pass


def test_what_is_refused_while_its_row_is_read_again_waits_inv_5(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read finds nothing to say, since the request is under way; before that is written down it is refused."""
    _, referral = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "referral", referral, status="SENT")  # a save that changes nothing
    hub = network.hub
    with hub.store.peek() as rows:
        systems = rows.directory.all().systems
    real = intake._again_later

    def meanwhile(*args: Any) -> None:
        monkeypatch.setattr(intake, "_again_later", real)
        suspend(hub.house, "system", "lakeside-cms", ACTOR)
        hub.exchange.hand_over(systems["lakeside-cms"])
        real(*args)

    monkeypatch.setattr(intake, "_again_later", meanwhile)
    intake.step(hub.house, systems["harbour-cms"])
    refused = network.states()
    resume(hub.house, "system", "lakeside-cms", ACTOR)
    network.run()

    assert refused == {"refused": 1}
    assert network.states() == {"refused": 1, "delivered": 1}


def told(network: Network, agency: str) -> list[tuple[str, str]]:
    return [(row["kind"], row["payload"]["code"]) for row in network.inbox(agency) if "code" in row["payload"]]


def test_an_answer_that_was_returned_is_sent_again_inv_5(network: Network) -> None:
    refer(network)
    network.run()
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    cms.answer(network.db("lakeside"), number, "ACCEPTED")

    with away(network, "harbour"):
        pass

    assert [row["payload"]["status"] for row in network.inbox("harbour", "referral-status")] == ["ACCEPTED"]


def test_a_withdrawal_of_the_referral_that_was_returned_is_sent_again(network: Network) -> None:
    _, referral = refer(network)
    network.run()
    cms.update(network.db("harbour"), "referral", referral, status="WITHDRAWN", status_at="2026-06-01 13:00:00")

    with away(network, "lakeside"):
        pass

    assert [row["payload"]["status"] for row in network.inbox("lakeside", "referral-status")] == ["WITHDRAWN"]


def test_what_was_delivered_is_not_sent_again_however_often_its_record_is_read(network: Network) -> None:
    refer(network)
    network.run()
    cms.answer(network.db("lakeside"), network.inbox("lakeside")[0]["hub_referral_no"], "ACCEPTED")
    network.run()
    for agency in ("harbour", "lakeside"):
        with network.hub.store.unit() as unit:
            unit.cursors.put(f"{agency}-cms", "")
    network.clock.advance(timedelta(hours=1))

    network.run()

    assert network.states() == {"delivered": 2}


def test_a_revision_that_goes_back_halts_nobody(network: Network) -> None:
    """An agency restores its database: the same row version comes again, with other bytes."""
    db = network.db("harbour")
    client = cms.add_client(db)
    referral = cms.add_referral(db, client, urgency="routine")
    network.run()
    cms.update(db, "referral", referral, urgency="urgent")
    network.run()
    db.execute("DROP TRIGGER IF EXISTS referral_version")
    db.execute("UPDATE referral SET urgency = 'crisis', row_version = 1 WHERE referral_id = ?", (referral,))
    with network.hub.store.unit() as unit:
        unit.cursors.put("harbour-cms", "")
    network.clock.advance(timedelta(hours=1))

    network.run()

    assert set(network.codes()) == {"DN_NO_CONSENT"}


def test_a_service_that_closed_on_the_way_gets_nothing(network: Network) -> None:
    refer(network)
    sealed(network)
    (service,) = (row for row in network.directory().services if row.id == "lakeside-employment")
    network.put(replace(service, status="suspended"))

    network.run()

    assert network.inbox("lakeside") == []
    assert network.codes(gate=2) == {"DN_RECIPIENT": 1}


def test_what_a_service_requires_is_asked_at_both_gates(network: Network) -> None:
    client, _ = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "consent", client, categories="IDENT NEEDS SERVICE_STATUS")
    (service,) = (row for row in network.directory().services if row.id == "lakeside-employment")
    network.put(replace(service, required=("IDENT", "LANG")))

    network.run()

    assert network.inbox("lakeside") == []
    assert network.codes(gate=2) == {"DN_REQUIRED_BLOCKED": 1}


def test_a_second_refusal_with_the_same_code_is_told_if_it_went_well_in_between(network: Network) -> None:
    client, _ = refer(network)
    suspend(network.hub.house, "agreement", "harbour-lakeside", ACTOR)
    network.run()
    resume(network.hub.house, "agreement", "harbour-lakeside", ACTOR)
    sealed(network)
    suspend(network.hub.house, "agreement", "harbour-lakeside", ACTOR)

    network.run()

    assert told(network, "harbour") == [("refusal", "DN_NO_AGREEMENT")] * 2
    assert client == 1


def test_the_same_answer_to_the_same_record_is_told_once(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_referral(db, client)
    network.run()
    for _ in range(3):
        network.clock.advance(timedelta(hours=1))
        cms.update(db, "client", client, city="Ottawa")
        network.run()

    assert told(network, "harbour") == [("refusal", "DN_NO_CONSENT")]


def test_refusals_do_not_use_up_the_three_returns(network: Network) -> None:
    refer(network)
    for _ in range(5):
        suspend(network.hub.house, "agreement", "harbour-lakeside", ACTOR)
        network.run()
        resume(network.hub.house, "agreement", "harbour-lakeside", ACTOR)
        sealed(network)

    with away(network, "lakeside"):
        pass

    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]


def test_after_three_returns_in_a_row_a_person_is_asked(network: Network) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "lakeside.away")
    for _ in range(6):
        network.run()
        network.clock.advance(timedelta(hours=73))
    network.run()

    assert told(network, "harbour") == [("returned", "NOT_ACKNOWLEDGED")]
    assert network.states() == {"returned": 4}


def test_what_waited_for_a_person_is_dropped_after_30_days_also_when_nothing_else_happens(network: Network) -> None:
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))
    network.run()
    network.clock.advance(timedelta(days=31))

    network.hub.keep_house()

    with network.hub.store.peek() as rows:
        assert rows.waiting.every(10) == []


def test_a_refusal_that_keeps_no_digest_waits_on(network: Network) -> None:
    suspend(network.hub.house, "agreement", "harbour-lakeside", ACTOR)
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))
    network.run()
    network.clock.advance(timedelta(days=31))

    network.hub.keep_house()

    with network.hub.store.peek() as rows:
        assert [row.code for row in rows.waiting.every(10)] == ["DN_NO_AGREEMENT"]


def test_a_consent_whose_client_could_not_be_read_for_a_while_opens_again(network: Network) -> None:
    client, _ = refer(network)
    network.run()
    db = network.db("harbour")
    good = db.execute("SELECT birth_date FROM client").fetchone()[0]
    cms.update(db, "client", client, birth_date="1991-99-99")
    network.run()
    cms.update(db, "client", client, birth_date=good)
    network.run()

    cms.add_referral(db, client, service_wanted="language-training")
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 2
    with network.hub.store.peek() as rows:
        assert rows.waiting.every(10) == []


@pytest.mark.parametrize("change", ["mappings", "packs"])
def test_new_rule_files_wake_what_waited_for_them(network: Network, change: str) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_consent(db, client, **({"text_version": "sharing-v9"} if change == "packs" else {}))
    cms.add_referral(db, client, **({"reason_code": "gardening"} if change == "mappings" else {}))
    network.run()
    before = network.inbox("lakeside")
    _overlay(network, change)
    network.hub.close()
    network.hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(5))

    network.run()

    assert before == []
    assert len(network.inbox("lakeside")) == (1 if change == "mappings" else 0)
    with network.hub.store.peek() as rows:
        log = network.hub.log
        while log.step():
            pass
        entries = [entry.body for entry in log.stored()]
        assert rows.now
    assert any(b'"what":"rules"' in body for body in entries)


def _overlay(network: Network, change: str) -> None:
    root = Path(__file__).parents[2]
    if change == "mappings":
        folder = network.hub.settings.mappings / "cms"
        folder.mkdir()
        text = (root / "mappings/cms/need.csv").read_text()
        (folder / "need.csv").write_text(text.rstrip("\n") + "\ngardening,other,>\n")
    else:
        text = (root / "consent/packs/ca-on.toml").read_text()
        (network.hub.settings.packs / "ca-on.toml").write_text(
            text.replace('"sharing-v3"', '"sharing-v3", "sharing-v9"')
        )


def test_a_withdrawal_is_drained_also_where_gate_2_relied_on_a_later_consent_inv_3(network: Network) -> None:
    client, _ = refer(network)
    sealed(network)
    cms.add_consent(network.db("harbour"), client)
    cms.update(network.db("harbour"), "consent", 1, withdrawn_at="2026-06-01", withdrawn_how="PHONE")
    network.run()
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:2")
    assert filed is not None

    receipt = withdraw_consent(
        network.hub.house, filed[0].consent_id, ACTOR, said_at=network.clock.now(), how="PHONE"
    ).step()

    assert receipt is not None
    assert len(receipt.arrived) == len(network.inbox("lakeside", "referral")) == 1


def test_an_answer_that_moved_on_while_the_last_one_was_returned_goes_once(network: Network) -> None:
    refer(network)
    network.run()
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    cms.answer(network.db("lakeside"), number, "ACCEPTED")
    with away(network, "harbour"):
        network.run()
        cms.answer(network.db("lakeside"), number, "COMPLETED", status_at="2026-06-02 09:00:00")

    statuses = [row["payload"]["status"] for row in network.inbox("harbour", "referral-status")]

    assert statuses[-1] == "COMPLETED"
    assert network.states().keys() <= {"delivered", "returned"}


@pytest.mark.parametrize("change", [{"reason_text": "nothing"}, {"urgency": "urgent"}])
def test_what_is_corrected_while_it_is_on_the_bus_does_not_go_as_it_was(
    network: Network, change: dict[str, str]
) -> None:
    _, referral = refer(network)
    sealed(network)
    cms.update(network.db("harbour"), "referral", referral, **change)

    network.run()
    network.clock.advance(timedelta(hours=1))
    network.run()

    assert network.states() == {"returned": 1, "delivered": 1}
    (row,) = network.inbox("lakeside", "referral")
    assert row["payload"].get("urgency") == change.get("urgency", "routine")


def test_an_address_that_becomes_confidential_while_it_is_on_the_bus_stays(network: Network) -> None:
    client, _ = refer(network, address_line="12 Elm Street")
    sealed(network)
    cms.update(network.db("harbour"), "client", client, address_confidential=1)

    network.run()
    network.clock.advance(timedelta(hours=1))
    network.run()

    (row,) = network.inbox("lakeside", "referral")
    assert "address_line" not in row["payload"]["client"][0]


@pytest.mark.parametrize("gone", ["deleted", "withdrawn"])
def test_a_referral_taken_away_while_it_is_on_the_bus_never_arrives(network: Network, gone: str) -> None:
    _, referral = refer(network)
    sealed(network)
    db = network.db("harbour")
    if gone == "deleted":
        db.execute("DELETE FROM referral WHERE referral_id = ?", (referral,))
    else:
        cms.update(db, "referral", referral, status="WITHDRAWN", status_at="2026-06-01 13:00:00")

    network.run()
    network.clock.advance(timedelta(hours=1))
    network.run()

    assert network.inbox("lakeside") == []
    assert network.states() == {"returned": 1}


def test_a_recipient_that_is_locked_for_ever_gets_nothing_and_the_message_is_returned_inv_5(network: Network) -> None:
    refer(network)
    other = network.db("lakeside")
    other.execute("BEGIN IMMEDIATE")
    for _ in range(40):
        network.run()
        network.clock.advance(timedelta(hours=2))
    assert network.inbox("lakeside") == []
    assert network.states() == {"returned": 1, "released": 1}  # 80 hours: returned once, and judged anew
    with network.hub.store.peek() as rows:
        ended, anew = rows.handovers.every(10, ended=True)
        assert [ended.state, anew.state] == [MessageState.RETURNED, MessageState.ARRIVED]
        assert set(rows.outbox.sealed([ended.envelope_id, anew.envelope_id])) == {anew.envelope_id}
    other.execute("ROLLBACK")

    network.clock.advance(timedelta(hours=1))
    network.run()

    assert [row["message_id"] for row in network.inbox("lakeside")] == [anew.envelope_id]


def test_a_consent_row_that_is_moved_to_another_client_opens_nothing_for_either(network: Network) -> None:
    db = network.db("harbour")
    ann, bob = cms.add_client(db, first_name="Ann"), cms.add_client(db, first_name="Robert", birth_date="1970-02-03")
    consent = cms.add_consent(db, ann)
    network.run()
    cms.update(db, "consent", consent, client_id=bob)
    network.run()
    cms.update(db, "consent", consent, client_id=ann)
    network.run()

    cms.add_referral(db, bob)
    cms.add_referral(db, ann, service_wanted="language-training")
    network.run()

    assert [row["payload"]["client"][0]["first_name"] for row in network.inbox("lakeside", "referral")] == ["Ann"]
    assert ("refusal", "DN_IDENTITY") in told(network, "harbour")


def test_a_fault_of_ours_in_one_record_stops_neither_its_neighbours_nor_another_agency(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.exchange import reading

    real = reading._referral

    def faulty(house: object, source: reading.Source, *rest: object) -> object:
        if source.key == "referral_out:1":
            raise ZeroDivisionError("Okonkwo-Tremblay")
        return real(house, source, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "_referral", faulty)
    refer(network)
    refer(network, first_name="Lin", birth_date="1980-01-02")

    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1
    with network.hub.store.peek() as rows:
        (row,) = rows.waiting.every(10)
    assert "ZeroDivisionError at test_again.py" in row.place
    assert "Okonkwo" not in row.place


def test_what_was_refused_and_gone_for_a_moment_is_judged_as_soon_as_it_is_back(network: Network) -> None:
    """While it was gone nothing waited for it, so a change of that moment reminded nobody."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_referral(db, client, "lakeside", "employment")
    network.run()
    cms.update(db, "client", client, is_anonymous=1)
    network.run()
    cms.add_consent(db, client, "lakeside")
    network.run()

    cms.update(db, "client", client, is_anonymous=0)
    network.settle()

    assert network.states() == {"refused": 1, "delivered": 1}
