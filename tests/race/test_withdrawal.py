"""INV-3: once ``withdraw`` has returned, nothing that relied on that consent leaves any more."""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.exchange import intake, relay
from tests import cms_builder as cms
from tests.fakes import FastClock
from tests.network import NOON, make
from tests.race.processes import hand_over, open_hub, withdraw_all
from tests.shapes import Shape

SOAK = bool(os.environ.get("HUB_SOAK"))
TRIES = 100_000 if SOAK else 5_000
CLIENTS = 200 if SOAK else 40
BOUND_S = 1_800 if SOAK else 150
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


@pytest.mark.parametrize("workers", [2])
def test_nothing_leaves_after_a_withdrawal_has_returned_inv_3(tmp_path: Path, shape: Shape, workers: int) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    relied_on = prepare(tmp_path, clock, shape)
    assert len(relied_on) == CLIENTS
    context = multiprocessing.get_context("spawn")
    until_s = time.monotonic() + BOUND_S
    racing = [context.Process(target=hand_over, args=(tmp_path, clock, n, until_s)) for n in range(workers)]
    for process in racing:
        process.start()
    logs = [tmp_path / f"left-{n}.log" for n in range(workers)]

    def tries() -> int:
        return sum(path.read_bytes().count(b"\n") for path in logs if path.exists())

    while tries() < TRIES // 10 and time.monotonic() < until_s:
        time.sleep(0.05)
    began_s, before = time.monotonic(), tries()
    time.sleep(0.5)
    rate = (tries() - before) / (time.monotonic() - began_s)
    pause_s = TRIES / max(rate, 1) / CLIENTS
    withdrawing = context.Process(target=withdraw_all, args=(tmp_path, clock, sorted(set(relied_on.values())), pause_s))
    withdrawing.start()
    withdrawing.join(BOUND_S)
    time.sleep(0.5)  # whoever would be late has time to be
    (tmp_path / "stop").touch()
    for process in racing:
        process.join(30)
    assert [process.exitcode for process in (*racing, withdrawing)] == [0] * (workers + 1)

    returned_at = {consent: at for at, consent in lines(tmp_path / "withdrawn.log")}
    left = [entry for path in logs for entry in lines(path)]
    late = [name for at, name in left if at > returned_at[relied_on[name]]]

    assert len(returned_at) == CLIENTS
    assert late == []
    assert len(left) >= TRIES * 0.5, f"only {len(left)} tries: the race was not run"


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
