"""What becomes of messages when Kafka stops, is killed or loses all it had: each ends once (INV-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import BusUnavailable, HubError
from hub.exchange import relay
from tests.kafka_network import make_on_kafka, provision, topic
from tests.network import Network, refer
from tests.scenario.test_kafka_bus import alarms, intake_all
from tests.services.kafka import Kafka
from tests.unit.commands.conftest import Desk

TURNS_MAX = 30


@pytest.fixture
def broker(module_kafka: Kafka) -> Kafka:
    """The one of this file. It runs, whatever the test before has done to it."""
    if not module_kafka._server.running():
        module_kafka.start_again()
    return module_kafka


class Told(list[tuple[str, HubError]]):
    """What the hub could not do."""

    def kinds(self) -> set[str]:
        return {type(error).__name__ for place, error in self if place == "bus"}


@pytest.fixture
def network(tmp_path: Path, broker: Kafka) -> Iterator[Network]:
    made = make_on_kafka(tmp_path, broker)
    yield made
    made.hub.close()


@pytest.fixture
def told(network: Network) -> Told:
    told = Told()
    network.hub.exchange._report = lambda place, error: told.append((place, error))
    return told


def until_delivered(network: Network, count: int) -> None:
    """The hub goes on by itself; time passes between its turns, as it does."""
    for _ in range(TURNS_MAX):
        network.run()
        if network.states().get("delivered") == count:
            return
        network.clock.advance(timedelta(seconds=10))
    raise AssertionError(network.states())


def ends_once(network: Network, count: int) -> None:
    until_delivered(network, count)
    network.run()
    assert network.states() == {"delivered": count}
    assert len(network.inbox("lakeside", "referral")) == count
    assert alarms(network) == []
    assert network.verifies()


def published(network: Network) -> None:
    """A message is on the bus, and has not been seen there."""
    refer(network)
    intake_all(network)
    relay.publish(network.hub.house)
    with network.hub.store.peek() as rows:
        assert [row.state for row in rows.handovers.every(9, ended=False)] == ["published"]


def test_a_broker_that_stops_and_starts(network: Network, broker: Kafka, told: Told) -> None:
    refer(network)
    network.run()
    broker.stop()
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    network.run()

    assert network.states() == {"delivered": 1, "released": 1}
    assert told.kinds() == {"BusUnavailable"}
    broker.start_again()
    ends_once(network, 2)


def test_what_has_arrived_is_handed_over_while_the_broker_is_away(network: Network, broker: Kafka, told: Told) -> None:
    published(network)
    relay.arrive(network.hub.house, topic(network, "lakeside"))
    broker.kill()

    network.run()

    assert network.states() == {"delivered": 1}
    assert told.kinds() == {"BusUnavailable"}


def test_a_broker_that_is_killed_with_a_message_on_it(network: Network, broker: Kafka, told: Told) -> None:
    published(network)
    broker.kill()
    network.run()
    broker.start_again()

    ends_once(network, 1)


def test_a_broker_that_is_killed_between_mark_and_offset(
    network: Network, broker: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(network)
    bus = network.hub.house.bus
    commit = bus.commit

    def killed(*parts: object) -> None:
        broker.kill()
        commit(*parts)

    monkeypatch.setattr(bus, "commit", killed)
    with pytest.raises(BusUnavailable):
        relay.arrive(network.hub.house, topic(network, "lakeside"))
    monkeypatch.undo()
    broker.start_again()

    ends_once(network, 1)


def test_a_hub_starts_without_its_broker_and_goes_on_by_itself_when_it_comes(network: Network, broker: Kafka) -> None:
    network.hub.close()
    broker.stop()
    network.reopen()
    told = Told()
    network.hub.exchange._report = lambda place, error: told.append((place, error))
    refer(network)
    network.run()
    desk = Desk(network.dir / "hub", network.clock, [])
    findings = {row["place"]: row for row in desk.json("doctor", code=1)["findings"]}

    assert told.kinds() == {"BusUnavailable"}
    assert not findings["bus"]["ok"]
    assert "it is tried again by itself" in findings["bus"]["next_step"]
    assert "kafka" in desk.refused("bus", "status", code=4).lower()
    broker.start_again()
    ends_once(network, 1)


def test_a_broker_that_was_wiped_gets_again_what_had_not_arrived(network: Network, broker: Kafka, told: Told) -> None:
    refer(network, birth_date="1984-02-03", last_name="Neighbour")
    network.run()
    published(network)
    broker.stop()
    broker.wipe()
    broker.start_again()
    network.run()

    assert told.kinds() <= {"Refused", "BusUnavailable"}
    assert any("hub bus provision" in str(error) for _, error in told)
    done = provision(network)
    assert len(done["topics"]) == 2
    assert done["passwords"] == [], "everybody keeps the password that they have"
    ends_once(network, 2)
