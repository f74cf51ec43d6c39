"""The road with its bus on Kafka: there and back, and whatever else stands on a topic (INV-5, INV-9, design §3.3)."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.bus.clients import RECORD_MAX
from hub.compose import Hub, compose
from hub.errors import HubError, Refused
from hub.exchange import relay
from hub.model.directory import Agency
from hub.ports import Outgoing
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.kafka_network import make_on_kafka, opaque, provision, records, set_back, topic
from tests.network import Network, refer
from tests.scenario.test_marked_values import everything_happens
from tests.services.kafka import KafkaAt


@pytest.fixture
def network(tmp_path: Path, kafka: KafkaAt) -> Iterator[Network]:
    made = make_on_kafka(tmp_path, kafka)
    yield made
    made.hub.close()


@pytest.fixture
def foreign(kafka: KafkaAt) -> Iterator[Any]:
    """Somebody who may write and should not: a broker's administrator with a tool of their own."""
    from kafka import KafkaProducer

    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    writer = KafkaProducer(**kafka.client(), max_request_size=2 * RECORD_MAX, max_block_ms=10_000)
    yield writer
    writer.close(5)


def alarms(network: Network) -> list[str]:
    return [each["reason_code"] for each in network.entries() if each["event_type"] == "ALARM"]


def second_worker(network: Network) -> Hub:
    """Another process on the same store and the same Kafka."""
    return compose(network.hub.settings, clock=network.clock, ids=SeededIds(77))


def test_a_referral_goes_there_and_its_answer_comes_back(network: Network) -> None:
    refer(network)
    network.run()
    (row,) = network.inbox("lakeside", "referral")
    cms.answer(network.db("lakeside"), row["hub_referral_no"], "ACCEPTED")

    network.run()

    assert network.states() == {"delivered": 2}
    assert len(network.inbox("harbour", "referral-status")) == 1
    assert alarms(network) == []
    assert network.verifies()


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        pytest.param(b"lane", b"x", [], id="no headers"),
        pytest.param(None, b"x", [("ce_id", b"e-1")], id="no key, an envelope that nobody knows"),
        pytest.param(b"\xff\xfe\x00", b"x", [("ce_id", b"\xff\xfe")], id="key and header that are no text"),
        pytest.param(b"lane", None, [("ce_id", b"e-1")], id="no value"),
        pytest.param(b"lane", b"", [("ce_id", b"e-1"), ("ce_id", b"e-2")], id="a header twice"),
        pytest.param(b"lane", b"\x07" * 1024, [("ce_id", b"e-1")], id="another version byte"),
        pytest.param(b"k" * 9000, b"x", [("h" * 9000, b"v" * 9000)], id="long key and header"),
        pytest.param(b"lane", b"x" * RECORD_MAX, [], id="as long as the topic takes"),
    ],
)
def test_what_somebody_else_wrote_is_set_aside_and_the_reader_goes_on(
    network: Network, foreign: Any, key: bytes | None, value: bytes | None, headers: list[Any]
) -> None:
    foreign.send(topic(network, "lakeside"), value, key=key, headers=headers, partition=0).get(20)
    refer(network)

    network.run()

    assert network.states() == {"delivered": 1}
    assert alarms(network) == ["BUS_FOREIGN"]
    with network.hub.store.peek() as rows:
        assert [each.code for each in rows.handovers.aside(9)] == ["BUS_FOREIGN"]


def test_a_copy_of_ours_with_other_bytes_is_set_aside_and_the_message_arrives(network: Network, foreign: Any) -> None:
    refer(network)
    system = network.directory().systems["harbour-cms"]
    from hub.exchange import intake

    intake.step(network.hub.house, system)
    with network.hub.store.peek() as rows:
        (out,) = rows.outbox.unpublished(1)
    headers = [("ce_id", out.envelope_id.encode())]
    foreign.send(topic(network, "lakeside"), b"changed", key=b"lane", headers=headers, partition=0).get(20)

    network.run()

    assert network.states() == {"delivered": 1}
    assert alarms(network) == ["BUS_DIFFERS"]


