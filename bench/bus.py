"""The bus on Kafka: a batch published, polled and committed, as a step of the hub does it.

Reference: the same bytes, keys and headers with the driver alone, as many at once, and as often committed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from bench.figures import Figure, stopwatch
from hub.bus.clients import FETCH_MAX
from hub.bus.kafka import KafkaBus
from hub.model.envelope import Sealed, headers
from hub.ports import Outgoing
from tests.kafka_network import access
from tests.network import NOON
from tests.services.kafka import Kafka, KafkaAt

BATCH, BODY_BYTES, GROUP = 50, 4 * 2**10 + 29, "bench"


def bus(_folder: Path, scale: float) -> Iterator[Figure]:
    """On the broker that the environment names, else on one of its own."""
    with ExitStack() as ours:
        broker = KafkaAt.named() or ours.enter_context(Kafka())
        count = max(BATCH, int(5_000 * scale) // BATCH * BATCH)
        batch = [Outgoing("", "L" * 12, headers(_sealed(), "L" * 12, NOON), _sealed().body) for _ in range(BATCH)]
        measured, plain = _measured(broker, batch, count), plainly(broker, batch * (count // BATCH))
    yield Figure("bus on Kafka, 4 KB", count / measured, "/s", count / plain, "the driver alone", "target 400/s")


def _sealed() -> Sealed:
    return Sealed("00000000-0000-4000-8000-000000000000", "2026-06-01", os.urandom(BODY_BYTES))


def _topic(broker: KafkaAt) -> str:
    name = f"bench-{secrets.token_hex(4)}"
    admin = KafkaAdminClient(**broker.client())
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    admin.wait_for_topics([name])
    admin.close()
    return name


def _measured(broker: KafkaAt, batch: list[Outgoing], count: int) -> float:
    name, made = _topic(broker), KafkaBus(lambda: access(broker))
    named = [Outgoing(name, each.key, each.headers, each.body) for each in batch]
    made.publish(named[:1])  # connected, and the group is there
    made.commit(name, GROUP, made.poll(name, GROUP, 1)[0].offset)
    with stopwatch() as took_s:
        for _ in range(count // BATCH):
            made.publish(named)
            made.commit(name, GROUP, made.poll(name, GROUP, BATCH)[-1].offset)
    made.close()
    return took_s()


def plainly(broker: KafkaAt, records: Sequence[Outgoing]) -> float:
    """Seconds for these records with the driver alone: published, read and committed in batches, as the hub does."""
    name = _topic(broker)
    producer = KafkaProducer(**broker.client(), acks="all", linger_ms=5, batch_size=FETCH_MAX)
    consumer = KafkaConsumer(**broker.client(), group_id=GROUP, enable_auto_commit=False, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(name, 0)])
    producer.send(name, b"x", partition=0).get(10)
    _read(consumer, 1)
    with stopwatch() as took_s:
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            sent = [
                producer.send(
                    name,
                    each.body,
                    key=each.key.encode(),
                    headers=[(key, value.encode()) for key, value in each.headers.items()],
                    partition=0,
                )
                for each in batch
            ]
            producer.flush()
            for future in sent:
                future.get(10)
            _read(consumer, len(batch))
    producer.close()
    consumer.close()
    return took_s()


def _read(consumer: Any, count: int) -> None:
    read = 0
    while read < count:
        read += sum(map(len, consumer.poll(1_000, max_records=count - read).values()))
    consumer.commit()
