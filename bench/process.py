"""A program in a process of its own: how long it takes, what it takes of the processor, how much it holds (Linux)."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

START_BOUND_S, END_BOUND_S, LOOK_S = 60.0, 30.0, 0.002


@dataclass(frozen=True, slots=True)
class Took:
    """A program from its start to its end."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Service:
    """A process that answers.

    Args:
        started_s: from its start to its first answer.
    """

    pid: int
    started_s: float

    def cpu_s(self) -> float:
        """Seconds of the processor so far."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """What it holds now."""
        return self._mb("VmRSS")

    def peak_mb(self) -> float:
        """The most that it ever held."""
        return self._mb("VmHWM")

    def _mb(self, field: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def took(program: Sequence[str]) -> Took:
    """Run a program to its end; what it says is thrown away.

    Raises:
        AssertionError: it did not end well.
    """
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.perf_counter()
    pid = os.posix_spawn(program[0], list(program), os.environ, file_actions=nowhere)
    _, status, used = os.wait4(pid, 0)
    wall_s = time.perf_counter() - began
    assert status == 0, f"{program[1:]} ended with {os.waitstatus_to_exitcode(status)}"
    return Took(wall_s, used.ru_utime + used.ru_stime)


@contextmanager
def serving(program: Sequence[str], port: int, path: str = "/healthz") -> Iterator[Service]:
    """A program that listens on a port of the loopback interface, from its first answer to the end of the block."""
    began = time.perf_counter()
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _answers(port, path):
                assert process.poll() is None, f"{program[1:]} has ended"
                assert time.perf_counter() - began < START_BOUND_S, f"{program[1:]} never answers"
                time.sleep(LOOK_S)
            yield Service(process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(END_BOUND_S)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status == 200
    except OSError:
        return False
