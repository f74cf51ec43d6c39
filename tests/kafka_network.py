"""The small network of ``tests/network.py`` with its bus on a real broker, under names that are only one test's."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.bus.clients import Access
from hub.bus.kafka import KafkaBus
from hub.compose import compose
from hub.desk.bus import topics
from hub.exchange.limits import Limits
from hub.exchange.relay import GROUP
from hub.outside import open_office
from hub.ports import BusRecord
from hub.settings import read_settings
from tests.fakes import SeededIds
from tests.network import Network, make
from tests.services.kafka import KafkaAt
from tests.shapes import SQLITE, Shape

DRIVER_WARNS = pytest.mark.filterwarnings("ignore:(read_text|open_text) is deprecated:DeprecationWarning")


def access(broker: KafkaAt, user: str | None = None, password: str | None = None) -> Access:
    """The hub's way to a broker of the tests, by default as its administrator."""
    found = broker.client(user, password)
    name, word = found.get("sasl_plain_username"), found.get("sasl_plain_password")
    return Access(found["bootstrap_servers"], name, word, found["security_protocol"])


def make_deployed(folder: Path, shape: Shape) -> Network:
    """Harbour and Lakeside on a shape, whatever that is."""
    return make_on_kafka(folder, shape.broker, shape=shape) if shape.broker else make(folder, shape=shape)


def make_on_kafka(
    folder: Path, broker: KafkaAt, *, provide: bool = True, limits: Limits | None = None, shape: Shape = SQLITE
) -> Network:
    """Harbour and Lakeside, each with a topic on the broker; ``provide`` makes topics, users and rights."""
    if not broker.admin:
        pytest.skip("the named Kafka asks nobody who they are")
    network = make(folder, limits=limits, shape=shape)
    agencies = network.directory().agencies.values()
    network.put(*[replace(agency, topic=f"delivery.{opaque()}") for agency in agencies])
    network.hub.close()
    write_settings(network.dir / "hub", broker)
    settings = read_settings(network.dir / "hub")
    network.hub = compose(settings, clock=network.clock, ids=SeededIds(8), limits=limits)
    if provide:
        provision(network)
    return network


def opaque() -> str:
    """The random part of a topic's name."""
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(12))


def write_settings(folder: Path, broker: KafkaAt, *, bootstrap: str | None = None) -> None:
    """``hub.toml`` with a relay of one test, and the administrator's password beside it."""
    lines = (folder / "hub.toml").read_text().split("[kafka]")[0]
    relay = (folder / "relay").read_text() if (folder / "relay").exists() else f"relay-{secrets.token_hex(4)}"
    (folder / "relay").write_text(relay)
    word = folder / "administrator"
    word.write_text(broker.passwords[broker.admin])
    os.chmod(word, 0o600)
    (folder / "hub.toml").write_text(
        f"""{lines}[kafka]
bootstrap = "{bootstrap or broker.bootstrap}"
user = "{relay}"
security = "SASL_PLAINTEXT"
replication = 1
admin_user = "{broker.admin}"
admin_password_file = "administrator"
"""
    )


def provision(network: Network, **changed: bool) -> dict[str, Any]:
    """As ``hub bus provision`` does it; ``changed``: agencies and whether they may read."""
    agencies = network.directory().agencies
    wanted = topics(agencies) | {agencies[name].topic: read for name, read in changed.items()}
    return open_office(network.hub.settings, SeededIds(secrets.randbelow(2**32))).provision(wanted)


def records(network: Network, broker: KafkaAt, agency: str) -> list[BusRecord]:
    """All that stands on an agency's topic, read by the broker's administrator."""
    bus, name, found = KafkaBus(lambda: access(broker)), topic(network, agency), list[BusRecord]()
    group = f"audit-{secrets.token_hex(4)}"
    try:
        while page := bus.poll(name, group, 1_000):
            found += page
            bus.commit(name, group, page[-1].offset)
        return found
    finally:
        bus.close()


def set_back(network: Network, broker: KafkaAt, agency: str, offset: int | None) -> None:
    """The hub's place in an agency's topic is another; None: nobody knows it any more."""
    from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition

    admin = KafkaAdminClient(**broker.client(), bootstrap_timeout_ms=20_000)
    at = TopicPartition(topic(network, agency), 0)
    if offset is None:
        admin.delete_group_offsets(GROUP, [at])
    else:
        admin.alter_group_offsets(GROUP, {at: OffsetAndMetadata(offset, "", -1)})
    admin.close()


def until_offsets_are_kept(broker: KafkaAt, within_s: float = 60) -> None:
    """A broker that has just begun has nobody for a group's offsets until it is first asked, and some seconds more."""
    from kafka import KafkaAdminClient
    from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError

    admin = KafkaAdminClient(**broker.client(), bootstrap_timeout_ms=20_000)
    over_at = time.monotonic() + within_s
    try:
        while True:
            try:
                admin.list_group_offsets({GROUP: None})
            except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError):
                assert time.monotonic() < over_at, f"nobody keeps a group's offsets after {within_s:g} s"
                time.sleep(0.2)
            else:
                return
    finally:
        admin.close()


def topic(network: Network, agency: str) -> str:
    return str(network.directory().agencies[agency].topic)


def user(network: Network, agency: str) -> tuple[str, str]:
    """An agency's user and password; ``hub`` is the relay."""
    name = network.hub.settings.kafka_user if agency == "hub" else topic(network, agency).removeprefix("delivery.")
    return name, (network.hub.settings.kafka_passwords / f"{name}.password").read_text().strip()
