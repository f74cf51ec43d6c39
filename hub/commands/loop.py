"""The loop around the hub's steps, and what is written of failures. It waits when there is nothing to do.

What fails is logged by a code that its kind of error chooses, and tried again after a pause: what cannot be reached,
what is set up wrongly, and faults of ours with their line of code. What was under way stands in the store and is not
lost by it. Stored bytes that do not verify stop the hub for good.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from hub.commands.tools import Hub
from hub.errors import HubError, IntegrityBroken, Refused, Unavailable, Unexpected
from hub.log import Log, LogCode

IDLE_FIRST_S, IDLE_MAX_S = 0.05, 1.0  # a busy hub answers at once; an idle one asks its store once a second
ONCE_MAX = 100_000  # steps of --once: far more than any backlog needs
_NO_WORD = re.compile(r"[^A-Za-z0-9_.:-]")  # a line of code that has no file is `<string>:2`


class Asked(Protocol):
    """Whether somebody asked the loop to end."""

    @property
    def asked(self) -> bool:
        """It ends after the present step."""
        ...


class Stop:
    """Asked by a signal."""

    asked = False

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        """A signal came."""
        self.asked = True


class Failures:
    """Writes what could not be done, and counts it where waiting alone does not mend it."""

    def __init__(self, log: Log) -> None:
        self._log, self.count = log, 0

    def part(self, place: str, error: HubError) -> None:
        """A part of a step failed, the others go on. A system out of reach is no failure: its turn comes again."""
        if isinstance(error, Unavailable):
            self._log.write(LogCode.UNREACHABLE, place=place, kind=type(error).__name__)
            return
        self.count += 1
        if isinstance(error, Unexpected):
            kind, _, line = error.got.partition(" at ")
            self._log.write(LogCode.STEP_FAILED, place=place, kind=kind, line=_NO_WORD.sub("_", line))
        else:
            self._log.write(LogCode.REFUSED, place=place, kind=type(error).__name__)

    def step(self, error: Exception) -> None:
        """A whole step failed: the store or the journal is away, or it is a fault of ours between the parts."""
        if isinstance(error, Unavailable):
            self.part("journal" if error.where.startswith("journal") else "store", error)
            self.count += 1
        else:
            self.part("hub", error if isinstance(error, Refused) else Unexpected.met("hub", error))


def loop(hub: Hub, failures: Failures, stop: Asked, sleep: Callable[[float], None], *, once: bool = False) -> int:
    """Step after step; how many.

    Raises:
        IntegrityBroken: stored bytes do not verify.
    """
    steps = 0
    idle_s = IDLE_FIRST_S
    while not stop.asked and steps < (ONCE_MAX if once else steps + 1):
        steps += 1
        if attempt(lambda: hub.step() | hub.keep_house(), failures):
            idle_s = IDLE_FIRST_S
            continue
        if once:
            break
        sleep(idle_s)
        idle_s = min(2 * idle_s, IDLE_MAX_S)
    return steps


def attempt(step: Callable[[], bool], failures: Failures) -> bool:
    """One step; whether anything was done. What fails is written down.

    Raises:
        IntegrityBroken: stored bytes do not verify.
    """
    try:
        return step()
    except IntegrityBroken:
        raise
    except Exception as error:  # noqa: BLE001 - the worker loop is where the unexpected ends (style §7)
        failures.step(error)
        return False


@contextmanager
def stopping() -> Iterator[Stop]:
    """Listen to SIGTERM and SIGINT; what listened before listens again afterwards."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
