"""A backup while the hub works; a backup and a restore that are killed: whole, or not there (INV-3, INV-8)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub import backup as making
from hub import restore as bringing
from hub.audit.log import AuditLog
from hub.backup import back_up, judge, read_backup
from hub.compose import Hub, bring_up_to_date, compose, open_keys
from hub.desk.who import Who
from hub.errors import HubError, IntegrityBroken, Refused, Unavailable
from hub.exchange import intake
from hub.exchange.withdraw import withdraw_consent
from hub.ids import RandomIds
from hub.model.audit import Actor
from hub.restore import Request, restore
from hub.settings import Settings, read_settings
from hub.store import tables as t
from hub.store.dump import Restoring
from tests.fakes import FastClock, SeededIds, StandingClock
from tests.network import NOON, Network, make, refer
from tests.race.processes import open_hub, work
from tests.race.test_kill import fill
from tests.shapes import Empty, Shape, ask

STEWARD = Who("steward", "night-shift")
SPEED = 20.0
WAIT_S = 60.0
MOST = 100  # of 120 records a tenth cannot be read, and is no message
SPAWN = multiprocessing.get_context("spawn")


def wait_until(met: Callable[[], bool]) -> None:
    until_s = time.monotonic() + WAIT_S
    while not met():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_backup_while_others_work_is_of_one_moment_inv_8(tmp_path: Path, shape: Shape) -> None:
    clock = FastClock(SPEED, NOON, time.monotonic())
    make(tmp_path, at=NOON, shape=shape).hub.close()
    fill(tmp_path, 0, 120)
    hub = open_hub(tmp_path, clock)
    process = SPAWN.Process(target=work, args=(tmp_path, clock))
    process.start()
    try:
        sizes = []
        for number in range(4):
            before = decided(hub)
            wait_until(lambda before=before: decided(hub) > before or decided(hub) >= MOST)
            file = tmp_path / f"backup-{number}.zip"
            back_up(hub.settings, file, STEWARD, str, clock=clock)
            sizes.append(of_one_moment(hub.settings, file))
    finally:
        (tmp_path / "stop").touch()
        process.join(WAIT_S)
    hub.close()

    assert process.exitcode == 0
    assert sizes == sorted(sizes)


def decided(hub: Hub) -> int:
    with hub.store.peek() as rows:
        return sum(rows.inbox.count_by_state().values())


def of_one_moment(settings: Settings, file: Path) -> int:
    """Rows that are only ever written together are there together; how long its log is."""
    with file.open("rb") as handle:
        backup = read_backup(handle, open_keys(settings, RandomIds()))
        assert judge(backup, ()).report.ok
        messages = {row["message_id"]: row for row in backup.rows(t.inbox)}
        handed = {row["envelope_id"]: row for row in backup.rows(t.handover)}
        sealed = {row["envelope_id"] for row in backup.rows(t.outbox)}
        keyed = {row["envelope_id"] for row in backup.rows(t.message_key)}
        decisions = {row["decision_id"] for row in backup.rows(t.decision)}
        logged = b"".join(row["body"] for row in backup.rows(t.audit_entry))
        assert {row["decision_id"] for row in messages.values()} <= decisions
        assert all(one.encode() in logged for one in decisions)
        assert {row["message_id"] for row in handed.values()} <= set(messages)
        assert sealed == keyed
        open_still = {"released", "published", "arrived", "held", "opened"}
        assert {name for name, row in handed.items() if row["state"] in open_still} == sealed
        (head,) = backup.rows(t.audit_head)
        assert head["size"] == backup.manifest.size
        return backup.manifest.size


# -- killed


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(nth: int, action: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but the process is killed at its n-th call."""
    left = [nth]

    def instead(*args: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            die()
        return action(*args, **more)

    return instead


def back_up_and_die(folder: Path, out: Path, moment: str) -> None:
    match moment:
        case "in a table":
            making.dump = dying_at(20, making.dump)  # type: ignore[attr-defined]
        case "before it is read back":
            making.judge = dying_at(1, making.judge)
        case "before its name":
            whole = making._require_whole

            def and_then(*args: Any) -> None:
                whole(*args)
                making.os.fsync = dying_at(1, os.fsync)  # type: ignore[attr-defined]

            making._require_whole = and_then
    back_up(read_settings(folder), out, STEWARD, str, clock=StandingClock(NOON))


@pytest.mark.parametrize("moment", ["in a table", "before it is read back", "before its name"])
def test_a_backup_that_is_killed_leaves_no_file_of_its_name(tmp_path: Path, shape: Shape, moment: str) -> None:
    network = make(tmp_path, shape=shape)
    refer(network)
    network.run()
    out = tmp_path / "backup.zip"

    killed(back_up_and_die, (network.hub.settings.dir, out, moment))

    assert not out.exists()
    network.clock.set(NOON.replace(hour=20))
    back_up(network.hub.settings, out, STEWARD, str, clock=network.clock)
    of_one_moment(network.hub.settings, out)
    assert [path.name for path in tmp_path.glob("backup.zip*")] == ["backup.zip"]
    assert network.verifies()
    network.hub.close()


def restore_and_die(folder: Path, request: Request, moment: str) -> None:
    match moment:
        case "in a table":
            Restoring.fill = dying_at(25, Restoring.fill)  # type: ignore[method-assign]
        case "before the commit":
            bringing._rules_back = dying_at(1, bringing._rules_back)
        case "before checkpoints are aside":
            bringing.CheckpointFolder.put_aside = dying_at(1, bringing.CheckpointFolder.put_aside)  # type: ignore
        case "before one is signed":
            AuditLog.checkpoint = dying_at(1, AuditLog.checkpoint)  # type: ignore[method-assign]
    restore(read_settings(folder), request, str, clock=StandingClock(NOON))


@pytest.mark.parametrize(
    "moment", ["in a table", "before the commit", "before checkpoints are aside", "before one is signed"]
)
def test_a_restore_that_is_killed_is_whole_or_not_there_and_done_by_the_same_words(
    tmp_path: Path, shape: Shape, empty: Empty, moment: str
) -> None:
    network, request = withdrawn_after_its_backup(tmp_path, shape)
    settings = empty(network.hub.settings, shape.name)

    killed(restore_and_die, (settings.dir, request, moment))

    if moment in {"in a table", "before the commit"}:
        assert empty_still(settings)
    if not starts(network, settings):
        again(settings, request)
    restored = Network(tmp_path, compose(settings, clock=network.clock, ids=SeededIds(9)), network.clock)
    restored.settle()
    with restored.hub.store.peek() as rows:
        assert rows.directory.all().stopped
    assert len([entry for entry in restored.entries() if entry.get("action") == "restored"]) == 1
    assert restored.inbox("lakeside") == []
    assert restored.verifies()
    restored.hub.close()
    network.hub.close()


def test_a_worker_that_runs_during_a_restore_hands_over_nothing_inv_3(
    tmp_path: Path, shape: Shape, empty: Empty
) -> None:
    network, request = withdrawn_after_its_backup(tmp_path, shape)
    settings = empty(network.hub.settings, shape.name)
    notes = [path.read_bytes() for path in settings.checkpoints.iterdir()]
    for path in settings.checkpoints.iterdir():
        path.unlink()  # or no worker would begin on an empty store
    bring_up_to_date(settings)
    process = SPAWN.Process(target=work_on, args=(settings.dir, tmp_path))
    process.start()
    wait_until((tmp_path / "working").exists)
    with pytest.raises(Refused, match="a hub that runs on it"):
        restore(settings, Request(request.file, notes, STEWARD, True), str, clock=network.clock)
    (settings.dir / "hub.lock").unlink()  # as if the worker were on a machine that shares the store alone

    done = None
    while done is None:
        try:
            done = restore(settings, Request(request.file, notes, STEWARD, True), str, clock=network.clock)
        except Unavailable:
            time.sleep(0.05)
    hub = compose(settings, clock=network.clock, ids=SeededIds(9))
    seen = (tmp_path / "working").stat().st_size
    wait_until(lambda: (tmp_path / "working").stat().st_size > seen + 20)
    (tmp_path / "stop").touch()
    process.join(WAIT_S)

    assert process.exitcode == 0
    assert network.inbox("lakeside") == []
    with hub.store.peek() as rows:
        assert "delivered" not in rows.inbox.count_by_state()
    hub.close()
    network.hub.close()


def work_on(folder: Path, told: Path) -> None:
    """The whole hub on an empty store, until it is stopped; a letter a step."""
    hub = compose(read_settings(folder), clock=StandingClock(NOON))
    with (told / "working").open("a", buffering=1) as steps:
        while not (told / "stop").exists():
            try:
                hub.step()
            except Unavailable:
                time.sleep(0.01)
            steps.write(".\n")
            time.sleep(0.002)
    hub.close()


def withdrawn_after_its_backup(folder: Path, shape: Shape) -> tuple[Network, Request]:
    """A message is sealed, a backup made, and then its consent withdrawn; a request to bring the backup back."""
    network = make(folder, shape=shape)
    refer(network)
    with network.hub.store.peek() as rows:
        system = rows.directory.all().systems["harbour-cms"]
    intake.step(network.hub.house, system)
    back_up(network.hub.settings, folder / "backup.zip", STEWARD, str, clock=network.clock)
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    actor = Actor("harbour-worker", "worker", "harbour")
    withdraw_consent(network.hub.house, filed[0].consent_id, actor, said_at=network.clock.now(), how="LETTER").step()
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()
    return network, Request(folder / "backup.zip", (), STEWARD, behind=True)


def killed(target: Callable[..., None], args: tuple[Any, ...]) -> None:
    process = SPAWN.Process(target=target, args=args)
    process.start()
    process.join(WAIT_S)
    assert process.exitcode == -signal.SIGKILL


def empty_still(settings: Settings) -> bool:
    return not ask(settings, "SELECT id FROM audit_entry") and not ask(settings, "SELECT consent_id FROM consent")


def starts(network: Network, settings: Settings) -> bool:
    """Somebody starts the hub after the kill: it does not start, or hands over nothing."""
    try:
        hub = compose(settings, clock=network.clock, ids=SeededIds(7))
    except IntegrityBroken:
        return False
    hub.step()
    hub.close()
    assert network.inbox("lakeside") == []
    return True


def again(settings: Settings, request: Request) -> None:
    """The same words until the server has noticed that who held the locks is gone."""
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            restore(settings, request, str, clock=StandingClock(NOON))
            return
        except Unavailable:
            assert time.monotonic() < until_s
            time.sleep(0.1)
        except HubError as error:
            raise AssertionError(str(error)) from error
