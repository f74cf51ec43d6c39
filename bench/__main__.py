"""``python -m bench [--scale N] [--json] [name...]``: measure, and print one table of figures beside references."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import orjson

from bench import together as both
from bench.auditing import audit
from bench.batch import batch, memory
from bench.bus import bus
from bench.deciding import decisions
from bench.figures import Figure, as_json, table
from bench.gathering import gathering
from bench.harts import files, road
from bench.http import http, http_together
from bench.oracle import oracle
from bench.papers import papers
from bench.postgres import postgres
from bench.reading import reading
from bench.sizes import sizes
from bench.translate import translate
from bench.verifying import verifying
from bench.withdrawal import withdrawal

BENCHES: Mapping[str, Callable[[Path, float], Iterator[Figure]]] = {
    "translate": translate,
    "decide": decisions,
    "gather": gathering,
    "index": reading,
    "oracle": oracle,
    "batch": batch,
    "postgres": postgres,
    "withdrawal": withdrawal,
    "audit": audit,
    "audit-million": verifying,
    "harts-files": files,
    "harts-road": road,
    "papers": papers,
    "sizes": sizes,
    "bus": bus,
    "together": both.together,
    "together-memory": both.memory,
    "http": http,
    "http-together": http_together,
    "memory": memory,
}


def main() -> None:
    """Run the benches that are named, or all."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    asked.add_argument("--scale", type=float, default=1.0, help="how much of everything; 1 takes a few minutes")
    asked.add_argument("--json", action="store_true", help="one object on standard output")
    options = asked.parse_args()
    if unknown := set(options.names) - set(BENCHES):
        asked.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for name in options.names or BENCHES:
        print(f"{name} …", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
            figures += BENCHES[name](Path(folder), options.scale)
    load = os.getloadavg()[0]
    if options.json:
        document = {"scale": options.scale, "cores": os.cpu_count(), "load": load, "figures": as_json(figures)}
        print(orjson.dumps(document).decode())
    else:
        print(f"{os.cpu_count()} cores, load {load:.2f}, scale {options.scale:g}\n\n{table(figures)}")


if __name__ == "__main__":
    main()
