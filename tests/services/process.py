"""A server as a child process: started, asked to end, killed, started again. It never outlives the process that has it.

Linux ends the child when the *thread* that started it ends. So all are started by one thread that lives as long as
the process: a test may start a server again from any thread of its own.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.services import Absent, Broken

PORT_MIN = 20_000
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # of client sockets: one could take a server's port before it
STOP_MAX_S = 30


class Runner(Protocol):
    """What runs a server: a child process, or Docker."""

    def start(self) -> None:
        """Start it; it may not be ready yet. Its data are those of the last time."""

    def stop(self) -> None:
        """Ask it to end, and wait."""

    def kill(self) -> None:
        """End it and all its children at once, as when the machine loses its power."""

    def running(self) -> bool: ...

    def log(self) -> str:
        """All it said since the first start."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody has, and that no client socket gets by itself."""
    lowest = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    low, high = (PORT_MIN, lowest) if lowest > PORT_MIN + 1_000 else (61_001, 65_000)
    with ExitStack() as held:
        found: list[int] = []
        for port in random.SystemRandom().sample(range(low, high), 2_000 + count):
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise Broken("no port is free")


def new_password() -> str:
    """A password for one run."""
    return secrets.token_urlsafe(18)


def wait_until(ready: Callable[[], bool], runner: Runner, name: str, within_s: float) -> None:
    """Until the server is ready.

    Raises:
        Broken: it ended, or took too long. The text holds its errors and its last lines.
    """
    over_at = time.monotonic() + within_s
    while time.monotonic() < over_at:
        if not runner.running():
            raise Broken(f"{name} ended while it started:\n{last_words(runner.log())}")
        if ready():
            return
        time.sleep(0.02)
    raise Broken(f"{name} was not ready within {within_s:g} s:\n{last_words(runner.log())}")


def last_words(log: str, lines_max: int = 20) -> str:
    """The errors of a log and its last lines: the last alone are often only a shutdown."""
    lines = log.splitlines()
    errors = [line for line in lines if re.search(r"\b(?:ERROR|FATAL)\b|Exception|Caused by", line)]
    return "\n".join([*errors[-lines_max:], "…", *lines[-lines_max:]])


def bound(command: Sequence[str], *, user: str = "", death: str = "KILL") -> list[str]:
    """The command, so that it gets the signal when we end; ``user`` where it must not be root.

    Raises:
        Absent: the machine has no ``setpriv``.
    """
    if shutil.which("setpriv") is None:
        raise Absent("setpriv (util-linux) is not on the PATH")
    other = ["--reuid", user, "--regid", user_group(user), "--init-groups", "--reset-env"] if user else []
    return ["setpriv", "--pdeathsig", death, *other, *command]


def user_group(user: str) -> str:
    """The number of a user's own group: it need not have the user's name."""
    import pwd  # not on every system that may read this file

    return str(pwd.getpwnam(user).pw_gid)


class Child:
    """A server as a child process. Its output goes to a file."""

    def __init__(self, command: Sequence[str], log: Path, cwd: Path, stop_by: signal.Signals = signal.SIGTERM) -> None:
        self._command, self._log, self._cwd, self._stop_by = list(command), log, cwd, stop_by
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that was started last."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        assert not self.running()
        launcher(os.getpid()).submit(self._launch).result()

    def _launch(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt from the keyboard is for the tests; they end their servers
            )

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, by: signal.Signals | None = None) -> None:
        """Ask it to end, and wait; ``by`` another signal than is usual."""
        if self._process is None or not self.running():
            return
        self._process.send_signal(by or self._stop_by)
        try:
            self._process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"it did not end within {STOP_MAX_S} s:\n{last_words(self.log())}") from None

    def kill(self) -> None:
        if self._process is None or not self.running():
            return
        self._process.send_signal(signal.SIGSTOP)  # what stands still has no new children, and buries none
        for pid in children(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


def children(parent: int) -> list[int]:
    """The processes whose parent this is."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            after_the_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(after_the_name[1]) == parent:
                found.append(int(stat.parent.name))
    return found


@cache
def launcher(pid: int) -> ThreadPoolExecutor:
    """The thread that starts all children of this process; a process that was forked off it needs another."""
    assert pid == os.getpid()
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="launcher")
