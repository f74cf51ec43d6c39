"""INV-3: once ``withdraw`` has returned, nothing that relied on that consent leaves any more."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hub.exchange import intake, relay
from tests import cms_builder as cms
from tests.fakes import FastClock
from tests.network import NOON, make
from tests.race.processes import hand_over, hand_over_without, open_hub, withdraw_all, withdraw_without
from tests.shapes import Shape

SOAK = bool(os.environ.get("HUB_SOAK"))
TRIES = {"sqlite": 100_000, "postgresql": 100_000} if SOAK else {"sqlite": 5_000, "postgresql": 2_000}
MUTANT_TRIES = 500  # with no locks, several of forty withdrawals are too late
CLIENTS = 200 if SOAK else 40
BOUND_S = 3_600 if SOAK else 150
SPEED = 20.0  # a lease of 10 s is over in half a second


def prepare(folder: Path, clock: FastClock, shape: Shape) -> dict[str, str]:
    """Messages that have arrived and wait to be handed over: consent id by envelope id."""
    make(folder, at=NOON, shape=shape).hub.close()
    db = cms.connect(folder / "harbour.sqlite")
    db.execute("BEGIN")
    for number in range(CLIENTS):
        born = date(1950, 1, 1) + timedelta(days=37 * number)  # no two people alike
        client = cms.add_client(db, birth_date=born.isoformat())
        cms.add_identifier(db, client)
        cms.add_consent(db, client)
        cms.add_referral(db, client)
    db.execute("COMMIT")
    db.close()
    hub = open_hub(folder, clock)
    with hub.store.peek() as rows:
        directory = rows.directory.all()
    while intake.step(hub.house, directory.systems["harbour-cms"]):
        pass
    while relay.publish(hub.house) or relay.arrive(hub.house, directory.agencies["lakeside"].topic):
        pass
    with hub.store.peek() as rows:
        due = rows.handovers.due("lakeside-cms", clock.now(), CLIENTS)
        found = {}
        for row in due:
            assert row.subject_ref is not None
            (consent,) = rows.subjects.facts([row.subject_ref])[row.subject_ref].consents
            found[row.envelope_id] = consent.consent_id
    hub.close()
    return found


def lines(path: Path) -> list[tuple[int, str]]:
    return [(int(at), name) for at, name in (line.split() for line in path.read_text().splitlines())]


@dataclass(frozen=True, slots=True)
class Raced:
    """How often something left, and which messages left after their withdrawal had returned."""

    tries: int
    withdrawn: int
    late: list[str]


def race(folder: Path, shape: Shape, tries: int, *, workers: int = 2, without: str = "") -> Raced:
    """Workers hand over while one consent after the other is withdrawn.

    Args:
        without: a mistake that all of them have.
    """
    clock = FastClock(SPEED, NOON, time.monotonic())
    relied_on = prepare(folder, clock, shape)
    assert len(relied_on) == CLIENTS
    context = multiprocessing.get_context("spawn")
    until_s = time.monotonic() + BOUND_S
    racing = [
        context.Process(target=hand_over_without, args=(without, folder, clock, n, until_s)) for n in range(workers)
    ]
    for process in racing:
        process.start()
    logs = [folder / f"left-{n}.log" for n in range(workers)]

    def left() -> int:
        return sum(path.read_bytes().count(b"\n") for path in logs if path.exists())

    while left() < tries // 10 and time.monotonic() < until_s:
        time.sleep(0.05)
    began_s, before = time.monotonic(), left()
    time.sleep(0.5)
    rate = (left() - before) / (time.monotonic() - began_s)
    pause_s = tries / max(rate, 1) / CLIENTS
    consents = sorted(set(relied_on.values()))
    withdrawing = context.Process(target=withdraw_without, args=(without, folder, clock, consents, pause_s))
    withdrawing.start()
    withdrawing.join(BOUND_S)
    time.sleep(0.5)  # whoever would be late has time to be
    (folder / "stop").touch()
    for process in racing:
        process.join(30)
    if not without:  # with a mistake they may be in each other's way for good
        assert [process.exitcode for process in (*racing, withdrawing)] == [0] * (workers + 1)
    returned_at = {consent: at for at, consent in lines(folder / "withdrawn.log")}
    sent = [entry for path in logs for entry in lines(path)]
    late = [name for at, name in sent if relied_on[name] in returned_at and at > returned_at[relied_on[name]]]
    return Raced(len(sent), len(returned_at), late)


def test_nothing_leaves_after_a_withdrawal_has_returned_inv_3(tmp_path: Path, shape: Shape) -> None:
    tries = TRIES[shape.name]

    raced = race(tmp_path, shape, tries)

    assert raced.withdrawn == CLIENTS
    assert raced.late == []
    assert raced.tries >= tries * 0.5, f"only {raced.tries} tries: the race was not run"


def test_the_race_finds_a_store_that_takes_no_locks(tmp_path: Path, hub_url: str) -> None:
    """What the test above would not find, it would not have shown to be absent."""
    raced = race(tmp_path, Shape("postgresql", hub_url), MUTANT_TRIES, without="locks")

    assert raced.late, "nothing left late, though nothing was locked"


def test_every_raced_message_is_refused_in_the_end_and_none_was_lost(tmp_path: Path, shape: Shape) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    relied_on = prepare(tmp_path, clock, shape)
    withdraw_all(tmp_path, clock, sorted(set(relied_on.values())), 0.0)

    alone = multiprocessing.get_context("spawn").Process(
        target=hand_over, args=(tmp_path, clock, 0, time.monotonic() + 20)
    )
    alone.start()
    alone.join(60)
    assert alone.exitcode == 0

    hub = open_hub(tmp_path, clock)
    with hub.store.peek() as rows:
        states = rows.inbox.count_by_state()
    hub.close()
    assert states == {"refused": CLIENTS}
    assert (tmp_path / "left-0.log").read_text() == ""
