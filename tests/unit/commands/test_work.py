"""`hub work`: it ends between two steps, goes on after the unexpected, halts on broken bytes, logs ids and codes."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.contract import Memory, Now, Source
from hub.__main__ import command_line, real_tools
from hub.compose import Hub, compose
from hub.errors import IntegrityBroken, KeyGone, NeedsReview, Refused, Unavailable
from hub.exchange import Exchange, Report
from hub.exchange.connections import SystemConnections
from hub.kinds import ADAPTERS
from hub.log import Log, LogCode
from hub.model.envelope import MessageState
from hub.settings import read_settings
from tests.fakes import SeededIds
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk

SECRET = "Zzyzx-Okonkwo"


class Scripted:
    """A hub whose steps are written down: a value is returned, an error raised, a signal sent to this process."""

    def __init__(self, *steps: bool | Exception | signal.Signals, log: Any = None) -> None:
        self.left, self.closed = list(steps), False
        self.log = log or Logged()

    def step(self) -> bool:
        now = self.left.pop(0) if self.left else signal.SIGTERM
        if isinstance(now, signal.Signals):
            os.kill(os.getpid(), now)
            return False
        if isinstance(now, Exception):
            raise now
        return now

    def keep_house(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


class Logged:
    """A log whose steps are written down; then it has nothing to do. ``done`` is set when they have been taken."""

    def __init__(self, *steps: bool | Exception) -> None:
        self.left, self.done, self.thread = list(steps), threading.Event(), ""

    def step(self) -> bool:
        self.thread = threading.current_thread().name
        now = self.left.pop(0) if self.left else False
        if not self.left:
            self.done.set()
        if isinstance(now, Exception):
            raise now
        return now


def work(hub: Any, *args: str, slept: Callable[[float], None] = lambda _: None) -> Result:
    tools = replace(real_tools(), open=lambda _folder, _report: hub, sleep=slept)
    return CliRunner().invoke(command_line(tools), ["work", *args])


def codes(result: Result) -> list[str]:
    return [json.loads(line)["event"] for line in result.stderr.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("left", [(True, True), (Unavailable("store"), True)], ids=["at once", "after an outage"])
def test_the_log_gives_places_while_a_step_of_the_hub_lasts(left: tuple[bool | Exception, ...]) -> None:
    log = Logged(*left)

    class Slow(Scripted):
        def step(self) -> bool:
            assert log.done.wait(10), "the log stood still while the hub was busy"
            return super().step()

    assert work(Slow(True, log=log)).exit_code == 0
    assert log.thread == "integrator"
    assert "integrator" not in {thread.name for thread in threading.enumerate()}


def test_with_once_nothing_is_done_beside_the_steps() -> None:
    log = Logged(True)

    assert work(Scripted(False, log=log), "--once").exit_code == 0
    assert log.thread == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_step_and_what_listened_before_listens_again(number: signal.Signals) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
    hub = Scripted(True, number, True)

    result = work(hub)

    assert result.exit_code == 0
    assert hub.left == [True]
    assert hub.closed
    assert codes(result) == ["WORK_STARTED", "WORK_STOPPED"]
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before


def test_it_waits_longer_while_there_is_nothing_to_do_and_not_at_all_after_work() -> None:
    slept: list[float] = []

    work(Scripted(False, False, False, True, True, False), slept=slept.append)

    assert slept[:3] == sorted(slept[:3])
    assert slept[0] < slept[2]
    assert slept[3] == slept[0]  # after work the first pause is short again
    assert max(slept) <= 1.0


@pytest.mark.parametrize(
    ("error", "code", "place"),
    [
        (Unavailable("store", "locked"), "UNREACHABLE", "store"),
        (Refused("cms settings", "nothing"), "REFUSED", "hub"),
        (KeyError(SECRET), "STEP_FAILED", "hub"),
        (NeedsReview(SECRET), "STEP_FAILED", "hub"),
        (sqlite3.OperationalError(SECRET), "STEP_FAILED", "hub"),
    ],
)
def test_a_step_that_fails_as_a_whole_is_logged_by_code_and_the_next_one_comes(
    error: Exception, code: str, place: str
) -> None:
    hub = Scripted(error, True, signal.SIGTERM)

    result = work(hub)

    assert result.exit_code == 0
    assert codes(result) == ["WORK_STARTED", code, "WORK_STOPPED"]
    assert hub.left == []
    assert SECRET not in result.output
    _, line, end = (json.loads(each) for each in result.stderr.splitlines())
    assert (line["place"], line["kind"]) == (place, type(error).__name__)
    assert bool(re.fullmatch(r"test_work\.py:\d+", line.get("line", ""))) == (
        code == "STEP_FAILED"
    )  # where in the code
    assert line["at"].startswith("2")  # when
    assert end["failed"] == 1


def broken(desk: Desk, error: Exception, *args: str) -> Result:
    """Run the worker on a hub that is real but for its adapter, which raises when it connects to Lakeside's system."""
    card = ADAPTERS["cms"]

    def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> Source:
        if "lakeside" in settings["path"]:
            raise error
        return card.connect(settings, memory, now)

    def opened(folder: Path | None, report: Report) -> Hub:
        hub = compose(read_settings(folder), clock=desk.clock, ids=SeededIds(100))
        faulty = {"cms": replace(card, connect=connect)}
        connections = SystemConnections(faulty, hub.store, desk.clock, hub.house.ids, hub.house.keys.digest)
        house = replace(hub.house, adapters=faulty, connections=connections)
        return replace(hub, house=house, connections=connections, exchange=Exchange(house, report))

    tools = replace(real_tools(), open=opened)
    return CliRunner().invoke(command_line(tools), ["work", *args, "--dir", str(desk.folder)])


