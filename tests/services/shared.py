"""One server of a kind for a whole test run, whichever of its processes asks first.

That process starts a *keeper*: a process of its own, which has the server as its child, writes down where it is, and
ends it when the run's first process has ended, in whatever way. When a keeper is killed, its server ends with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tests.services import SERVICES, Absent, Broken
from tests.services.folder import sweep
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres

ROOT = Path(__file__).parents[2]
END_MAX_S = 60
STARTED: list[int] = []  # process ids of keepers that this process started; they outlive it where it is a worker


@dataclass(frozen=True, slots=True)
class Run:
    """A test run: the folder in which its processes meet, and the process with whose end it is over."""

    folder: str
    owner: int


def join(run: Run, service: str) -> dict[str, Any]:
    """Where the run's server is; it is started where nobody has asked before.

    Raises:
        Absent, Broken: as its class does. Who asks again gets the same answer.
    """
    told = Path(run.folder, f"{service}.json")
    with Path(run.folder, f"{service}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            _start_keeper(run, service, told)
    answer = json.loads(told.read_text(encoding="utf-8"))
    if answer["state"] == "absent":
        raise Absent(answer["why"])
    if answer["state"] == "broken":
        raise Broken(answer["why"])
    return dict(answer["at"])


def _start_keeper(run: Run, service: str, told: Path) -> None:
    command = [sys.executable, "-m", "tests.services", "keep", service, run.folder, str(run.owner)]
    said = told.with_suffix(".log")
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(said), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    ours = {**os.environ, "PYTHONPATH": str(ROOT)}
    keeper = os.posix_spawn(sys.executable, command, ours, file_actions=streams, setsid=True)
    STARTED.append(keeper)
    with _watched(keeper) as ended:
        while not told.exists() and not _over(ended, 0.02):
            pass
    if not told.exists():
        raise Broken(f"the keeper of {service} ended:\n{said.read_text(errors='replace')}")


def end(run: Run) -> None:
    """End the run's servers by the ids of their keepers, and wait for it."""
    for told in Path(run.folder).glob("*.json"):
        keeper = json.loads(told.read_text(encoding="utf-8"))["pid"]
        with suppress(ProcessLookupError), _watched(keeper) as ended:
            if run.folder in Path(f"/proc/{keeper}/cmdline").read_text():  # an id is given again, some day
                signal.pidfd_send_signal(ended, signal.SIGTERM)
                _over(ended, END_MAX_S)
    while STARTED:
        keeper = STARTED.pop()
        with suppress(ChildProcessError), _watched(keeper) as ended:
            _over(ended, END_MAX_S)
            os.waitpid(keeper, os.WNOHANG)


def keep(service: str, run: Run) -> None:
    """What a keeper does."""
    assert service in SERVICES
    signal.signal(signal.SIGTERM, _leave)
    told = Path(run.folder, f"{service}.json")
    with ExitStack() as ours:
        try:
            owner = ours.enter_context(_watched(run.owner))
            server: Kafka | Postgres = Kafka() if service == "kafka" else Postgres()
            ours.enter_context(server)
            at = server.described()
        except Absent as absent:
            _tell(told, state="absent", why=str(absent))
        except (Broken, OSError) as broken:
            _tell(told, state="broken", why=str(broken))
        else:
            _tell(told, state="up", at=at)
            _over(owner, None)
    sweep()  # the run's own folder, where the run was killed


def _tell(told: Path, **what: object) -> None:
    new = told.with_suffix(".new")
    with open(os.open(new, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), **what}, file)
    new.rename(told)


@contextmanager
def _watched(pid: int) -> Iterator[int]:
    """A process as a file descriptor that is ready when it has ended, also where nobody has buried it."""
    process = os.pidfd_open(pid)
    try:
        yield process
    finally:
        os.close(process)


def _over(process: int, within_s: float | None) -> bool:
    """Whether a watched process has ended. Waits for it, without end where there is no limit."""
    waiting = select.poll()
    waiting.register(process, select.POLLIN)
    return bool(waiting.poll(None if within_s is None else within_s * 1000))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
