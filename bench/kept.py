"""The last results, in the user's cache folder: what a run is compared with, and what is drawn.

A file per scale, since figures of another size are others. A bench that was measured replaces its own results and
leaves those of the others; one that failed leaves its own too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from bench.figures import Figure
from bench.machine import Machine
from bench.running import Run
from hub.audit.files import write_whole
from hub.errors import Refused

FORM = 1  # of the file


@dataclass(frozen=True, slots=True)
class Kept:
    """The last results of one bench.

    Args:
        at: when they were measured, RFC 3339 in UTC.
    """

    at: str
    machine: Machine
    figures: tuple[Figure, ...]

    def ratios(self, figures: Iterable[Figure]) -> list[float | None]:
        """The ratio that each of these had, by its name; None: it had none. Of equal names by their turn."""
        last: dict[str, list[float | None]] = {}
        for figure in self.figures:
            last.setdefault(figure.name, []).append(figure.ratio)
        return [last[figure.name].pop(0) if last.get(figure.name) else None for figure in figures]


_BENCHES = TypeAdapter(dict[str, Kept])


def last_ratios(kept: Mapping[str, Kept], run: Run) -> list[float | None]:
    """The last ratio of each figure of a run."""
    return kept[run.bench].ratios(run.figures) if run.bench in kept else [None] * len(run.figures)


def cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where results are kept unless a folder is named."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "interop-hub", "bench")


def read(folder: Path, scale: float) -> dict[str, Kept]:
    """Bench to its last results; empty where nothing was kept.

    Raises:
        Refused: the file cannot be read, or is not of this form.
    """
    try:
        document = orjson.loads(_file(folder, scale).read_bytes())
        if document["form"] != FORM:
            raise ValueError(document["form"])
        return _BENCHES.validate_python(document["benches"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        step = f"remove {_file(folder, scale).name} there, or name another folder with --keep"
        raise Refused("kept results", type(error).__name__, f"a file of form {FORM}", step) from None


def keep(folder: Path, scale: float, kept: Mapping[str, Kept]) -> None:
    """Write the results of a scale, whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {"form": FORM, "scale": scale, "benches": {name: asdict(each) for name, each in kept.items()}}
    write_whole(_file(folder, scale), [orjson.dumps(document, option=orjson.OPT_INDENT_2)])


def renewed(kept: Mapping[str, Kept], runs: Iterable[Run], machine: Machine, at: datetime) -> dict[str, Kept]:
    """The results that are to be kept after these runs."""
    measured = {
        run.bench: Kept(at.isoformat(timespec="seconds"), machine, run.figures)
        for run in runs
        if run.figures and not run.failed
    }
    return {**kept, **measured}


def _file(folder: Path, scale: float) -> Path:
    return folder / f"scale-{scale:g}.json"