@pytest.mark.parametrize(
    ("error", "code", "level", "exit_code"),
    [
        (Unavailable("cms", "locked"), "UNREACHABLE", "warning", 0),
        (Refused("cms settings", SECRET), "REFUSED", "error", 1),
        (KeyError(SECRET), "STEP_FAILED", "error", 1),
        (KeyGone(SECRET), "STEP_FAILED", "error", 1),
    ],
)
def test_one_part_that_fails_is_logged_by_the_kind_of_its_error_counted_and_the_others_go_on(
    network: Network, desk: Desk, error: Exception, code: str, level: str, exit_code: int
) -> None:
    refer(network)

    result = broken(desk, error, "--once", "--json")

    first, *lines, last = (json.loads(each) for each in result.stderr.splitlines())
    assert (first["event"], last["event"]) == ("WORK_STARTED", "WORK_STOPPED")
    assert lines
    for line in lines:
        assert (line["event"], line["level"], line["place"]) == (code, level, "lakeside-cms")
        assert line["kind"] == type(error).__name__
        assert bool(re.fullmatch(r"test_work\.py:\d+", line.get("line", ""))) == (code == "STEP_FAILED")
    assert SECRET not in result.output
    failed = len(lines) if exit_code else 0
    assert (result.exit_code, json.loads(result.stdout)["failed"], last["failed"]) == (exit_code, failed, failed)
    with network.hub.store.peek() as rows:  # Harbour's referral was decided, sealed and seen on the bus
        assert [row.state for row in rows.handovers.every(10, ended=True)] == [MessageState.ARRIVED]


def test_a_fault_in_code_without_a_file_is_logged_too(network: Network, desk: Desk) -> None:
    try:
        exec("1 / 0")
    except ZeroDivisionError as error:
        result = broken(desk, error, "--once")

    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert {line["line"] for line in lines if line["event"] == "STEP_FAILED"} == {"_string_:1"}


def test_broken_bytes_halt_it_with_3() -> None:
    hub = Scripted(IntegrityBroken("audit log", "another root"), True)

    result = work(hub)

    assert result.exit_code == 3
    assert hub.left == [True]
    assert hub.closed
    assert codes(result) == ["WORK_STARTED", "HALTED"]


def test_once_stops_when_nothing_is_left_and_says_what_it_did_in_one_document() -> None:
    result = work(Scripted(True, True, False, True), "--once", "--json")

    assert json.loads(result.stdout) == {"steps": 3, "failed": 0}


def test_once_ends_with_1_where_a_step_failed() -> None:
    result = work(Scripted(True, ValueError(SECRET)), "--once", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"steps": 2, "failed": 1}


def test_a_system_out_of_reach_is_logged_and_the_others_go_on(network: Network, desk: Desk) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away.sqlite")

    result = desk.run("work", "--once")

    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert {line["place"] for line in lines if line["event"] == "UNREACHABLE"} == {"lakeside-cms"}
    assert sum(network.states().values()) == 1  # Harbour's referral was decided


def test_a_log_line_takes_ids_and_codes_and_nothing_else() -> None:
    out = io.StringIO()

    Log(out).write(LogCode.UNREACHABLE, place="harbour-cms", tries=3)
    with pytest.raises(AssertionError):
        Log(out).write(LogCode.UNREACHABLE, place="Amara Okonkwo")
    with pytest.raises(AssertionError):
        Log(out).write(LogCode.UNREACHABLE, at="file.py:7")  # the line's own word for the time would replace it

    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["place"], line["tries"]) == ("UNREACHABLE", "warning", "harbour-cms", 3)
