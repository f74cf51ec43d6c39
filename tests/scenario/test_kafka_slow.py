"""What becomes of messages when Kafka is slow, hangs or is cut off: each ends once (INV-5)."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.bus.kafka import KafkaBus
from hub.errors import BusUnavailable
from hub.exchange import relay
from hub.outside import kafka_access
from tests.kafka_network import make_on_kafka, topic
from tests.network import Network, refer
from tests.scenario.test_kafka_bus import intake_all, second_worker
from tests.scenario.test_kafka_faults import Told, ends_once, published
from tests.services.kafka import Kafka
from tests.services.plugin import own
from tests.services.proxy import Proxy


@pytest.fixture(scope="module")
def line() -> Iterator[Proxy]:
    with Proxy() as made:
        yield made


@pytest.fixture(scope="module")
def broker(line: Proxy) -> Iterator[Kafka]:
    """The one of this file. The hub comes to it through the proxy alone."""
    for made in own("kafka", lambda: Kafka(settings=line.advertised())):
        line.target, made.bootstrap = made.bootstrap, line.address
        yield made


@pytest.fixture
def proxy(line: Proxy) -> Proxy:
    line.mend()
    return line


@pytest.fixture
def network(tmp_path: Path, broker: Kafka, proxy: Proxy) -> Iterator[Network]:
    made = make_on_kafka(tmp_path, broker)
    yield made
    proxy.mend()
    made.hub.close()
    with warnings.catch_warnings():  # the driver leaves the socket of a connection that hung to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def told(network: Network) -> Told:
    told = Told()
    network.hub.exchange._report = lambda place, error: told.append((place, error))
    return told


def test_a_slow_broker_is_slow_and_nothing_else(network: Network, proxy: Proxy, told: Told) -> None:
    proxy.delay_s = 0.05
    refer(network)

    ends_once(network, 1)


def test_a_broker_that_hangs_is_given_up_and_taken_up_again(network: Network, proxy: Proxy, told: Told) -> None:
    refer(network)
    network.run()
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    proxy.keep("questions", "answers")
    network.run()

    assert network.states() == {"delivered": 1, "released": 1}
    assert "BusUnavailable" in told.kinds()
    proxy.mend()
    ends_once(network, 2)


def test_an_answer_that_is_lost_leaves_a_message_that_is_published_twice_and_delivered_once(
    network: Network, proxy: Proxy
) -> None:
    """The outcome is unknown: the broker has the record, and its word for it never came."""
    refer(network)
    network.run()
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    intake_all(network)
    proxy.keep("answers")
    with pytest.raises(BusUnavailable):
        relay.publish(network.hub.house)
    assert network.states() == {"delivered": 1, "released": 1}
    proxy.mend()

    ends_once(network, 2)

    bus = KafkaBus(lambda: kafka_access(network.hub.settings, admin=True))
    names = [each.headers["ce_id"] for each in bus.poll(topic(network, "lakeside"), "look", 100)]
    bus.close()
    assert len(set(names)) == 2
    assert len(names) > 2, "it was there already"


def test_connections_that_are_cut_again_and_again(network: Network, proxy: Proxy, told: Told) -> None:
    for number in range(2):
        refer(network, birth_date=f"198{number}-02-03", last_name=f"Neighbour{number}")
        intake_all(network)
        proxy.cut()
        network.run()
        proxy.mend()
        network.hub.step()

    ends_once(network, 2)


def test_two_workers_one_of_which_is_cut_off_with_records_in_its_hands(network: Network, proxy: Proxy) -> None:
    other = second_worker(network)
    published(network)
    name = topic(network, "lakeside")
    (held,) = other.house.bus.poll(name, relay.GROUP, 9)
    ends_once(network, 1)
    proxy.cut()
    with pytest.raises(BusUnavailable):
        other.house.bus.commit(name, relay.GROUP, held.offset)
    proxy.mend()
    refer(network, birth_date="1984-02-03", last_name="Neighbour")

    other.step()
    other.close()
    ends_once(network, 2)
