"""``hub systems matrix``: what each kind of system can say to each other kind. The rules are ``hub/mapping/matrix``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.frame import Dir, Json, say, show_json, show_table, tools
from hub.commands.mappings import mappings_of
from hub.mapping.matrix import Row, Sheet, Verdict
from hub.mapping.matrix import matrix as compare

MESSAGES_OF = {"request": "referral", "answer": "referral-status"}  # a sheet's message to the event that brings it

From = Annotated[str, typer.Option("--from", help="The kind of system that sends; else every kind.")]
To = Annotated[str, typer.Option("--to", help="The kind of system that receives; else every kind.")]


def matrix(ctx: typer.Context, sender: From = "", to: To = "", folder: Dir = None, as_json: Json = False) -> None:
    """What a kind of system can say to another: carried, partly carried, cannot be carried, and which field is missing.

    Computed from the mappings, those of the data folder over the packaged ones; no record is looked at.
    """
    ways = [(one, other) for one in _kinds(ctx, folder, sender) for other in _kinds(ctx, folder, to)]
    loaded = {kind: mappings_of(ctx, folder, kind) for kind in dict.fromkeys(kind for way in ways for kind in way)}
    cards = {kind: tools(ctx).card(folder, kind) for kind in loaded}
    sheets = [
        sheet
        for one, other in ways
        for sheet in compare(loaded[one], loaded[other], cards[other].required())
        if cards[other].takes(MESSAGES_OF[sheet.message])
    ]
    if as_json:
        show_json({"pairs": [_document(sheet) for sheet in sheets]})
        return
    for _, pair in groupby(sheets, lambda sheet: (sheet.sender, sheet.receiver)):
        _show(list(pair))
    for kind, card in cards.items():
        for message, event in MESSAGES_OF.items():
            if not card.takes(event) and any(kind == other for _, other in ways):
                say(f"{kind} takes no {message}: it only sends")


def _kinds(ctx: typer.Context, folder: Path | None, named: str) -> Sequence[str]:
    return (named,) if named else tools(ctx).kinds(folder)


def _show(pair: Sequence[Sheet]) -> None:
    """One table for a pair, and a line for each message."""
    first = pair[0]
    columns = ("message", f"field of {first.sender}", f"field of {first.receiver}", "", "what stays behind")
    rows = [
        (sheet.message, row.sender or "-", " ".join(row.receiver) or "-", row.verdict.value, _why(row))
        for sheet in pair
        for row in sheet.rows
    ]
    show_table(columns, rows, nothing="they have no message in common")
    for sheet in pair:
        counts = ", ".join(f"{sheet.count(verdict)} {verdict.value}" for verdict in Verdict)
        say(f"{sheet.sender} -> {sheet.receiver} {sheet.message}: {counts}")


def _why(row: Row) -> str:
    """The first reason, and how many more there are."""
    more = len(row.reasons) - 1
    return "".join(row.reasons[:1]) + (f" (and {more} more)" if more > 0 else "")


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
