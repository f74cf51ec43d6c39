"""Several whole hubs on one store at once: they share the work, are in nobody's way, and every message ends once."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from pathlib import Path

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.compose import Hub
from tests import cms_builder as cms
from tests.fakes import FastClock
from tests.network import NOON, Network, make
from tests.race.processes import open_hub, work
from tests.race.test_kill import fill, settle, withdraw_one
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
    fill(tmp_path, 0, MESSAGES)
    context = multiprocessing.get_context("spawn")

    def start(number: int) -> multiprocessing.context.SpawnProcess:
        process = context.Process(target=work, args=(tmp_path, clock, f"told-{number}.log"))
        process.start()
        return process

    until_s, dice = time.monotonic() + BOUND_S, random.Random(5)
    working = [start(number) for number in range(WORKERS)]
    hub = open_hub(tmp_path, clock)
    answered: set[str] = set()
    for kill in range(KILLS):
        time.sleep(2 + dice.random())
        number = dice.randrange(WORKERS)
        working[number].kill()
        working[number].join()
        withdraw_one(tmp_path, clock, kill)
        working[number] = start(number)
    while time.monotonic() < until_s and not finished(hub, answered):
        answer(Network(tmp_path, hub, clock), answered)  # type: ignore[arg-type]
        time.sleep(0.5)
    (tmp_path / "stop").touch()
    for process in working:
        process.join(30)
    assert [process.exitcode for process in working] == [0] * WORKERS
    settle(hub, max(until_s - time.monotonic(), 1.0))

    network = Network(tmp_path, hub, clock)  # type: ignore[arg-type]
    with hub.store.peek() as rows:
        stored = rows.decisions.stored(100_000)
    told = Counter(
        line.split(": ")[1] for path in tmp_path.glob("told-*.log") for line in path.read_text().splitlines()
    )
    assert set(network.states()) <= ENDS
    for agency in ("harbour", "lakeside"):
        assert set(Counter(row["message_id"] for row in network.inbox(agency)).values()) == {1}
    assert set(told) <= {"Unavailable", "BusUnavailable"}, told
    assert all(decide(read_facts(facts)) == read_decision(given) for _, facts, given in stored)
    assert network.verifies()
    hub.close()


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
