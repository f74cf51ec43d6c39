"""``python -m bench [--scale N] [--json] [name...]``: measure, and print one table of figures beside references.

The last results are kept, and the next run is compared with them: ratio with ratio, since raw figures are the
machine's. ``--draw FILE`` draws what is kept and measures nothing.

Exit codes: 0 all was measured; 1 a bench failed, was interrupted, or lacks a service; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench.drawing import draw
from bench.figures import as_json, table
from bench.kept import Kept, cache, keep, last_ratios, read, renewed
from bench.machine import Machine, this_machine
from bench.running import BENCHES, Run, run
from hub.audit.files import write_whole
from hub.errors import Refused


def main(args: Sequence[str] | None = None) -> int:
    """Run the benches that are named, or all; the exit code."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    asked.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    asked.add_argument("--scale", type=_size, default=1.0, help="how much of everything; 1 takes some minutes")
    asked.add_argument("--json", action="store_true", help="one object on standard output")
    asked.add_argument("--keep", type=Path, default=cache(), metavar="DIR", help="where the last results are kept")
    asked.add_argument("--draw", type=Path, metavar="FILE", help="draw the last results as SVG; nothing is measured")
    options = asked.parse_args(args)
    if unknown := set(options.names) - set(BENCHES):
        asked.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(BENCHES)}")
    names: Sequence[str] = options.names or list(BENCHES)
    try:
        kept = read(options.keep, options.scale)
    except Refused as refused:
        asked.error(str(refused))
    if options.draw:
        shown = {name: kept[name] for name in names if name in kept}
        if not shown:
            asked.error(f"--draw: nothing is kept at scale {options.scale:g}; measure first")
        try:
            write_whole(options.draw, [draw(shown, options.scale).encode()])
        except OSError as error:
            asked.error(f"--draw: {error.strerror}; name a file that can be written")
        return 0
    machine, runs = this_machine(), _measured(names, options.scale)
    print(_json(runs, kept, machine, options.scale) if options.json else _words(runs, kept, machine, options.scale))
    try:
        keep(options.keep, options.scale, renewed(kept, runs, machine, datetime.now(UTC)))
    except OSError as error:
        print(f"--keep: {error.strerror}; these results are not kept", file=sys.stderr)
        return 1
    return int(any(each.missed for each in runs))


def _measured(names: Sequence[str], scale: float) -> list[Run]:
    """One after the other, until somebody interrupts."""
    runs: list[Run] = []
    for name in names:
        print(f"{name} …", file=sys.stderr)
        runs.append(run(name, scale))
        if runs[-1].missed:
            print(f"{name}: {runs[-1].missed}", file=sys.stderr)
        if runs[-1].missed == "interrupted":
            break
    return runs


def _words(runs: Sequence[Run], kept: Mapping[str, Kept], machine: Machine, scale: float) -> str:
    """The table, what it was measured on, and what is missing."""
    figures = [figure for each in runs for figure in each.figures]
    last = [ratio for each in runs for ratio in last_ratios(kept, each)]
    parts = [f"{machine}; scale {scale:g}", table(figures, last)]
    if elsewhere := [
        each.bench for each in runs if each.bench in kept and not machine.is_like(kept[each.bench].machine)
    ]:
        parts.append(f"The last results are of another machine: {', '.join(elsewhere)}")
    if missing := [f"{each.bench}: {each.missed}" for each in runs if each.missed]:
        parts.append("\n".join(["Not measured, or not all of it:", *missing]))
    return "\n\n".join(parts)


def _json(runs: Sequence[Run], kept: Mapping[str, Kept], machine: Machine, scale: float) -> str:
    figures = [
        {"bench": each.bench, **plain, "last_ratio": ratio}
        for each in runs
        for plain, ratio in zip(as_json(each.figures), last_ratios(kept, each), strict=True)
    ]
    missed = {each.bench: each.missed for each in runs if each.missed}
    document = {"scale": scale, "machine": machine, "figures": figures, "missed": missed}
    return orjson.dumps(document).decode()


def _size(text: str) -> float:
    size = float(text)
    if not 0 < size < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0")
    return size


if __name__ == "__main__":
    sys.exit(main())
