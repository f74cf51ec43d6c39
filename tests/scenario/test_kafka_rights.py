"""Who may do what on Kafka after ``hub bus provision``, and what the two commands say (design §10)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.bus.kafka import KafkaBus
from hub.errors import BusUnavailable, HubError, Refused
from hub.ports import Outgoing
from tests.kafka_network import (
    access,
    make_on_kafka,
    opaque,
    provision,
    topic,
    until_offsets_are_kept,
    user,
    write_settings,
)
from tests.network import Network, refer
from tests.services.kafka import KafkaAt
from tests.unit.commands.conftest import Desk

NOT_LET_IN = "does not take|hangs up"  # the driver may lose the broker's word for it


@pytest.fixture(scope="module", autouse=True)
def offsets(kafka: KafkaAt) -> None:
    until_offsets_are_kept(kafka)


@pytest.fixture
def network(tmp_path: Path, kafka: KafkaAt) -> Iterator[Network]:
    made = make_on_kafka(tmp_path, kafka)
    yield made
    made.hub.close()


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


def bus_of(kafka: KafkaAt, name: tuple[str, str]) -> KafkaBus:
    return KafkaBus(lambda: access(kafka, *name))


def record(name: str) -> list[Outgoing]:
    return [Outgoing(name, "lane", {"ce_id": "e-1"}, b"x")]


def test_an_agency_reads_its_own_topic_in_groups_of_its_own(network: Network, kafka: KafkaAt) -> None:
    bus_of(kafka, user(network, "hub")).publish(record(topic(network, "lakeside")))
    name, word = user(network, "lakeside")
    agency = bus_of(kafka, (name, word))

    (read,) = agency.poll(topic(network, "lakeside"), f"{name}.own", 10)
    agency.commit(topic(network, "lakeside"), f"{name}.own", read.offset)

    assert agency.poll(topic(network, "lakeside"), f"{name}.own", 10) == []
    agency.close()


@pytest.mark.parametrize("whose", ["harbour", "lakeside"])
def test_no_agency_writes_a_delivery_topic_not_even_its_own(network: Network, kafka: KafkaAt, whose: str) -> None:
    agency = bus_of(kafka, user(network, "lakeside"))

    with pytest.raises(Refused, match="no right"):
        agency.publish(record(topic(network, whose)))

    agency.close()


def test_the_broker_itself_refuses_an_agency_that_writes(network: Network, kafka: KafkaAt) -> None:
    """Not only our own look before: a client that does not look is stopped too."""
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    for name in ("lakeside", "harbour"):
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        writer = KafkaProducer(
            **kafka.client(*user(network, name)), enable_idempotence=False, max_block_ms=5_000, acks="all"
        )
        with pytest.raises(KafkaError, match="TopicAuthorizationFailed"):
            writer.send(topic(network, "lakeside"), b"forged").get(10)
        writer.close()

    assert network.hub.house.bus.poll(topic(network, "lakeside"), "hub", 10) == []


def test_no_agency_reads_anothers_topic_or_anothers_group(network: Network, kafka: KafkaAt) -> None:
    name, word = user(network, "lakeside")
    agency = bus_of(kafka, (name, word))

    with pytest.raises(Refused, match="no right to see it"):
        agency.poll(topic(network, "harbour"), f"{name}.own", 10)
    for group in ("hub", "other", topic(network, "harbour").removeprefix("delivery.") + ".own"):
        with pytest.raises(Refused, match="GroupAuthorizationFailed"):
            agency.poll(topic(network, "lakeside"), group, 10)

    agency.close()


def test_a_user_without_any_right_neither_writes_nor_reads_and_is_told(network: Network, kafka: KafkaAt) -> None:
    """A driver alone would find the topic empty for ever."""
    other = provisioned_elsewhere(network, kafka)
    for name in ("harbour", "lakeside"):
        with pytest.raises(Refused, match="no right to see it"):
            other.poll(topic(network, name), "hub", 10)
        with pytest.raises(Refused, match="no right to see it"):
            other.publish(record(topic(network, name)))

    other.close()


def provisioned_elsewhere(network: Network, kafka: KafkaAt) -> KafkaBus:
    """The relay of another hub on the same Kafka."""
    other = make_on_kafka(network.dir / "elsewhere", kafka)
    other.hub.close()
    return bus_of(kafka, user(other, "hub"))


def test_a_second_hub_on_the_same_kafka_is_no_fault_of_the_first(network: Network, kafka: KafkaAt, desk: Desk) -> None:
    provisioned_elsewhere(network, kafka).close()

    assert desk.json("bus", "status")["ok"]


def test_to_provision_twice_is_to_provision_once(network: Network, desk: Desk) -> None:
    before = {path.name: path.read_bytes() for path in network.hub.settings.kafka_passwords.iterdir()}

    done = desk.json("bus", "provision", "--as", "steward")

    assert not any(done.values())
    assert {path.name: path.read_bytes() for path in network.hub.settings.kafka_passwords.iterdir()} == before
    assert desk.entries()[-1] | {"what": "bus", "action": "provision"} == desk.entries()[-1]


def test_passwords_are_in_files_for_their_owner_and_nowhere_else(tmp_path: Path, kafka: KafkaAt) -> None:
    network = make_on_kafka(tmp_path, kafka, provide=False)
    network.hub.close()
    desk = Desk(network.dir / "hub", network.clock, [])

    said = desk.run("bus", "provision", "--as", "steward")

    assert said.exit_code == 0
    files = list(network.hub.settings.kafka_passwords.iterdir())
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert network.hub.settings.kafka_passwords.stat().st_mode & 0o077 == 0
    words = [path.read_text().strip() for path in files]
    assert len({word for word in words if len(word) == 32}) == 3
    log = b"".join(path.read_bytes() for path in network.hub.settings.dir.glob("hub.sqlite*"))
    assert not any(word in said.output or word.encode() in log for word in words)
    assert "harbour" not in " ".join(path.name for path in files)


def test_a_new_password_replaces_the_old_one_at_once(network: Network, kafka: KafkaAt, desk: Desk) -> None:
    old = user(network, "lakeside")

    desk.ok("bus", "provision", "--renew", "lakeside", "--renew", "hub", "--as", "steward")

    with pytest.raises(HubError, match=NOT_LET_IN):
        bus_of(kafka, old).poll(topic(network, "lakeside"), f"{old[0]}.x", 1)
    new = bus_of(kafka, user(network, "lakeside"))
    assert new.poll(topic(network, "lakeside"), f"{old[0]}.x", 1) == []
    new.close()
    refer(network)
    network.run()
    assert network.states() == {"delivered": 1}, "the relay enters with its new one"
    assert "`nobody`" in desk.refused("bus", "provision", "--renew", "nobody", "--as", "steward")


def test_a_password_that_was_handed_over_and_removed_stays_as_it_is(network: Network, kafka: KafkaAt) -> None:
    name, word = user(network, "lakeside")
    (network.hub.settings.kafka_passwords / f"{name}.password").unlink()

    done = provision(network)

    assert done["users"] == []
    agency = bus_of(kafka, (name, word))
    assert agency.poll(topic(network, "lakeside"), f"{name}.own", 1) == []
    agency.close()


def test_an_agency_that_has_ended_loses_rights_user_and_file(network: Network, kafka: KafkaAt, desk: Desk) -> None:
    old = user(network, "lakeside")
    network.put(replace(network.directory().agencies["lakeside"], status="ended"))

    done = desk.json("bus", "provision", "--as", "steward")

    assert done["removed_users"] == [old[0]]
    assert done["removed_rights"] == 2
    assert not (network.hub.settings.kafka_passwords / f"{old[0]}.password").exists()
    with pytest.raises(HubError, match=NOT_LET_IN):
        bus_of(kafka, old).poll(topic(network, "lakeside"), f"{old[0]}.x", 1)
    assert desk.json("bus", "status")["ok"]


def test_the_status_of_a_fresh_provision(network: Network, desk: Desk) -> None:
    document = desk.json("bus", "status")

    assert document["ok"]
    (row,) = [row for row in document["topics"] if row["agency"] == "lakeside"]
    relay, agency = user(network, "hub")[0], user(network, "lakeside")[0]
    assert row == {
        "agency": "lakeside",
        "topic": topic(network, "lakeside"),
        "there": True,
        "replicas": 1,
        "in_step": 1,
        "retention_ms": 96 * 3_600_000,
        "segment_ms": 3_600_000,
        "lag": 0,
        "may_write": [relay],
        "may_read": sorted([agency, relay]),
        "what_to_do": "",
    }
    assert "all is well" in desk.ok("bus", "status")


def test_the_status_counts_what_the_hub_has_not_read(network: Network, kafka: KafkaAt, desk: Desk) -> None:
    relay = bus_of(kafka, user(network, "hub"))
    relay.publish(record(topic(network, "lakeside")) * 3)
    relay.close()

    lags = {row["agency"]: row["lag"] for row in desk.json("bus", "status")["topics"]}

    assert lags == {"lakeside": 3, "harbour": 0}


def advice(desk: Desk, agency: str = "lakeside") -> str:
    rows = desk.json("bus", "status", code=1)["topics"]
    return str(next(row["what_to_do"] for row in rows if row["agency"] == agency))


def test_what_is_not_as_it_must_be_is_told_and_mended(network: Network, admin: Any, desk: Desk) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    name = topic(network, "lakeside")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})])
    admin.delete_topics([topic(network, "harbour")])

    assert advice(desk) == advice(desk, "harbour") == "hub bus provision"
    done = desk.json("bus", "provision", "--as", "steward")

    assert (done["topics"], done["changed"]) == ([topic(network, "harbour")], [name])
    assert desk.json("bus", "status")["ok"]


@pytest.mark.parametrize(("operation", "kind"), [("WRITE", "LITERAL"), ("READ", "PREFIXED"), ("ALL", "LITERAL")])
def test_a_right_of_somebody_else_is_told_and_left(
    network: Network, admin: Any, desk: Desk, operation: str, kind: str
) -> None:
    from kafka import admin as theirs

    name = topic(network, "lakeside")
    resource = theirs.ResourcePattern(theirs.ResourceType.TOPIC, name, theirs.ACLResourcePatternType[kind])
    right = theirs.ACL("User:eve", "*", theirs.ACLOperation[operation], theirs.ACLPermissionType.ALLOW, resource)
    admin.create_acls([right])

    assert advice(desk) == "find out who gave this right, and take it back"
    assert not any(desk.json("bus", "provision", "--as", "steward").values())


def test_what_an_agencys_user_was_given_beyond_is_taken_away(network: Network, admin: Any, desk: Desk) -> None:
    from kafka import admin as theirs

    resource = theirs.ResourcePattern(theirs.ResourceType.TOPIC, topic(network, "harbour"))
    principal = f"User:{user(network, 'lakeside')[0]}"
    admin.create_acls([theirs.ACL(principal, "*", theirs.ACLOperation.READ, theirs.ACLPermissionType.ALLOW, resource)])

    assert desk.json("bus", "provision", "--as", "steward")["removed_rights"] == 1
    assert desk.json("bus", "status")["ok"]


def test_who_is_no_administrator_provisions_nothing(network: Network, desk: Desk) -> None:
    relay, word = user(network, "hub")
    (network.dir / "hub" / "administrator").write_text(word)
    file = network.dir / "hub" / "hub.toml"
    file.write_text(file.read_text().replace('admin_user = "admin"', f'admin_user = "{relay}"'))

    for command in (("provision", "--as", "steward", "--renew", "hub"), ("status",)):
        assert "kafka.admin_user: got a user who may not" in desk.refused("bus", *command)


def test_the_doctor_looks_at_the_bus(network: Network, desk: Desk, kafka: KafkaAt) -> None:
    def found(code: int) -> list[tuple[str, str, str]]:
        rows = desk.json("doctor", code=code)["findings"]
        return [(row["place"], row["text"], row["next_step"]) for row in rows if row["place"].startswith("bus")]

    assert found(0) == [("bus", "Kafka answers; 2 topics are there and ours to write and read", "")]
    word = network.hub.settings.kafka_passwords / f"{user(network, 'hub')[0]}.password"
    right = word.read_text()
    word.write_text("wrong\n")
    ((_, text, step),) = found(1)
    assert re.search(NOT_LET_IN, text)
    assert "hub bus provision" in step
    word.write_text(right)
    write_settings(network.dir / "hub", kafka, bootstrap="127.0.0.1:1")
    ((_, text, step),) = found(1)
    assert "no broker at any of its addresses" in text
    assert "tried again by itself" in step


@pytest.fixture
def admin(kafka: KafkaAt) -> Iterator[Any]:
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(**kafka.client(), bootstrap_timeout_ms=20_000)
    yield client
    client.close()


def test_a_topic_of_several_partitions_is_refused(network: Network, admin: Any, kafka: KafkaAt) -> None:
    name = f"delivery.{opaque()}"
    admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1}})
    admin.wait_for_topics([name])
    bus = KafkaBus(lambda: access(kafka))

    with pytest.raises(Refused, match="2 partitions"):
        bus.poll(name, "hub", 1)
    with pytest.raises(Refused, match="2 partitions"):
        bus.publish(record(name))

    bus.close()


def test_nobody_answers_is_an_outage_and_leaves_no_thread(kafka: KafkaAt) -> None:
    import threading

    from hub.bus.clients import Access

    before = threading.active_count()
    away = KafkaBus(lambda: Access("127.0.0.1:1, [::1]:1", "u", "p", "SASL_PLAINTEXT"))
    for act in (lambda: away.poll("delivery.x", "hub", 1), lambda: away.publish(record("delivery.x"))):
        with pytest.raises(BusUnavailable, match="no broker at any"):
            act()
    wrong = KafkaBus(lambda: access(kafka, "nobody", "wrong"))
    with pytest.raises(HubError, match=NOT_LET_IN):
        wrong.poll("delivery.x", "hub", 1)

    assert threading.active_count() == before
