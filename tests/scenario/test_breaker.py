"""A system that is away: it rests, its neighbours do not, and all goes on by itself when it is back."""

from __future__ import annotations

from datetime import timedelta

from hub.compose import compose
from hub.exchange.breaker import RESTS_AFTER
from hub.exchange.reach import NOTE_HOLDS, out_of_reach
from hub.exchange.retry import REST_LONGEST_S
from tests.fakes import SeededIds
from tests.network import Network, refer


def away(network: Network, agency: str) -> None:
    (network.dir / f"{agency}.sqlite").rename(network.dir / f"{agency}.away")


def back(network: Network, agency: str) -> None:
    (network.dir / f"{agency}.away").rename(network.dir / f"{agency}.sqlite")


def said(network: Network) -> list[str]:
    """What is out of reach, as any process can read it."""
    with network.hub.store.peek() as rows:
        return sorted(out_of_reach(rows, rows.directory.all().systems.values()))


def rests(network: Network, system: str) -> bool:
    found = network.directory().systems[system]
    return network.hub.connections.rests(found)


def until_it_rests(network: Network, system: str) -> None:
    for _ in range(RESTS_AFTER):
        network.hub.step()
    assert rests(network, system)


def test_a_system_that_is_away_rests_and_other_processes_are_told(network: Network) -> None:
    away(network, "lakeside")

    until_it_rests(network, "lakeside-cms")

    network.hub.step()
    assert said(network) == ["lakeside-cms"]
    assert not rests(network, "harbour-cms")


def test_while_it_rests_nothing_due_for_it_burns_a_try(network: Network) -> None:
    refer(network)
    away(network, "lakeside")
    until_it_rests(network, "lakeside-cms")
    network.run()
    with network.hub.store.peek() as rows:
        (before,) = rows.handovers.every(10, ended=False)

    for _ in range(20):
        network.hub.step()

    with network.hub.store.peek() as rows:
        assert rows.handovers.every(10, ended=False) == [before]


def test_what_came_while_it_was_away_is_delivered_once_when_it_is_back(network: Network) -> None:
    away(network, "lakeside")
    until_it_rests(network, "lakeside-cms")
    refer(network)
    network.run()
    back(network, "lakeside")

    network.clock.advance(timedelta(seconds=REST_LONGEST_S))
    network.run()

    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]
    assert said(network) == []
    assert not rests(network, "lakeside-cms")


def test_a_note_that_nobody_renews_says_nothing_any_more(network: Network) -> None:
    away(network, "lakeside")
    until_it_rests(network, "lakeside-cms")
    network.hub.step()

    network.clock.advance(NOTE_HOLDS)

    assert said(network) == []


def test_a_second_worker_that_cannot_reach_it_either_leaves_the_note_as_it_is(network: Network) -> None:
    away(network, "lakeside")
    until_it_rests(network, "lakeside-cms")
    network.hub.step()
    with network.hub.store.peek() as rows:
        before = out_of_reach(rows, rows.directory.all().systems.values())
    other = compose(network.hub.settings, clock=network.clock, ids=SeededIds(7))
    network.clock.advance(timedelta(minutes=1))

    other.step()

    with network.hub.store.peek() as rows:
        assert out_of_reach(rows, rows.directory.all().systems.values()) == before
    other.close()


def test_a_new_process_asks_anew_and_takes_back_what_it_can_reach(network: Network) -> None:
    away(network, "lakeside")
    until_it_rests(network, "lakeside-cms")
    network.hub.step()
    back(network, "lakeside")

    network.reopen()
    network.run()

    assert said(network) == []
