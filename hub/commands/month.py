"""``hub report month``: the monthly report of a privacy officer; ``hub/desk/reporting.py`` makes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.frame import As, Dir, Json, language, must_be_new, opened, say, show_json, who
from hub.commands.metrics import bodies
from hub.desk import reporting as desk
from hub.errors import Unavailable
from hub.report.pages import NOTHING, files


def month(
    ctx: typer.Context,
    which: Annotated[str | None, typer.Option("--month", help="YYYY-MM, one that is over; else the last.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder that is not there yet; else report-YYYY-MM.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="en or fr; --json is in English.")] = "en",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write the report of a month: one page with charts, and a CSV for each of its 15 parts. It is entered.

    Counts under 11 are masked, and so is what they could be computed from. No worker and no client is named.
    With --json the figures are written to standard output; files only where --out names a folder.
    """
    by = who(ctx, worker)
    spoken = language(lang)
    if out is not None:
        must_be_new(out)
    with opened(ctx, folder) as hub:
        found = desk.monthly(hub.house, bodies(hub), by, which)
    target = out or (None if as_json else Path(f"report-{found.month}"))
    if target is not None:
        _write(target, files(found.parts, found.month, found.made_at, spoken))
    if as_json:
        parts = [{name: value for name, value in asdict(part).items() if name != "missing"} for part in found.parts]
        missing = {str(part.number): [f"{what}: {NOTHING}" for what in part.missing] for part in found.parts}
        show_json({"month": found.month, "made_at": found.made_at.isoformat(), "parts": parts, "missing": missing})
    else:
        say(f"the report of {found.month} is in {target}")


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """A folder that is whole or not there, and its owner's alone.

    Raises:
        Refused: it is there already.
        Unavailable: it cannot be written; nothing of it is left.
    """
    must_be_new(folder)
    part = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        part.mkdir(parents=True, mode=0o700)
        for name, data in contents.items():
            with os.fdopen(os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        part.rename(folder)
    except BaseException as error:  # an interruption too
        shutil.rmtree(part, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        step = "make room there, or name another folder"
        raise Unavailable("--out", os.strerror(error.errno or 0), "a folder that can be written", step) from None
