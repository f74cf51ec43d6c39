"""The kill switch: once ``suspend`` has returned, nothing that it stops leaves any more, from whatever process."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from hub.exchange.withdraw import resume, suspend
from hub.model.audit import Actor
from tests.fakes import FastClock
from tests.network import NOON
from tests.race.processes import hand_over, open_hub
from tests.race.test_withdrawal import CLIENTS, SPEED, lines, prepare
from tests.shapes import Shape

WORKERS = 4 if os.environ.get("HUB_SOAK") else 2
BEFORE = 20_000 if os.environ.get("HUB_SOAK") else 300  # things that left before the switch, so that the race is on
BOUND_S = 120
ADMIN = Actor("admin", "administrator", "hub")


@pytest.mark.parametrize(
    ("what", "name"),
    [("all", ""), ("agency", "harbour"), ("system", "lakeside-cms"), ("agreement", "harbour-lakeside")],
)
def test_nothing_leaves_after_the_switch_has_returned(tmp_path: Path, shape: Shape, what: str, name: str) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    relied_on = prepare(tmp_path, clock, shape)
    context = multiprocessing.get_context("spawn")
    until_s = time.monotonic() + BOUND_S
    racing = [context.Process(target=hand_over, args=(tmp_path, clock, n, until_s)) for n in range(WORKERS)]
    for process in racing:
        process.start()
    logs = [tmp_path / f"left-{n}.log" for n in range(WORKERS)]
    hub = open_hub(tmp_path, clock)

    def left() -> list[tuple[int, str]]:
        return [entry for path in logs if path.exists() for entry in lines(path)]

    while len(left()) < BEFORE and time.monotonic() < until_s:
        time.sleep(0.02)
    drain = suspend(hub.house, what, name, ADMIN)
    while (receipt := drain.step()) is None:
        time.sleep(0.001)
    returned_at = time.monotonic_ns()
    time.sleep(1.0)  # two leases would begin and end in it
    (tmp_path / "stop").touch()
    for process in racing:
        process.join(30)
    resume(hub.house, what, name, ADMIN)
    hub.close()

    sent = left()
    assert [process.exitcode for process in racing] == [0] * WORKERS
    assert len(sent) >= BEFORE * 0.9, "the race was not run"
    assert [envelope_id for at, envelope_id in sent if at > returned_at] == []
    assert {*receipt.arrived, *receipt.not_arrived, *receipt.unknown} == set(relied_on)
    assert len(relied_on) == CLIENTS
