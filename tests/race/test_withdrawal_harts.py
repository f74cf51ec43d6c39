"""INV-3 where messages go in batches: who was withdrawn in time stands in no file, and the others of the batch go."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.contract import Commit, Parcel, Sent, Source
from adapters.mailbox import Folder
from hub.compose import Hub, compose
from hub.exchange import handover, intake, relay
from hub.exchange.house import Connections, House
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from hub.model.directory import System
from tests import cms_builder as cms
from tests.fakes import FastClock, SeededIds
from tests.mixed import Both, make_both
from tests.network import NOON
from tests.race.processes import open_hub

NAMES = ("Abayomi", "Bulatova", "Castellanos", "Demirci", "Eriksen", "Fofana")
WORKER = Actor("harbour-worker", "worker", "harbour")
SPEED = 20.0
BATCH, BATCHES = 6, 12
BOUND_S = 60


class Dead(BaseException):
    """The process ends here."""


@dataclass
class Watched:
    """Maple's source, with something that happens when it is reached for, and a commit that somebody else watches."""

    real: Source
    reached: Callable[[], object] = lambda: None
    committing: Callable[[], object] = lambda: None

    def reach(self) -> None:
        self.real.reach()
        self.reached()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        def watched() -> None:
            commit()
            self.committing()

        return self.real.send(parcels, watched)


@dataclass
class Instead:
    """Connections in which Maple's is watched."""

    real: Connections
    watched: Watched

    def source(self, system: System) -> Source:
        return cast(Source, self.watched) if system.id == "maple-harts" else self.real.source(system)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    made = make_both(tmp_path)
    yield made
    made.network.hub.close()


def refer(both: Both, names: Sequence[str]) -> None:
    """People of Harbour who are referred to Maple."""
    db = both.network.db("harbour")
    db.execute("BEGIN")
    for number, name in enumerate(names):
        client = cms.add_client(db, last_name=name, birth_date=f"{1950 + number % 50}-0{number % 9 + 1}-1{number % 7}")
        cms.add_consent(db, client, "maple")
        cms.add_referral(db, client, "maple", "language-training")
    db.execute("COMMIT")
    db.close()


def bring(hub: Hub) -> None:
    """Let everything arrive, and hand nothing over."""
    with hub.store.peek() as rows:
        directory = rows.directory.all()
    while intake.step(hub.house, directory.systems["harbour-cms"]):
        pass
    while relay.publish(hub.house) or relay.arrive(hub.house, directory.agencies["maple"].topic):
        pass


def maple(hub: Hub) -> System:
    with hub.store.peek() as rows:
        return rows.directory.all().systems["maple-harts"]


def withdraw(hub: Hub, row: int, *, waiting: Callable[[], object]) -> None:
    """The consent of one of Harbour's clients ends; returns when nothing that relies on it can leave."""
    with hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{row}")
    assert filed is not None
    drain = withdraw_consent(hub.house, filed[0].consent_id, WORKER, said_at=hub.house.clock.now(), how="TELEPHONE")
    while drain.step() is None:
        waiting()


def watched(hub: Hub, system: System, **hooks: Any) -> House:
    real = hub.connections.source(system)
    return replace(hub.house, connections=cast(Connections, Instead(hub.connections, Watched(real, **hooks))))


def surnames(both: Both) -> list[str]:
    return [line["surname"] for line in both.lines("CL")]


def ends(both: Both) -> tuple[set[str], int]:
    """How messages ended, and how many were delivered. What was refused may have been judged more than once."""
    states = both.network.states()
    return set(states), states.get("delivered", 0)


def test_who_is_withdrawn_between_prepare_and_open_stands_in_no_file_and_the_others_go(both: Both) -> None:
    refer(both, NAMES)
    hub = both.network.hub
    bring(hub)
    once: list[int] = []

    def withdrawn_now() -> None:
        if not once:
            once.append(1)
            withdraw(hub, 3, waiting=lambda: both.network.clock.advance(timedelta(seconds=1)))

    system = maple(hub)
    handover.step(watched(hub, system, reached=withdrawn_now), system)

    assert once
    assert sorted(surnames(both)) == [name for name in NAMES if name != NAMES[2]]
    both.run()
    assert sorted(surnames(both)) == [name for name in NAMES if name != NAMES[2]]
    assert ends(both) == ({"delivered", "refused"}, len(NAMES) - 1)


