"""``hub work``: the loop around the hub's steps. It waits when there is nothing to do and ends between two steps.

A step that fails in a way nobody expected is logged by code and place and tried again after a pause; what was under way
stands in the store and is not lost by it. Stored bytes that do not verify stop the hub for good.
"""

from __future__ import annotations

import gc
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from hub.commands.frame import DONE, REFUSED, Dir, Json, show_json, tools
from hub.commands.tools import Hub
from hub.errors import HubError, IntegrityBroken, Unavailable
from hub.log import Log, LogCode

IDLE_FIRST_S, IDLE_MAX_S = 0.05, 1.0  # a busy hub answers at once; an idle one asks its store once a second
ONCE_MAX = 100_000  # steps of --once: far more than any backlog needs


class _Stop:
    """Whether somebody asked the loop to end."""

    asked = False

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


def work(
    ctx: typer.Context,
    folder: Dir = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to do now.")] = False,
    as_json: Json = False,
) -> int:
    """Fetch, decide, relay, hand over and keep the log, until it is stopped (SIGTERM, SIGINT).

    Exit code 0: stopped; 1: with --once, a step failed; 3: stored bytes do not verify.
    """
    log = Log()

    def report(place: str, error: HubError) -> None:
        log.write(LogCode.UNREACHABLE, place=place, kind=type(error).__name__)

    hub = tools(ctx).open(folder, report)
    gc.freeze()  # what is composed lives as long as the process; looking through it again and again finds nothing
    try:
        with _stopping() as stop:
            return _loop(ctx, hub, log, stop, once=once, as_json=as_json)
    finally:
        hub.close()


def _loop(ctx: typer.Context, hub: Hub, log: Log, stop: _Stop, *, once: bool, as_json: bool) -> int:
    log.write(LogCode.WORK_STARTED)
    steps = failed = 0
    idle_s = IDLE_FIRST_S
    while not stop.asked and steps < (ONCE_MAX if once else steps + 1):
        try:
            busy = _step(hub, log)
        except IntegrityBroken as error:
            log.write(LogCode.HALTED, kind=type(error).__name__)
            raise
        steps += 1
        failed += busy is None
        if busy:
            idle_s = IDLE_FIRST_S
            continue
        if once:
            break
        tools(ctx).sleep(idle_s)
        idle_s = min(2 * idle_s, IDLE_MAX_S)
    log.write(LogCode.WORK_STOPPED, steps=steps, failed=failed)
    if as_json:
        show_json({"steps": steps, "failed": failed})
    return REFUSED if once and failed else DONE


def _step(hub: Hub, log: Log) -> bool | None:
    """One step; None if it failed."""
    try:
        return hub.step() | hub.keep_house()
    except IntegrityBroken:
        raise
    except Unavailable as error:
        log.write(LogCode.UNREACHABLE, place="store", kind=type(error).__name__)
    except HubError as error:
        log.write(LogCode.REFUSED, kind=type(error).__name__, place=_place(error))
    except Exception as error:  # noqa: BLE001 - the worker loop is where the unexpected ends (style §7)
        log.write(LogCode.STEP_FAILED, kind=type(error).__name__, place=_place(error))
    return None


def _place(error: Exception) -> str:
    """Where in the code it happened. Its text is not shown: it may hold anything."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


@contextmanager
def _stopping() -> Iterator[_Stop]:
    """Listen to SIGTERM and SIGINT; what listened before listens again afterwards."""
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(epilog="Example: hub work --dir hub-data")(work)
