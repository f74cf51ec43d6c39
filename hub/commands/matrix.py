"""``hub systems matrix``: what each kind of system can say to each other kind. The rules are ``hub/mapping/matrix``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.frame import Dir, Json, say, show_json, show_table, tools
from hub.commands.mappings import mappings_of
from hub.commands.tools import Card
from hub.mapping import Mappings
from hub.mapping.contents import CONTENTS, Cell, cells
from hub.mapping.matrix import Kind, Row, Sheet, Verdict
from hub.mapping.matrix import matrix as compare

MESSAGE = {  # of a kind of record: its event, and what its messages hold
    ("referral", ""): "request",
    ("referral-status", ""): "answer",
    ("plan-shared", "CarePlan"): "plan",
    ("case-note-shared", "DocumentReference"): "note",
    ("notify-update-process-request", "Encounter"): "service",
    ("notify-update-process-request", "EpisodeOfCare"): "exit",
    ("review-done", "Task"): "follow-up",
    ("funder-report", "Encounter"): "report",
    ("funder-report", "Patient"): "profile",
}

NAMED_MAX = 6  # fields that are named on one line; the table and --json have all
MENDED = (
    "partly: look for words that your clients need. A row in a table under mappings/ of the data folder gives a word "
    "its counterpart, `hub sites add` an agency its place; --json has every reason."
)
STAYS = (
    "cannot: it stays in the sender's system. Workers should know: what the other agency needs of it they tell it "
    "themselves, as far as the client allows."
)
MISSING = (
    "missing: such a message can never be written, and waits. Lead it to a service in another kind of system "
    "(`hub services list`), or have it sent without the hub."
)

From = Annotated[str, typer.Option("--from", help="The kind of system that sends; else every kind.")]
To = Annotated[str, typer.Option("--to", help="The kind of system that receives; else every kind.")]


def matrix(ctx: typer.Context, sender: From = "", to: To = "", folder: Dir = None, as_json: Json = False) -> None:
    """What a kind of system can say to another: carried, partly carried, cannot be carried, and what is missing.

    Computed from the mappings, those of the data folder over the packaged ones; no record is looked at. Of one pair
    each field is told; of all pairs client, assessment, plan, service, referral, status, exit and follow-up.
    """
    ways = [(one, other) for one in _kinds(ctx, folder, sender) for other in _kinds(ctx, folder, to)]
    kinds = dict.fromkeys(kind for way in ways for kind in way)
    loaded = {kind: mappings_of(ctx, folder, kind) for kind in kinds}
    ends = {kind: end_of(tools(ctx).card(folder, kind), loaded[kind]) for kind in kinds}
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


def end_of(card: Card, loaded: Mappings) -> Kind:
    """A kind of system as one end of a pair: what its card and its mappings say of it."""
    known = [
        (record, MESSAGE[record.event, record.holds])
        for record in card.records
        if (record.event, record.holds) in MESSAGE
    ]
    said, taken = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for record, message in known:
        if record.told:
            said[message].append(record.name)
        if record.parcel and card.render:
            taken[message].append(record.name)
    return Kind(
        mappings=loaded,
        says=said,
        takes=taken,
        required=card.required(),
        completed=card.completed(),
        activities={record.name: record.activities for record in card.records},
    )


def _kinds(ctx: typer.Context, folder: Path | None, named: str) -> Sequence[str]:
    return (named,) if named else tools(ctx).kinds(folder)


def _show(pair: Sequence[Sheet], found: Sequence[Cell]) -> None:
    """One table for a pair, a line for each message and each content, and what to do."""
    columns = ("message", "field that is said", "field that it becomes", "", "what stays behind")
    rows = [
        (_named(sheet, pair), row.sender or "-", " ".join(row.receiver) or "-", row.verdict.value, _why(row))
        for sheet in pair
        for row in sheet.rows
    ]
    show_table(columns, rows, nothing="they have no message in common")
    for sheet in pair:
        counts = ", ".join(f"{sheet.count(verdict)} {verdict.value}" for verdict in Verdict)
        say(f"{sheet.sender} -> {sheet.receiver} {_named(sheet, pair)}: {counts}")
    several = {sheet.takes for sheet in pair if _is_one_of_several(sheet, pair)}
    for each in found:
        by = f" ({each.takes})" if each.takes in several else ""
        say(f"{each.content}{by}: {each.verdict.value}{_told(each)}")
    for line in _next_steps([row for sheet in pair for row in sheet.rows]):
        say(line)


def _next_steps(rows: Sequence[Row]) -> Iterator[str]:
    """What to do about what these rows say."""
    if any(row.verdict is Verdict.PARTLY for row in rows):
        yield MENDED
    if any(row.verdict is Verdict.CANNOT and row.sender for row in rows):
        yield STAYS
    if any(not row.sender and row.verdict is Verdict.CANNOT for row in rows):  # else a worker fills it
        yield MISSING


def _told(cell: Cell) -> str:
    """What an administrator should know of a content: how much of it arrives, or why nothing does."""
    if cell.verdict is Verdict.CARRIED:
        return ""
    if cell.verdict is Verdict.CANNOT:
        field, reason = next(iter(cell.lost.items()))
        return f", {reason}" if field == "-" else f", {field}: {reason}{_more(len(cell.lost))}"
    limits = [field for field in cell.lost if field not in cell.absent]
    parts = [f"within limits: {_listed(limits)}"] if limits else []
    parts += [f"not at all: {_listed(cell.absent)}"] if cell.absent else []
    return f", {'; '.join(parts)}"


def _listed(fields: Sequence[str]) -> str:
    return " ".join(fields[:NAMED_MAX]) + _more(len(fields), NAMED_MAX)


def _more(count: int, shown: int = 1) -> str:
    return f" (and {count - shown} more)" if count > shown else ""


def _named(sheet: Sheet, pair: Sequence[Sheet]) -> str:
    """Its message, and the kind of record where that is one of several."""
    return f"{sheet.message} ({sheet.takes})" if _is_one_of_several(sheet, pair) else sheet.message


def _is_one_of_several(sheet: Sheet, pair: Sequence[Sheet]) -> bool:
    return sum(each.message == sheet.message for each in pair) > 1


def _why(row: Row) -> str:
    """The first reason, and how many more there are."""
    return "".join(row.reasons[:1]) + _more(len(row.reasons))


def _cell(each: Cell) -> dict[str, Any]:
    own = {"from": each.sender, "to": each.receiver, "content": each.content, "verdict": each.verdict.value}
    return {**own, "records": [each.says, each.takes], "lost": dict(each.lost)}


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
    own = {"from": sheet.sender, "to": sheet.receiver, "message": sheet.message, "records": [sheet.says, sheet.takes]}
    return {**own, **counts, "rows": rows}
