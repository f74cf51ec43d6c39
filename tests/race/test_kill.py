"""INV-5: SIGKILL at any moment, and every accepted message still ends exactly once; the log is whole."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.audit.verify import verify_export
from hub.compose import Hub
from hub.exchange.withdraw import Drain, withdraw_consent
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests.fakes import FastClock
from tests.network import NOON, Network, make
from tests.race.processes import open_hub, work
from tests.shapes import Shape

SOAK = bool(os.environ.get("HUB_SOAK"))
KILLS = 100 if SOAK else 10
MESSAGES = 3_000 if SOAK else 200
BOUND_S = 3_000 if SOAK else 240
SPEED = 20.0
WITHDRAWN = 10  # consents that are withdrawn while the killing goes on


def fill(folder: Path, first: int, count: int) -> None:
    """Clients of Harbour: four of five with a consent; every tenth record cannot be read."""
    db = cms.connect(folder / "harbour.sqlite")
    db.execute("BEGIN")
    for number in range(first, first + count):
        one, ten, hundred = "bcdfghjklm"[number % 10], "npqrstvwxz"[number // 10 % 10], number // 100 % 10
        names = {"first_name": f"E{one}a{ten}o{'bcdfghjklm'[hundred]}"}  # no two spellings of one name
        client = cms.add_client(
            db, last_name=f"Ok{'aeiou'[number % 5]}r", birth_date=f"{1950 + number % 50}-0{number % 9 + 1}-11", **names
        )
        if number % 5:
            cms.add_consent(db, client)
        bad = {"reason_code": "no-such-code"} if number % 10 == 7 else {}
        cms.add_referral(db, client, **bad)
    db.execute("COMMIT")
    db.close()


def settle(hub: Hub, bound_s: float) -> None:
    """Let the hub finish: until nothing has moved for a whole lease."""
    quiet_since, until = time.monotonic(), time.monotonic() + bound_s
    while time.monotonic() - quiet_since < 15.0 / SPEED and time.monotonic() < until:
        if hub.step():
            quiet_since = time.monotonic()
        else:
            time.sleep(0.01)


def test_every_accepted_message_ends_exactly_once_whatever_is_killed_inv_5(tmp_path: Path, shape: Shape) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    make(tmp_path, at=NOON, shape=shape).hub.close()
    context = multiprocessing.get_context("spawn")
    until_s = time.monotonic() + BOUND_S
    dice = random.Random(5)
    late: list[str] = []
    for kill in range(KILLS):
        fill(tmp_path, kill * (MESSAGES // KILLS), MESSAGES // KILLS)
        process = context.Process(target=work, args=(tmp_path, clock))
        process.start()
        time.sleep(0.8 + dice.random() * 1.2)  # the first part of it is the interpreter's start
        assert process.pid is not None
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        if kill < WITHDRAWN:
            late += withdraw_one(tmp_path, clock, kill)
        assert time.monotonic() < until_s
    hub = open_hub(tmp_path, clock)
    settle(hub, until_s - time.monotonic())

    network = Network(tmp_path, hub, clock)  # type: ignore[arg-type]
    states = network.states()
    arrived = Counter(row["message_id"] for row in network.inbox("lakeside"))
    with hub.store.peek() as rows:
        delivered = {row.envelope_id for row in rows.handovers.get(arrived).values() if row.state.value == "delivered"}
        stored = rows.decisions.stored(100_000)

    assert set(states) <= {"delivered", "refused", "returned"}, states
    assert set(arrived.values()) == {1}
    assert states["delivered"] == len(delivered)
    assert set(arrived) - delivered <= set(late), (
        "a message that arrived and did not end as delivered was listed as unknown"
    )
    assert all(decide(read_facts(facts)) == read_decision(answer) for _, facts, answer in stored)
    while hub.log.step():
        pass
    note = hub.log.checkpoint()
    hub.log.export(tmp_path / "export")
    report = verify_export(tmp_path / "export", key=(hub.settings.keys / "hub.pub").read_text(), checkpoint=note)
    hub.close()
    assert report.ok, report


def withdraw_one(folder: Path, clock: FastClock, number: int) -> list[str]:
    """Withdraw a consent right after a kill; return what the receipt lists as unknown."""
    hub = open_hub(folder, clock)
    with hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{number + 1}")
    unknown: list[str] = []
    if filed is not None:
        actor = Actor("harbour-worker", "worker", "harbour")
        drain: Drain = withdraw_consent(hub.house, filed[0].consent_id, actor, said_at=clock.now(), how="TELEPHONE")
        while (receipt := drain.step()) is None:
            time.sleep(0.005)
        unknown = list(receipt.unknown)
    hub.close()
    return unknown
