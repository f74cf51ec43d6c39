"""The bus on Apache Kafka: topics of one partition, groups whose offsets the broker keeps.

It sees sealed bytes, lanes and constant headers; it opens nothing and decides nothing. It makes no topic, no user and
no right (``provision.py`` does, as an administrator), and no client before one is needed: a hub starts without its
broker, and a client that has met an error is replaced by a new one.

Why one partition, and why nobody is a member of a group: docs/decisions/one-partition-no-member.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from hub.bus.clients import CLOSE_S, RECORD_MAX, SEND_MS, Access, Clients, let_go, ours
from hub.bus.reader import PARTITION, Reader
from hub.bus.topics import fault
from hub.errors import BusUnavailable, Refused
from hub.ports import BusRecord, Outgoing

WAIT_S = SEND_MS / 1000 + CLOSE_S  # when it is over the driver has given up every record


class KafkaBus:
    """See :class:`hub.ports.Bus`. Threads take turns.

    Args:
        access: tells where Kafka is and who we are there, whenever a client is made.
        known: topics that will be polled, as far as anybody knows.
    """

    def __init__(self, access: Callable[[], Access], known: Callable[[], Sequence[str]] = tuple) -> None:
        self._clients, self._known = Clients(access), known
        self._lock = threading.RLock()
        self._producer: KafkaProducer | None = None
        self._admin: KafkaAdminClient | None = None
        self._writable: set[str] = set()
        self._readers: dict[str, Reader] = {}

    def publish(self, records: Sequence[Outgoing]) -> None:
        """Append records in the order of their lanes; returns when all replicas in step have all of them.

        Raises:
            BusUnavailable: nobody knows which of them are there. Publish all again.
            Refused: a topic that is not there or not ours to write, or a record that is too large.
        """
        if not records:
            return
        with self._lock:
            for reader in self._readers.values():
                reader.look_again()
            try:
                self._check(records)
                self._send(self._producer or self._make_producer(), records)
            except KafkaError as error:
                self._drop()  # it may be dead for good (services reference 15), and must send nothing late
                raise ours(error) from error
            except BusUnavailable as error:
                for reader in self._readers.values():
                    reader.give_up(error)  # who has waited for nothing need not do so again for each topic
                raise

    def poll(self, topic: str, group: str, limit: int) -> list[BusRecord]:
        """The next records that the group has not committed, at most ``limit``.

        Raises:
            BusUnavailable: no broker answers.
            Refused: no such topic, or no right to read it: without a word from us it would be empty for ever.
        """
        with self._lock:
            return self._reader(group).poll(topic, limit)

    def commit(self, topic: str, group: str, offset: int) -> None:
        """Mark everything up to and with ``offset`` as read; never back, never past what was published."""
        with self._lock:
            self._reader(group).commit(topic, offset)

    def expire(self, before: datetime) -> int:  # noqa: ARG002 - of the port
        """Nothing: the broker removes what is older than its topic's ``retention.ms``."""
        return 0

    def describe(self, topics: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the broker says about topics: whether they are there, partitions, and what we may do.

        Raises:
            BusUnavailable, Refused: as :meth:`poll`.
        """
        with self._lock:
            self._admin = self._admin or self._clients.admin()
            try:
                return {each["name"]: each for each in self._admin.describe_topics(list(topics))}
            except KafkaError as error:
                self._drop()
                raise ours(error) from error

    def faults(self, topics: Sequence[str]) -> list[Refused]:
        """What is wrong with topics and with what we may do there; nothing is changed.

        Raises:
            BusUnavailable, Refused: as :meth:`poll`.
        """
        described = self.describe(topics)
        found = (fault(topic, described.get(topic), "READ", "WRITE") for topic in topics)
        return [wrong for wrong in found if wrong is not None]

    def close(self) -> None:
        """Let go of everything. May be used again."""
        with self._lock:
            self._drop()
            for reader in self._readers.values():
                reader.close()

    def _reader(self, group: str) -> Reader:
        return self._readers.setdefault(group, Reader(self._clients, group, self.describe, self._known))

    def _check(self, records: Sequence[Outgoing]) -> None:
        """Refuse before anything is sent what the broker would refuse for as long as nobody changes anything."""
        for record in records:
            if len(record.body) > RECORD_MAX:
                got = f"a record of {len(record.body)} bytes"
                raise Refused(f"bus: {record.topic}", got, f"at most {RECORD_MAX}", "shorten it at its source")
        if unknown := {record.topic for record in records} - self._writable:
            described = self.describe(sorted(unknown))
            for topic in sorted(unknown):
                if wrong := fault(topic, described.get(topic), "WRITE"):
                    raise wrong
                self._writable.add(topic)

    def _make_producer(self) -> KafkaProducer:
        self._producer = self._clients.producer()
        return self._producer

    def _send(self, producer: KafkaProducer, records: Sequence[Outgoing]) -> None:
        sent = []
        for record in records:
            headers = [(name, value.encode()) for name, value in record.headers.items()]
            key = record.key.encode()
            sent.append(producer.send(record.topic, record.body, key=key, headers=headers, partition=PARTITION))
        producer.flush(timeout=WAIT_S)
        for future in sent:
            future.get(timeout=CLOSE_S)

    def _drop(self) -> None:
        """The next call makes new clients, and looks at every topic anew."""
        self._writable.clear()
        for client in (self._producer, self._admin):
            if client is not None:
                let_go(client, *([CLOSE_S] if client is self._producer else []))
        self._producer = self._admin = None
