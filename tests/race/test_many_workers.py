"""Several whole hubs on one store at once: they share the work, are in nobody's way, and every message ends once."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.compose import Hub
from tests import cms_builder as cms
from tests.fakes import FastClock
from tests.kafka_network import DRIVER_WARNS, make_on_kafka
from tests.network import NOON, Network, make
from tests.race.processes import open_hub, work
from tests.race.test_kill import fill, settle, withdraw_one
from tests.services.kafka import Kafka
from tests.services.postgres import PostgresAt
from tests.shapes import Shape

SOAK = bool(os.environ.get("HUB_SOAK"))
WORKERS = 6 if SOAK else 3
MESSAGES = 1_000 if SOAK else 60
ANSWERS = 200 if SOAK else 12
KILLS = 20 if SOAK else 2
BOUND_S = 1_800 if SOAK else 120
SPEED = 5.0  # slow enough that who reads a source keeps its lease while others want the processor too
ENDS = {"delivered", "refused", "returned"}


def test_many_hubs_on_one_store_end_every_message_once_and_tell_of_no_fault_inv_5(tmp_path: Path, shape: Shape) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    make(tmp_path, at=NOON, shape=shape).hub.close()

    told = race(tmp_path, clock, lambda _: None)

    assert set(told) <= {"Unavailable", "BusUnavailable"}, told


@DRIVER_WARNS
def test_many_hubs_and_a_broker_that_is_killed_among_them_inv_5(
    tmp_path: Path, hub_url: str, postgres: PostgresAt, own_kafka: Kafka
) -> None:
    """Workers come and go, the broker is killed and started again: each group is shared anew, nothing is lost by it."""
    clock = FastClock(SPEED, NOON, time.monotonic())
    make_on_kafka(tmp_path, own_kafka, shape=Shape("postgresql", hub_url, postgres, own_kafka)).hub.close()

    def fault(number: int) -> None:
        if number % 2 == 0:
            own_kafka.kill()
            own_kafka.start_again()

    told = race(tmp_path, clock, fault)

    assert set(told) <= {"Unavailable", "BusUnavailable"}, told


def race(folder: Path, clock: FastClock, fault: Callable[[int], None]) -> Counter[str]:
    """Several hubs on one folder; one after the other is killed. Returns what they told of, by kind of error.

    Args:
        fault: called after each kill, with its number; it may do more.
    """
    fill(folder, 0, MESSAGES)
    context = multiprocessing.get_context("spawn")

    def start(number: int) -> multiprocessing.context.SpawnProcess:
        process = context.Process(target=work, args=(folder, clock, f"told-{number}.log"))
        process.start()
        return process

    until_s, dice = time.monotonic() + BOUND_S, random.Random(5)
    working = [start(number) for number in range(WORKERS)]
    hub = open_hub(folder, clock)
    answered: set[str] = set()
    for kill in range(KILLS):
        time.sleep(2 + dice.random())
        number = dice.randrange(WORKERS)
        working[number].kill()
        working[number].join()
        fault(kill)
        withdraw_one(folder, clock, kill)
        working[number] = start(number)
    while time.monotonic() < until_s and not finished(hub, answered):
        answer(Network(folder, hub, clock), answered)  # type: ignore[arg-type]
        time.sleep(0.5)
    (folder / "stop").touch()
    for process in working:
        process.join(30)
    assert [process.exitcode for process in working] == [0] * WORKERS
    settle(hub, max(until_s - time.monotonic(), 1.0))
    ended_well(Network(folder, hub, clock))  # type: ignore[arg-type]
    hub.close()
    return Counter(line.split(": ")[1] for path in folder.glob("told-*.log") for line in path.read_text().splitlines())


def ended_well(network: Network) -> None:
    """Every message has ended, once; every decision can be made again from its facts; the log verifies."""
    with network.hub.store.peek() as rows:
        stored = rows.decisions.stored(100_000)
    assert set(network.states()) <= ENDS
    for agency in ("harbour", "lakeside"):
        assert set(Counter(row["message_id"] for row in network.inbox(agency)).values()) == {1}
    assert all(decide(read_facts(facts)) == read_decision(given) for _, facts, given in stored)
    assert network.verifies()


def finished(hub: Hub, answered: set[str]) -> bool:
    with hub.store.peek() as rows:
        states = rows.inbox.count_by_state()
    return len(answered) == ANSWERS and set(states) <= ENDS and sum(states.values()) >= MESSAGES * 0.9 + ANSWERS


def answer(network: Network, answered: set[str]) -> None:
    """Lakeside answers what has come; so both ends of a referral speak at the same time."""
    db = network.db("lakeside")
    for row in network.inbox("lakeside", "referral"):
        number = row["hub_referral_no"]
        if number not in answered and len(answered) < ANSWERS:
            answered.add(number)
            cms.answer(db, number, "ACCEPTED")
    db.close()
