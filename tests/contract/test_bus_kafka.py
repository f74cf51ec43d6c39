"""The bus on a real broker, with topics that are only this test's."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence

import pytest

from hub.bus.kafka import KafkaBus
from hub.ports import BusRecord, Outgoing
from tests.contract.bus import TOPIC, BusContract
from tests.kafka_network import access
from tests.services.kafka import KafkaAt


class Own:
    """A bus whose topics are made when they are first named, and have names of one test."""

    def __init__(self, broker: KafkaAt, admin) -> None:
        self.bus = KafkaBus(lambda: access(broker))
        self._admin, self._mark, self._made = admin, secrets.token_hex(4), set()
        self._lock = threading.Lock()

    def named(self, topic: str) -> str:
        name = f"{topic}-{self._mark}"
        with self._lock:
            if name not in self._made:
                self._admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
                self._admin.wait_for_topics([name])
                self._made.add(name)
        return name

    def publish(self, records: Sequence[Outgoing]) -> None:
        self.bus.publish([Outgoing(self.named(each.topic), each.key, each.headers, each.body) for each in records])

    def poll(self, topic: str, group: str, limit: int) -> list[BusRecord]:
        return self.bus.poll(self.named(topic), group + self._mark, limit)

    def commit(self, topic: str, group: str, offset: int) -> None:
        self.bus.commit(self.named(topic), group + self._mark, offset)


@pytest.fixture(scope="module")
def admin(kafka: KafkaAt):
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(**kafka.client(), bootstrap_timeout_ms=20_000)
    yield client
    client.close()


@pytest.fixture
def bus(kafka: KafkaAt, admin) -> Iterator[Own]:
    own = Own(kafka, admin)
    yield own
    own.bus.close()


@pytest.fixture
def expire(bus: Own, admin, kafka: KafkaAt):
    from kafka import TopicPartition

    def remove(count: int) -> None:
        """As the broker does it when ``retention.ms`` is over: the log begins at a later offset."""
        admin.delete_records({TopicPartition(bus.named(TOPIC), 0): count})

    return remove


class TestKafkaBus(BusContract):
    """The bus on Apache Kafka."""