def test_who_is_withdrawn_after_a_crash_before_the_rename_stands_in_no_file_and_the_others_go(both: Both) -> None:
    refer(both, NAMES)
    bring(both.network.hub)
    system = maple(both.network.hub)

    def die() -> None:
        raise Dead

    with pytest.raises(Dead):
        handover.step(watched(both.network.hub, system, committing=die), system)
    spool = both.site.to_harts / ".spool"
    half = b"".join(path.read_bytes() for path in spool.glob("*.DAT"))
    both.network.hub.close()
    both.network.hub = compose(both.network.hub.settings, clock=both.network.clock, ids=SeededIds(5))

    withdraw(both.network.hub, 3, waiting=lambda: both.network.clock.advance(timedelta(seconds=1)))
    both.run()

    assert all(name.encode() in half for name in NAMES), "all stood in the file that never was"
    assert sorted(surnames(both)) == [name for name in NAMES if name != NAMES[2]]
    assert [batch.header.seq for batch in both.site.received()] == [1], "the number was free again"
    assert list(spool.glob("*.DAT")) == []
    assert ends(both) == ({"delivered", "refused"}, len(NAMES) - 1)


def test_after_a_crash_in_which_all_were_withdrawn_nothing_of_them_stays_in_the_spool(both: Both) -> None:
    refer(both, NAMES[:1])
    bring(both.network.hub)
    system = maple(both.network.hub)

    def die() -> None:
        raise Dead

    with pytest.raises(Dead):
        handover.step(watched(both.network.hub, system, committing=die), system)
    withdraw(both.network.hub, 1, waiting=lambda: both.network.clock.advance(timedelta(seconds=1)))
    both.run()

    kept = b"".join(path.read_bytes() for path in (both.site.to_harts / ".spool").iterdir())
    assert NAMES[0].encode() not in kept
    assert both.site.received() == []
    assert ends(both) == ({"refused"}, 0)


def name_of(number: int) -> str:
    return f"Race{'bcdfghjklm'[number // 10]}a{'npqrstvwxz'[number % 10]}o"


def test_nothing_stands_in_a_file_that_was_renamed_after_its_withdrawal_had_returned_inv_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = make_both(tmp_path)
    everybody = [name_of(number) for number in range(BATCH * BATCHES)]
    refer(both, everybody)
    both.network.hub.close()
    clock = FastClock(SPEED, NOON, time.monotonic())
    hub = open_hub(tmp_path, clock)
    bring(hub)
    began: dict[str, int] = {}
    returned: dict[str, int] = {}
    errors: list[BaseException] = []
    show = Folder.show

    def timed(self: Folder, name: str) -> None:
        began[name] = time.monotonic_ns()
        show(self, name)

    monkeypatch.setattr(Folder, "show", timed)
    card = hub.house.adapters["harts"]
    small = replace(hub.house, adapters={**hub.house.adapters, "harts": replace(card, batch_max=BATCH)})
    stop = threading.Event()

    def work() -> None:
        system = maple(hub)
        dice = random.Random(1)
        try:
            while not stop.is_set():
                if not handover.step(small, system):
                    time.sleep(0.002)
                time.sleep(dice.random() * 0.004)
        except BaseException as error:
            errors.append(error)
            raise

    worker = threading.Thread(target=work)
    other = open_hub(tmp_path, clock)
    worker.start()
    try:
        for number in reversed(range(0, len(everybody), 2)):  # the worker comes from the other end
            withdraw(other, number + 1, waiting=lambda: time.sleep(0.001))
            returned[everybody[number]] = time.monotonic_ns()
        settled_by = time.monotonic() + BOUND_S
        while time.monotonic() < settled_by and set(states(hub)) - {"delivered", "refused"}:
            time.sleep(0.02)
    finally:
        stop.set()
        worker.join(BOUND_S)
    ended = states(hub)
    hub.close()
    other.close()

    left = {line.fields["surname"]: batch.name for batch, line in lines(both)}
    late = [name for name, at in returned.items() if name in left and began[left[name]] > at]
    assert errors == []
    assert late == []
    assert set(ended) == {"delivered", "refused"}, ended
    assert len(left) == ended["delivered"] == len(set(left))
    assert set(everybody[1::2]) <= set(left), "who was not withdrawn went, whatever happened to the batch"


def states(hub: Hub) -> dict[str, int]:
    with hub.store.peek() as rows:
        return rows.inbox.count_by_state()


def lines(both: Both) -> list[tuple[Any, Any]]:
    return [(batch, client.line) for batch in both.site.received() for client in batch.clients()]
