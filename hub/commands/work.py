"""``hub work`` and ``hub serve``: the processes that run for long. They end between two steps."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.frame import DONE, REFUSED, Dir, Json, show_json, tools
from hub.commands.loop import IDLE_MAX_S, Failures, Stop, attempt, loop, stopping
from hub.commands.tools import Hub
from hub.errors import IntegrityBroken, Unavailable
from hub.log import Log, LogCode


def work(
    ctx: typer.Context,
    folder: Dir = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to do now.")] = False,
    as_json: Json = False,
) -> int:
    """Fetch, decide, relay, hand over and keep the log, until it is stopped (SIGTERM, SIGINT).

    While its store is away it waits for it; reports that must be made go meanwhile.

    Exit code 0: stopped; 1: with --once, something failed; 3: stored bytes do not verify.
    """
    log = Log()
    failures = Failures(log)
    with _running(ctx, folder, failures, log, waits=not once) as (hub, stop):
        log.write(LogCode.WORK_STARTED)
        with nullcontext() if once else tools(ctx).integrating(hub.log):
            steps = loop(hub, failures, stop, tools(ctx).sleep, once=once)
    log.write(LogCode.WORK_STOPPED, steps=steps, failed=failures.count)
    if as_json:
        show_json({"steps": steps, "failed": failures.count})
    return REFUSED if once and failures.count else DONE


def serve(
    ctx: typer.Context,
    folder: Dir = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 8470,
    workers: Annotated[bool, typer.Option("--with-workers", help="Do the work of `hub work` too.")] = False,
) -> int:
    """Answer agencies' software (/fhir), /healthz, /readyz and /metrics over HTTP until it is stopped.

    Exit code 0: stopped; 1: the port is taken, or the server has failed; 3: stored bytes do not verify.
    """
    log = Log()
    failures = Failures(log)
    with (
        _running(ctx, folder, failures, log, waits=workers) as (hub, stop),
        tools(ctx).listen(hub, host, port, failures.part) as serves,
    ):
        log.write(LogCode.SERVING, port=port)

        def sleep(seconds: float) -> None:
            tools(ctx).sleep(seconds)
            stop.asked = stop.asked or not serves()

        if workers:
            log.write(LogCode.WORK_STARTED)
            with tools(ctx).integrating(hub.log):
                steps = loop(hub, failures, stop, sleep)
            log.write(LogCode.WORK_STOPPED, steps=steps, failed=failures.count)
        while not stop.asked:
            sleep(IDLE_MAX_S / 2)
        failed = not serves()
    log.write(LogCode.SERVED, failed=int(failed))
    return REFUSED if failed else DONE


@contextmanager
def _running(
    ctx: typer.Context, folder: Path | None, failures: Failures, log: Log, *, waits: bool
) -> Iterator[tuple[Hub, Stop]]:
    """The hub, open, and what tells it to stop; a halt is written and told."""
    with ExitStack() as opened:
        try:
            stop = opened.enter_context(stopping())
            hub = _opened(ctx, folder, failures, stop, waits=waits)
            opened.callback(hub.close)
            gc.freeze()  # what is composed lives as long as the process; looking through it again finds nothing
            yield hub, stop
        except IntegrityBroken as error:
            log.write(LogCode.HALTED, kind=type(error).__name__)
            for failed in tools(ctx).tell_halt(folder):
                failures.part("alerts", failed)
            raise


def _opened(ctx: typer.Context, folder: Path | None, failures: Failures, stop: Stop, *, waits: bool) -> Hub:
    """The hub. A worker whose store is away waits for it, and sends meanwhile what must not wait.

    Raises:
        Unavailable: the store is away, and nobody waits for it any longer.
    """
    while True:
        try:
            return tools(ctx).open(folder, failures.part)
        except Unavailable as error:
            if stop.asked or not waits or not error.where.startswith("store"):
                raise
            failures.part("store", error)
        with tools(ctx).cut_off(folder) as step:
            attempt(step, failures)
            tools(ctx).sleep(IDLE_MAX_S)


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command(epilog="Example: hub work --dir hub-data")(work)
    app.command(epilog="Example: hub serve --with-workers --dir hub-data")(serve)
