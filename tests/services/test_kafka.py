"""A Kafka broker for tests. What a client sees of it is shown where the package has one (``kafka-python``)."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.services.kafka import Kafka, KafkaAt, scram


def is_open(broker: KafkaAt) -> bool:
    host, port = broker.bootstrap.split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def test_a_broker_stops_is_killed_and_is_there_again_at_its_address(own_kafka: Kafka) -> None:
    address = own_kafka.bootstrap
    assert is_open(own_kafka)

    own_kafka.stop()
    assert not is_open(own_kafka)
    assert is_open(own_kafka.start_again())
    own_kafka.kill()
    assert not is_open(own_kafka)
    assert is_open(own_kafka.start_again())
    own_kafka.stop()
    own_kafka.wipe()
    assert is_open(own_kafka.start_again())

    assert own_kafka.bootstrap == address


def test_the_broker_of_the_run_tells_a_client_all_it_needs(kafka: KafkaAt) -> None:
    settings = kafka.client()

    assert settings["bootstrap_servers"] == kafka.bootstrap
    assert is_open(kafka)
    assert kafka.client("edge", "a-password") | {"sasl_plain_username": "edge"} == kafka.client("edge", "a-password")


def test_a_broker_that_is_named_without_a_user_lets_in_anybody() -> None:
    named = KafkaAt.named({"HUB_TEST_KAFKA": "127.0.0.1:9092"})

    assert named
    assert named.client() == {"bootstrap_servers": "127.0.0.1:9092", "security_protocol": "PLAINTEXT"}


def test_a_broker_that_is_named_with_a_user_is_entered_as_that_one() -> None:
    named = KafkaAt.named(
        {"HUB_TEST_KAFKA": "h:1", "HUB_TEST_KAFKA_USER": "root-of-all", "HUB_TEST_KAFKA_PASSWORD": "x"}
    )

    assert named
    assert (named.client()["sasl_plain_username"], named.client()["sasl_plain_password"]) == ("root-of-all", "x")


def test_what_the_format_is_told_of_a_user_does_not_hold_the_password() -> None:
    assert "a-password" not in scram("edge", "a-password")
    assert scram("edge", "a-password") != scram("edge", "a-password")  # salted


def test_image_and_jars_are_of_one_version() -> None:
    from tests.services.kafka import IMAGE

    pom = (Path(__file__).with_name("pom.xml")).read_text(encoding="utf-8")
    assert f"<kafka.version>{IMAGE.split(':')[1]}</kafka.version>" in pom
