"""A hub that means harm, or somebody in its place: what it may not use up, hold or write."""

from __future__ import annotations

import gzip
import itertools
import ssl
from pathlib import Path
from typing import Any

import httpcore
import pytest

from hub.errors import Unavailable
from hub.gateway.agent import connected
from hub.gateway.wire import EXCHANGE_S, NOBODY, Deadline, Stream
from tests.certificates import certificate
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import MARK, TwinHub

# --- an answer that grows


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate", "br", "identity", "x-unknown"])
def test_an_answer_in_a_coding_is_refused_unread(
    machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    monkeypatch.setattr("hub.gateway.wire.ANSWER_MAX", 0)  # so one byte that is read would be told of otherwise
    body = gzip.compress(gzip.compress(b"\0" * 2**20))
    twin.answers["/token"] = (200, {"Content-Encoding": coding}, body)

    said = machine.refused("list")

    assert "Content-Encoding" in said
    assert twin.asked[0].headers["accept-encoding"] == "identity"


# --- an answer without end


class Slow:
    """A monotonic clock: so many seconds go by at each look."""

    def __init__(self, step_s: float) -> None:
        self._looks = (step_s * n for n in itertools.count())

    def monotonic_s(self) -> float:
        return next(self._looks)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_an_exchange_ends_and_the_folder_is_free(machine: Machine, unstarted: TwinHub, tls: bool) -> None:
    if tls:
        machine.reach(unstarted, certificate(machine.folder, "127.0.0.1"))
    else:
        unstarted.start()
    held = unstarted.hold()

    # connecting, (TLS,) writing head and body go by in time; reading does not
    slow = Slow(EXCHANGE_S / (4.5 if tls else 3.5))
    with (
        connected(machine.config, machine.clock.now, machine.ids.uuid, slow.monotonic_s) as agent,
        pytest.raises(Unavailable, match="no whole answer within 120 s") as raised,
    ):
        agent.run()

    assert raised.value.where == NOBODY
    assert not held.acknowledged
    machine.ok("run", "--once")
    assert held.acknowledged


def test_each_question_has_the_whole_time(machine: Machine, twin: TwinHub) -> None:
    """A run of many questions lasts longer than one may."""
    twin.hold()
    slow = Slow(EXCHANGE_S / 12)
    with connected(machine.config, machine.clock.now, machine.ids.uuid, slow.monotonic_s) as agent:
        done = agent.run()

    assert (len(done.opened), done.problems) == (1, [])
    assert slow.monotonic_s() > EXCHANGE_S


class Below(httpcore.NetworkStream):
    """A line that gives one byte at each read and notes how long it was to wait."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []
        self.written: list[int] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.waits.append(timeout)
        return b" "

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(len(buffer))

    def start_tls(self, *_: Any, **__: Any) -> Below:
        return self


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_byte_at_a_time_ends_too(tls: bool) -> None:
    below, deadline = Below(), Deadline(Slow(1.0).monotonic_s)
    deadline.begin()
    stream: httpcore.NetworkStream = Stream(below, deadline)
    if tls:
        stream = stream.start_tls(ssl.create_default_context(), "hub.example.org", 10.0)

    with pytest.raises(Unavailable):
        for _ in range(1_000):
            stream.read(64, 30.0)

    assert len(below.waits) <= EXCHANGE_S
    assert below.waits[0] == 30.0
    assert below.waits[-1] == 1.0


def test_a_hub_that_takes_slowly_is_left(machine: Machine) -> None:
    below, deadline = Below(), Deadline(Slow(50.0).monotonic_s)
    deadline.begin()

    with pytest.raises(Unavailable):
        Stream(below, deadline).write(b"x" * 2**20, 30.0)

    assert sum(below.written) < 2**20


# --- names that are none

ODD = [
    "",
    MARK,
    "../../x",
    "..",
    ".",
    "/tmp/x",
    "a\0b",
    "x" * 300,
    "../" * 2_000 + "x",
    "\u202egnp.exe",
    "０0000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-0000000000FF",
    "00000000-0000-0000-0000-000000000001/../../x",
]


def all_files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_odd_names_write_nothing_anywhere_and_keep_nothing_back(machine: Machine, twin: TwinHub) -> None:
    first = twin.hold(1)
    for number, name in enumerate(ODD, 2):
        twin.hold(number).envelope = name
    last = twin.hold(len(ODD) + 2)
    root = machine.folder.parent
    before = all_files(machine.folder) | all_files(root)

    said = machine.run("run", "--once")

    made = {path for path in all_files(root) if (root / "hub") not in path.parents} - before
    names = {f"{each.envelope}{end}" for each in (first, last) for end in (".json", ".proof.json", ".receipt.json")}
    assert made == {machine.out / name for name in (*names, ".lock")}
    assert said.exit_code == 1
    assert said.stderr.count("UUID") == len(ODD)
    assert f"{len(ODD)} problems" in said.stdout
    assert [each.envelope for each in twin.held if each.acknowledged] == [first.envelope, last.envelope]
    questions = [asked.body for asked in twin.asked if asked.path.endswith(("open", "acknowledge"))]
    assert len(questions) == 4


def test_an_odd_name_does_not_tell_the_hub_what_stands_on_the_disk(machine: Machine, twin: TwinHub) -> None:
    (machine.folder / "x.proof.json").write_text("{}")
    twin.hold().envelope = "../x"

    assert machine.run("run", "--once").exit_code == 1

    assert not any("acknowledge" in asked.path for asked in twin.asked)
