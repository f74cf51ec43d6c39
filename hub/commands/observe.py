"""``hub systems observe``: what would pass and what would be refused, before anything does (design §8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from hub.commands.frame import ROWS_MAX, As, Dir, Json, opened, say, show_json, show_table, who
from hub.commands.tools import Hub, Observed
from hub.desk.systems import asked
from hub.model.advice import advice


def observe(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="SYSTEM...", help="Ids of systems, or kinds; suspended too.")],
    folder: Dir = None,
    worker: As = None,
    records: Annotated[bool, typer.Option("--records", help="A line for each record that would not pass.")] = False,
    as_json: Json = False,
) -> None:
    """Judge what systems hold now: what would pass, what would be refused, and why.

    Nothing is sealed, sent or kept, and the systems are only read. Connect a new system with --status suspended,
    observe it until what is refused is what should be, then `hub resume system`.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = hub.observe([asked(hub.house, each, "observe", by) for each in _ids(hub, names)])
    if as_json:
        parts = ("system", "key", "outcome", "code", "recipient", "place")
        show_json({"records": [{part: getattr(one, part) for part in parts} for one in found]})
        return
    counted = Counter((one.system, one.outcome, one.code) for one in found)
    shown = [(*why, count, "" if why[1] == "pass" else advice(why[2]).en) for why, count in sorted(counted.items())]
    show_table(("system", "would", "code", "records", "what to do"), shown, nothing="there is no record to judge")
    if records:
        _show_records(found)


def _ids(hub: Hub, names: Sequence[str]) -> list[str]:
    """The systems that are named, those of a kind in its place."""
    with hub.house.store.peek() as rows:
        systems = rows.directory.all().systems.values()
    found: list[str] = []
    for name in names:
        found += [each.id for each in systems if each.kind == name] or [name]
    return list(dict.fromkeys(found))


def _show_records(found: Sequence[Observed]) -> None:
    rows = [(one.system, one.key, one.outcome, one.code, one.place) for one in found if one.outcome != "pass"]
    show_table(("system", "record", "would", "code", "place"), rows[:ROWS_MAX], nothing="all would pass")
    if len(rows) > ROWS_MAX:
        say(f"{len(rows) - ROWS_MAX} more; --json has all of them")
