"""What a client sees of a broker that was stopped, killed or wiped, and whom it lets in."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.services.kafka import Kafka
from tests.services.plugin import own

if find_spec("kafka") is None:
    pytest.skip("kafka-python is not installed", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("ignore:(read_text|open_text) is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def broker() -> Iterator[Kafka]:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it says each lost connection
    yield from own("kafka", lambda: Kafka(users=["edge"]))


def admin(broker: Kafka, **settings: Any) -> Any:
    from kafka import KafkaAdminClient

    return KafkaAdminClient(**broker.client(), bootstrap_timeout_ms=20_000, **settings)


def new_topic(broker: Kafka) -> str:
    """A topic of one test: the broker is everybody's in this file."""
    name = f"kept-{secrets.token_hex(4)}"
    client = admin(broker)
    client.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    client.close()
    return name


def send(broker: Kafka, user: str, topic: str, value: bytes) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**broker.client(user), max_block_ms=20_000, enable_idempotence=False)
    try:
        producer.send(topic, value).get(20)
    finally:
        producer.close()


def values(broker: Kafka, topic: str) -> list[bytes]:
    from kafka import KafkaConsumer

    reader = KafkaConsumer(topic, **broker.client(), auto_offset_reset="earliest", consumer_timeout_ms=2_000)
    read = [record.value for record in reader]
    reader.close()
    return read


def test_nobody_does_what_no_acl_allows(broker: Kafka) -> None:
    from kafka.errors import TopicAuthorizationFailedError

    topic = new_topic(broker)

    with pytest.raises(TopicAuthorizationFailedError):
        send(broker, "edge", topic, b"never")
    send(broker, "admin", topic, b"once")

    assert values(broker, topic) == [b"once"]


def test_a_wrong_password_opens_nothing(broker: Kafka) -> None:
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    with pytest.raises(KafkaError):
        KafkaAdminClient(**broker.client("admin", "wrong"), bootstrap_timeout_ms=2_000)


def test_records_outlive_a_kill_and_a_stop_but_no_wipe(broker: Kafka) -> None:
    topic = new_topic(broker)
    send(broker, "admin", topic, b"before")

    broker.kill()
    broker.start_again()
    assert values(broker, topic) == [b"before"]

    broker.stop()
    broker.start_again()
    assert values(broker, topic) == [b"before"]

    broker.stop()
    broker.wipe()
    broker.start_again()
    client = admin(broker)
    assert topic not in client.list_topics()
    assert set(client.describe_user_scram_credentials()) >= {"admin", "edge"}
    client.close()
