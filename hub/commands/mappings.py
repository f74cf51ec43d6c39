"""``hub mappings check|loss|export``: are the mappings whole, what does a kind not carry, and its code tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.commands.frame import DONE, REFUSED, Dir, Json, as_document, complain_all, say, show_json, show_table, tools
from hub.directory.cells import seen
from hub.errors import HubError, Refused
from hub.mapping import Mappings
from hub.mapping.concepts import concept_maps
from hub.model.canonical import canonical


def check(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> int:
    """Read and check the mappings of every kind of system, those of the data folder over the packaged ones.

    Exit code 1 if one cannot be used, or if a line of a loss report has no reason.
    """
    loaded, problems = [], []
    for kind in tools(ctx).kinds(folder):
        try:
            loaded.append(tools(ctx).mappings(folder, kind))
        except HubError as error:
            problems.append(error)
    complain_all(problems)
    silent = [place for each in loaded for place in _unexplained(each)]
    for place in silent:
        typer.echo(f"{place}: got no reason, expected a sentence; say why in the mapping's `loss`", err=True)
    if as_json:
        found = [{"kind": each.kind, "records": list(each.records), "digest": each.digest} for each in loaded]
        counts = {"findings": len(problems), "unexplained": len(silent), "ok": not (problems or silent)}
        show_json({**counts, "mappings": found, "problems": [as_document(one) for one in problems]})
    else:
        rows = [(each.kind, " ".join(each.records), each.digest[:12]) for each in loaded]
        show_table(("kind", "records", "digest"), rows, nothing="no mapping can be used")
        say(f"{len(problems)} findings, {len(silent)} losses without a reason")
    return REFUSED if problems or silent else DONE


def _unexplained(mappings: Mappings) -> list[str]:
    """Fields that do not come back and nobody says why."""
    return [
        f"mappings/{mappings.kind}/{name}.toml: {loss.place}"
        for name, record in mappings.records.items()
        for loss in record.loss_report()
        if not loss.reason.strip()
    ]


def loss(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind of system, as cms.")],
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """What a kind of system does not carry, there or back, and why: known before any record is seen."""
    records = mappings_of(ctx, folder, kind).records
    rows = [(name, line.place, line.reason) for name, record in records.items() for line in record.loss_report()]
    if as_json:
        columns = ("record", "place", "reason")
        show_json({"kind": kind, "losses": [dict(zip(columns, row, strict=True)) for row in rows]})
    else:
        show_table(("record", "field or element", "why"), rows, nothing="nothing is lost")


def export(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind of system, as cms.")],
    out: Annotated[Path, typer.Option("--out", help="A folder; one file for each table and way.")],
    folder: Dir = None,
) -> None:
    """Write the code tables of a kind as FHIR R4 ConceptMaps, for whoever wants to read them without the hub."""
    found = concept_maps(mappings_of(ctx, folder, kind))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for each in found:
            (out / f"{each['id']}.json").write_bytes(canonical(each))
    except OSError as error:
        raise Refused("--out", error.strerror or "an error", "a folder that can be written", "name another") from error
    say(f"{len(found)} ConceptMaps in {out}")


def mappings_of(ctx: typer.Context, folder: Path | None, kind: str) -> Mappings:
    """The mappings of a kind that somebody named.

    Raises:
        Refused: no such kind, or its mappings cannot be used.
    """
    kinds = tools(ctx).kinds(folder)
    if kind not in kinds:
        raise Refused("KIND", seen(kind), f"one of {', '.join(kinds)}", "hub mappings check")
    return tools(ctx).mappings(folder, kind)
