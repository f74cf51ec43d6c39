"""``hub systems matrix``: what each kind of system can say to each other kind. The rules are ``hub/mapping/matrix``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.frame import Dir, Json, say, show_json, show_table, tools
from hub.commands.mappings import mappings_of
from hub.mapping.contents import CONTENTS, Cell, cells
from hub.mapping.matrix import Kind, Row, Sheet, Verdict
from hub.mapping.matrix import matrix as compare

_MESSAGE = {  # of a kind of record: its event, and what its messages hold
    ("referral", ""): "request",
    ("referral-status", ""): "answer",
    ("plan-shared", "CarePlan"): "plan",
    ("case-note-shared", "DocumentReference"): "note",
    ("notify-update-process-request", "Encounter"): "service",
    ("notify-update-process-request", "EpisodeOfCare"): "exit",
}

From = Annotated[str, typer.Option("--from", help="The kind of system that sends; else every kind.")]
To = Annotated[str, typer.Option("--to", help="The kind of system that receives; else every kind.")]


def matrix(ctx: typer.Context, sender: From = "", to: To = "", folder: Dir = None, as_json: Json = False) -> None:
    """What a kind of system can say to another: carried, partly carried, cannot be carried, and what is missing.

    Computed from the mappings, those of the data folder over the packaged ones; no record is looked at. Of one pair
    each field is told; of all pairs client, assessment, plan, service, referral, status, exit and follow-up.
    """
    ways = [(one, other) for one in _kinds(ctx, folder, sender) for other in _kinds(ctx, folder, to)]
    ends = {kind: _end(ctx, folder, kind) for kind in dict.fromkeys(kind for way in ways for kind in way)}
    sheets = {way: compare(ends[way[0]], ends[way[1]]) for way in ways}
    found = [each for way in ways for each in cells(ends[way[0]], ends[way[1]], sheets[way])]
    if as_json:
        pairs = [_document(sheet) for way in ways for sheet in sheets[way]]
        show_json({"contents": [_cell(each) for each in found], "pairs": pairs})
        return
    if len(ways) == 1:
        _show(sheets[ways[0]], found)
    else:
        show_table(("from", "to", *CONTENTS), table(found), nothing="there is no kind of system")


def table(found: Sequence[Cell]) -> list[tuple[str, ...]]:
    """A row for each pair, with the verdict on each content."""
    return [
        (*pair, *(each.verdict.value for each in own))
        for pair, own in groupby(found, lambda each: (each.sender, each.receiver))
    ]


def _end(ctx: typer.Context, folder: Path | None, kind: str) -> Kind:
    loaded, card = mappings_of(ctx, folder, kind), tools(ctx).card(folder, kind)
    known = [
        (record, _MESSAGE[record.event, record.holds])
        for record in card.records
        if (record.event, record.holds) in _MESSAGE
    ]
    return Kind(
        mappings=loaded,
        says={message: record.name for record, message in known},
        takes={message: record.name for record, message in known if record.parcel and card.render},
        required=card.required(),
    )


def _kinds(ctx: typer.Context, folder: Path | None, named: str) -> Sequence[str]:
    return (named,) if named else tools(ctx).kinds(folder)


def _show(pair: Sequence[Sheet], found: Sequence[Cell]) -> None:
    """One table for a pair, and a line for each message and each content."""
    columns = ("message", "field that is said", "field that it becomes", "", "what stays behind")
    rows = [
        (sheet.message, row.sender or "-", " ".join(row.receiver) or "-", row.verdict.value, _why(row))
        for sheet in pair
        for row in sheet.rows
    ]
    show_table(columns, rows, nothing="they have no message in common")
    for sheet in pair:
        counts = ", ".join(f"{sheet.count(verdict)} {verdict.value}" for verdict in Verdict)
        say(f"{sheet.sender} -> {sheet.receiver} {sheet.message}: {counts}")
    for each in found:
        why = [f"{field}: {reason}" if field != "-" else reason for field, reason in each.lost.items()]
        more = f" (and {len(why) - 1} more)" if len(why) > 1 else ""
        say(f"{each.content}: {each.verdict.value}{f', {why[0]}' if why else ''}{more}")


def _why(row: Row) -> str:
    """The first reason, and how many more there are."""
    more = len(row.reasons) - 1
    return "".join(row.reasons[:1]) + (f" (and {more} more)" if more > 0 else "")


def _cell(each: Cell) -> dict[str, Any]:
    own = {"from": each.sender, "to": each.receiver, "content": each.content, "verdict": each.verdict.value}
    return {**own, "lost": dict(each.lost)}


def _document(sheet: Sheet) -> dict[str, Any]:
    counts = {verdict.value: sheet.count(verdict) for verdict in Verdict}
    rows = [
        {
            "from_field": row.sender,
            "block": row.block,
            "element": row.element,
            "to_fields": list(row.receiver),
            "verdict": row.verdict.value,
            "reasons": list(row.reasons),
        }
        for row in sheet.rows
    ]
    return {"from": sheet.sender, "to": sheet.receiver, "message": sheet.message, **counts, "rows": rows}
