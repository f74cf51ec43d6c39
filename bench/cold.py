"""A hub that has nothing to do: how soon it answers after its start, and what it costs while it waits.

References, in the same run and in turn with what is measured: an empty Python, and an empty FastAPI on uvicorn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.process import Took, free_port, serving, took
from hub.compose import bring_up_to_date, compose, initialise
from hub.ids import RandomIds
from hub.settings import Settings, read_settings
from tests import cms_builder as cms
from tests.network import fill_directory

RUNS = 10
IDLE_S = 20.0
SETTLED_S = 3.0  # after the first answer: by then every worker has looked once
PYTHON, APPLICATION = "an empty Python", "an empty FastAPI + uvicorn"


def cold(folder: Path, scale: float) -> Iterator[Figure]:
    """The median of some starts, in time that passes and in time of the processor."""
    runs = max(3, int(RUNS * scale))
    plain, helped = zip(
        *[(took([sys.executable, "-c", "pass"]), took(_hub("--help"))) for _ in range(runs)], strict=True
    )
    yield from _figures("hub --help", helped, PYTHON, plain, "target < 300 ms on a machine with nothing else to do")
    _prepare(folder)
    found = [(_started_empty(), _started(folder), _started(folder, "--with-workers")) for _ in range(max(3, runs // 2))]
    plain, served, working = zip(*found, strict=True)
    yield from _figures("hub serve to /healthz", served, APPLICATION, plain, "")
    yield from _figures("hub serve --with-workers to /healthz", working, APPLICATION, plain, "")


def idle(folder: Path, scale: float) -> Iterator[Figure]:
    """The embedded hub, two CMS connected and nothing new in them: memory, and time of the processor a second."""
    _prepare(folder)
    idle_s = max(3.0, IDLE_S * scale)
    port, other = free_port(), free_port()
    with (
        serving([*_serve(folder), "--with-workers", "--port", str(port)], port) as hub,
        serving(_empty(other), other) as no,
    ):
        time.sleep(SETTLED_S)
        before, before_no = hub.cpu_s(), no.cpu_s()
        time.sleep(idle_s)
        used, used_no = ((hub.cpu_s() - before) / idle_s, (no.cpu_s() - before_no) / idle_s)
        note = f"peak {hub.peak_mb():,.0f} MB; target < 512 MB"
        yield Figure("embedded hub at idle, resident", hub.resident_mb(), "MB", no.resident_mb(), APPLICATION, note)
    note = f"over {idle_s:g} s; {APPLICATION}: {used_no * 1_000:.1f}"
    yield Figure("embedded hub at idle, CPU", used * 1_000, "ms a second", note=note)


def _figures(name: str, ours: Sequence[Took], beside: str, plain: Sequence[Took], note: str) -> Iterator[Figure]:
    wall, wall_plain = (median(each.wall_s for each in runs) * 1_000 for runs in (ours, plain))
    least = f"least {min(each.wall_s for each in ours) * 1_000:.0f} ms"
    yield Figure(name, wall, "ms", wall_plain, beside, f"{least}; {note}" if note else least)
    cpu, cpu_plain = (median(each.cpu_s for each in runs) * 1_000 for runs in (ours, plain))
    yield Figure(f"{name}, CPU", cpu, "ms", cpu_plain, beside)


def _started(folder: Path, *more: str) -> Took:
    port = free_port()
    with serving([*_serve(folder), *more, "--port", str(port)], port) as service:
        return Took(service.started_s, service.cpu_s())


def _started_empty() -> Took:
    port = free_port()
    with serving(_empty(port), port) as service:
        return Took(service.started_s, service.cpu_s())


def _hub(*words: str) -> list[str]:
    return [sys.executable, "-m", "hub", *words]


def _serve(folder: Path) -> list[str]:
    return _hub("serve", "--dir", str(folder / "hub"))


def _empty(port: int) -> list[str]:
    return [sys.executable, "-m", "bench.empty", str(port)]


def _prepare(folder: Path) -> None:
    """A data folder, and two agencies with an empty CMS each."""
    initialise(Settings(dir=folder / "hub"))
    settings = read_settings(folder / "hub")
    bring_up_to_date(settings)
    for agency in ("harbour", "lakeside"):
        cms.make_cms(folder / f"{agency}.sqlite")
    hub = compose(settings, ids=RandomIds())
    with closing(hub):
        fill_directory(hub, folder, hub.house.clock.now())
