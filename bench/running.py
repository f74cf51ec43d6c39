"""Every bench by its name, and what comes of one. A bench that fails is told of, and the others are measured."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bench.figures import Figure, stopwatch
from tests.services import Absent

Bench = Callable[[Path, float], Iterator[Figure]]
BENCHES = {
    "translate": "translate.translate",
    "decide": "deciding.decisions",
    "gather": "gathering.gathering",
    "index": "reading.reading",
    "oracle": "oracle.oracle",
    "batch": "batch.batch",
    "postgres": "postgres.postgres",
    "withdrawal": "withdrawal.withdrawal",
    "audit": "auditing.audit",
    "audit-million": "verifying.verifying",
    "harts-files": "harts.files",
    "harts-road": "harts.road",
    "papers": "papers.papers",
    "sizes": "sizes.sizes",
    "bus": "bus.bus",
    "together": "together.together",
    "together-memory": "together.memory",
    "http": "http.http",
    "http-together": "http.http_together",
    "cold": "cold.cold",
    "idle": "cold.idle",
    "memory": "batch.memory",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one bench.

    Args:
        missed: why figures are missing; "": none is.
        failed: they are missing by a fault; else a service is absent, and what stands here is right.
    """

    bench: str
    figures: tuple[Figure, ...]
    missed: str = ""
    failed: bool = False
    took_s: float = 0.0


def bench_of(name: str) -> Bench:
    """What is run under a name. Loaded when it is asked for, since one that cannot be loaded is only one that fails."""
    module, _, function = BENCHES[name].partition(".")
    found: Bench = getattr(import_module(f"bench.{module}"), function)
    return found


def run(name: str, scale: float, find: Callable[[str], Bench] = bench_of) -> Run:
    """Measure one bench, in a folder of its own. What it measured before it failed stands in its run."""
    figures: list[Figure] = []
    missed, failed = "", False
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder, stopwatch() as took_s:
        try:
            figures.extend(find(name)(Path(folder), scale))
        except Absent as absent:
            missed = str(absent)
        except KeyboardInterrupt:
            missed, failed = "interrupted", True
        except Exception as error:  # noqa: BLE001 - whatever it is, the other benches have figures
            traceback.print_exc()
            missed, failed = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", True
    return Run(name, tuple(figures), missed or ("" if figures else "no figure"), failed, took_s())