@pytest.mark.parametrize("codec", ["damaged", "zstd"])
def test_a_batch_that_cannot_be_read_is_set_aside_record_by_record(
    network: Network, foreign: Any, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    """A codec that we lack, or bytes that are not as their checksum says: the driver alone would stop there."""
    from kafka.errors import UnsupportedCodecError
    from kafka.record import default_records

    name = topic(network, "lakeside")
    for number in range(3):
        foreign.send(name, b"bad %d" % number, partition=0)
    foreign.flush(20)
    real = default_records.DefaultRecordBatch

    def bad(batch: Any) -> bool:
        return batch.base_offset < 3

    def crc(batch: Any) -> bool:
        return not bad(batch) and real_crc(batch)

    def uncompress(batch: Any) -> None:
        if bad(batch):
            raise UnsupportedCodecError("zstd")
        real_uncompress(batch)

    real_crc, real_uncompress = real.validate_crc, real._maybe_uncompress
    if codec == "damaged":
        monkeypatch.setattr(real, "validate_crc", crc)
    else:
        monkeypatch.setattr(real, "_maybe_uncompress", uncompress)
    refer(network)

    network.run()

    assert network.states() == {"delivered": 1}
    assert alarms(network) == ["BUS_FOREIGN"] * 3


def test_records_of_an_open_or_aborted_transaction_hold_nobody_up(network: Network, kafka: KafkaAt) -> None:
    from kafka import KafkaProducer

    writer = KafkaProducer(**kafka.client(), transactional_id=f"t-{opaque()}")
    writer.init_transactions()
    for ending in (writer.abort_transaction, writer.commit_transaction):
        writer.begin_transaction()
        writer.send(topic(network, "lakeside"), b"x", partition=0).get(20)
        ending()
    refer(network)
    network.run()
    writer.begin_transaction()
    writer.send(topic(network, "lakeside"), b"x", partition=0).get(20)
    refer(network, birth_date="1984-02-03", last_name="Neighbour")

    network.run()

    writer.abort_transaction()
    writer.close()
    assert network.states() == {"delivered": 2}
    assert alarms(network) == ["BUS_FOREIGN"] * 3


def test_two_relays_at_once_make_duplicates_and_nothing_else(network: Network) -> None:
    for number in range(3):
        refer(network, birth_date=f"198{number}-02-03", last_name=f"Neighbour{number}")
    intake_all(network)
    with network.hub.store.peek() as rows:
        batch = [relay._outgoing(out) for out in rows.outbox.unpublished(9)]
    other = second_worker(network)
    other.house.bus.publish(list(reversed(batch)))  # one that believes that the lease is its own
    network.hub.house.bus.publish(batch)
    other.house.bus.publish(batch)

    network.run()

    other.close()
    assert network.states() == {"delivered": 3}
    assert len(network.inbox("lakeside", "referral")) == 3
    assert alarms(network) == []


def test_workers_that_come_and_go_share_a_group_and_lose_nothing(network: Network) -> None:
    other = second_worker(network)
    for number in range(6):
        refer(network, birth_date=f"198{number}-02-03", last_name=f"Neighbour{number}")
        for hub in (other, network.hub)[:: 1 if number % 2 else -1]:
            hub.step()
        if number == 3:
            other.close()  # in the middle of its work, and another one comes
            other = second_worker(network)

    network.run()

    other.step()
    other.close()
    assert network.states() == {"delivered": 6}
    assert len(network.inbox("lakeside", "referral")) == 6
    assert alarms(network) == []


def test_what_one_worker_has_set_aside_the_other_does_not_set_aside_again(network: Network, foreign: Any) -> None:
    other = second_worker(network)
    name = topic(network, "lakeside")
    assert not relay.arrive(other.house, name)
    foreign.send(name, b"x", partition=0).get(20)

    assert relay.arrive(network.hub.house, name)
    assert not relay.arrive(other.house, name)

    other.close()
    assert alarms(network) == ["BUS_FOREIGN"]


def test_somebody_who_joins_the_group_is_told_of_and_takes_nothing_for_good(network: Network, kafka: KafkaAt) -> None:
    from kafka import KafkaConsumer

    refer(network)
    intake_all(network)
    relay.publish(network.hub.house)
    name = topic(network, "lakeside")
    member = KafkaConsumer(name, **kafka.client(), group_id=relay.GROUP, enable_auto_commit=True)
    for _ in range(50):
        member.poll(200)
        if member.assignment():
            break

    with pytest.raises(Refused, match="a group that has members"):
        relay.arrive(network.hub.house, name)
    member.close()
    network.run()

    assert network.states() == {"delivered": 1}


@pytest.mark.parametrize("offset", [0, 1, None])
def test_offsets_that_are_set_back_or_lost_change_nothing(network: Network, kafka: KafkaAt, offset: int | None) -> None:
    refer(network)
    network.run()
    set_back(network, kafka, "lakeside", offset)
    before = len(network.entries())

    network.run()
    network.reopen()
    network.run()

    assert network.states() == {"delivered": 1}
    assert len(network.inbox("lakeside", "referral")) == 1
    assert len(network.entries()) == before


def test_a_unit_that_fails_after_the_poll_gets_the_same_records_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    refer(network)
    intake_all(network)
    relay.publish(network.hub.house)
    real = relay.sha256

    def fails(_body: bytes) -> str:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(relay, "sha256", fails)
    with pytest.raises(KeyError):
        relay.arrive(network.hub.house, topic(network, "lakeside"))
    monkeypatch.setattr(relay, "sha256", real)

    network.run()

    assert network.states() == {"delivered": 1}


def test_an_agency_without_a_topic_holds_back_nobody_else(network: Network) -> None:
    reported: list[tuple[str, HubError]] = []
    network.hub.exchange._report = lambda place, error: reported.append((place, error))
    lakeside = make_topicless(network)
    refer(network)
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    db = network.db("lakeside")
    client = cms.add_client(db, first_name="Chidi", birth_date="1971-05-06")
    cms.add_identifier(db, client, value="2200000001")
    cms.add_language(db, client)
    cms.add_consent(db, client, "harbour")
    cms.add_referral(db, client, "harbour", "settlement", from_org="lakeside")

    network.run()

    assert network.states() == {"released": 2, "delivered": 1}
    assert {type(error).__name__ for _, error in reported} == {"Refused"}
    assert any("no such topic" in str(error) and "hub bus provision" in str(error) for _, error in reported)
    assert network.inbox("harbour", "referral") != []
    provision(network)
    network.run()
    assert network.states() == {"delivered": 3}
    assert lakeside.topic == topic(network, "lakeside")


def make_topicless(network: Network) -> Agency:
    """Lakeside gets another topic, that nobody has made."""
    from dataclasses import replace

    agency = replace(network.directory().agencies["lakeside"], topic=f"delivery.{opaque()}")
    network.put(agency)
    return agency


def intake_all(network: Network) -> None:
    from hub.exchange import intake

    systems = network.directory().systems
    for system in systems.values():
        intake.step(network.hub.house, system)


def test_a_body_that_no_topic_takes_is_refused_before_anything_is_sent(network: Network) -> None:
    bus, name = network.hub.house.bus, topic(network, "lakeside")
    good = Outgoing(name, "lane", {"ce_id": "e-1"}, b"x")

    with pytest.raises(HubError, match="at most"):
        bus.publish([good, Outgoing(name, "lane", {"ce_id": "e-2"}, b"x" * (RECORD_MAX + 1))])

    assert bus.poll(name, relay.GROUP, 9) == []


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(network: Network, kafka: KafkaAt) -> None:
    from kafka import KafkaAdminClient

    for number in range(3):
        refer(network, birth_date=f"198{number}-02-03", last_name=f"Neighbour{number}")
    network.run()
    admin = KafkaAdminClient(**kafka.client(), bootstrap_timeout_ms=20_000)
    admin.delete_topics([topic(network, "lakeside")])
    admin.close()
    provision(network)
    refer(network, birth_date="1989-02-03", last_name="Later")

    for _ in range(3):
        network.run()
        network.clock.advance(timedelta(minutes=3))

    assert network.states() == {"delivered": 4}


def test_on_the_topics_there_is_no_value_of_a_person_inv_1(network: Network, kafka: KafkaAt) -> None:
    import re

    everything_happens(network)

    found = [each for name in ("harbour", "lakeside") for each in records(network, kafka, name)]
    words = re.compile(
        rb"Zq[A-Za-z]+xj|771234560\d|416-?555-?0142|4165550142|198\d-07-22|harbour|lakeside|(?i:referral)"
    )
    raw = b"\n".join(repr((each.key, dict(each.headers))).encode() + each.body for each in found)
    assert found
    assert words.findall(raw) == []
    assert all(len(zlib.compress(each.body)) > 0.9 * len(each.body) for each in found), "noise, not text"
